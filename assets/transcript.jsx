/*
 * The scrolling log of a conversation: keeps the reader's place, asks for earlier messages, shows a text that is
 * on its way to the server, and tells screen readers that an answer began or ended (never its tokens).
 */
import { useEffect, useRef, useState } from "react";
import { useBus } from "./chat/bus.js";
import { ArrowDown } from "./chat/icons.jsx";
import { usePinning } from "./chat/pinning.js";

/** Say that the open conversation is before the person's eyes: when they come back to it, and when an answer ends. */
function useSeen(generationId, onSeen) {
  const before = useRef("");
  useEffect(() => {
    const ended = before.current && !generationId;
    before.current = generationId;
    if (ended && document.visibilityState === "visible") onSeen?.();
  }, [generationId]);
  useEffect(() => {
    const listen = () => document.visibilityState === "visible" && onSeen?.();
    document.addEventListener("visibilitychange", listen);
    return () => document.removeEventListener("visibilitychange", listen);
  });
}

/** A message as it will look, from the moment Enter is pressed until the server has it. */
function Pending({ text }) {
  return (
    <div className="message" data-role="user" data-pending="" data-message="">
      <div className="bubble">{text}</div>
      <p className="working pending-mark">
        <span className="working-mark" aria-hidden="true" />
        <span className="working-label">Sending</span>
      </p>
    </div>
  );
}

export function Transcript(props) {
  const { conversationId, title, generationId, earliestId, hasEarlier, accepted, refused, children } = props;
  const [pending, setPending] = useState(null);
  const [spoken, setSpoken] = useState("");
  const asked = useRef("");
  const { viewRef, contentRef, jump, toEnd } = usePinning(earliestId, () => {
    if (!hasEarlier || !earliestId || asked.current === earliestId) return;
    asked.current = earliestId;
    props.onNearTop?.();
  });
  useBus("sending", (detail) => {
    setPending(detail);
    toEnd();
  });
  useBus("unsent", ({ key }) => setPending((current) => (current?.key === key ? null : current)));
  useBus("announce", setSpoken);
  useSeen(generationId, props.onSeen);
  useEffect(() => {
    asked.current = "";
    toEnd();
  }, [conversationId, toEnd]);
  useEffect(() => {
    document.title = title ? `${title} · Gantry` : "Gantry";
  }, [title]);
  // Compared while rendering: the stored message takes the place of the pending one in the same frame.
  useEffect(() => {
    setPending((current) => (current && (current.key === accepted || refused.startsWith(current.key)) ? null : current));
  }, [accepted, refused]);
  const shown = pending && pending.key !== accepted ? pending : null;
  return (
    <div className="transcript-frame">
      <div className="transcript" ref={viewRef} role="log" aria-live="off" aria-label="Conversation" tabIndex={-1}>
        <div className="transcript-column" ref={contentRef} data-sending={shown ? "" : undefined}>
          {children}
          {shown ? <Pending text={shown.text} /> : null}
        </div>
      </div>
      <div className="sr-only" role="status" aria-live="polite">
        {spoken}
      </div>
      {jump ? (
        <button type="button" className="jump" onClick={toEnd} aria-label="Jump to latest" data-testid="jump">
          <ArrowDown />
        </button>
      ) : null}
    </div>
  );
}
