// The one place that knows where the backend is: where the page comes from, or the origin that its head names (gantry/api/export.py).
import { _, language } from "./text.js";

const inBrowser = typeof document !== "undefined"; // pages are also drawn once, when they are built
const named = inBrowser ? document.querySelector('meta[name="gantry-backend"]')?.content : "";

/** The backend's origin. */
export const backend = named || (inBrowser ? location.origin : "");

/** Whether that is not where the page comes from. */
export const isElsewhere = Boolean(named) && backend !== location.origin;

/** fetch() a path of the backend, with the session's cookie; what it says of a failure is in the page's language. */
export const ask = (path, { headers, ...options } = {}) =>
  fetch(backend + path, { credentials: "include", headers: { "Accept-Language": language, ...headers }, ...options });

/** Begin to send something whose progress is to be known, which fetch() cannot tell. */
export function sendTo(path) {
  const request = new XMLHttpRequest();
  request.open("POST", backend + path);
  request.setRequestHeader("Accept-Language", language);
  request.withCredentials = true;
  return request;
}

/** The address of a websocket. */
export const socketAddress = (path) => backend.replace(/^http/, "ws") + path;

/** What may be wrong when the backend never answers; said to a person, or to whoever set this up. */
export const whyNoAnswer = () =>
  isElsewhere
    ? _("Check your connection. Just set up? Is {backend} running, with FRONTEND_ORIGIN {origin}?", { backend, origin: location.origin })
    : _("Check your connection and try again.");
