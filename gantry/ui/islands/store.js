// Values that a page keeps in the browser: which menu is open, which name is being typed. They must show within a frame and while
// the server is away, so they are not Reflex state; gantry/ui/browser.py is how Python reads and changes them.
import { useCallback, useSyncExternalStore } from "react";
import { ask } from "./backend.js";
import { listening } from "./page.js";

const values = new Map();
const changes = new EventTarget(); // an event is called like the value that has changed

/** The value of `name` now. */
export const now = (name, otherwise) => values.get(name) ?? otherwise;
/** Change it; only what reads it is drawn again. */
export function put(name, value) {
  if (Object.is(values.get(name), value)) return;
  values.set(name, value);
  changes.dispatchEvent(new Event(name));
}

/** Change it for a while; then it is empty, unless it has been changed again. */
export function putFor(name, value, milliseconds) {
  put(name, value);
  setTimeout(() => now(name) === value && put(name, ""), milliseconds);
}

/** Put what a path of the backend gives into `name`, with the status of the answer; 503: there was none. */
export async function putFetched(name, path) {
  const answer = await ask(path).catch(() => ({ status: 503 }));
  put(name, { ...(answer.ok && (await answer.json())), status: answer.status });
}

/** The value of `name` in a component, which is drawn again when it changes. */
export function useKept(name, otherwise) {
  const watch = useCallback((watcher) => listening((on) => on(changes, name, watcher)), [name]);
  const read = () => now(name, otherwise);
  return useSyncExternalStore(watch, read, () => otherwise);
}

/** Use storage; it may be full or forbidden: then nothing outlives the page, and that is all. */
export function tried(use) {
  try {
    return use();
  } catch {
    return null;
  }
}

/** What outlives the page. */
export const read = (name) => tried(() => localStorage.getItem(name)) ?? "";
export const write = (name, text) => tried(() => (text ? localStorage.setItem(name, text) : localStorage.removeItem(name)));
