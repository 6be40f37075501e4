/* Copying that also works over plain HTTP, where browsers withhold navigator.clipboard, and Reflex's set_clipboard with it. */
import { focusOn } from "./page.js";
import { putFor } from "./store.js";

const SHOWN_MS = 2000;

async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused, for example because the window lost the focus: try the old way.
    }
  }
  const field = document.createElement("textarea");
  const focused = document.activeElement;
  field.value = text;
  field.setAttribute("readonly", "");
  field.className = "visually-hidden-field";
  (document.querySelector("dialog[open]") ?? document.body).append(field); // outside of a dialog nothing can be selected
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focusOn(focused);
  return copied;
}

/** Copy `text`, and have the page say so of `name` for two seconds. */
export async function copyNow(text, name) {
  if (await copyText(text)) putFor("copied", name, SHOWN_MS);
}
