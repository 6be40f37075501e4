/*
 * Where the reader is, kept while the text around them changes.
 *
 * Pinned: the end stays in view whatever grows. Only the reader unpins (wheel, touch, keys, scroll bar, a selection
 * made upward), at once; only scrolling down to the end pins again. Not pinned: the message at the top of the view
 * stays where it is, also when earlier messages are put above it. Both happen in a ResizeObserver, that is after
 * layout and before paint, so nothing is seen to jump.
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

const JUMP_SHOWS_PX = 200;
const JUMP_GOES_PX = 60;
const NEAR_TOP_PX = 800;
const UP_KEYS = new Set(["PageUp", "ArrowUp", "Home"]);

const distance = (view) => view.scrollHeight - view.scrollTop - view.clientHeight;

class Pin {
  constructor(view, content, onMove) {
    this.view = view;
    this.content = content;
    this.onMove = onMove;
    this.pinned = true;
    this.anchor = null;
    this.top = view.scrollTop;
    this.height = view.scrollHeight;
    this.touchY = 0;
  }

  start() {
    const { view } = this;
    const stop = new AbortController();
    const on = (target, name, handle) =>
      target.addEventListener(name, handle, { passive: true, signal: stop.signal });
    on(view, "wheel", (event) => event.deltaY < 0 && this.release());
    on(view, "touchstart", (event) => (this.touchY = event.touches[0]?.clientY ?? 0));
    on(view, "touchmove", (event) => {
      const y = event.touches[0]?.clientY ?? 0;
      if (y > this.touchY) this.release();
      this.touchY = y;
    });
    on(view, "keydown", (event) => UP_KEYS.has(event.key) && !isField(event.target) && this.release());
    on(view, "scroll", () => this.scrolled());
    on(document, "selectionchange", () => this.selected());
    const observer = new ResizeObserver(() => this.resized());
    observer.observe(view);
    observer.observe(this.content);
    this.toEnd();
    return () => {
      stop.abort();
      observer.disconnect();
    };
  }

  release() {
    if (!this.pinned || this.view.scrollHeight <= this.view.clientHeight) return;
    this.pinned = false;
    this.remember();
  }

  toEnd() {
    this.pinned = true;
    this.anchor = null;
    this.view.scrollTop = this.view.scrollHeight;
    this.note();
  }

  scrolled() {
    const { view } = this;
    const sameLayout = view.scrollHeight === this.height;
    if (view.scrollTop < this.top - 1 && sameLayout && distance(view) > 1) this.pinned = false;
    else if (view.scrollTop > this.top && distance(view) <= JUMP_GOES_PX) this.pinned = true;
    this.remember();
    this.note();
  }

  /** A selection that grows upward belongs to a reader who wants to stay. */
  selected() {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed || !this.content.contains(selection.focusNode)) return;
    const order = selection.anchorNode.compareDocumentPosition(selection.focusNode);
    const upward =
      order & Node.DOCUMENT_POSITION_PRECEDING || (order === 0 && selection.focusOffset < selection.anchorOffset);
    if (upward) this.release();
  }

  resized() {
    const { view } = this;
    if (this.pinned) view.scrollTop = view.scrollHeight;
    else if (this.anchor?.element.isConnected) {
      view.scrollTop += this.anchor.element.getBoundingClientRect().top - this.anchor.top;
    }
    this.note();
  }

  /** Keep hold of the first message in view. */
  remember() {
    this.anchor = null;
    if (this.pinned) return;
    const edge = this.view.getBoundingClientRect().top;
    for (const element of this.content.querySelectorAll("[data-message]")) {
      const box = element.getBoundingClientRect();
      if (box.bottom <= edge) continue;
      this.anchor = { element, top: box.top };
      return;
    }
  }

  note() {
    this.top = this.view.scrollTop;
    this.height = this.view.scrollHeight;
    this.onMove(this.pinned ? 0 : distance(this.view), this.view.scrollTop);
  }
}

const isField = (target) => target instanceof HTMLElement && target.closest("textarea, input") !== null;

/** Return refs for the scrolling view and its content, whether "jump" is wanted, and how to go to the end. */
export function usePinning(firstId, onNearTop) {
  const viewRef = useRef(null);
  const contentRef = useRef(null);
  const pin = useRef(null);
  const nearTop = useRef(onNearTop);
  const [jump, setJump] = useState(false);
  useEffect(() => {
    nearTop.current = onNearTop;
  });
  useEffect(() => {
    const onMove = (below, above) => {
      setJump((shown) => (shown ? below >= JUMP_GOES_PX : below > JUMP_SHOWS_PX));
      if (above < NEAR_TOP_PX) nearTop.current();
    };
    pin.current = new Pin(viewRef.current, contentRef.current, onMove);
    return pin.current.start();
  }, []);
  const toEnd = useCallback(() => pin.current?.toEnd(), []);
  // As many messages may go at one end as come at the other: then no size changes, and no observer tells.
  useLayoutEffect(() => pin.current?.resized(), [firstId]);
  return { viewRef, contentRef, jump, toEnd };
}
