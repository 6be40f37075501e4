// The keys of menus and of lists with a search field, as in the ARIA Authoring Practices, and searching in a list, which must act in the
// same frame. All else of them is Python (gantry/ui/menus.py, pickers.py, components/search.py), popovers and <dialog>.
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

const FIELD = "[aria-autocomplete]";
const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
const optionsOf = (picker) => [...picker.querySelectorAll('[role="option"]:not([hidden])')];
const activeOf = (picker) => picker.querySelector("[data-active]");
/** Whether every word of `query` is somewhere in `text`. */
export const matches = (text, query, words = query.toLowerCase().split(/\s+/)) => words.every((word) => text.toLowerCase().includes(word));

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
  picker.querySelector(FIELD).setAttribute("aria-activedescendant", option?.id ?? "");
}

/** Show the options that match what is typed, the first of them active; returns whether there are any. */
export function search({ currentTarget: picker, target: field }) {
  for (const option of picker.querySelectorAll('[role="option"][data-words]')) option.hidden = !matches(option.dataset.words, field.value);
  activate(picker, optionsOf(picker)[0]);
  return activeOf(picker) !== null;
}

/** Look again: others stand in the list with this id now. */
export const renew = (id) => search({ currentTarget: document.getElementById(id), target: document.querySelector(`#${id} ${FIELD}`) });

export function pickerKeys(event) {
  const picker = event.currentTarget.form ?? event.currentTarget; // a field has its list beside it
  if (isComposing(event.nativeEvent)) return;
  if (event.key === "Tab") return picker.popover && picker.hidePopover();
  const options = optionsOf(picker);
  const ends = picker.popover ? {} : { Home: options[0], End: options.at(-1) }; // of a list that fills the page
  const next = ends[event.key] ?? move(options, activeOf(picker), event.key);
  if (!next && event.key !== "Enter") return;
  event.preventDefault();
  if (next) activate(picker, next);
  else activeOf(picker)?.click();
}

export function pickerToggled({ currentTarget: picker, newState }) {
  if (newState !== "open") return;
  const field = picker.querySelector(FIELD);
  field.value = "";
  search({ currentTarget: picker, target: field });
  activate(picker, picker.querySelector('[aria-selected="true"]') ?? activeOf(picker));
  if (matchMedia("(pointer: fine)").matches) focusOn(field); // no keyboard over the list on a phone
}

export function pointed({ currentTarget: picker, target }) {
  const option = target.closest('[role="option"]:not([data-active])');
  if (option) activate(picker, option, false);
}
