/*
 * Which documents the conversation reads, and whether memory takes part.
 */
import { useEffect, useId, useRef, useState } from "react";
import { ask } from "./backend.js";

const SHOWN = 6; // documents offered at once
const TYPING_MS = 250;
const PATIENCE_MS = 10_000;

const Check = ({ label, type = "checkbox", name, checked, disabled, onChange }) => (
  <label className="scope-line">
    <input type={type} name={name} checked={checked} disabled={disabled} onChange={onChange} />
    <span>{label}</span>
  </label>
);

const counted = (count, what) => (count === 1 ? `1 ${what}` : `${count} ${what}s`);

function summary(kind, chosen, collections, documents) {
  if (kind === "none") return "No documents";
  if (kind === "all") return "All documents";
  const names = collections.filter((each) => chosen.includes(each.id)).map((each) => each.name);
  const parts = names.length > 1 ? [counted(names.length, "collection")] : names;
  if (documents.length) parts.push(counted(documents.length, "document"));
  return parts.join(", ") || "Some documents";
}

/** GET JSON; null is what does not exist, undefined what cannot be told now. */
async function read(path) {
  try {
    const answer = await ask(path);
    if (answer.ok) return await answer.json();
    return answer.status === 404 ? null : undefined;
  } catch {
    return undefined; // the page says elsewhere that the connection is lost
  }
}

/**
 * What is chosen, and a function to choose: shown at once, as the next tick builds on this one, until the server has
 * it or too long has not.
 */
function useChoice(confirmed, send) {
  const [ahead, setAhead] = useState([]); // what the server has not confirmed yet, the newest last
  const told = JSON.stringify(confirmed);
  useEffect(
    () =>
      setAhead((list) => {
        const at = list.findIndex((each) => JSON.stringify(each) === told);
        return at < 0 ? [] : list.slice(at + 1);
      }),
    [told],
  );
  useEffect(() => {
    if (!ahead.length) return undefined;
    const timer = setTimeout(() => setAhead([]), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [ahead]);
  const choose = (kind, chosen, documents) => {
    setAhead([...ahead, { kind, chosen, documents }]);
    send?.(kind, chosen, documents);
  };
  return [ahead.at(-1) ?? confirmed, choose];
}

/** Documents to choose from: the chosen ones, and those whose names hold what is typed. */
function Documents({ open, chosen, names, setNames, onToggle }) {
  const [words, setWords] = useState("");
  const [found, setFound] = useState([]);
  useEffect(() => {
    if (!open) return undefined;
    let current = true;
    const timer = setTimeout(async () => {
      const listed = await read(`/api/v1/documents?limit=${SHOWN}&q=${encodeURIComponent(words)}`);
      if (current && listed) setFound(listed.documents);
    }, words ? TYPING_MS : 0);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [open, words]);
  const missing = open ? chosen.filter((id) => !(id in names) && !found.some((each) => each.id === id)) : [];
  useEffect(() => {
    for (const id of missing) {
      read(`/api/v1/documents/${id}`).then((one) => {
        if (one !== undefined) setNames((known) => ({ ...known, [id]: one && one.name }));
      });
    }
  }, [missing.join(" ")]);
  const offered = [
    ...chosen.map((id) => ({ id, name: found.find((each) => each.id === id)?.name ?? names[id] ?? (id in names ? "Deleted document" : "…") })),
    ...found.filter((each) => !chosen.includes(each.id)),
  ];
  if (!offered.length && !words) return null;
  return (
    <>
      <input
        type="search"
        className="input scope-search"
        placeholder="Find a document"
        aria-label="Find a document"
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
      {offered.map((each) => (
        <Check key={each.id} label={each.name} checked={chosen.includes(each.id)} onChange={() => onToggle(each.id)} />
      ))}
    </>
  );
}

/** Keep in the address that the new conversation is temporary: it outlives what the server remembers of this tab. */
function noteTemporary(on) {
  history.replaceState(history.state, "", on ? `${location.pathname}?temporary=1` : location.pathname);
}

export function ScopePicker(props) {
  const { collections = [], remembered = true, temporary = false, isNew = false, onRemembered, onTemporary } = props;
  const confirmed = { kind: props.kind ?? "all", chosen: props.chosen ?? [], documents: props.documents ?? [] };
  const [{ kind, chosen, documents }, send] = useChoice(confirmed, props.onScope);
  const [open, setOpen] = useState(false);
  const [names, setNames] = useState({}); // of chosen documents, by id; null is one that was deleted
  const panel = useRef(null);
  const button = useRef(null);
  const name = useId();
  const show = () => {
    panel.current.showPopover();
    const from = button.current.getBoundingClientRect();
    panel.current.style.left = `${Math.max(8, Math.min(from.left, innerWidth - panel.current.offsetWidth - 8))}px`;
    // Held at its foot: documents come in after it has opened.
    panel.current.style.top = "auto";
    panel.current.style.bottom = `${innerHeight - from.top + 6}px`;
    panel.current.querySelector("input")?.focus();
  };
  const some = kind === "some";
  const turned = (list, id) => (list.includes(id) ? list.filter((each) => each !== id) : [...list, id]);
  const chooseTemporary = (on) => {
    noteTemporary(on);
    onTemporary?.(on);
  };
  /** Choose what is still there: the server takes nothing that was deleted. */
  const choose = (shelves, files) => {
    const here = shelves.filter((id) => collections.some((each) => each.id === id));
    const kept = files.filter((id) => names[id] !== null);
    send(here.length || kept.length ? "some" : "none", here, kept);
  };
  const said = summary(kind, chosen, collections, documents);
  const label = temporary ? `Temporary · ${said}` : said;
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
          if (event.newState === "open") return;
          setNames({}); // documents come and go
          const focused = document.activeElement; // the message field, when that was clicked
          if (focused === document.body || panel.current?.contains(focused)) button.current?.focus({ preventScroll: true });
        }}
      >
        <p className="menu-heading">Documents</p>
        <Check type="radio" name={name} label="All" checked={kind === "all"} onChange={() => send("all", [], [])} />
        <Check type="radio" name={name} label="None" checked={kind === "none"} onChange={() => send("none", [], [])} />
        {collections.map((each) => (
          <Check key={each.id} label={`${each.name} (${each.documents})`} checked={some && chosen.includes(each.id)} onChange={() => choose(turned(chosen, each.id), documents)} />
        ))}
        <Documents
          open={open}
          chosen={documents}
          names={names}
          setNames={setNames}
          onToggle={(id) => choose(chosen, turned(documents, id))}
        />
        <a className="scope-link" href="/vault">
          Manage documents
        </a>
        <p className="menu-heading">Memory</p>
        <Check
          label="Remember this conversation, and recall others"
          checked={remembered && !temporary}
          disabled={temporary}
          onChange={() => onRemembered?.(!remembered)}
        />
        {isNew ? (
          <Check label="Temporary: kept nowhere once you leave it" checked={temporary} onChange={() => chooseTemporary(!temporary)} />
        ) : null}
      </div>
    </>
  );
}
