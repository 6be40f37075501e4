/*
 * The live text of an answer, read from its event stream. It cannot be Python: through Reflex's state a token costs seventy times as much.
 *
 * One AnswerStream per answer lives outside React: a message that is mounted again (its conversation or its branch came back) goes on from
 * the text that is here. Text is collected as it comes and shown (the value "answer/{id}" of the store) at most once per animation frame,
 * less often when showing it is slow; a hidden tab gets no frames, so there it only collects. A connection that breaks, as while a server
 * restarts, is opened again, and says where it stood.
 */
import { createParser } from "eventsource-parser";
import { useEffect } from "react";
import { ask } from "./backend.js";
import { now, put, useKept } from "./store.js";

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 3500; // and a quarter more, at random
const REFUSALS = [401, 403, 404, 410]; // asking again is of no use
const LINGER_MS = 3000; // how long a stream nobody looks at stays connected
const MAX_PACE_MS = 100;
const PACE = 2.5; // frames are at least this many times their own cost apart

/** An answer as it is shown. `sources` is null until the server has told; `status` is how it ended, "lost" when there is none for us. */
const NOTHING = { text: "", reasoning: "", reasoningMs: 0, stage: "", detail: "", sources: null, status: "" };

const streams = new Map();

class AnswerStream {
  #id;
  #answer = { ...NOTHING };
  #isStale = { text: false, reasoning: false }; // whether what is shown goes with the first of the new
  #thinkingSince = 0;
  #watchers = 0;
  #connection = null; // aborts it
  #lastId = "";
  #lingerTimer = 0;
  #frame = 0;
  #paintedAt = 0;
  #pace = 0;

  constructor(id) {
    this.#id = id;
  }

  /** Somebody looks, until what is returned is called. */
  watch() {
    this.#watchers += 1;
    clearTimeout(this.#lingerTimer);
    if (!this.#answer.status && !this.#connection) this.#follow();
    return () => {
      this.#watchers -= 1;
      if (this.#watchers === 0) this.#lingerTimer = setTimeout(() => this.#leave(), LINGER_MS);
    };
  }

  /** What has ended is stored, and the page has it from there. */
  #leave() {
    this.#disconnect();
    if (!this.#answer.status) return;
    streams.delete(this.#id);
    put(`answer/${this.#id}`, undefined);
  }

  #disconnect() {
    this.#connection?.abort();
    this.#connection = null;
  }

  async #follow() {
    const { signal } = (this.#connection = new AbortController());
    let failures = 0;
    const parser = createParser({
      onEvent: (event) => {
        failures = 0;
        if (event.id) this.#lastId = event.id;
        this.#take(event.event, JSON.parse(event.data));
      },
    });
    while (!signal.aborted) {
      parser.reset();
      await this.#read((piece) => signal.aborted || parser.feed(piece), signal).catch(() => {});
      const wait = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** failures++) * (0.75 + Math.random() / 2);
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  async #read(feed, signal) {
    const after = this.#lastId ? `?last_event_id=${encodeURIComponent(this.#lastId)}` : "";
    const url = `/api/v1/generations/${encodeURIComponent(this.#id)}/events${after}`;
    const { ok, status, body } = await ask(url, { signal, headers: { Accept: "text/event-stream" } });
    if (REFUSALS.includes(status)) this.#end("lost");
    if (!ok) return;
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) feed(piece.value);
  }

  #take(name, data) {
    const answer = this.#answer;
    if (name === "text") {
      this.#add("text", data.text);
      if (this.#thinkingSince) answer.reasoningMs ||= performance.now() - this.#thinkingSince;
    } else if (name === "reasoning") {
      this.#add("reasoning", data.text);
      this.#thinkingSince ||= performance.now();
    } else if (name === "status") Object.assign(answer, { stage: data.state, detail: data.detail ?? "" });
    else if (name === "sources") answer.sources = data.sources;
    else if (name === "restarted") {
      this.#isStale = { text: true, reasoning: true };
      this.#thinkingSince = answer.reasoningMs = 0;
    } else if (name === "end") return this.#end(data.status);
    this.#schedule();
  }

  #add(part, text) {
    this.#answer[part] = this.#isStale[part] ? text : this.#answer[part] + text;
    this.#isStale[part] = false;
  }

  #end(status) {
    for (const part of ["text", "reasoning"]) if (this.#isStale[part]) this.#answer[part] = "";
    this.#answer.status = status;
    this.#disconnect();
    this.#publish();
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(this.#paint);
  }

  #paint = (at) => {
    this.#frame = 0;
    if (this.#answer.status) return;
    if (at - this.#paintedAt < this.#pace) return this.#schedule();
    this.#paintedAt = at;
    this.#measure();
    this.#publish();
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
    put(`answer/${this.#id}`, { ...this.#answer });
  }
}

/** Follow the answer `id` ("" follows nothing); the component renders again when there is more of it. */
export function useAnswerStream(id) {
  useEffect(() => {
    if (!id) return undefined;
    if (!streams.has(id)) streams.set(id, new AnswerStream(id));
    return streams.get(id).watch();
  }, [id]);
  return useKept(`answer/${id}`, NOTHING);
}

/** The text of an answer that this tab has read from its stream. */
export const streamedText = (id) => now(`answer/${id}`, NOTHING).text;
