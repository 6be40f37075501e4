// Files on their way to the server, for the documents' page, the composer and imports: a few at a time, each with its progress, to be retried or
// removed. It cannot be Python: only the browser holds the files and knows how much is sent, and rx.upload has one bar for all of them.
// What is shown of them is the value "uploads" of the store (gantry/ui/uploads.py); "dropping" is whether some are held over the page.
import { useEffect, useEffectEvent } from "react";
import { sendTo } from "./backend.js";
import { listening } from "./page.js";
import { now, put } from "./store.js";
import { _ } from "./text.js";

const AT_ONCE = 3;
let lastKey = 0;

/** Why a request failed whose answer says nothing for people, as one from a proxy does not. */
export function reason(status) {
  if (status === 413) return _("This file is too large.");
  if (status >= 500) return _("The server could not accept this file (error {status}).", { status });
  return _("This file was rejected.");
}

const uploads = () => now("uploads", []);
const setUploads = (files) => put("uploads", files);
const change = (key, values) => setUploads(uploads().map((upload) => (upload.key === key ? { ...upload, ...values } : upload)));

/** Begin to send one; returns its request. */
function send({ key, file, fields: { to = "/api/v1/documents", ...fields } }) {
  const request = sendTo(to);
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value) form.append(name, value);
  form.append("file", file, file.name);
  const ends = (values) => {
    change(key, { request: null, ...values });
    sendWaiting();
  };
  request.responseType = "json";
  request.upload.onprogress = ({ lengthComputable, loaded, total }) => lengthComputable && change(key, { progress: loaded / total });
  request.onload = () => {
    const body = request.response ?? {};
    const isTaken = request.status === 201 || request.status === 200;
    if (!isTaken) ends({ fault: [body.detail, body.advice].filter(Boolean).join(" ") || reason(request.status) });
    else if (fields.attach) ends({ id: body.id, progress: 1 });
    else if (request.status === 200) ends({ note: _("{name} is already here.", { name: file.name }) });
    else removeFile(key);
  };
  request.onerror = () => ends({ fault: _("The connection was lost.") });
  request.send(form);
  return request;
}

function sendWaiting() {
  const free = AT_ONCE - uploads().filter((upload) => upload.request).length;
  const waiting = uploads().filter((upload) => upload.isWaiting);
  for (const upload of waiting.slice(0, free)) change(upload.key, { isWaiting: false, request: send(upload) });
}

/** Begin to send files that go to `place`: "documents", or the conversation (empty: a new one) whose draft they stand beside. */
export function addFiles(place, fields, files) {
  const fresh = { place, fields, progress: 0, id: "", note: "", fault: "", isWaiting: true, request: null };
  setUploads([...uploads(), ...[...files].map((file) => ({ ...fresh, key: ++lastKey, name: file.name, file }))]);
  put("note", "");
  sendWaiting();
}

/** The same for what was chosen in a field for files, which is empty then. */
export function addChosen(place, fields, { target }) {
  addFiles(place, fields, target.files);
  target.value = "";
}

export function retryFile(key) {
  change(key, { fault: "", progress: 0, isWaiting: true });
  sendWaiting();
}

export function removeFile(key) {
  const upload = uploads().find((each) => each.key === key);
  upload?.request?.abort();
  setUploads(uploads().filter((each) => each !== upload));
  sendWaiting();
}

/** What stands beside the draft of a conversation. */
export const attachedTo = (conversation) => uploads().filter((upload) => upload.place === conversation);

/** Files went with a message: what was added to its draft since then stays, in the conversation it is now in. */
export function tookAlong(ids, from, to) {
  const left = uploads().filter((upload) => upload.place !== from || !ids.includes(upload.id));
  setUploads(left.map((upload) => (upload.place === from ? { ...upload, place: to } : upload)));
}

/** Uploads what is dropped anywhere on the page; that it never opens in the tab: first-paint.js. */
export function Dropping({ place, fields }) {
  const take = useEffectEvent((files) => addFiles(place, fields, files));
  const begin = (on) => {
    on(window, "dragover", ({ dataTransfer }) => {
      if (!dataTransfer?.types.includes("Files")) return;
      dataTransfer.dropEffect = "copy";
      put("dropping", true);
    });
    on(window, "dragleave", (event) => event.relatedTarget || put("dropping", false));
    on(window, "drop", ({ dataTransfer }) => take(dataTransfer?.files ?? []));
    on(window, "drop", () => put("dropping", false));
  };
  useEffect(() => listening(begin), []);
  return null;
}
