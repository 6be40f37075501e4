// Where the focus goes: into a dialog or the panel beside a conversation and back, to a name or a message that is edited, to the row beside
// one that is deleted. It cannot wait for the server, nor can the keys that end an editor. What is seen of all these is Python.
import { createElement, useCallback } from "react";
import { createPortal } from "react-dom";
import { focusOn, isComposing, messageField } from "./page.js";
import { now, put, useKept } from "./store.js";

const openers = new Map(); // what had the focus before a dialog or the panel; it gets it back
const showDialog = () => put("dialog", document.querySelector("dialog[open]") ?? undefined);
const editor = () => document.querySelector('[data-testid="edit"]');

/** Open the dialog with this id, with the focus in its first field. */
export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  openers.set(id, document.activeElement);
  dialog.showModal();
  dialog.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  showDialog();
}

/** Give the focus back to what had it before. */
export function leaveDialog(id) {
  focusOn([openers.get(id), document.getElementById("main")].find((each) => each?.isConnected)); // its row may have gone
  openers.delete(id);
  showDialog();
}

/** Children that stand in the open dialog, or else where they are: outside of it nothing can be used or heard. */
export function AboveAll({ children }) {
  const dialog = useKept("dialog", null);
  return dialog ? createPortal(children, dialog) : children;
}

/** Open the panel at `place`: {view, message, number}. */
export function openPanel(place) {
  openers.set("panel", document.activeElement);
  put("panel", place);
  requestAnimationFrame(() => focusOn(document.querySelector(".sources-panel")));
}

/** Close it; with `leaving` the page goes elsewhere, and the focus with it. */
export function closePanel(leaving = false) {
  if (!now("panel")?.view) return;
  put("panel", { view: "", message: "", number: 0 });
  const opener = openers.get("panel");
  if (leaving !== true) focusOn(opener.isConnected && opener !== document.body ? opener : messageField());
}

/** Scrolls to where it stands when it comes. */
export function ScrollHere({ block }) {
  const ref = useCallback((place) => place?.parentElement.scrollIntoView({ block }), [block]);
  return createElement("span", { ref });
}

/** The cursor at the end of the message that is edited, all of it in view. */
export function beginEditing() {
  const text = editor();
  focusOn(text);
  text.setSelectionRange(text.value.length, text.value.length);
  text.closest("[data-message]").scrollIntoView({ block: "nearest" });
}

/** The message is stored, or nobody wants to change it any more. */
export function endEditing() {
  if (editor()) return; // another one is edited now
  if (now("editing")) put("editing", "");
  focusOn(messageField());
}

/** Edit the last question on the page. */
export function editLast() {
  const last = [...document.querySelectorAll('[data-testid="message"][data-role="user"]')].at(-1);
  if (last) put("editing", last.dataset.message);
}

/** Ctrl+Enter saves a message, Esc leaves everything as it was. */
export function editorKeys(event) {
  const saves = event.key === "Enter" && (event.ctrlKey || event.metaKey);
  if (isComposing(event.nativeEvent) || !(saves || event.key === "Escape")) return;
  event.preventDefault();
  if (saves) event.target.form.requestSubmit();
  else put("editing", "");
}

/** Have all of the name selected that is about to be typed over. */
export const selectName = () => document.activeElement.select?.();

/** Enter and Esc end a name, Esc with the one that was; the field's blur says which name it is. The focus goes to `back`. */
export function nameKeys(back, event) {
  if (isComposing(event.nativeEvent) || !["Enter", "Escape"].includes(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.key === "Escape") event.target.value = event.target.defaultValue;
  event.target.blur();
  requestAnimationFrame(() => document.querySelector(back)?.focus());
}

/** Give the focus to the row beside one that is about to go, in the list it stands in. */
export function leaveRow(id) {
  const rows = [...(document.activeElement.closest("nav.conversations, main") ?? document).querySelectorAll("a[data-id]")];
  const at = rows.findIndex((link) => link.dataset.id === id);
  (rows[at + 1] ?? rows[at - 1])?.focus();
}
