/* What islands ask of the page they are on, and only the browser can answer: what has the focus, what is in front of it, who is typing. */
export const messageField = () => document.querySelector('[data-testid="composer"]');

/** Give an element the focus where it is. */
export const focusOn = (element) => element?.focus({ preventScroll: true });

/** Whether a dialog or a menu is in front of the page: keys are for that. */
export const isCovered = () => document.querySelector("dialog[open], :popover-open") !== null;

/** Whether a key belongs to an input method; 229 is what Safari and some of them report for the Enter that ends a composition. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

/** Listen to what `begin` asks for with on(target, name, handle), until what is returned is called; then comes what it returned. */
export function listening(begin) {
  const stop = new AbortController();
  const passive = (name) => /^(wheel|touch)/.test(name); // scrolling waits for nobody
  const last = begin((target, name, handle) => target.addEventListener(name, handle, { passive: passive(name), signal: stop.signal }));
  return () => {
    stop.abort();
    last?.();
  };
}
