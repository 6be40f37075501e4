/*
 * Which documents the conversation reads, and whether memory takes part.
 */
import { useId, useRef, useState } from "react";

const Check = ({ label, type = "checkbox", name, checked, onChange }) => (
  <label className="scope-line">
    <input type={type} name={name} checked={checked} onChange={onChange} />
    <span>{label}</span>
  </label>
);

function summary(kind, chosen, collections) {
  if (kind === "none") return "No documents";
  if (kind === "all") return "All documents";
  const names = collections.filter((each) => chosen.includes(each.id)).map((each) => each.name);
  if (names.length === 1) return names[0];
  return names.length ? `${names.length} collections` : "Some documents";
}

export function ScopePicker(props) {
  const { kind = "all", chosen = [], collections = [], remembered = true, temporary = false, isNew = false } = props;
  const { onScope, onRemembered, onTemporary } = props;
  const [open, setOpen] = useState(false);
  const panel = useRef(null);
  const button = useRef(null);
  const name = useId();
  const show = () => {
    panel.current.showPopover();
    const from = button.current.getBoundingClientRect();
    panel.current.style.left = `${Math.max(8, Math.min(from.left, innerWidth - panel.current.offsetWidth - 8))}px`;
    panel.current.style.top = `${Math.max(8, from.top - panel.current.offsetHeight - 6)}px`;
    panel.current.querySelector("input")?.focus();
  };
  const toggle = (id) => {
    const next = chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id];
    onScope?.(next.length ? "some" : "none", next);
  };
  const label = temporary ? `Temporary · ${summary(kind, chosen, collections)}` : summary(kind, chosen, collections);
  return (
    <>
      <button
        ref={button}
        type="button"
        className="bar-button"
        data-testid="scope"
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-label={`Documents: ${label}`}
        onClick={() => (open ? panel.current.hidePopover() : show())}
      >
        {label}
      </button>
      <div
        ref={panel}
        popover="auto"
        role="dialog"
        aria-label="What this conversation may use"
        className="menu scope-menu"
        onToggle={(event) => {
          setOpen(event.newState === "open");
          if (event.newState === "closed") button.current?.focus({ preventScroll: true });
        }}
      >
        <p className="menu-heading">Documents</p>
        <Check type="radio" name={name} label="All" checked={kind === "all"} onChange={() => onScope?.("all", [])} />
        <Check type="radio" name={name} label="None" checked={kind === "none"} onChange={() => onScope?.("none", [])} />
        {collections.map((each) => (
          <Check key={each.id} label={`${each.name} (${each.documents})`} checked={kind === "some" && chosen.includes(each.id)} onChange={() => toggle(each.id)} />
        ))}
        <a className="scope-link" href="/vault">
          Manage documents
        </a>
        <p className="menu-heading">Memory</p>
        <Check label="Remember this conversation, and recall others" checked={remembered && !temporary} onChange={() => onRemembered?.(!remembered)} />
        {isNew ? (
          <Check label="Temporary: kept nowhere once you leave it" checked={temporary} onChange={() => onTemporary?.(!temporary)} />
        ) : null}
      </div>
    </>
  );
}
