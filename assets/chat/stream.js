/*
 * The live text of an answer, read from its event stream.
 *
 * One AnswerStream per answer lives outside React: a message that is mounted again (the page moved from "/" to
 * "/c/…", a branch came back) goes on from the text that is here. Text is collected as it comes and shown at
 * most once per animation frame, less often when showing it is slow; a hidden tab gets no frames, so there it
 * only collects.
 *
 * The browser's EventSource reconnects by itself and says where it stood (Last-Event-ID). It gives up when it
 * is answered with an HTTP error, as while a server restarts; then we try again, and say where we stood.
 */
import { useCallback, useSyncExternalStore } from "react";
import { ask, eventsOf } from "../backend.js";

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 3500; // and a quarter more, at random
const LINGER_MS = 3000; // how long a stream nobody looks at stays connected
const KEPT = 200; // texts of ended answers; the oldest are forgotten, and read again when needed
const MAX_PACE_MS = 100;
const PACE = 2.5; // frames are at least this many times their own cost apart

const streams = new Map();

class AnswerStream {
  constructor(id) {
    this.id = id;
    this.text = "";
    this.reasoning = "";
    this.stage = "";
    this.detail = "";
    this.sources = null; // [{number, kind, title, page, heading}], once the server has told
    this.note = "";
    this.status = ""; // how it ended; "lost" when the server says there is no such answer for us
    this.told = false; // whether the page has been told of the end
    this.reasoningMs = 0;
    this.version = 0;
    this.#listeners = new Set();
  }

  #listeners;
  #source = null;
  #lastId = "";
  #failures = 0;
  #retryTimer = 0;
  #lingerTimer = 0;
  #frame = 0;
  #paintedAt = 0;
  #pace = 0;
  #staleText = false;
  #staleReasoning = false;
  #thinkingSince = 0;

  subscribe(listener) {
    this.#listeners.add(listener);
    clearTimeout(this.#lingerTimer);
    if (!this.status && !this.#source && !this.#retryTimer) this.#connect();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#lingerTimer = setTimeout(() => this.#disconnect(), LINGER_MS);
    };
  }

  #connect() {
    const url = `/api/v1/generations/${encodeURIComponent(this.id)}/events`;
    const after = this.#lastId ? `?last_event_id=${encodeURIComponent(this.#lastId)}` : "";
    const source = eventsOf(url + after);
    this.#source = source;
    const on = (name, handle) =>
      source.addEventListener(name, (event) => {
        if (source !== this.#source) return;
        // A connection that breaks is an "error" event too; only the server's carry data.
        if (typeof event.data !== "string") return;
        this.#failures = 0;
        if (event.lastEventId) this.#lastId = event.lastEventId;
        handle(parsed(event.data));
      });
    on("text", (data) => this.#addText(String(data.text ?? "")));
    on("reasoning", (data) => this.#addReasoning(String(data.text ?? "")));
    on("status", (data) => this.#setStage(data));
    on("sources", (data) => {
      this.sources = Array.isArray(data.sources) ? data.sources : [];
      this.note = String(data.note ?? "");
      this.#schedule();
    });
    on("restarted", () => this.#restart());
    on("end", (data) => this.#end(String(data.status ?? "complete")));
    source.onerror = () => {
      if (source === this.#source && source.readyState === EventSource.CLOSED) this.#retry();
    };
  }

  #addText(text) {
    this.text = this.#staleText ? text : this.text + text;
    this.#staleText = false;
    if (this.#thinkingSince && !this.reasoningMs) this.reasoningMs = performance.now() - this.#thinkingSince;
    this.#schedule();
  }

  #addReasoning(text) {
    this.reasoning = this.#staleReasoning ? text : this.reasoning + text;
    this.#staleReasoning = false;
    this.#thinkingSince ||= performance.now();
    this.#schedule();
  }

  #setStage(data) {
    this.stage = String(data.state ?? "");
    this.detail = String(data.detail ?? "");
    this.#schedule();
  }

  /** All of it follows again; what is on screen stays there until the first of the new text comes. */
  #restart() {
    this.#staleText = this.#staleReasoning = true;
    this.#thinkingSince = this.reasoningMs = 0;
  }

  #end(status) {
    if (this.#staleText) this.text = "";
    if (this.#staleReasoning) this.reasoning = "";
    this.#staleText = this.#staleReasoning = false;
    this.status = status;
    this.#disconnect();
    this.#publish();
  }

  async #retry() {
    this.#source = null;
    const wait = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** this.#failures++) * (0.75 + Math.random() / 2);
    this.#retryTimer = setTimeout(async () => {
      const refused = await this.#isRefused();
      this.#retryTimer = 0;
      if (this.status || this.#source || this.#listeners.size === 0) return;
      if (refused) this.#end("lost");
      else this.#connect();
    }, wait);
  }

  /** EventSource does not tell the HTTP status, and some of them mean that asking again is of no use. */
  async #isRefused() {
    const abort = new AbortController();
    try {
      const url = `/api/v1/generations/${encodeURIComponent(this.id)}/events`;
      const answer = await ask(url, { signal: abort.signal, headers: { Accept: "text/event-stream" } });
      return [401, 403, 404, 410].includes(answer.status);
    } catch {
      return false;
    } finally {
      abort.abort();
    }
  }

  #disconnect() {
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = 0;
  }

  #schedule() {
    if (!this.#frame) this.#frame = requestAnimationFrame(this.#paint);
  }

  #paint = (now) => {
    this.#frame = 0;
    if (this.status) return;
    if (now - this.#paintedAt < this.#pace) this.#schedule();
    else {
      this.#paintedAt = now;
      this.#measure();
      this.#publish();
    }
  };

  /** Learn what a frame costs, layout and paint included, and keep frames far enough apart. */
  #measure() {
    const began = performance.now();
    const channel = new MessageChannel(); // its message is handled after the frame, unlike a promise
    channel.port1.onmessage = () => {
      const cost = performance.now() - began;
      this.#pace = Math.min(MAX_PACE_MS, this.#pace * 0.8 + cost * PACE * 0.2);
      channel.port1.close();
    };
    channel.port2.postMessage(0);
  }

  #publish() {
    this.version += 1;
    for (const listener of [...this.#listeners]) listener();
  }

  get idle() {
    return this.#listeners.size === 0;
  }
}

function parsed(raw) {
  try {
    return JSON.parse(raw) ?? {};
  } catch {
    return {};
  }
}

function streamOf(id) {
  let stream = streams.get(id);
  if (!stream) {
    stream = new AnswerStream(id);
    streams.set(id, stream);
    for (const [key, old] of streams) {
      if (streams.size <= KEPT) break;
      if (old !== stream && old.idle) streams.delete(key);
    }
  }
  return stream;
}

const nothing = () => () => {};

/** Follow the answer `id` ("" follows nothing); the component renders again when there is more of it. */
export function useAnswerStream(id) {
  const stream = id && typeof window !== "undefined" ? streamOf(id) : null;
  const subscribe = useCallback((listener) => (stream ? stream.subscribe(listener) : nothing()()), [stream]);
  useSyncExternalStore(
    subscribe,
    () => (stream ? stream.version : 0),
    () => 0,
  );
  return stream;
}

/** The text of an answer that this tab has read from its stream. */
export function streamedText(id) {
  return streams.get(id)?.text ?? "";
}
