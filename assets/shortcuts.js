// The keyboard shortcuts: which there are, and which one an event is.
import { useSyncExternalStore } from "react";

const isMac = () => typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

/** For the list behind "?". */
export const SHORTCUTS = () => {
  const mod = isMac() ? "⌘" : "Ctrl";
  return [
    { keys: [mod, "Shift", "O"], does: "New conversation" },
    { keys: [mod, "B"], does: "Open or close the sidebar" },
    { keys: ["Enter"], does: "Send the message" },
    { keys: ["Shift", "Enter"], does: "Start a new line" },
    { keys: ["↑"], does: "Edit your last message, in an empty box" },
    { keys: ["Esc"], does: "Stop the answer, close what is open" },
    { keys: ["?"], does: "Show this list" },
  ];
};

const isTyping = (element) => element.closest?.("input, textarea, select, [contenteditable='true']");

function nameOf(event) {
  if (event.isComposing || event.repeat) return "";
  const mod = (isMac() ? event.metaKey : event.ctrlKey) && !event.altKey;
  if (mod && event.shiftKey && event.code === "KeyO") return "newChat";
  if (mod && !event.shiftKey && event.code === "KeyB") return "toggleSidebar";
  if (event.key === "?" && !event.ctrlKey && !event.metaKey && !isTyping(event.target)) return "help";
  return "";
}

let open = false;
const watchers = new Set();
const show = (next) => {
  open = next;
  for (const watcher of watchers) watcher();
};
const subscribe = (watcher) => {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
};

export const shortcuts = {
  nameOf,
  show,
  useOpen: () => [
    useSyncExternalStore(
      subscribe,
      () => open,
      () => false,
    ),
    show,
  ],
};
