// A menu button as in the ARIA Authoring Practices: arrows, Home, End, a letter, Esc, Tab. It stands on the
// browser's own popover, which brings the top layer, light dismissal and the return of the focus for nothing.
// Its entries exist only while it is open: a long list has a menu in every row.
import { useId, useRef, useState } from "react";
import { flushSync } from "react-dom";

const GAP = 6;

/** Put `panel` beside `anchor`, within the window, above it where there is no room below. */
function place(panel, anchor) {
  const from = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const below = from.bottom + GAP + height <= innerHeight;
  const top = below ? from.bottom + GAP : from.top - GAP - height;
  const left = from.left + width <= innerWidth - GAP ? from.left : from.right - width;
  panel.style.top = `${Math.max(GAP, top)}px`;
  panel.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`;
}

function step(items, current, key) {
  const at = items.indexOf(current);
  if (key === "ArrowDown") return items[(at + 1) % items.length];
  if (key === "ArrowUp") return items[(at - 1 + items.length) % items.length];
  if (key === "Home") return items[0];
  if (key === "End") return items.at(-1);
  if (key.length !== 1 || key === " ") return null;
  const order = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  return order.find((item) => item.textContent.trim().toLowerCase().startsWith(key.toLowerCase()));
}

/**
 * items: { label, icon?, onSelect, danger?, checked? } or { heading } or { rule: true }; an item with
 * `checked` is one of a group of radio items, and the menu stays open on it.
 */
export function Menu({ label, className, trigger, items, header, testid }) {
  const id = useId();
  const button = useRef(null);
  const panel = useRef(null);
  const [open, setOpen] = useState(false);

  const entries = () => [...panel.current.querySelectorAll('[role^="menuitem"]')];
  const close = () => panel.current?.hidePopover();
  const show = () => {
    flushSync(() => setOpen(true));
    panel.current.showPopover();
    place(panel.current, button.current);
    entries()[0]?.focus();
  };
  const onToggle = (event) => {
    if (event.newState === "closed") setOpen(false);
    // Moving what lies under an open menu would leave it in the air.
    const listen = event.newState === "open" ? addEventListener : removeEventListener;
    listen("resize", close);
  };
  const onKeyDown = (event) => {
    if (event.key === "Tab") return close();
    const next = step(entries(), document.activeElement, event.key);
    if (!next || event.ctrlKey || event.metaKey) return undefined;
    event.preventDefault();
    return next.focus();
  };
  const select = (item) => {
    if (item.checked === undefined) close();
    item.onSelect();
  };

  return (
    <>
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        data-testid={testid}
        popoverTarget={id}
        onClick={(event) => {
          event.preventDefault(); // the browser would open it unplaced
          if (open) close();
          else show();
        }}
      >
        {trigger}
      </button>
      {open ? (
        <div ref={panel} id={id} popover="auto" role="menu" aria-label={label} className="menu" onToggle={onToggle} onKeyDown={onKeyDown}>
          {header}
          {items.map((item) => (
            <Entry key={item.label ?? item.heading ?? "rule"} item={item} onSelect={() => select(item)} />
          ))}
        </div>
      ) : null}
    </>
  );
}

function Entry({ item, onSelect }) {
  if (item.rule) return <hr role="separator" />;
  if (item.heading) return <p className="menu-heading">{item.heading}</p>;
  const radio = item.checked !== undefined;
  return (
    <button
      type="button"
      role={radio ? "menuitemradio" : "menuitem"}
      aria-checked={radio ? item.checked : undefined}
      tabIndex={-1}
      className={item.danger ? "danger" : undefined}
      onClick={onSelect}
    >
      {item.icon}
      <span>{item.label}</span>
    </button>
  );
}
