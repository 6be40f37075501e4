// Where the reader is, kept while the text around them changes. It cannot be Python: it follows each frame's layout, and acts before its
// paint. Pinned, the end stays in view whatever grows. Only the reader unpins (wheel, touch, keys, scroll bar, a selection made upward);
// only scrolling to the end pins again. Not pinned, the message at the top of the view stays where it is, whatever comes above it.
import { useEffect, useEffectEvent, useLayoutEffect } from "react";
import { closePanel } from "./focus.js";
import { listening } from "./page.js";
import { now, put, useKept } from "./store.js";

const JUMP_SHOWS_PX = 200;
const JUMP_GOES_PX = 60;
const UP_KEYS = new Set(["PageUp", "ArrowUp", "Home"]);
const distance = (view) => view.scrollHeight - view.scrollTop - view.clientHeight;

/** Whether the person selects text of `content` upward: who does wants to stay. */
function isSelectingUpward(content) {
  const { direction, focusNode } = document.getSelection();
  return direction === "backward" && content.contains(focusNode);
}

class Pin {
  #view = document.querySelector(".transcript");
  #content = this.#view.firstElementChild;
  #isPinned = true;
  #anchor = null; // {element, top}: what a reader who is not pinned holds on to
  #top = 0;
  #height = 0;
  #touchY = 0;

  /** Keep the place until what is returned is called; `look` is told when the page comes before the reader's eyes again. */
  start(look) {
    const view = this.#view;
    const observer = new ResizeObserver(() => this.resized());
    return listening((on) => {
      on(view, "wheel", (event) => event.deltaY < 0 && this.#release());
      on(view, "touchstart", (event) => (this.#touchY = event.touches[0].clientY));
      on(view, "touchmove", (event) => {
        const y = event.touches[0].clientY;
        if (y > this.#touchY) this.#release();
        this.#touchY = y;
      });
      on(view, "keydown", (event) => UP_KEYS.has(event.key) && !event.target.closest("textarea, input") && this.#release());
      on(view, "scroll", () => this.#scrolled());
      on(document, "selectionchange", () => isSelectingUpward(this.#content) && this.#release());
      on(document, "visibilitychange", look);
      on(document, "keydown", (event) => this.#paged(event));
      for (const each of [view, this.#content]) observer.observe(each);
      this.toEnd();
      return () => {
        observer.disconnect();
        put("jump", false);
      };
    });
  }

  /** Keys that page go to the text although the message field has the focus, unless it is long enough to page itself. */
  #paged(event) {
    const view = this.#view;
    const field = event.target;
    const composing = field.matches?.(".composer > textarea") && field.scrollHeight <= field.clientHeight + 1;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (!composing && field !== document.body) return;
    const page = view.clientHeight * 0.9;
    const ways = { PageUp: view.scrollTop - page, PageDown: view.scrollTop + page };
    if (!composing || field.value === "") Object.assign(ways, { Home: 0, End: view.scrollHeight });
    if (!(event.key in ways)) return;
    event.preventDefault();
    if (ways[event.key] < view.scrollTop) this.#release();
    view.scrollTop = ways[event.key];
  }

  #release() {
    if (!this.#isPinned || this.#view.scrollHeight <= this.#view.clientHeight) return;
    this.#isPinned = false;
    this.#remember();
  }

  /** Go to `place`, and stay there. */
  show(place) {
    this.#isPinned = false;
    place.scrollIntoView({ block: "center" });
    this.#scrolled();
  }

  /** Go to the end, and stay there. */
  toEnd() {
    this.#isPinned = true;
    this.resized();
  }

  #scrolled() {
    const view = this.#view;
    const sameLayout = view.scrollHeight === this.#height;
    if (view.scrollTop < this.#top - 1 && sameLayout && distance(view) > 1) this.#isPinned = false;
    else if (view.scrollTop > this.#top && distance(view) <= JUMP_GOES_PX) this.#isPinned = true;
    this.#remember();
    this.#note();
  }

  /** The size of something has changed, or what stands there. */
  resized() {
    const { element, top } = this.#anchor ?? {};
    // A welcome is read from its beginning.
    if (this.#isPinned) this.#view.scrollTop = this.#content.querySelector(".welcome") ? 0 : this.#view.scrollHeight;
    else if (element?.isConnected) this.#view.scrollTop += element.getBoundingClientRect().top - top;
    this.#note();
  }

  /** Keep hold of the first message in view. */
  #remember() {
    const edge = this.#view.getBoundingClientRect().top;
    const messages = [...this.#content.querySelectorAll("[data-message]")];
    const element = this.#isPinned ? undefined : messages.find((each) => each.getBoundingClientRect().bottom > edge);
    this.#anchor = element && { element, top: element.getBoundingClientRect().top };
  }

  #note() {
    this.#top = this.#view.scrollTop;
    this.#height = this.#view.scrollHeight;
    const below = this.#isPinned ? 0 : distance(this.#view);
    put("jump", now("jump") ? below >= JUMP_GOES_PX : below > JUMP_SHOWS_PX);
  }
}

let pin = null; // of the last transcript on the page
export const toEnd = () => pin?.toEnd();

/** Keeps the reader's place in the transcript beside it; draws nothing. */
export function Pinning({ conversationId, earliestId, onSeen }) {
  const pending = useKept("pending", null);
  const look = useEffectEvent(() => document.visibilityState === "visible" && onSeen());
  useLayoutEffect(() => (pin = new Pin()).start(look), []);
  // As many messages may go at one end as come at the other: then no size changes, and no observer tells.
  useLayoutEffect(() => pin.resized(), [earliestId]);
  useLayoutEffect(() => {
    toEnd();
    return () => closePanel(true); // nothing of one conversation stands beside another
  }, [conversationId]);
  useEffect(() => toEnd(), [pending]);
  return null;
}

const textsOf = (node) => (node.nodeType === Node.TEXT_NODE ? [node] : [...node.childNodes].flatMap(textsOf));

/** Lead to a message, and mark what matches `pattern` in it, also when it is drawn later or anew. */
export function lead(message, pattern) {
  const element = document.querySelector(`[data-message="${message}"]`);
  const marked = globalThis.Highlight ? new Highlight() : new Set(); // browsers without it mark nothing
  const range = (node, at, end) => new StaticRange({ startContainer: node, startOffset: at, endContainer: node, endOffset: end });
  const rangesIn = (node) =>
    Array.from(node.data.matchAll(new RegExp(pattern, "gu")), ({ index: at, 0: found }) => range(node, at, at + found.length));
  const mark = () => {
    const ranges = textsOf(element).flatMap(rangesIn);
    if (ranges[0] && !marked.size && CSS.highlights?.get("found") === marked) pin.show(ranges[0].startContainer.parentElement);
    marked.clear();
    for (const each of ranges) marked.add(each);
  };
  CSS.highlights?.set("found", marked);
  if (!element) return;
  pin.show(element);
  mark();
  new MutationObserver(mark).observe(element, { childList: true, subtree: true });
}
