// A form that speaks to our REST interface. Signing in must not go through Reflex: only an HTTP answer can
// set the HttpOnly cookie. It works before, and without, the websocket; a static page shows it at once.
import { useEffect, useId, useRef, useState } from "react";
import { Eye, EyeOff } from "lucide-react";
import { ask, whyNoAnswer } from "./backend.js";

/** Where to go after signing in: a path of ours, never another site ("//x" and "/\x" are other sites). */
function destination() {
  const next = new URLSearchParams(location.search).get("next") ?? "/";
  if (!/^\/(?![/\\])/.test(next)) return "/";
  const url = new URL(next, location.origin);
  return url.origin === location.origin ? url.pathname + url.search + url.hash : "/";
}

async function send(action, method, body) {
  try {
    const answer = await ask(action, {
      method,
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.ok) return null;
    const problem = await answer.json().catch(() => ({}));
    return {
      detail: problem.detail || problem.title || "That did not work.",
      // A wrong password is a 401 as well, and "Sign in again" would be odd advice in this form.
      advice: answer.status === 401 ? "" : problem.advice || (answer.status >= 500 ? "Try again in a moment." : ""),
      field: problem.field || "",
    };
  } catch {
    return { detail: "The server did not answer.", advice: whyNoAnswer(), field: "" };
  }
}

/**
 * fields: [{ name, label, type, autocomplete, testid, hint, required, min }]. With `leads` a success opens
 * the page the person came for, with a new tab token: Reflex ties a tab's state to it, and it would
 * outlive the change of person. Without, it clears the form, says `done` and tells `onDone`.
 */
export function ApiForm({ action, method = "POST", fields, submit, testid, leads, done, onDone }) {
  const form = useRef(null);
  const [ready, setReady] = useState(false); // before hydration a press would post the form the old way
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const [finished, setFinished] = useState(false);
  useEffect(() => setReady(true), []);

  const onSubmit = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setFinished(false);
    const fault = await send(action, method, Object.fromEntries(new FormData(form.current)));
    setProblem(fault);
    if (!fault && leads) {
      sessionStorage.removeItem("token");
      location.replace(destination());
      return; // stays busy until the page is gone
    }
    setBusy(false);
    if (fault) return void form.current.elements[fault.field || fields.at(-1).name]?.focus();
    form.current.reset();
    setFinished(true);
    onDone?.();
  };

  const general = problem && !fields.some((field) => field.name === problem.field);
  return (
    <form ref={form} method="post" className="stack" onSubmit={onSubmit} aria-busy={busy}>
      {fields.map((field) => (
        <Field key={field.name} field={field} problem={problem?.field === field.name ? problem : null} />
      ))}
      <div role="alert" className={general ? "callout danger" : "sr-only"}>
        {general ? (
          <p>
            {problem.detail} <span className="soft">{problem.advice}</span>
          </p>
        ) : null}
      </div>
      <div className="row">
        <button type="submit" className={leads ? "button primary wide" : "button primary"} disabled={!ready || busy} data-testid={testid}>
          {busy ? <span className="spinner" aria-hidden /> : null}
          {submit}
        </button>
        <span role="status" className="small soft">
          {finished ? done : ""}
        </span>
      </div>
    </form>
  );
}

function Field({ field, problem }) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const secret = field.type === "password";
  const input = (
    <input
      id={id}
      className="input"
      name={field.name}
      type={secret && shown ? "text" : field.type}
      autoComplete={field.autocomplete}
      autoCapitalize="none"
      spellCheck={false}
      required={field.required}
      minLength={field.min || undefined}
      data-testid={field.testid}
      aria-invalid={problem ? true : undefined}
      aria-describedby={`${id}-hint ${id}-fault`}
    />
  );
  return (
    <div className="field">
      <label htmlFor={id}>{field.label}</label>
      {secret ? (
        <div className="input-with-button">
          {input}
          <button
            type="button"
            className="icon-button"
            aria-label="Show password"
            aria-pressed={shown}
            onClick={() => setShown(!shown)}
          >
            {shown ? <EyeOff size={18} aria-hidden /> : <Eye size={18} aria-hidden />}
          </button>
        </div>
      ) : (
        input
      )}
      <p id={`${id}-hint`} className="hint" hidden={!field.hint}>
        {field.hint}
      </p>
      <p id={`${id}-fault`} className="fault" role="alert" hidden={!problem}>
        {problem ? `${problem.detail} ${problem.advice}` : ""}
      </p>
    </div>
  );
}
