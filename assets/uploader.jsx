/*
 * Files on their way into the vault: chosen or dropped anywhere on the page, a few at a time, each with its progress.
 */
import { useEffect, useRef, useState } from "react";
import { upload } from "./upload.js";

const AT_ONCE = 3;
let lastKey = 0;

export function Uploader({ shelfId = "", onDone }) {
  const [files, setFiles] = useState([]);
  const [dropping, setDropping] = useState(false);
  const input = useRef(null);
  const waiting = useRef([]);
  const running = useRef(new Map());
  const shelf = useRef(shelfId);
  shelf.current = shelfId;
  const change = (key, values) => setFiles((now) => now.map((file) => (file.key === key ? { ...file, ...values } : file)));
  const drop = (key) => setFiles((now) => now.filter((file) => file.key !== key));

  const next = () => {
    while (running.current.size < AT_ONCE && waiting.current.length) {
      const { key, file, into } = waiting.current.shift();
      const sent = upload(file, { collection_id: into }, (progress) => change(key, { progress }));
      running.current.set(key, sent);
      sent.done.then(({ fault, known }) => {
        running.current.delete(key);
        if (fault) change(key, { fault });
        else if (known) change(key, { note: "is here already" });
        else drop(key);
        onDone?.();
        next();
      });
    }
  };
  const add = (chosen) => {
    const added = [...chosen].map((file) => ({ key: ++lastKey, file, into: shelf.current, name: file.name, progress: 0 }));
    setFiles((now) => [...now, ...added]);
    waiting.current.push(...added);
    next();
  };
  const retry = (file) => {
    change(file.key, { fault: "", progress: 0 });
    waiting.current.push(file);
    next();
  };
  const remove = (key) => {
    waiting.current = waiting.current.filter((each) => each.key !== key);
    running.current.get(key)?.cancel();
    drop(key);
  };

  useEffect(() => {
    const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    const over = (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      setDropping(true);
    };
    const leave = (event) => !event.relatedTarget && setDropping(false);
    const take = (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      setDropping(false);
      add(event.dataTransfer.files);
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", take);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", take);
    };
  }, []);

  return (
    <div className="uploader" data-dropping={dropping || undefined}>
      <button type="button" className="button primary" data-testid="upload-button" onClick={() => input.current.click()}>
        Upload files
      </button>
      <span className="soft only-mouse">or drop them anywhere on this page</span>
      <input
        ref={input}
        className="sr-only"
        type="file"
        multiple
        tabIndex={-1}
        aria-label="Files to upload"
        data-testid="upload"
        onChange={(event) => {
          add(event.target.files);
          event.target.value = "";
        }}
      />
      {dropping ? (
        <div className="drop-target" aria-hidden="true">
          Drop to upload
        </div>
      ) : null}
      {files.length ? (
        <ul className="uploads" aria-label="Uploads">
          {files.map((file) => (
            <li key={file.key} data-testid="uploading" data-fault={file.fault ? "" : undefined}>
              <span className="anywhere">
                {file.name}
                {file.note ? ` ${file.note}.` : ""}
                {file.fault ? (
                  <span role="alert" className="upload-fault">
                    {file.fault}
                  </span>
                ) : null}
              </span>
              {file.fault || file.note ? null : <progress value={file.progress} max={1} aria-label={`Uploading ${file.name}`} />}
              {file.fault ? (
                <button type="button" className="button tiny" aria-label={`Retry ${file.name}`} onClick={() => retry(file)}>
                  Retry
                </button>
              ) : null}
              <button type="button" className="icon-button" aria-label={`Remove ${file.name} from this list`} onClick={() => remove(file.key)}>
                ✕
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
