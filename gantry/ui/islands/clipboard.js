/* Copying that also works over plain HTTP, where browsers withhold navigator.clipboard, and Reflex's set_clipboard with it. */
import copyAsSelected from "copy-text-to-clipboard";
import { putFor } from "./store.js";

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Withheld, or refused, for example because the window lost the focus. Outside of a dialog nothing can be selected.
    return copyAsSelected(text, { target: document.querySelector("dialog[open]") ?? document.body });
  }
}

/** Copy `text`, and have the page say so of `name` for two seconds. */
export async function copyNow(text, name) {
  if (await copyText(text)) putFor("copied", name, 2000);
}
