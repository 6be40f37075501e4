/*
 * The body of one assistant message, from the first "queued" to the stored answer.
 *
 * It is one component for all of that time, so nothing is mounted anew when the answer ends: a selection, an open
 * "thinking" section and the place of the reader stay. The text comes from the event stream while `generationId`
 * is set, else from `text`, which is what is stored.
 */
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { emit, sameValues } from "./chat/bus.js";
import { Cited, openContext, openSource } from "./chat/citations.js";
import { ChevronRight } from "./chat/icons.jsx";
import { Markdown } from "./chat/markdown.jsx";
import { useAnswerStream } from "./chat/stream.js";

const STAGES = {
  queued: "Waiting for the model",
  loading: "Loading the model",
  reading: "Reading your documents",
  thinking: "Thinking",
  writing: "Writing",
};
const ENDS = {
  complete: "The answer is complete.",
  stopped: "The answer was stopped.",
  failed: "The answer failed.",
};

/** Tell the page of the end of the stream, once, however often the message is mounted. */
function useEnding(stream, messageId, live, onEnd) {
  const ended = stream?.status ?? "";
  useEffect(() => {
    if (live) emit("announce", "Answering…");
  }, [live, messageId]);
  useEffect(() => {
    if (!ended || !live || stream.told) return;
    stream.told = true;
    emit("announce", ENDS[ended] ?? "");
    onEnd?.(messageId, ended);
  }, [ended, live, stream, messageId, onEnd]);
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

function Working({ stage, detail }) {
  return (
    <p className="working">
      <span className="working-mark" aria-hidden="true" />
      <span className="working-label">{detail || STAGES[stage] || "Starting"}</span>
    </p>
  );
}

/** What the answer was given to read, below it; what was not found or not asked is said. */
function Sources({ messageId, sources, note, settled }) {
  if (!sources.length && !note && !settled) return null;
  return (
    <div className="sources">
      {sources.map((source) => (
        <button
          key={source.number}
          type="button"
          className="source"
          data-testid="source"
          onClick={(event) => openSource(messageId, source.number, event.currentTarget)}
        >
          <span className="source-number">{source.number}</span>
          <span className="source-title">{source.title}</span>
          {source.page ? <span className="source-page">p. {source.page}</span> : null}
        </button>
      ))}
      {note ? <span className="sources-note">{note}</span> : null}
      {settled ? (
        <button type="button" className="source quiet" data-testid="open-context" onClick={(event) => openContext(messageId, event.currentTarget)}>
          What was sent
        </button>
      ) : null}
    </div>
  );
}

const NONE = [];

export const Answer = memo(function Answer(props) {
  const { messageId, text = "", generationId = "", status, reasoning = "", reasoningMs = 0, sources = NONE, note = "", onEnd } = props;
  const stream = useAnswerStream(generationId);
  const live = status === "streaming";
  const writing = live && !stream?.status;
  const busy = writing || Boolean(generationId && !stream?.status); // of a page loaded anew the text is read again
  useEnding(stream, messageId, live, onEnd);
  const shown = useShownText(stream?.text, text, live);
  const given = stream?.sources?.length ? stream.sources : sources;
  const cited = useMemo(() => ({ messageId, sources: given }), [messageId, given]);
  const thoughts = stream?.reasoning || reasoning;
  return (
    <div className="answer" data-live={writing || undefined} aria-busy={busy || undefined}>
      {thoughts ? (
        <Reasoning
          text={thoughts}
          milliseconds={reasoningMs || stream?.reasoningMs || 0}
          thinking={writing && !stream?.text}
        />
      ) : null}
      {shown ? (
        <Cited.Provider value={cited}>
          <Markdown text={shown} live={writing} />
        </Cited.Provider>
      ) : null}
      {writing && !stream?.text ? <Working stage={stream?.stage} detail={stream?.detail} /> : null}
      {writing && stream?.text ? <span className="working-mark trailing" aria-hidden="true" /> : null}
      {shown ? <Sources messageId={messageId} sources={given} note={note || stream?.note || ""} settled={!writing} /> : null}
    </div>
  );
}, sameValues);
