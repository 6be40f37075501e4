/*
 * What a person wrote: plain text, with an editor in its place on demand. Saving makes a branch; until the server
 * has stored it the editor stays open with the text in it.
 */
import { memo, useEffect, useLayoutEffect, useRef, useState } from "react";
import { newKey, sameValues, useBus } from "./chat/bus.js";

const PATIENCE_MS = 10_000;
const FOLDED_CHARACTERS = 3000;

/** `attempt` is a ref to {key, text}: the last text saved and not yet known to be stored. */
function Editor({ text, attempt, accepted, refused, onSave, onCancel }) {
  const field = useRef(null);
  const [saving, setSaving] = useState(false);
  const [note, setNote] = useState("");
  useLayoutEffect(() => {
    field.current.focus({ preventScroll: true });
    field.current.setSelectionRange(text.length, text.length);
    field.current.closest("[data-message]")?.scrollIntoView({ block: "nearest" });
  }, []);
  useEffect(() => {
    if (!attempt.current || attempt.current.key !== accepted) return;
    attempt.current = null;
    onCancel();
  }, [accepted]);
  useEffect(() => {
    if (attempt.current && refused.startsWith(attempt.current.key)) setSaving(false);
  }, [refused]);
  useEffect(() => {
    if (!saving) return undefined;
    const timer = setTimeout(() => {
      setSaving(false);
      setNote("Not saved yet. Try again.");
    }, PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [saving]);
  const save = () => {
    const changed = field.current.value.trim();
    if (!changed || saving) return;
    // The same text again keeps its key, so that it cannot be stored twice.
    const key = attempt.current?.text === changed ? attempt.current.key : newKey();
    attempt.current = { key, text: changed };
    setSaving(true);
    setNote("");
    onSave(changed, key);
  };
  const onKeyDown = (event) => {
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.preventDefault();
      onCancel();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      save();
    }
  };
  return (
    <form
      className="edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <textarea
        ref={field}
        defaultValue={text}
        maxLength={200_000}
        aria-label="Edit message"
        data-testid="edit"
        onKeyDown={onKeyDown}
      />
      <div className="edit-bar">
        <span role="status">{note}</span>
        <button type="button" className="button quiet" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" className="button primary" disabled={saving}>
          Save & send
        </button>
      </div>
    </form>
  );
}

export const UserMessage = memo(function UserMessage({ messageId, text, accepted, refused, onEdit }) {
  const [editing, setEditing] = useState(false);
  const [unfolded, setUnfolded] = useState(false);
  const row = useRef(null);
  const attempt = useRef(null);
  useBus("edit", (wanted) => wanted === messageId && setEditing(true));
  useBus("edit-last", () => {
    const all = document.querySelectorAll("[data-user-message]");
    if (all[all.length - 1] === row.current) setEditing(true);
  });
  const close = () => {
    setEditing(false);
    document.querySelector("[data-testid=composer]")?.focus({ preventScroll: true });
  };
  const folded = text.length > FOLDED_CHARACTERS && !unfolded;
  return (
    <div ref={row} data-user-message="" data-editing={editing || undefined} className="user-message">
      {editing ? (
        <Editor
          text={text}
          attempt={attempt}
          accepted={accepted}
          refused={refused}
          onSave={(changed, key) => onEdit(messageId, changed, key)}
          onCancel={close}
        />
      ) : (
        <div className="bubble" data-folded={folded || undefined}>
          {text}
        </div>
      )}
      {text.length > FOLDED_CHARACTERS && !editing ? (
        <button type="button" className="unfold" aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
          {unfolded ? "Show less" : "Show all"}
        </button>
      ) : null}
    </div>
  );
}, sameValues);
