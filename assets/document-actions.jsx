// What can be done with a document: a download is answered here, everything else by the server.
import { Actions } from "./actions.jsx";
import { backend } from "./backend.js";

function download(id) {
  const link = document.createElement("a");
  link.href = `${backend}/api/v1/documents/${id}/content`;
  link.download = "";
  link.click();
}

export function DocumentActions({ documentId, label, items, onSelect }) {
  return <Actions label={label} items={items} onSelect={(key) => (key === "download" ? download(documentId) : onSelect?.(key))} />;
}
