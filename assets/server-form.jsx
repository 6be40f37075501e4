// How to reach a model server. One form with two verbs, and what is typed stays here until one is pressed.
import { useId, useRef } from "react";

/** value: { id, name, kind, base_url, has_key }; kinds: [{ value, label }]; outcome: { ok, text, advice }. */
export function ServerForm({ value, kinds, busy, outcome, onTest, onSave }) {
  const form = useRef(null);
  const data = () => Object.fromEntries(new FormData(form.current));
  const submit = (verb) => {
    if (!busy && form.current.reportValidity()) verb?.(data());
  };
  return (
    <form
      ref={form}
      className="stack"
      aria-busy={busy}
      onSubmit={(event) => {
        event.preventDefault();
        submit(onSave);
      }}
    >
      <Field label="Kind">
        {(id) => (
          <select id={id} className="input" name="kind" defaultValue={value.kind}>
            {kinds.map((kind) => (
              <option key={kind.value} value={kind.value}>
                {kind.label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Name" hint="The first part of its models' names.">
        {(id) => <input id={id} className="input" name="name" defaultValue={value.name} required maxLength={80} />}
      </Field>
      <Field label="Address" hint="With the path its API is under, usually /v1.">
        {(id) => (
          <input
            id={id}
            className="input"
            name="base_url"
            type="url"
            placeholder="http://192.168.1.20:8000/v1"
            defaultValue={value.base_url}
            required
            spellCheck={false}
          />
        )}
      </Field>
      <Field label="Key" hint={value.has_key ? "Stored. Leave empty to keep it." : "Only if the server asks for one."}>
        {(id) => <input id={id} className="input" name="api_key" type="password" autoComplete="off" />}
      </Field>
      {value.has_key ? (
        <label className="row small">
          <input type="checkbox" name="forget_key" value="yes" /> Remove the stored key
        </label>
      ) : null}
      <div role="status">
        {outcome?.text ? (
          <p className={`callout ${outcome.ok ? "success" : "danger"}`}>
            {outcome.text} {outcome.advice}
          </p>
        ) : null}
      </div>
      <div className="dialog-actions">
        <button type="button" className="button" disabled={busy} onClick={() => submit(onTest)}>
          {busy ? <span className="spinner" aria-hidden /> : null}
          Test
        </button>
        <button type="submit" className="button primary" disabled={busy}>
          Save
        </button>
      </div>
    </form>
  );
}

function Field({ label, hint, children }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {hint ? <p className="hint">{hint}</p> : null}
    </div>
  );
}
