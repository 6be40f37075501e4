/*
 * References to numbered sources in a text, and opening one.
 */
import { createContext } from "react";
import { emit } from "./bus.js";

const REFERENCE = /\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]/g;
const NOT_OURS = new Set(["code", "inlineCode", "link", "linkReference", "definition", "math", "inlineMath"]);

/** The sources of the message around: {messageId, sources: [{number, title, page}]}. */
export const Cited = createContext({ messageId: "", sources: [] });

/** Open source `number` of an answer in the panel; the focus comes back to `opener`. */
export const openSource = (messageId, number, opener) => emit("open-panel", { messageId, number, opener, view: "sources" });

/** Open the account of what was sent for an answer. */
export const openContext = (messageId, opener) => emit("open-panel", { messageId, opener, view: "context" });

function pieces(text) {
  const made = [];
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    const numbers = match[1].split(/[,;]/);
    if (numbers.some((number) => Number(number) === 0)) continue; // nothing is numbered 0: an interval, an index
    if (match.index > end) made.push({ type: "text", value: text.slice(end, match.index) });
    for (const number of numbers)
      made.push({ type: "link", url: `#source-${Number(number)}`, children: [{ type: "text", value: number.trim() }] });
    end = match.index + match[0].length;
  }
  if (end < text.length) made.push({ type: "text", value: text.slice(end) });
  return made;
}

/** A remark plugin: [2] becomes a link that is shown as a chip. */
export function citations() {
  const walk = (node) => {
    if (!node.children || NOT_OURS.has(node.type)) return;
    node.children = node.children.flatMap((child) => {
      if (child.type === "text" && child.value.includes("[")) return pieces(child.value);
      walk(child);
      return [child];
    });
  };
  return walk;
}
