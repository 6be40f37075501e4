/*
 * Files that go with the next message: chosen, dropped or pasted, uploaded at once, each with its own progress.
 */
import { useEffect, useRef, useState } from "react";
import { upload } from "./upload.js";

let lastKey = 0;

/** The files beside the text: {files, add, retry, remove, clear, ids, waiting, failed}. */
export function useAttachments(setNote) {
  const [files, setFiles] = useState([]);
  const running = useRef(new Map());
  useEffect(() => () => running.current.forEach((each) => each.cancel()), []);
  const change = (key, values) =>
    setFiles((now) => now.map((file) => (file.key === key ? { ...file, ...values } : file)));
  const send = ({ key, file }) => {
    const sent = upload(file, { attach: "true" }, (progress) => change(key, { progress }));
    running.current.set(key, sent);
    sent.done.then(({ document, fault }) => {
      running.current.delete(key);
      change(key, fault ? { fault } : { id: document.id, progress: 1 });
    });
  };
  const add = (chosen) => {
    const added = [...chosen].map((file) => ({ key: ++lastKey, file, name: file.name, progress: 0, id: "", fault: "" }));
    setFiles((now) => [...now, ...added]);
    added.forEach(send);
    setNote("");
  };
  const retry = (file) => {
    change(file.key, { fault: "", progress: 0 });
    send(file);
    setNote("");
  };
  const remove = (key) => {
    running.current.get(key)?.cancel();
    setFiles((now) => now.filter((file) => file.key !== key));
    setNote("");
  };
  return {
    files,
    add,
    retry,
    remove,
    clear: () => setFiles([]),
    ids: files.filter((file) => file.id).map((file) => file.id),
    waiting: files.some((file) => !file.id && !file.fault),
    failed: files.some((file) => file.fault),
  };
}

export function Attached({ files, retry, remove }) {
  if (!files.length) return null;
  return (
    <ul className="attached" aria-label="Attached files">
      {files.map((file) => (
        <li key={file.key} className="attached-file" data-fault={file.fault ? "" : undefined} data-testid="attached-file">
          <span>
            {file.name}
            {file.fault ? <span role="alert">: {file.fault}</span> : file.id ? "" : ` · ${Math.round(file.progress * 100)} %`}
          </span>
          {file.fault ? (
            <button type="button" className="attached-retry" aria-label={`Retry ${file.name}`} onClick={() => retry(file)}>
              Retry
            </button>
          ) : null}
          <button type="button" aria-label={`Remove ${file.name}`} onClick={() => remove(file.key)}>
            ✕
          </button>
        </li>
      ))}
    </ul>
  );
}

/** A button for choosing files, and the handlers of a place they may be dropped on or pasted into. */
export function AttachButton({ onFiles }) {
  const input = useRef(null);
  return (
    <>
      <button type="button" className="bar-button" data-testid="attach" aria-label="Attach files" title="Attach files" onClick={() => input.current.click()}>
        <svg width="17" height="17" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" aria-hidden="true">
          <path d="m20 11-8.5 8.5a5.5 5.5 0 0 1-7.8-7.8L12.5 3a3.7 3.7 0 0 1 5.2 5.2L9 17a1.8 1.8 0 0 1-2.6-2.6l8-8" />
        </svg>
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-testid="attach-input"
        onChange={(event) => {
          onFiles([...event.target.files]);
          event.target.value = "";
        }}
      />
    </>
  );
}

export function useDropping(onFiles) {
  const [dropping, setDropping] = useState(false);
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  return {
    dropping,
    handlers: {
      onDragOver: (event) => {
        if (!carries(event)) return;
        event.preventDefault();
        setDropping(true);
      },
      onDragLeave: (event) => !event.currentTarget.contains(event.relatedTarget) && setDropping(false),
      onDrop: (event) => {
        if (!carries(event)) return;
        event.preventDefault();
        setDropping(false);
        onFiles([...event.dataTransfer.files]);
      },
      onPaste: (event) => {
        const files = [...(event.clipboardData?.files ?? [])];
        if (!files.length) return;
        event.preventDefault();
        onFiles(files);
      },
    },
  };
}
