/*
 * Where a message is written. The text belongs to the browser: keys cost no round trip, and a draft per
 * conversation survives a reload, a switch and signing in again. It is cleared only when the server has stored
 * what was sent; what was typed meanwhile stays.
 */
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useLocation } from "react-router";
import { emit, newKey, useBus } from "./chat/bus.js";
import { Attached, AttachButton, tookAlong, useAttachments, useDropping } from "./attachments.jsx";
import { ArrowUp, Square } from "./chat/icons.jsx";
import { conversationIn } from "./feed.jsx";

const PATIENCE_MS = 10_000;
const STOP_PATIENCE_MS = 5_000;
const MAX_HEIGHT_PX = 200;
const GROWS_BY_ITSELF = typeof CSS !== "undefined" && CSS.supports?.("field-sizing", "content");

// Outlives the component: the page mounts a new composer when it moves from "/" to "/c/…".
let attempt = null; // {key, text, ids, name, conversation}: the last text sent and not yet known to be stored,
// with the ids of its files and the name of its draft

let moving = ""; // the draft for a new conversation, once its first message is stored: what is left of it moves along

const onTouch = () => window.matchMedia("(pointer: coarse)").matches;
const draftName = (account, conversation) => `gantry:draft:${account}:${conversation || "new"}`;

// Storage may be full or forbidden; then drafts are not kept, and that is all.
function readDraft(name) {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}

function writeDraft(name, text) {
  try {
    if (text) localStorage.setItem(name, text);
    else localStorage.removeItem(name);
  } catch {
    // See above.
  }
}

/** What is left of `text` once `sent` has gone: what was typed behind it in the meantime. */
function remainder(text, sent) {
  return text.trimStart().startsWith(sent) ? text.trimStart().slice(sent.length).trimStart() : text;
}

/** The textarea: its draft, its height and whether it is empty. */
function useDraft(accountId, conversationId) {
  const field = useRef(null);
  const owner = useRef("");
  if (accountId) owner.current = accountId; // while a page is filled anew it does not know who writes: who wrote before
  const name = draftName(owner.current, conversationId);
  const [empty, setEmpty] = useState(true);
  const fit = () => {
    const area = field.current;
    if (GROWS_BY_ITSELF) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, MAX_HEIGHT_PX)}px`;
  };
  const changed = () => {
    const text = field.current.value;
    writeDraft(name, text);
    setEmpty(text.trim() === "");
    fit();
  };
  const put = (text) => {
    field.current.value = text;
    changed();
  };
  useLayoutEffect(() => {
    if (!accountId) return;
    if (moving && moving !== name) {
      writeDraft(name, readDraft(moving) || readDraft(name));
      writeDraft(moving, "");
      moving = "";
    }
    const typed = field.current.value; // before we knew who is writing
    field.current.value = readDraft(name) || (field.current.dataset.loaded ? "" : typed);
    field.current.dataset.loaded = "yes";
    setEmpty(field.current.value.trim() === "");
    fit();
    if (!onTouch()) field.current.focus({ preventScroll: true });
  }, [name, accountId]);
  return { field, name, empty, changed, put };
}

/** Sending: one attempt at a time, until it is accepted, refused or nobody has answered for ten seconds. */
function useSending({ draft, conversation, shown, accepted, refused, attachments, onSend }) {
  const [sending, setSending] = useState(false);
  const [note, setNote] = useState("");
  const timer = useRef(0);
  const settle = (message) => {
    clearTimeout(timer.current);
    setSending(false);
    setNote(message);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (!attempt || attempt.key !== accepted) return;
    const { text, ids, name, conversation: from } = attempt;
    const begun = !from;
    attempt = null;
    if (draft.name === name) {
      draft.put(remainder(draft.field.current.value, text));
      if (begun) moving = name;
    } else {
      const rest = remainder(readDraft(name), text);
      writeDraft(name, begun ? "" : rest);
      if (begun && rest) draft.put(rest + draft.field.current.value);
    }
    tookAlong(ids, from, from || shown); // what is shown now is what it has begun
    settle("");
  }, [accepted]);
  useEffect(() => {
    if (!sending || !refused.startsWith(attempt.key)) return;
    settle("");
    draft.field.current.focus({ preventScroll: true });
  }, [refused]);
  const send = () => {
    const text = draft.field.current.value.trim();
    if (!text || sending) return;
    const { ids } = attachments.current;
    // The same again keeps its key, so that it cannot be stored twice.
    const again = attempt?.text === text && attempt.name === draft.name && `${attempt.ids}` === `${ids}`;
    const key = again ? attempt.key : newKey();
    attempt = { key, text, ids, name: draft.name, conversation };
    setSending(true);
    setNote("");
    emit("sending", { key, text });
    onSend(text, key, conversation, ids);
    timer.current = setTimeout(() => {
      emit("unsent", { key });
      settle("Not sent yet. Try again.");
    }, PATIENCE_MS);
  };
  return { sending, note, setNote, send };
}

/** Esc stops the answer, unless it has something nearer to close. */
function useEscape(active, stop) {
  useEffect(() => {
    if (!active) return undefined;
    const listen = (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
      if (document.querySelector("dialog[open], :popover-open, .model-list, .edit-form")) return;
      stop();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  });
}

/**
 * While the page goes to another conversation, the one it leaves is still on screen: what is sent then waits
 * until it is gone.
 */
function usePatience(settled, submit, setNote) {
  const waiting = useRef(false);
  useEffect(() => {
    if (!settled || !waiting.current) return;
    waiting.current = false;
    setNote("");
    submit();
  }, [settled]);
  return () => {
    waiting.current = true;
    setNote("Opening the conversation…");
  };
}

/** A stop is asked for once per answer, and again when nothing has come of it. */
function useStop(generationId, onStop) {
  const [asked, setAsked] = useState("");
  const stop = () => {
    if (asked === generationId) return;
    setAsked(generationId);
    onStop(generationId);
  };
  useEffect(() => {
    if (!asked) return undefined;
    const timer = setTimeout(() => setAsked(""), STOP_PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [asked]);
  return { stopping: generationId !== "" && asked === generationId, stop };
}

export function Composer({ accountId, conversationId, generationId, accepted, refused, onSend, onStop, children }) {
  const answering = generationId !== "";
  const conversation = conversationIn(useLocation().pathname);
  const settled = !conversationId || conversationId === conversation;
  const draft = useDraft(accountId, conversation);
  const attachments = useRef(null);
  const { sending, note, setNote, send } = useSending({
    draft,
    conversation,
    shown: conversationId,
    accepted,
    refused,
    attachments,
    onSend,
  });
  attachments.current = useAttachments(conversation, setNote);
  const { dropping, handlers } = useDropping(attachments.current.add);
  const wait = usePatience(settled, () => submit(), setNote);
  const { stopping, stop } = useStop(generationId, onStop);
  useEscape(answering && !stopping, stop);
  useBus("fill", (text) => {
    const typed = draft.field.current.value.trimEnd();
    draft.put(typed ? `${typed} ${text}` : text);
    draft.field.current.focus();
  });
  const submit = () => {
    if (!settled) wait();
    else if (answering) setNote("Wait for the answer, or stop it with Esc.");
    else if (attachments.current.waiting) setNote("A file is still on its way.");
    else if (attachments.current.failed) setNote("A file did not arrive: retry or remove it.");
    else send();
  };
  const onKeyDown = (event) => {
    // 229 is what Safari and some input methods report for the Enter that ends a composition.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.altKey && !onTouch()) {
      event.preventDefault();
      if (!event.repeat) submit();
    } else if (event.key === "ArrowUp" && event.target.value === "" && !answering) {
      event.preventDefault();
      emit("edit-last");
    }
  };
  const changed = () => {
    draft.changed();
    if (note) setNote("");
  };
  return (
    <form
      className="composer"
      data-sending={sending || undefined}
      data-dropping={dropping || undefined}
      {...handlers}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onClick={(event) => event.target === event.currentTarget && draft.field.current.focus()}
    >
      <Attached {...attachments.current} />
      <textarea
        ref={draft.field}
        data-testid="composer"
        aria-label="Message"
        placeholder={conversationId ? "Reply…" : "How can I help?"}
        rows={1}
        maxLength={200_000}
        enterKeyHint="enter"
        autoComplete="off"
        onInput={changed}
        onKeyDown={onKeyDown}
      />
      <div className="composer-bar">
        <AttachButton onFiles={attachments.current.add} />
        {children}
        <span className="composer-note" role="status">
          {note}
        </span>
        {answering ? (
          <button type="button" className="round" data-testid="stop" onClick={stop} disabled={stopping} aria-label={stopping ? "Stopping" : "Stop"} title="Stop (Esc)">
            <Square />
          </button>
        ) : (
          <button type="submit" className="round" data-testid="send" disabled={draft.empty || sending} aria-label="Send" title="Send (Enter)">
            <ArrowUp />
          </button>
        )}
      </div>
    </form>
  );
}
