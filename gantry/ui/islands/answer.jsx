/*
 * The body of one assistant message, from the first "queued" to the stored answer. It cannot be Python: its text changes with each frame.
 *
 * It is one component for all of that time, so nothing is mounted anew when the answer ends: a selection, an open
 * "thinking" section and the place of the reader stay. The text comes from the event stream while `generationId`
 * is set, else from `text`, which is what is stored.
 */

import ChevronRight from "lucide-react/dist/esm/icons/chevron-right.mjs";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { Cited } from "./citations.js";
import { passOver } from "./feed.js";
import { Markdown } from "./markdown.jsx";
import { put } from "./store.js";
import { useAnswerStream } from "./stream.js";

const told = new Set(); // answers of whose end the page knows

/** Tell the page of the end of an answer, once, however often the message is mounted. */
function useEnding({ messageId, generationId, onEnd }, ended, live) {
  useEffect(() => {
    if (live) put("spoken", "streaming");
  }, [live, messageId]);
  useEffect(() => {
    if (!ended || !live || told.has(generationId)) return;
    told.add(generationId);
    put("spoken", ended);
    passOver(messageId);
    onEnd(messageId, ended, document.visibilityState === "visible");
  }, [ended, live, generationId, messageId, onEnd]);
}

/** The text to show; what was on screen stays there until the stream has something to put in its place. */
function useShownText(streamed, stored, live) {
  const last = useRef("");
  const text = streamed || stored || (live ? last.current : "");
  useEffect(() => {
    last.current = text;
  });
  return text;
}

function Reasoning({ text, milliseconds, thinking }) {
  const [open, setOpen] = useState(false);
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  const label = thinking ? "Thinking…" : milliseconds ? `Thought for ${seconds} s` : "Thoughts";
  return (
    <div className="reasoning">
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} data-thinking={thinking || undefined}>
        <ChevronRight size={15} />
        {label}
      </button>
      {open ? (
        <div className="reasoning-text">
          <Markdown text={text} live={thinking} />
        </div>
      ) : null}
    </div>
  );
}

/** Props equal but for functions: Reflex makes a new handler for each render, and they all do the same. */
function sameValues(before, after) {
  return Object.keys(after).every((key) => typeof after[key] === "function" || Object.is(before[key], after[key]));
}

const NONE = [];

export const Answer = memo(function Answer(props) {
  const { text = "", generationId = "", status, reasoning, reasoningMs, sources = NONE, stages, onSource } = props;
  const stream = useAnswerStream(generationId);
  const live = status === "streaming";
  const writing = live && !stream.status;
  const busy = writing || (generationId && !stream.status); // of a page loaded anew the text is read again
  useEnding(props, stream.status, live);
  const shown = useShownText(stream.text, text, live);
  const given = stream.sources?.length ? stream.sources : sources;
  const cited = useMemo(() => ({ sources: given, open: onSource }), [given]);
  const thoughts = stream.reasoning || reasoning;
  return (
    <div className="answer" data-live={writing || undefined} aria-busy={busy ? true : undefined}>
      {thoughts ? <Reasoning text={thoughts} milliseconds={reasoningMs || stream.reasoningMs} thinking={writing && !stream.text} /> : null}
      {shown ? (
        <Cited.Provider value={cited}>
          <Markdown text={shown} live={writing} />
        </Cited.Provider>
      ) : null}
      {writing && !stream.text && !thoughts ? (
        <p className="working">
          <span className="working-mark" aria-hidden="true" />
          <span className="working-label">{stream.detail || (stages[stream.stage] ?? stages[""])}</span>
        </p>
      ) : null}
      {live && stream.text ? (
        <p className="at-work" aria-hidden="true">
          {writing ? <span className="working-mark" /> : null}
        </p>
      ) : null}
    </div>
  );
}, sameValues);
