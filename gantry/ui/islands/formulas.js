// Formulas in markdown: $x$, $$x$$, \(x\) and \[x\]. The parser knows none: each is hidden from it, its ASCII signs moved to a plane of
// Unicode that nobody writes in, and becomes a formula in the parsed tree; in code and addresses it is what it was. $…$ is one by the
// rule of gantry/domain/citations.py: on one line, no blank inside its dollars, no letter or digit before it and no digit after it: $5 and
// $6 are money, $A/b:$C is a path. What is between $$ or \[ \] is displayed. A mark that is never closed stays as it was written.
import { findAndReplace } from "mdast-util-find-and-replace";
import { createElement, useEffect } from "react";
import { visit } from "unist-util-visit";
import { put, useKept } from "./store.js";

const double = (line) => String.raw`(?<![\\$\w])\$\$(?!\$)(?:[^$\\\n]|${line}|\\[^]|\$(?!\$))*\$\$`;
const square = (line) => String.raw`(?<!\\)\\\[(?:[^\\\n]|${line}|\\[^[\]])*\\\]`;
const round = (line) => String.raw`(?<!\\)\\\((?:[^\\\n]|${line}|\\[^()])*\\\)`; // none stands in another one
const FENCE = "^(?:[ \\t>]|[-*+] |\\d+[.)] )*(?<fence>`{3,}(?!`|.*`)|~{3,}).*\\n[^]*?(?:^[ \\t>]*\\k<fence>|(?![^]))";
const CODE = "(?<![`\\\\])(?<ticks>`+)[^`](?:[^]{0,4000}?[^`])??\\k<ticks>(?!`)";
const SINGLE = String.raw`(?<![\\$\w])\$(?![\s$])(?:[^$\\\n\x60]|\\.)*(?<!\s)\$(?!\d)(?<![:/.,=@-]\$(?=[A-Za-z{]))`;
const SAME = "\\n(?![ \\t>]*(?:\\n|`{3}|~{3}|#|[-*+] |\\d+[.)] ))"; // a line of the same paragraph
const ALONE = String.raw`(?=[$\\])(?<=^(?:[ \t]*(?:[-*+>]|\d+[.)]))*[ \t]*)(?:${double("\n")}|${square("\n")})(?=[ \t]*$)`;
const WITHIN = `${SINGLE}|${double(SAME)}|${square(SAME)}|${round(SAME)}`;
/** Code, and formulas: `alone` on their lines or `within` a text. */
export const WHOLE = `${FENCE}|${CODE}|(?<alone>${ALONE})|(?<within>${WITHIN})`;
const FORMULAS = new RegExp(WHOLE, "gm");

const SIGN = 0xf0000;
const MARK = 0xf0100; // of what opens and closes a formula
const LINE = "###### \u{f0200}"; // before one that stands alone: a block of its own for the parser
const HIDDEN = /(?:(?:###### )?\u{f0200})?%(\u{f0124}{1,2}|\u{f015c}.)([^\u{f0100}-\u{f01ff}]*)(?:\u{f015c}.|\1)%/gu;
const move = (text, by) => text.replace(/[\0-\x7f]/g, (sign) => String.fromCodePoint(sign.charCodeAt(0) + by));
export const DOLLARS = move("$$", SIGN); // of a mark that is never closed

export const hide = (text) =>
  text.replace(FORMULAS, (found, ...groups) => {
    const { alone, within } = groups.at(-1);
    if (!alone && !within) return found;
    const size = /^\$[^$]/.test(found) ? 1 : 2;
    const [begins, written, ends] = [found.slice(0, size), found.slice(size, -size), found.slice(-size)];
    return `${alone ? LINE : ""}%${move(begins, MARK)}${move(written, SIGN)}${move(ends, MARK)}%`; // emphasis asks for punctuation
  });

/** The text in which something is hidden. */
export const shown = (text) =>
  text
    .replace(/###### \u{f0200}|%(?=[\u{f0100}-\u{f01ff}])|(?<=[\u{f0100}-\u{f01ff}])%/gu, "")
    .replace(/[\u{f0000}-\u{f01ff}]/gu, (sign) => String.fromCharCode(sign.codePointAt(0) & 0x7f));

function formula(_found, mark, written) {
  const display = ["$$", "\\["].includes(shown(mark));
  const isQuoted = /^.*(?:\n[ \t]*>.*)*$/.test(shown(written)); // each line after the first
  const value = (isQuoted ? shown(written).replace(/\n(?:[ \t]*>)+/g, "\n") : shown(written)).trim();
  const data = { hName: "span", hProperties: { className: display ? "math-display" : "math-inline" } };
  return { type: "formula", data: { ...data, hChildren: [{ type: "text", value }] }, display };
}

/** A remark plugin. */
export function formulas() {
  const { parser } = this;
  this.parser = (text, file) => parser(hide(text), file);
  return (tree) => {
    findAndReplace(tree, [HIDDEN, formula]);
    visit(tree, (node, index, parent) => {
      for (const name of ["value", "url", "title", "alt"]) if (node[name]) node[name] = shown(node[name]);
      if (node.depth === 6 && node.children[0]?.display) parent.children[index] = node.children[0];
    });
  };
}

const loadMaths = async () => put("maths", await import("./maths.js").catch(() => ({})));

/** A formula as it is drawn; where that cannot be loaded now, as it was written: the next one tries again. */
export function Formula({ className, children }) {
  const maths = useKept("maths");
  const display = className === "math-display";
  useEffect(() => void (maths?.draw ?? loadMaths()), []);
  if (!maths?.draw) return maths && (display ? `$$${children}$$` : `$${children}$`);
  return createElement("span", { dangerouslySetInnerHTML: { __html: maths.draw(children, display) } });
}
