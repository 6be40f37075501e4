/* References to numbered sources in a text, for the parser of markdown, which runs with each frame of a text that is written. */
import { findAndReplace } from "mdast-util-find-and-replace";
import { createContext } from "react";

const REFERENCE = /\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]/g;
const STATEMENT_ENDS = /^\s*(?:[.,;:!?。，；：！？、)]|\[\d|$|\n)/;

/** The sources of the answer around, and how one is opened: {sources: [{number, title, page}], open}. */
export const Cited = createContext({ sources: [], open: null });

/** Whether a reference is written against a name, as in a[1]: the rule of gantry/domain/citations.py. */
function isIndex(text, start, end) {
  const before = text.slice(Math.max(0, start - 2), start);
  if (!/[\p{L}\p{N}_)}]$/u.test(before)) return false;
  return /(?:^|[^\p{L}\p{N}_])[A-Za-z_]$/u.test(before) || !STATEMENT_ENDS.test(text.slice(end));
}

/** A remark plugin: [2] becomes a link that is shown as a chip. */
export function citations() {
  const chips = (found, written, { input, index }) => {
    const numbers = written.split(/[,;]/).map((number) => number.trim());
    const isInterval = numbers.some((number) => Number(number) === 0); // nothing is numbered 0
    if (isInterval || isIndex(input, index, index + found.length)) return false;
    return numbers.map((number) => ({ type: "link", url: `#source-${Number(number)}`, children: [{ type: "text", value: number }] }));
  };
  return (tree) => findAndReplace(tree, [REFERENCE, chips], { ignore: ["link", "linkReference"] });
}
