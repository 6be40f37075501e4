// The one place that knows where the backend is: where the page comes from, unless the export for a static host has
// named another origin in the page's head (gantry/api/export.py).
const inBrowser = typeof document !== "undefined"; // pages are also drawn once, when they are built
const named = inBrowser ? document.querySelector('meta[name="gantry-backend"]')?.content : "";

/** The backend's origin. */
export const backend = named || (inBrowser ? location.origin : "");

/** Whether that is not where the page comes from. */
export const isElsewhere = Boolean(named) && backend !== location.origin;

/** fetch() a path of the backend, with the session's cookie. */
export const ask = (path, options) => fetch(backend + path, { credentials: "include", ...options });

/** Begin to send something whose progress is to be known, which fetch() cannot tell. */
export function sendTo(path) {
  const request = new XMLHttpRequest();
  request.open("POST", backend + path);
  request.withCredentials = true;
  return request;
}

/** The address of a websocket. */
export const socketAddress = (path) => backend.replace(/^http/, "ws") + path;

/** What may be wrong when the backend never answers; said to a person, or to whoever set this up. */
export const whyNoAnswer = () =>
  isElsewhere
    ? `Check your connection. If Gantry has just been set up: is ${backend} running, and is its FRONTEND_ORIGIN ${location.origin}?`
    : "Check your connection and try again.";
