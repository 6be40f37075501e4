// The account's feed: what has changed under the open page, and whether the server can be reached; and its end. It cannot be Python: a
// socket's life, its timers and the browser's own word that it is offline are the browser's, and only the page's own request takes away the
// HttpOnly cookie. What is known of the connection is the value "connection" of the store: {state: "", "away" or "back", text}.
import ReconnectingWebSocket from "partysocket/ws";
import { useEffect, useEffectEvent } from "react";
import { ask, isElsewhere, socketAddress, whyNoAnswer } from "./backend.js";
import { listening } from "./page.js";
import { now, put } from "./store.js";
import { _ } from "./text.js";

const NOT_SIGNED_IN = 4401;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 4000; // a page is back within five seconds of its server
const PATIENCE_MS = 20_000; // with one attempt
const QUIET_MS = 1500; // a shorter absence is nobody's business
const BACK_MS = 2500;
const GATHER_MS = 250; // a burst of notices about one thing is one refresh
const followed = new Set(); // messages whose answers this page has seen end by itself
let isAway = false;
let hangUp = () => {}; // closes the socket for good

/** Let the notice of an answer's end pass: its own stream has told this page, which asks for what is stored. */
export const passOver = (message) => void followed.add(message);

/** Whether the server is out of reach now, as far as is known. */
export const isOffline = () => isAway || !navigator.onLine;

/** Sign out, which ends with a fresh page: the cookie is HttpOnly, and the tab's token must not outlive the person. */
export async function signOut() {
  const answer = await ask("/api/v1/session", { method: "DELETE" }).catch(() => null);
  if (!answer || answer.status >= 500) return; // still signed in: do not pretend otherwise
  hangUp(); // it would be told to sign in again, and to come back here
  sessionStorage.removeItem("token");
  location.replace("/login");
}

const signIn = () => location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);

/** Take notices, and tell the first of each kind about each thing a moment later; ends of answers in `passed` are passed over, once. */
export function gatherer(tell, passed) {
  const gathered = new Map();
  return (notice) => {
    const key = `${notice.kind} ${notice.id ?? ""}`;
    const endings = gathered.get(key) ?? [];
    if (endings.push(notice.data?.ended ?? "") > 1) return;
    gathered.set(key, endings);
    setTimeout(() => {
      gathered.delete(key);
      if (!endings.every((message) => passed.delete(message))) tell(notice);
    }, GATHER_MS);
  };
}

/** Follow the feed until what is returned is called. */
function follow(take) {
  let everOpen = false;
  let isOver = false;
  let blocked = ""; // why no websocket comes through although the server answers
  let bannerTimer = 0;

  const show = (state, text) => put("connection", { state, text });
  const isShown = () => now("connection")?.state === "away";
  const showAway = () => {
    const elsewhere = isElsewhere && !everOpen; // more likely set up wrongly than lost
    const trouble = elsewhere ? `${_("The server did not answer.")} ${whyNoAnswer()}` : !everOpen && blocked;
    show("away", trouble || _("Connection lost. Reconnecting…"));
  };
  const away = () => {
    if (isAway) return; // counted from the first failure, not from the latest attempt
    isAway = true;
    clearTimeout(bannerTimer);
    bannerTimer = setTimeout(showAway, QUIET_MS);
  };
  const back = () => {
    isAway = false;
    clearTimeout(bannerTimer);
    if (!isShown()) return;
    show("back", _("Back online"));
    bannerTimer = setTimeout(show, BACK_MS, "", "");
  };
  /** A page whose websocket never opened asks by other means, and goes where it would have been sent. */
  const askWhy = async () => {
    const told = await ask(`/api/v1/websocket-check?origin=${encodeURIComponent(location.origin)}`)
      .then((answer) => (answer.ok ? answer.json() : null))
      .catch(() => null);
    if (everOpen || isOver) return;
    if (told?.needs_setup) return location.assign("/setup");
    if (told && !told.signed_in) return signIn();
    blocked = told ? `${told.detail} ${told.advice}` : "";
    if (isShown()) showAway();
  };
  const socket = new ReconnectingWebSocket(socketAddress("/api/v1/feed"), [], {
    minReconnectionDelay: FIRST_WAIT_MS * (0.5 + Math.random() / 2), // not all pages at once
    maxReconnectionDelay: LONGEST_WAIT_MS,
    reconnectionDelayGrowFactor: 2,
    minUptime: 0,
    connectionTimeout: PATIENCE_MS,
    shouldReconnectOnClose: ({ code }) => code !== NOT_SIGNED_IN,
  });
  return listening((on) => {
    on(socket, "open", () => {
      back();
      if (everOpen) take({ kind: "returned" }); // something may have been missed
      everOpen = true;
    });
    on(socket, "message", ({ data }) => take(JSON.parse(data)));
    on(socket, "close", ({ code }) => {
      if (code === NOT_SIGNED_IN) return signIn();
      away();
      if (!everOpen && !isElsewhere) void askWhy();
    });
    // The browser knows before the socket does; a new one tells when the way is open again.
    on(window, "offline", () => socket.reconnect());
    on(window, "online", () => isAway && socket.reconnect());
    on(window, "pagehide", () => clearTimeout(bannerTimer));
    return () => {
      isOver = true;
      isAway = false;
      clearTimeout(bannerTimer);
      socket.close();
    };
  });
}

/** Follows the feed, but for what is this page's own; draws nothing. */
export function Feed({ page, onNotice }) {
  const isOwn = useEffectEvent(({ origin }) => page && origin === page); // it shows them already
  const tell = useEffectEvent(({ kind, id }) => onNotice(kind, String(id ?? "")));
  useEffect(() => {
    const gather = gatherer(tell, followed);
    hangUp = follow((notice) => isOwn(notice) || gather(notice));
    return hangUp;
  }, []);
  return null;
}
