// The list of conversations. The browser groups by day, knows which one is open from the address, and keeps
// what is being typed into a name; the server sends rows { id, title, updated, pinned, answering, unseen }.
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Link, useLocation } from "react-router";
import { Ellipsis, Pencil, Pin, PinOff, Trash2 } from "lucide-react";
import { grouped } from "./dates.js";
import { Menu } from "./menu.jsx";

let keptScroll = 0; // pages mount the list anew; its place is kept here
const NO_ROWS = [];

export function ConversationList({ loaded, pinned, recent, older, hasMore, onMore, onRename, onPin, onDelete }) {
  const { pathname } = useLocation();
  const [renaming, setRenaming] = useState("");
  const [titles, setTitles] = useState({}); // names the server has not confirmed yet
  const box = useRef(null);
  const groups = useMemo(
    () => arrange(pinned ?? NO_ROWS, recent ?? NO_ROWS, older ?? NO_ROWS, titles),
    [pinned, recent, older, titles],
  );
  useEffect(() => setTitles((before) => (Object.keys(before).length ? {} : before)), [pinned, recent, older]);
  useLayoutEffect(() => {
    if (loaded) box.current.scrollTop = keptScroll;
  }, [loaded]);

  const act = useRef({}); // one object for all rows, so that a row is drawn again only when it changes
  act.current = {
    start: setRenaming,
    stop: () => setRenaming(""),
    rename: (id, title) => {
      setTitles((before) => ({ ...before, [id]: title }));
      onRename?.(id, title);
    },
    pin: (id, pinned) => onPin?.(id, pinned),
    remove: (id) => {
      focusNeighbour(box.current, id);
      onDelete?.(id);
    },
  };
  const row = (each) => (
    <Row key={each.id} row={each} current={pathname === `/c/${each.id}`} renaming={renaming === each.id} act={act} />
  );
  return (
    <nav
      ref={box}
      className="conversations"
      aria-label="Conversations"
      aria-busy={!loaded}
      onScroll={(event) => {
        keptScroll = event.currentTarget.scrollTop;
      }}
    >
      {!loaded ? <Waiting /> : null}
      {loaded && !groups.length ? <p className="conversations-empty">Your conversations will be listed here.</p> : null}
      {groups.map(({ label, rows }) => (
        <section key={label} aria-label={label}>
          <h2>{label}</h2>
          <ul role="list">{rows.map(row)}</ul>
        </section>
      ))}
      {loaded && hasMore ? <More root={box} size={(recent?.length ?? 0) + (older?.length ?? 0)} onMore={onMore} /> : null}
    </nav>
  );
}

function arrange(pinned, recent, older, titles) {
  const renamed = (row) => (titles[row.id] ? { ...row, title: titles[row.id] } : row);
  const seen = new Set();
  const once = (row) => !seen.has(row.id) && seen.add(row.id);
  const top = pinned.filter(once).map(renamed);
  const rest = [...recent, ...older].filter(once).map(renamed);
  return [...(top.length ? [{ label: "Pinned", rows: top }] : []), ...grouped(rest, new Date())];
}

/** Deleting takes the focused row away: the next one gets the focus, not the top of the page. */
function focusNeighbour(box, id) {
  const links = [...box.querySelectorAll("a[data-id]")];
  const at = links.findIndex((link) => link.dataset.id === id);
  (links[at + 1] ?? links[at - 1])?.focus();
}

const Row = memo(function Row({ row, current, renaming, act }) {
  const link = useRef(null);
  const title = row.title || "Untitled";
  const start = () => act.current.start(row.id);
  const icon = (Icon) => <Icon size={16} aria-hidden />;
  if (renaming) {
    return (
      <li className="conversation" data-current={current || undefined}>
        <TitleInput
          title={row.title}
          onDone={(next) => {
            act.current.stop();
            if (next && next !== row.title) act.current.rename(row.id, next);
            requestAnimationFrame(() => link.current?.focus());
          }}
        />
      </li>
    );
  }
  const items = [
    { label: "Rename", icon: icon(Pencil), onSelect: start },
    { label: row.pinned ? "Unpin" : "Pin", icon: icon(row.pinned ? PinOff : Pin), onSelect: () => act.current.pin(row.id, !row.pinned) },
    { label: "Delete", icon: icon(Trash2), danger: true, onSelect: () => act.current.remove(row.id) },
  ];
  return (
    <li className="conversation" data-current={current || undefined}>
      <Link
        ref={link}
        to={`/c/${row.id}`}
        title={title}
        data-testid="conversation-row"
        data-id={row.id}
        aria-current={current ? "page" : undefined}
        onDoubleClick={start}
      >
        <span className="clip">{title}</span>
        <Sign answering={row.answering} unseen={row.unseen && !current} />
      </Link>
      <Menu
        label={`Actions for ${title}`}
        className="icon-button"
        testid="conversation-menu"
        items={items}
        trigger={<Ellipsis size={17} aria-hidden />}
      />
    </li>
  );
});

function Sign({ answering, unseen }) {
  if (answering) {
    return (
      <span className="sign" data-testid="answering">
        <span className="spinner" aria-hidden />
        <span className="sr-only">, being answered</span>
      </span>
    );
  }
  if (!unseen) return null;
  return (
    <span className="sign" data-testid="unseen">
      <span className="dot" aria-hidden />
      <span className="sr-only">, new answer</span>
    </span>
  );
}

function TitleInput({ title, onDone }) {
  const settled = useRef(false); // Enter and Esc take the input away, and that is a blur as well
  const settle = (value) => {
    if (settled.current) return;
    settled.current = true;
    onDone(value);
  };
  return (
    <input
      className="input"
      aria-label="New name"
      defaultValue={title}
      maxLength={120}
      autoFocus
      onFocus={(event) => event.target.select()}
      onBlur={(event) => settle(event.target.value.trim())}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        if (event.key === "Enter") settle(event.currentTarget.value.trim());
        if (event.key === "Escape") {
          event.stopPropagation();
          settle("");
        }
      }}
    />
  );
}

/** The end of what is loaded; coming into sight asks for more, once for each size of the list. */
function More({ root, size, onMore }) {
  const end = useRef(null);
  const more = useRef(onMore);
  more.current = onMore;
  useEffect(() => {
    const watcher = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        watcher.disconnect();
        more.current?.();
      },
      { root: root.current, rootMargin: "400px" },
    );
    watcher.observe(end.current);
    return () => watcher.disconnect();
  }, [root, size]);
  return (
    <div ref={end} className="conversations-more">
      <span className="spinner" aria-hidden />
      <button type="button" className="sr-only" onClick={() => onMore?.()}>
        Load more conversations
      </button>
    </div>
  );
}

function Waiting() {
  return (
    <div className="conversations-waiting" aria-hidden>
      {[72, 88, 60, 80, 66, 84, 58].map((width) => (
        <div key={width} className="skeleton" style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}
