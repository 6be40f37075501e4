/*
 * Values that a page keeps in the browser: which menu is open, which name is being typed. They must show within a frame and while
 * the server is away, so they are not Reflex state; gantry/ui/browser.py is how Python reads and changes them.
 */
import { useCallback, useSyncExternalStore } from "react";

const values = new Map();
const watchers = new Map();

/** The value of `name` now. */
export const now = (name, otherwise) => values.get(name) ?? otherwise;

/** Change it; only what reads it is drawn again. */
export function put(name, value) {
  if (Object.is(values.get(name), value)) return;
  if (value === undefined) values.delete(name);
  else values.set(name, value);
  for (const watcher of watchers.get(name) ?? []) watcher();
}

/** Change it for a while; then it is empty, unless it has been changed again. */
export function putFor(name, value, milliseconds) {
  put(name, value);
  setTimeout(() => now(name) === value && put(name, ""), milliseconds);
}

/** The value of `name` in a component, which is drawn again when it changes. */
export function useKept(name, otherwise) {
  const watch = useCallback(
    (watcher) => {
      if (!watchers.has(name)) watchers.set(name, new Set());
      watchers.get(name).add(watcher);
      return () => watchers.get(name).delete(watcher);
    },
    [name],
  );
  return useSyncExternalStore(
    watch,
    () => now(name, otherwise),
    () => otherwise,
  );
}

/** What outlives the page; storage may be full or forbidden: then nothing does, and that is all. */
export function read(name) {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}

export function write(name, text) {
  try {
    if (text) localStorage.setItem(name, text);
    else localStorage.removeItem(name);
  } catch {
    // See above.
  }
}
