/*
 * The panel beside a conversation: the sources of an answer with their passages, or all that was sent for it.
 *
 * It opens from a chip, keeps its place while the conversation goes on, and Esc gives the focus back to the chip.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { useLocation } from "react-router";
import { ask } from "./backend.js";
import { useBus } from "./chat/bus.js";
import { conversationIn } from "./feed.jsx";
import { Moment } from "./moment.jsx";

const KINDS = { document: "Document", message: "Earlier conversation", fact: "Memory" };

/** GET JSON; what went wrong comes as a sentence. */
async function load(path) {
  try {
    const answer = await ask(path, { headers: { accept: "application/json" } });
    const body = await answer.json().catch(() => ({}));
    return answer.ok ? { body } : { fault: body.detail || "This could not be loaded." };
  } catch {
    return { fault: "The server did not answer." };
  }
}

/** What a path has, loaded anew when it changes or `again` is called: {body, fault, again}. */
function useLoaded(path) {
  const [state, setState] = useState({});
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let current = true;
    setState({});
    load(path).then((loaded) => current && setState(loaded));
    return () => {
      current = false;
    };
  }, [path, tries]);
  return { ...state, again: () => setTries(tries + 1) };
}

/** Why nothing can be shown, and a way to ask again. */
function Fault({ text, again }) {
  const onClick = (event) => {
    event.currentTarget.closest(".sources-panel").focus({ preventScroll: true }); // this button goes
    again();
  };
  return (
    <div className="panel-note stack" role="alert">
      <p>{text}</p>
      <button type="button" className="button tiny" onClick={onClick}>
        Try again
      </button>
    </div>
  );
}

/** The page a passage stands on, with the passage marked. */
function Page({ source }) {
  const path = `/api/v1/documents/${source.document_id}/text?start=${source.start_offset}&end=${source.end_offset}`;
  const { body, fault, again } = useLoaded(path);
  const mark = useRef(null);
  useEffect(() => {
    mark.current?.scrollIntoView({ block: "center" });
  }, [body]);
  if (fault) return <Fault text={fault} again={again} />;
  if (!body) return <p className="panel-note">Loading the page…</p>;
  return (
    <pre className="panel-page" data-testid="source-page" tabIndex={0} aria-label={`Text of ${source.title}`}>
      {body.text.slice(0, body.mark_start)}
      <mark ref={mark}>{body.text.slice(body.mark_start, body.mark_end)}</mark>
      {body.text.slice(body.mark_end)}
    </pre>
  );
}

function Source({ source, open, onOpen }) {
  const [whole, setWhole] = useState(false);
  const place = [source.page ? `Page ${source.page}` : "", source.heading].filter(Boolean).join(" · ");
  const saidAt = source.said_at ? Date.parse(source.said_at) / 1000 : 0;
  const entry = useRef(null);
  useEffect(() => {
    if (open) entry.current?.scrollIntoView({ block: "nearest" });
  }, [open]);
  return (
    <li ref={entry} className="panel-source" data-open={open || undefined} data-testid="panel-source">
      <button type="button" className="panel-head" aria-expanded={open} onClick={onOpen}>
        <span className="source-number">{source.number}</span>
        <span>
          <strong>{source.title}</strong>
          <small>
            {place || KINDS[source.kind]}
            {saidAt ? " · " : ""}
            <Moment at={saidAt} />
            {source.cited ? "" : " · not cited"}
          </small>
        </span>
      </button>
      {open ? (
        <div className="panel-body">
          {source.available ? null : <p className="panel-note">This source was deleted.</p>}
          {source.passage && !whole ? <blockquote data-testid="passage">{source.passage}</blockquote> : null}
          {source.document_id && whole ? <Page source={source} /> : null}
          <p className="row">
            {source.document_id ? (
              <button type="button" className="button tiny" aria-pressed={whole} onClick={() => setWhole(!whole)}>
                {whole ? "Show the passage" : source.page ? "Show the page" : "Show what is around it"}
              </button>
            ) : null}
            {source.document_id ? (
              <a className="button tiny" href={`/vault?document=${source.document_id}`}>
                Open the document
              </a>
            ) : null}
            {source.conversation_id ? (
              <a className="button tiny" href={`/c/${source.conversation_id}`}>
                Open the conversation
              </a>
            ) : null}
          </p>
        </div>
      ) : null}
    </li>
  );
}

function Sources({ messageId, number }) {
  const { body, fault, again } = useLoaded(`/api/v1/messages/${messageId}/sources`);
  const [open, setOpen] = useState(number);
  useEffect(() => setOpen(number), [number, messageId]);
  if (fault) return <Fault text={fault} again={again} />;
  if (!body) return <p className="panel-note">Loading…</p>;
  if (!body.length) return <p className="panel-note">This answer was given no sources.</p>;
  return (
    <ol className="panel-list">
      {body.map((source) => (
        <Source
          key={source.number}
          source={source}
          open={open === source.number}
          onOpen={() => setOpen(open === source.number ? 0 : source.number)}
        />
      ))}
    </ol>
  );
}

function Context({ messageId }) {
  const { body, fault, again } = useLoaded(`/api/v1/messages/${messageId}/context`);
  if (fault) return <Fault text={fault} again={again} />;
  if (!body) return <p className="panel-note">Loading…</p>;
  const most = Math.max(...body.parts.map((part) => part.tokens), 1);
  return (
    <>
      <p className="panel-note">
        About {body.tokens.toLocaleString()} of {body.budget_tokens.toLocaleString()} tokens that this model can be sent, part by part.
      </p>
      <ol className="panel-list" data-testid="context-parts">
        {body.parts.map((part, index) => (
          <li key={index} className="panel-source" data-left-out={part.left_out ? "" : undefined}>
            <details>
              <summary className="panel-head">
                <span>
                  <strong>{part.number ? `[${part.number}] ${part.title}` : part.title}</strong>
                  <small>{part.left_out ? `Left out: ${part.left_out}` : `${part.tokens.toLocaleString()} tokens`}</small>
                  <span className="panel-bar" style={{ inlineSize: `${part.left_out ? 0 : (100 * part.tokens) / most}%` }} />
                </span>
              </summary>
              {part.text ? <pre className="panel-page">{part.text.trimEnd()}</pre> : null}
            </details>
          </li>
        ))}
      </ol>
    </>
  );
}

export function SourcesPanel() {
  const [shown, setShown] = useState(null);
  const panel = useRef(null);
  const opener = useRef(null);
  const close = useCallback(() => {
    setShown(null);
    const back = opener.current?.isConnected ? opener.current : document.querySelector('[data-testid="composer"]');
    back?.focus({ preventScroll: true });
  }, []);
  useBus("open-panel", ({ messageId, number, view, opener: from }) => {
    opener.current = from;
    setShown({ messageId, number, view });
  });
  const conversation = conversationIn(useLocation().pathname);
  useEffect(() => setShown(null), [conversation]);
  useEffect(() => {
    if (!shown) return undefined;
    panel.current?.focus({ preventScroll: true });
    const listen = (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      if (document.querySelector("dialog[open], :popover-open")) return;
      event.preventDefault();
      close();
    };
    window.addEventListener("keydown", listen, true);
    return () => window.removeEventListener("keydown", listen, true);
  }, [shown, close]);
  if (!shown) return null;
  const title = shown.view === "context" ? "What was sent" : "Sources";
  return (
    <aside ref={panel} className="sources-panel" data-testid="sources-panel" aria-label={title} tabIndex={-1}>
      <header className="row apart">
        <h2>{title}</h2>
        <button type="button" className="icon-button" aria-label="Close" onClick={close}>
          ✕
        </button>
      </header>
      {shown.view === "context" ? <Context messageId={shown.messageId} /> : <Sources messageId={shown.messageId} number={shown.number} />}
    </aside>
  );
}
