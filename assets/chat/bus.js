/*
 * What the parts of the chat page tell each other inside one tab.
 *
 * The composer, the transcript and the messages are separate React trees under Reflex, and what passes between
 * them here (a text on its way, "edit this one") must show within a frame, so it does not go through the server.
 */
import { useEffect, useRef } from "react";

const PREFIX = "gantry:";

export function emit(name, detail) {
  window.dispatchEvent(new CustomEvent(PREFIX + name, { detail }));
}

/** Call `handler` with the detail of each `name` event while the component is mounted. */
export function useBus(name, handler) {
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    const listen = (event) => latest.current(event.detail);
    window.addEventListener(PREFIX + name, listen);
    return () => window.removeEventListener(PREFIX + name, listen);
  }, [name]);
}

/** A name for one press of Send. crypto.randomUUID is missing on plain HTTP; getRandomValues is not. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Props equal but for functions: Reflex makes a new handler for each render, and they all do the same. */
export function sameValues(before, after) {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const key of keys) {
    if (typeof before[key] === "function" && typeof after[key] === "function") continue;
    if (!Object.is(before[key], after[key])) return false;
  }
  return true;
}
