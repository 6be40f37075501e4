/*
 * Files that go with the next message: chosen, dropped or pasted, uploaded at once, each with its own progress.
 * They stand beside one conversation's draft and wait there while the person looks elsewhere.
 */
import { useRef, useState, useSyncExternalStore } from "react";
import { upload } from "./upload.js";

let lastKey = 0;

// Outlive the component: the page mounts a new composer when it moves from "/" to "/c/…".
let all = [];
const running = new Map();
const watchers = new Set();

const subscribe = (watcher) => {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
};

function put(files) {
  all = files;
  for (const watcher of watchers) watcher();
}

const change = (key, values) => put(all.map((file) => (file.key === key ? { ...file, ...values } : file)));

function send({ key, file }) {
  const sent = upload(file, { attach: "true" }, (progress) => change(key, { progress }));
  running.set(key, sent);
  sent.done.then(({ document, fault }) => {
    running.delete(key);
    change(key, fault ? { fault } : { id: document.id, progress: 1 });
  });
}

/** The files beside the text of a conversation (empty: a new one): {files, add, retry, remove, ids, waiting, failed}. */
export function useAttachments(conversation, setNote) {
  const files = useSyncExternalStore(
    subscribe,
    () => all,
    () => all,
  ).filter((file) => file.conversation === conversation);
  const add = (chosen) => {
    const added = [...chosen].map((file) => ({
      key: ++lastKey,
      conversation,
      file,
      name: file.name,
      progress: 0,
      id: "",
      fault: "",
    }));
    put([...all, ...added]);
    added.forEach(send);
    setNote("");
  };
  const retry = (file) => {
    change(file.key, { fault: "", progress: 0 });
    send(file);
    setNote("");
  };
  const remove = (key) => {
    running.get(key)?.cancel();
    put(all.filter((file) => file.key !== key));
    setNote("");
  };
  return {
    files,
    add,
    retry,
    remove,
    ids: files.filter((file) => file.id).map((file) => file.id),
    waiting: files.some((file) => !file.id && !file.fault),
    failed: files.some((file) => file.fault),
  };
}

/** Files went with a message: what was added to its draft since then stays, in the conversation it is now in. */
export function tookAlong(ids, from, to) {
  const left = all.filter((file) => file.conversation !== from || !ids.includes(file.id));
  put(left.map((file) => (file.conversation === from ? { ...file, conversation: to } : file)));
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
