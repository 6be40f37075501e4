/*
 * The keys of menus and of lists with a search field, as in the ARIA Authoring Practices: in a menu the focus moves, in a list it stays in
 * the field. Both are Python (gantry/ui/menus.py, pickers.py) on the browser's own popover, which opens, places and closes them. Keys and
 * search must act in the same frame.
 */
import { focusOn, isComposing } from "./page.js";

const entriesOf = (menu) => [...menu.querySelectorAll('[role^="menuitem"]:not(:disabled)')];

/** The entry that `key` leads to from `current`. */
export function step(entries, current, key) {
  const at = entries.indexOf(current);
  if (key === "ArrowDown") return entries[(at + 1) % entries.length];
  if (key === "ArrowUp") return entries.at(at <= 0 ? -1 : at - 1);
  if (key === "Home") return entries[0];
  if (key === "End") return entries.at(-1);
  if (key.length !== 1 || key === " ") return null;
  const order = [...entries.slice(at + 1), ...entries.slice(0, at + 1)];
  return order.find((entry) => entry.textContent.trim().toLowerCase().startsWith(key.toLowerCase()));
}

export function menuKeys(event) {
  const menu = event.currentTarget;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Tab") return menu.hidePopover();
  const next = step(entriesOf(menu), document.activeElement, event.key);
  if (!next) return;
  event.preventDefault();
  next.focus();
}

export function menuToggled({ currentTarget: menu, newState }) {
  if (newState !== "open") return;
  focusOn(entriesOf(menu)[0]);
  addEventListener("resize", () => menu.hidePopover(), { once: true });
}

/** Close when something is chosen; of several in a menu, of which one is, another may be. */
export function chosen({ currentTarget: panel, target }) {
  if (target.closest('[role="menuitem"], [role="option"]')) queueMicrotask(() => panel.hidePopover());
}

const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
const optionsOf = (picker) => [...picker.querySelectorAll('[role="option"]:not([hidden])')];
const activeOf = (picker) => picker.querySelector("[data-active]");

/** Whether every word of `query` is somewhere in `text`. */
export function matches(text, query) {
  const words = query.toLowerCase().split(/\s+/);
  return words.every((word) => text.toLowerCase().includes(word));
}

/** The option that `key` leads to from `current`; undefined when it is no key of the list. */
export function move(options, current, key) {
  if (!(key in STEPS)) return undefined;
  const at = options.indexOf(current) + STEPS[key];
  return options[Math.max(0, Math.min(at, options.length - 1))];
}

function activate(picker, option, scrolls = true) {
  activeOf(picker)?.removeAttribute("data-active");
  option?.setAttribute("data-active", "");
  if (scrolls) option?.scrollIntoView({ block: "nearest" });
  const field = picker.querySelector('[role="combobox"]');
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
}

/** Show the options that match what is typed, the first of them active. */
export function search({ currentTarget: picker, target: field }) {
  for (const option of picker.querySelectorAll('[role="option"]')) option.hidden = !matches(option.dataset.words, field.value);
  activate(picker, optionsOf(picker)[0]);
}

export function pickerKeys(event) {
  const picker = event.currentTarget;
  if (isComposing(event.nativeEvent)) return;
  if (event.key === "Tab") return picker.hidePopover();
  if (event.key === "Enter") {
    event.preventDefault();
    return activeOf(picker)?.click();
  }
  const next = move(optionsOf(picker), activeOf(picker), event.key);
  if (!next) return;
  event.preventDefault();
  activate(picker, next);
}

export function pickerToggled({ currentTarget: picker, newState }) {
  if (newState !== "open") return;
  const field = picker.querySelector('[role="combobox"]');
  field.value = "";
  search({ currentTarget: picker, target: field });
  const current = picker.querySelector('[aria-selected="true"]');
  if (current) activate(picker, current);
  if (matchMedia("(pointer: fine)").matches) focusOn(field); // no keyboard over the list on a phone
}

export function pointed({ currentTarget: picker, target }) {
  const option = target.closest('[role="option"]:not([data-active])');
  if (option) activate(picker, option, false);
}
