// What is written belongs to the browser: keys cost no round trip, a draft per conversation survives a reload, a switch and signing in again,
// and a text is cleared only when the server has stored it; what was typed meanwhile stays. The form is Python (gantry/ui/components/composer.py).
import { useEffect, useLayoutEffect } from "react";
import { isOffline } from "./feed.js";
import { editLast } from "./focus.js";
import { pickerKeys, search } from "./lists.js";
import { messageField as field, focusOn, isComposing } from "./page.js";
import { now, put, read, write } from "./store.js";
import { _ } from "./text.js";
import { addFiles, attachedTo, tookAlong } from "./upload.js";

const PATIENCE_MS = 10_000;
const LONG_CHARACTERS = 8000; // a paste that is offered as a file
const MAX_CHARACTERS = 200_000; // what the server takes (gantry/domain/chat.py)
export const isTouch = () => matchMedia("(pointer: coarse)").matches;
const say = (text) => put("note", text);
const attach = (files) => addFiles(page.here, { attach: "true" }, files);
const offer = () => document.getElementById("prompts"); // that stand behind a slash

/** A name for one press of Send. crypto.randomUUID is missing on plain HTTP; getRandomValues is not. */
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** What is left of `text` once `sent` has gone: what was typed behind it in the meantime. */
export function remainder(text, sent) {
  return text.trimStart().startsWith(sent.trimStart()) ? text.trimStart().slice(sent.trimStart().length).trimStart() : text;
}

/** Say that `text` is too long to be a message; "" when it is not. */
export function tooLong(text) {
  if (text.length <= MAX_CHARACTERS) return "";
  return _("This message is too long: {count} characters, {most} at most.", { count: text.length, most: MAX_CHARACTERS });
}

/** Whether files are but a picture of the text beside them, as spreadsheets copy it. */
const isPictureOf = (files, text) => files.every((file) => file.type.startsWith("image/") && file.name !== text.trim());

// Drafts, and one attempt to send at a time, until it is accepted, refused or nobody has answered for ten seconds.
let page = {}; // what the page says: {accountId, here, conversationId, generationId, accepted, refused, onSend}
let owner = "";
let attempt = null; // {key, text, ids, name, here}: the last text sent and not yet known to be stored
let moving = ""; // the draft for a new conversation, once its first message is stored: what is left of it moves along
let isWaiting = false; // a text that is sent once its conversation is on screen
let timer = 0;

/** Which draft is written; while a page is filled anew it does not know who writes: who wrote before. */
function draft() {
  owner = page.accountId || owner;
  return `gantry:draft:${owner}:${page.here || "new"}`;
}

/** While the page goes to another conversation, the one it leaves is still on screen. */
const isSettled = () => !page.conversationId || page.conversationId === page.here;

export function keepDraft() {
  const text = field().value;
  write(draft(), text);
  put("empty", text.trim() === "");
  put("draft", 100 * Math.floor(new TextEncoder().encode(text).length / 350)); // as gantry/domain/tokens.py; not for every key
}

export function typed() {
  keepDraft();
  say("");
  const words = /^\/(.{0,80})$/.exec(field().value)?.[1]; // behind a slash, which asks for a prompt
  offer().togglePopover(words !== undefined && search({ currentTarget: field().form, target: { value: words } }));
}

export function rewrite(text) {
  field().value = text;
  keepDraft();
}

/** What another app has shared (assets/manifest.webmanifest): a draft, never sent by itself. */
function shared() {
  const query = new URLSearchParams(location.search);
  if (!query.has("text") && !query.has("url")) return "";
  history.replaceState(history.state, "", location.pathname);
  const parts = ["title", "text", "url"].map((name) => query.get(name));
  return parts.filter(Boolean).join("\n").slice(0, MAX_CHARACTERS);
}

function open() {
  if (!page.accountId) return;
  const name = draft();
  const area = field();
  if (moving && moving !== name) {
    write(name, read(moving) || read(name));
    write(moving, "");
    moving = "";
  }
  for (const said of ["note", "offered"]) put(said, ""); // of the draft that is left; the first keeps what was typed already
  rewrite([read(name), page.here ? "" : shared()].filter(Boolean).join("\n\n") || (area.dataset.loaded ? "" : area.value));
  area.dataset.loaded = "yes";
  if (!isTouch() && (document.getSelection()?.isCollapsed ?? true)) focusOn(area); // nothing is being selected
}

export function submit(event) {
  event?.preventDefault();
  const text = field().value;
  const files = attachedTo(page.here);
  const ids = files.map((file) => file.id);
  if (!isSettled()) {
    isWaiting = true;
    say(_("Opening the conversation…"));
  } else if (page.generationId) say(_("Wait for the answer, or stop it with Esc."));
  else if (files.some((file) => !file.id && !file.fault)) say(_("A file is still uploading."));
  else if (files.some((file) => file.fault)) say(_("A file couldn't be added. Retry or remove it."));
  else if (tooLong(text)) {
    say(tooLong(text));
    put("offered", text);
  } else send(text.replace(/^(?:[^\S\n]*\n)+/, "").trimEnd(), ids);
}

function settled() {
  if (!isSettled() || !isWaiting) return;
  isWaiting = false;
  say("");
  submit();
}

function send(text, ids) {
  const { here, onSend } = page;
  const name = draft();
  if (!text || now("sending")) return;
  // The same again keeps its key, so that it cannot be stored twice.
  const isSame = attempt?.text === text && attempt.name === name && `${attempt.ids}` === `${ids}`;
  const key = isSame ? attempt.key : newKey();
  attempt = { key, text, ids, name, here };
  put("listening", false);
  put("sending", true);
  say("");
  put("pending", { key, text });
  onSend(text, key, here, ids);
  wait(key);
}

function wait(key) {
  const unsent = () => now("pending")?.key === key && put("pending", { key: "", text: "" });
  timer = setTimeout(() => {
    if (isOffline()) return wait(key); // it lies ready, and goes by itself
    unsent();
    settle(_("Not sent yet. It will be sent when the server answers."));
  }, PATIENCE_MS);
  if (!isOffline()) return;
  unsent();
  say(_("Not sent. It will be sent when you are back online."));
}

function settle(message) {
  clearTimeout(timer);
  put("sending", false);
  say(message);
}

function accepted() {
  if (!attempt || attempt.key !== page.accepted) return;
  const { text, ids, name, here: from } = attempt;
  attempt = null;
  if (draft() === name) {
    rewrite(remainder(field().value, text));
    if (!from) moving = name;
  } else {
    const rest = remainder(read(name), text);
    write(name, from ? rest : "");
    if (!from && rest) rewrite(rest + field().value);
  }
  tookAlong(ids, from, from || page.conversationId); // what is shown now is what it has begun
  settle("");
}

function refused() {
  if (!now("sending") || !page.refused.startsWith(attempt.key)) return;
  settle("");
  focusOn(field());
}

/** A press on the form beside its controls is one on the field. */
export const toField = ({ target, currentTarget }) => target === currentTarget && field().focus();

export function pressed(event) {
  if (offer().matches(":popover-open")) pickerKeys(event);
  if (event.defaultPrevented || isComposing(event.nativeEvent)) return;
  if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.altKey && !isTouch()) {
    event.preventDefault();
    if (!event.repeat) submit();
  } else if (event.key === "ArrowUp" && field().value === "" && !page.generationId) {
    event.preventDefault();
    editLast();
  }
}

/** Text stays text, also beside a picture of itself; files and screenshots are attached. Nothing is cut. */
export function pasted(event) {
  const files = [...event.clipboardData.files];
  const text = event.clipboardData.getData("text/plain");
  if (files.length && !(text.trim() && isPictureOf(files, text))) {
    event.preventDefault();
    attach(files);
  } else if (text.length > LONG_CHARACTERS) put("offered", text.replace(/\r\n?/g, "\n"));
}

/** Make a file of the long text that was pasted. */
export function takeOffer() {
  const [written, offered] = [field().value, now("offered")];
  const long = written.includes(offered) ? offered : written;
  attach([new File([long], "pasted.txt", { type: "text/plain" })]);
  rewrite(written.replace(long, () => ""));
  put("offered", "");
  field().focus();
}

/** Put `text` behind what is written already. */
export function fill(text) {
  rewrite([field().value.trimEnd(), text].filter(Boolean).join(" "));
  field().focus();
}

function leave() {
  isWaiting = false;
  moving = "";
  put("offered", "");
  settle("");
}

/** Stands beside the form; draws nothing. */
export function Writing(props) {
  useLayoutEffect(() => {
    page = props;
  });
  useEffect(() => leave, []);
  useLayoutEffect(open, [props.accountId, props.here]);
  useEffect(accepted, [props.accepted]);
  useEffect(refused, [props.refused]);
  useEffect(settled, [props.conversationId, props.here]);
  return null;
}
