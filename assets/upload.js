// Sending one file to the server, with progress.
import { sendTo } from "./backend.js";

const LOST = "The connection was lost. Try again.";

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
      else resolve({ fault: [body.detail, body.advice].filter(Boolean).join(" ") || "This file was refused." });
    };
    request.onerror = () => resolve({ fault: LOST });
    request.onabort = () => resolve({ fault: "Cancelled." });
    request.send(form);
  });
  return { done, cancel: () => request.abort() };
}
