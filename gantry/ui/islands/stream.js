// The live text of an answer, read from its event stream; through Reflex's state a token costs seventy times as much. An AnswerStream
// lives outside React: a message that is mounted again goes on from the text that is here. It is shown (as values of the store) once per
// frame, less often when that is slow, never in a hidden tab. A connection that breaks is opened again where it stood.
import { EventSourceParserStream } from "eventsource-parser/stream";
import { useEffect } from "react";
import { ask } from "./backend.js";
import { passOver } from "./feed.js";
import { put } from "./store.js";

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 3500; // and a quarter more, at random
const REFUSALS = [401, 403, 404, 410]; // asking again is of no use
const LINGER_MS = 3000; // how long a stream nobody looks at stays connected
const MAX_PACE_MS = 100;
const PACE = 2.5; // frames are at least this many times their own cost apart

/** What is known of an answer (gantry/ui/components/answer.py); `status` is how it ended, "lost" when there is none for us. */
const NOTHING = { text: "", reasoning: "", milliseconds: 0, stage: "", detail: "", sources: [], still: false, status: "" };
const streams = new Map();

class AnswerStream {
  #id;
  #answer = { ...NOTHING };
  #isStale = { text: false, reasoning: false }; // whether what is shown goes with the first of the new
  #thinkingSince = 0;
  #watchers = 0;
  #connection = null; // aborts it
  #lastId = "";
  #facts = ""; // all but the texts, as last shown: that is drawn anew only when it changes
  #failures = 0; // since there was anything
  #lingerTimer = 0;
  #stillTimer = 0;
  #timer = 0; // of the next frame
  #painted = 0; // when the last one was,
  #pace = 0; // and how far the next is from it

  constructor(id) {
    this.#id = id;
    streams.set(id, this);
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
    for (const name of ["answer", "text", "reasoning"]) put(`${name}/${this.#id}`, undefined);
  }

  #disconnect() {
    this.#connection?.abort();
    this.#connection = null;
  }

  async #follow() {
    const { signal } = (this.#connection = new AbortController());
    while (!signal.aborted) {
      await this.#read(signal).catch(() => {});
      const wait = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** this.#failures++) * (0.75 + Math.random() / 2);
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  async #read(signal) {
    const after = this.#lastId ? `?last_event_id=${encodeURIComponent(this.#lastId)}` : "";
    const url = `/api/v1/generations/${encodeURIComponent(this.#id)}/events${after}`;
    const { ok, status, body } = await ask(url, { signal, headers: { Accept: "text/event-stream" } });
    if (REFUSALS.includes(status)) this.#end("lost");
    if (!ok) return;
    const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    await events.pipeTo(new WritableStream({ write: (event) => signal.aborted || this.#take(event) }), { signal });
  }

  #take({ id, event: name, data: json }) {
    const data = JSON.parse(json);
    const answer = this.#answer;
    clearTimeout(this.#stillTimer);
    answer.still = false;
    this.#stillTimer = setTimeout(() => (answer.still = true) && this.#schedule(), 1200); // a pause that people wonder about
    this.#failures = 0;
    this.#lastId = id || this.#lastId;
    if (name === "text") {
      this.#add("text", data.text);
      if (this.#thinkingSince) answer.milliseconds ||= performance.now() - this.#thinkingSince;
    } else if (name === "reasoning") {
      this.#add("reasoning", data.text);
      this.#thinkingSince ||= performance.now();
    } else if (name === "status") Object.assign(answer, { stage: data.state, detail: data.detail ?? "" });
    else if (name === "sources") answer.sources = data.sources;
    else if (name === "restarted") {
      this.#isStale = { text: true, reasoning: true };
      this.#thinkingSince = answer.milliseconds = 0;
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
    const due = this.#painted + this.#pace - performance.now();
    this.#timer ||= setTimeout(() => requestAnimationFrame(this.#paint), due);
  }

  /** Show what there is, learn what that costs, layout and paint included, and keep frames far enough apart. */
  #paint = () => {
    this.#timer = 0;
    if (this.#answer.status) return;
    const began = (this.#painted = performance.now());
    // A timer comes after the frame, unlike a promise.
    setTimeout(() => (this.#pace = Math.min(MAX_PACE_MS, this.#pace * 0.8 + (performance.now() - began) * PACE * 0.2)));
    this.#publish();
  };

  #publish() {
    const { text, reasoning, ...rest } = this.#answer;
    const facts = JSON.stringify({ ...rest, writes: text !== "", thinks: reasoning !== "" });
    put(`text/${this.#id}`, text);
    put(`reasoning/${this.#id}`, reasoning);
    if (facts !== this.#facts) put(`answer/${this.#id}`, JSON.parse((this.#facts = facts)));
  }
}

const told = new Set(); // answers of whose end the page knows

/** Follows an answer, and tells the page of its end, once, however often the message is mounted; draws nothing. */
export function Following({ messageId, generationId, live, ended, onEnd }) {
  useEffect(() => (generationId ? (streams.get(generationId) ?? new AnswerStream(generationId)).watch() : undefined), [generationId]);
  useEffect(() => {
    if (live) put("spoken", "streaming");
  }, [live, messageId]);
  useEffect(() => {
    if (!ended || !live || told.has(generationId)) return;
    told.add(generationId);
    put("spoken", ended);
    passOver(messageId);
    onEnd(messageId, ended, document.visibilityState === "visible");
  }, [ended, live, generationId, messageId]);
  return null;
}
