// A dialog on the browser's own <dialog>: it traps the focus, closes on Esc and gives the focus back.
import { useEffect, useId, useRef, useState } from "react";
import { Check, Copy, X } from "lucide-react";
import { emit } from "./chat/bus.js";

/** `open` decides; `onClose` is told when the person closes it (Esc, backdrop, the cross). */
export function Dialog({ open, title, onClose, children, testid }) {
  const ref = useRef(null);
  const label = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (open && !dialog.open) {
      dialog.showModal();
      dialog.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    }
    if (!open && dialog.open) dialog.close();
    emit("dialogs");
  }, [open]);
  useEffect(() => () => emit("dialogs"), []);

  return (
    <dialog
      ref={ref}
      className="dialog"
      aria-labelledby={label}
      data-testid={testid}
      onCancel={(event) => {
        if (event.target !== ref.current) return;
        event.preventDefault(); // whoever owns `open` closes it
        onClose?.();
      }}
      onPointerDown={(event) => {
        if (event.target === ref.current) onClose?.();
      }}
    >
      <div className="dialog-body">
        <header className="row apart">
          <h2 id={label}>{title}</h2>
          <button type="button" className="icon-button" aria-label="Close" onClick={() => onClose?.()}>
            <X size={18} aria-hidden />
          </button>
        </header>
        {open ? children : null}
      </div>
    </dialog>
  );
}

/** Copy `text`, also where the page came over plain HTTP and the clipboard API is missing. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** A text shown once, to be copied. */
export function CopyField({ value, label }) {
  const [copied, setCopied] = useState(false);
  const onCopy = async () => {
    setCopied(await copy(value));
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <div className="input-with-button">
      <input className="input mono" readOnly value={value} aria-label={label} onFocus={(event) => event.target.select()} />
      <button type="button" className="icon-button" aria-label={`Copy ${label}`} onClick={onCopy}>
        {copied ? <Check size={18} aria-hidden /> : <Copy size={18} aria-hidden />}
      </button>
      <span className="sr-only" role="status">
        {copied ? "Copied" : ""}
      </span>
    </div>
  );
}
