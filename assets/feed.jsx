// The account's feed: what has changed under the open page, and whether the server can be reached.
// The socket belongs to the module, not to the component: going from page to page mounts the component
// anew, and must not hang up. A notice may be missed while away, so coming back counts as a change.
import { useEffect, useRef, useSyncExternalStore } from "react";
import { isElsewhere, socketTo, whyNoAnswer } from "./backend.js";

const NOT_SIGNED_IN = 4401;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 4000; // a page is back within five seconds of its server
const GATHER_MS = 250; // a burst of notices about one thing is one refresh
const QUIET_MS = 1500; // a shorter absence is nobody's business
const BACK_MS = 2500;

const listeners = new Set(); // functions told of each notice
const watchers = new Set(); // functions told that `banner` changed
const gathered = new Map();
let socket = null;
let failures = 0;
let wasOpen = false;
let everOpen = false;
let retryTimer = 0;
let hangUpTimer = 0;
let bannerTimer = 0;
let isAway = false;
let banner = ""; // "", "away" or "back"

function show(next) {
  if (banner === next) return;
  banner = next;
  for (const watcher of watchers) watcher();
}

function away() {
  if (isAway) return; // counted from the first failure, not from the latest attempt
  isAway = true;
  clearTimeout(bannerTimer);
  bannerTimer = setTimeout(() => show("away"), QUIET_MS);
}

function back() {
  isAway = false;
  clearTimeout(bannerTimer);
  if (banner !== "away") return;
  show("back");
  bannerTimer = setTimeout(() => show(""), BACK_MS);
}

function tell(notice) {
  const key = `${notice.kind} ${notice.id ?? ""}`;
  if (gathered.has(key)) return;
  gathered.set(
    key,
    setTimeout(() => {
      gathered.delete(key);
      for (const listener of listeners) listener(notice);
    }, GATHER_MS),
  );
}

function connect() {
  clearTimeout(retryTimer);
  if (socket || !listeners.size) return;
  const mine = socketTo("/api/v1/feed");
  socket = mine;
  mine.onopen = () => {
    failures = 0;
    back();
    if (wasOpen) tell({ kind: "returned" });
    wasOpen = everOpen = true;
  };
  mine.onmessage = (event) => {
    try {
      tell(JSON.parse(event.data));
    } catch {
      // not a notice
    }
  };
  mine.onclose = (event) => {
    if (socket !== mine) return;
    socket = null;
    if (event.code === NOT_SIGNED_IN) return signIn();
    away();
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures++);
    retryTimer = setTimeout(connect, wait * (0.5 + Math.random() / 2));
  };
}

function signIn() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** Close the socket for good, or until somebody listens again. */
export function hangUp() {
  const old = socket;
  socket = null;
  wasOpen = isAway = false;
  clearTimeout(retryTimer);
  clearTimeout(bannerTimer);
  show("");
  old?.close();
}

function follow(listener) {
  clearTimeout(hangUpTimer);
  listeners.add(listener);
  connect();
  return () => {
    listeners.delete(listener);
    if (!listeners.size) hangUpTimer = setTimeout(hangUp, 1000);
  };
}

if (typeof window !== "undefined") {
  addEventListener("online", connect);
  addEventListener("offline", () => {
    // The browser knows before the socket does; a new one tells when the way is open again.
    const old = socket;
    socket = null;
    old?.close();
    away();
    retryTimer = setTimeout(connect, FIRST_WAIT_MS);
  });
  addEventListener("pagehide", () => clearTimeout(bannerTimer));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) connect();
  });
}

const subscribe = (watcher) => {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
};

/** A backend elsewhere that has never answered is more likely set up wrongly than lost. */
const trouble = () =>
  isElsewhere && !everOpen ? `The server did not answer. ${whyNoAnswer()}` : "Connection lost. Reconnecting…";

/** The id in /c/{id}, or "". */
export const conversationIn = (path) => path.match(/^\/c\/([^/]+)/)?.[1] ?? "";

export function Feed(props) {
  const handlers = useRef({});
  handlers.current = props;
  useEffect(
    () =>
      follow(({ kind, id }) => {
        const { onConversation, onConversations, onCatalog, onDocuments, onMemory } = handlers.current;
        if (kind === "conversation") onConversation?.(String(id));
        else if (kind === "conversations") onConversations?.();
        else if (kind === "catalog") onCatalog?.();
        else if (kind === "documents") onDocuments?.();
        else if (kind === "memory") onMemory?.();
        else if (kind === "returned") {
          onConversations?.();
          onCatalog?.();
          onDocuments?.();
          onMemory?.();
          const open = conversationIn(location.pathname);
          if (open) onConversation?.(open);
        }
      }),
    [],
  );
  const state = useSyncExternalStore(
    subscribe,
    () => banner,
    () => "",
  );
  return (
    <div role="status" className="connection" data-state={state} data-testid="connection">
      {state === "away" ? (
        <>
          <span className="spinner" aria-hidden />
          <span>{trouble()}</span>
        </>
      ) : null}
      {state === "back" ? "Back online" : null}
    </div>
  );
}
