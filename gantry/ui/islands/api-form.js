// A form that speaks to our REST interface. It cannot be Python: only the answer to a request of the page itself can set the session's
// HttpOnly cookie, and signing in must work before the websocket is there, and without it. What it looks like is gantry/ui/forms.py.
import { ask, whyNoAnswer } from "./backend.js";
import { now, put, write } from "./store.js";
import { _, locale } from "./text.js";

/** Where to go after signing in, from the address's query: a path of ours, never another site ("//x" and "/\x" are other sites). */
export function destination(query, origin) {
  const next = new URLSearchParams(query).get("next") ?? "/";
  const url = URL.parse(next, origin);
  return url?.origin === origin ? url.pathname + url.search + url.hash : "/";
}

/** What a refusal says, and what could be done. */
export function faultOf(status, problem) {
  // The moment from which one may try again, by the clock of whoever reads it.
  const until = problem.until && new Date(problem.until).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
  const advice = until ? _("Try again at {until}.", { until }) : problem.advice || (status >= 500 ? _("Try again in a moment.") : "");
  // A wrong password is a 401 as well, and "Sign in again" would be odd advice in this form.
  return {
    detail: problem.detail || problem.title || _("Something went wrong."),
    advice: status === 401 ? "" : advice,
    field: problem.field || "",
  };
}

async function send(action, method, body) {
  const headers = { "content-type": "application/json", accept: "application/json" };
  try {
    const answer = await ask(action, { method, headers, body: JSON.stringify(body) });
    const told = await answer.json().catch(() => ({}));
    for (const name of ["theme", "look", "language"]) if (name in told) write(name, told[name]); // before the first page is drawn (first-paint.js)
    return answer.ok ? null : faultOf(answer.status, told);
  } catch {
    return { detail: _("The server did not answer."), advice: whyNoAnswer(), field: "" };
  }
}

/** Send the fields of the form; gantry/ui/forms.py says what the options mean. */
export async function sendForm({ action, method = "POST", leads, asks }, event) {
  event.preventDefault();
  const form = event.currentTarget;
  const shown = now("form");
  const show = (changes) => put("form", { ...now("form"), ...changes });
  if (shown.busy) return;
  show({ busy: true, done: false });
  const fault = await send(action, method, Object.fromEntries(new FormData(form)));
  if (!fault && leads) {
    sessionStorage.removeItem("token"); // Reflex ties a tab's state to it, and it would outlive the change of person
    return location.replace(destination(location.search, location.origin)); // stays busy until the page is gone
  }
  if (!fault) {
    form.reset();
    return show({ busy: false, done: true, asked: "", field: "", detail: "", advice: "" });
  }
  const isAsked = fault.field === asks;
  const field = isAsked || fault.field in form.elements ? fault.field : "";
  show({ ...fault, busy: false, asked: isAsked ? asks : shown.asked, field });
  // What was asked for is drawn by then.
  setTimeout(() => (form.elements[field] ?? [...form.querySelectorAll("input")].at(-1)).focus());
}
