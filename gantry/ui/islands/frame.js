// The frame around every page: whether the sidebar is open, and the keys that work everywhere. It acts within a frame, with no server,
// and on what only the browser knows: its width, its storage, where the focus is. What the frame looks like is Python (gantry/ui/frame.py).
import { ask } from "./backend.js";
import { focusOn, isComposing, isCovered, messageField } from "./page.js";
import { put, read, write } from "./store.js";

const PHONE = "(width < 48rem)";
const RENEW_AFTER_MS = 3000; // by then a page without a session has been left
const SHORTCUTS = { KeyB: "toggleSidebar", KeyK: "search", "Shift KeyO": "newChat" };
// What Esc presses, the nearest first.
const WAYS_OUT = [
  '[data-sidebar-state="drawer"] .backdrop',
  '[data-testid="dictate"][aria-pressed="true"], [data-testid="read-aloud"][data-reading]',
  ".sources-panel header button",
  'body:not(:has(.edit-form)) [data-testid="stop"]',
];
const root = () => document.documentElement;
const isPhone = () => matchMedia(PHONE).matches;
/** A double click on what is done once (gantry/ui/browser.py) is one press. Fingers make none: a tap that follows soon is meant. */
const again = (event) => event.detail > 1 && event.pointerType !== "touch" && event.target.closest("[data-once]");
const isMac = () => /Mac|iPhone|iPad/.test(navigator.platform);

const isOpen = () => (isPhone() ? root().dataset.drawer === "open" : root().dataset.sidebar !== "closed");
/** Say "open" or "closed"; on a phone, where the sidebar lies over the page, "drawer" or "closed". */
const tell = () => put("sidebar", !isOpen() ? "closed" : isPhone() ? "drawer" : "open");

export function toggleSidebar() {
  const open = !isOpen();
  root().dataset[isPhone() ? "drawer" : "sidebar"] = open ? "open" : "closed";
  tell();
  if (isPhone()) focusOn(document.querySelector(open ? "#sidebar :is(a, button)" : ".sidebar-toggle"));
  else write("gantry.sidebar", root().dataset.sidebar);
}

export const closeDrawer = () => isPhone() && isOpen() && toggleSidebar();

/** How everything looks now, and at the next first paint. */
export const setLook = (look) => write("look", Object.assign(root().dataset, { look }).look);

/** Speak the account's language (empty: the browser's): the page loads anew when it speaks another. */
export const speak = (language) => read("language") !== language && write("language", language) !== null && location.reload();

/** How the key is called that shortcuts are pressed with. */
export const modifier = () => (isMac() ? "⌘" : "Ctrl");

/** Which shortcut an event is; "" for none. */
export function shortcutOf(event, mac) {
  if (event.isComposing || event.repeat) return "";
  const held = (mac ? event.metaKey : event.ctrlKey) && !event.altKey;
  if (held) return SHORTCUTS[event.shiftKey ? `Shift ${event.code}` : event.code] ?? "";
  const isTyping = event.target.closest?.("input, textarea, select, [contenteditable='true']");
  return event.key === "?" && !event.ctrlKey && !event.metaKey && !isTyping ? "help" : "";
}

/** Keys press what is marked with their name, wherever that is. */
function onKeyDown(event) {
  if (isCovered() || event.defaultPrevented) return;
  const isEscape = event.key === "Escape" && !isComposing(event);
  const name = shortcutOf(event, isMac());
  const pressed = isEscape ? WAYS_OUT.find((way) => document.querySelector(way)) : name && `[data-shortcut="${name}"]`;
  if (!pressed) return;
  event.preventDefault();
  document.querySelector(pressed)?.click();
  if (name === "newChat") messageField()?.focus();
}

/** A session lives on; a page for people who are not signed in has none. */
const renew = () => document.querySelector("[data-bare]") ?? ask("/api/v1/session").catch(() => {});

if (typeof document !== "undefined") {
  tell();
  matchMedia(PHONE).addEventListener("change", tell);
  addEventListener("keydown", onKeyDown);
  addEventListener("click", (event) => again(event) && event.stopPropagation(event.preventDefault()), true);
  // What waits to be read waits for the tab to be looked at.
  document.addEventListener("visibilitychange", () => root().toggleAttribute("data-hidden", document.hidden));
  setTimeout(renew, RENEW_AFTER_MS);
  // Browsers have none on plain HTTP.
  void navigator.serviceWorker?.register("/sw.js", { updateViaCache: "none" }).catch(() => {});
}
