/*
 * The list of models, as the picker got it from the server, for every "retry with another model" on the page:
 * one copy here instead of one in each message.
 */
import { useSyncExternalStore } from "react";

let models = [];
const listeners = new Set();

export function setModels(list) {
  models = list;
  for (const listener of listeners) listener();
}

export function useModels() {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => models,
    () => models,
  );
}
