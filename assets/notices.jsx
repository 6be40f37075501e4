// What the server wants said in passing. Errors are announced at once, the rest politely; a notice goes away
// by itself, but not while it is pointed at or focused, and not while the tab is in the background.
import { useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { useBus } from "./chat/bus.js";

const ICONS = { error: CircleAlert, success: CircleCheck, info: Info };
const SHOWN_MS = { error: 12_000, action: 10_000, info: 6_000 };

/** The open dialog: what is outside of it can neither be used nor heard. */
function useOpenDialog() {
  const [dialog, setDialog] = useState(null);
  const look = () => setDialog(document.querySelector("dialog[open]"));
  useEffect(look, []);
  useBus("dialogs", look);
  return dialog;
}

export function Notices({ notices, onDismiss, onAction }) {
  const dialog = useOpenDialog();
  const shown = (
    <div className="notices" role="region" aria-label="Notices">
      <div role="log" aria-live="polite" aria-relevant="additions" className="stack">
        {(notices ?? []).map((notice) => (
          <Notice
            key={notice.id}
            notice={notice}
            onDismiss={() => onDismiss?.(notice.id)}
            onAction={() => onAction?.(notice.id, notice.action_id)}
          />
        ))}
      </div>
    </div>
  );
  return dialog ? createPortal(shown, dialog) : shown;
}

function Notice({ notice, onDismiss, onAction }) {
  const [held, setHeld] = useState(false);
  const [gone, setGone] = useState(false); // at once, without waiting for the server to agree
  const dismiss = useRef(null);
  dismiss.current = () => {
    setGone(true);
    onDismiss();
  };
  useEffect(() => {
    if (held || gone) return undefined;
    const span = SHOWN_MS[notice.kind === "error" ? "error" : notice.action ? "action" : "info"];
    let timer = setTimeout(function end() {
      if (document.hidden) timer = setTimeout(end, 2000);
      else dismiss.current();
    }, span);
    return () => clearTimeout(timer);
  }, [held, gone, notice]);

  if (gone) return null;
  const Icon = ICONS[notice.kind] ?? Info;
  return (
    <div
      className="notice"
      data-kind={notice.kind}
      data-testid="notice"
      role={notice.kind === "error" ? "alert" : undefined}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <Icon size={18} aria-hidden />
      <p className="grow">
        {notice.text} {notice.advice ? <span className="soft">{notice.advice}</span> : null}
      </p>
      {notice.action ? (
        <button
          type="button"
          className="button tiny"
          onClick={() => {
            setGone(true);
            onAction();
          }}
        >
          {notice.action}
        </button>
      ) : null}
      <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => dismiss.current()}>
        <X size={16} aria-hidden />
      </button>
    </div>
  );
}
