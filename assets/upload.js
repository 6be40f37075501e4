// Sending one file to the server, with progress.
import { sendTo } from "./backend.js";

const LOST = "The connection was lost.";

/** Why a request failed whose answer says nothing for people, as one from a proxy does not. */
function reason(status) {
  if (status === 413) return "This file is larger than the server takes.";
  if (status >= 500) return `The server could not take this file now (error ${status}).`;
  return "This file was refused.";
}

/**
 * Upload `file` with more `fields`. Returns {done, cancel}: `done` resolves to {document, known} or {fault}.
 */
export function upload(file, fields, onProgress) {
  const request = sendTo("/api/v1/documents");
  const done = new Promise((resolve) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) if (value) form.append(name, value);
    form.append("file", file, file.name);
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => {
      const body = request.response ?? {};
      if (request.status === 201 || request.status === 200) resolve({ document: body, known: request.status === 200 });
      else resolve({ fault: [body.detail, body.advice].filter(Boolean).join(" ") || reason(request.status) });
    };
    request.onerror = () => resolve({ fault: LOST });
    request.onabort = () => resolve({ fault: "Cancelled." });
    request.send(form);
  });
  return { done, cancel: () => request.abort() };
}
