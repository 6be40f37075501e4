// A text that is still being written: what its end will be is not clear yet. Shown as it stands it would be one thing now and
// another in a moment, in another height, so a few characters are held back until they are clear.
import { SINGLE } from "./formulas.js";

// What a line may begin with before it is clear what it is: "-" may become an item, a rule or make the line above a
// heading, "1" an item, a row of cells a table's head, and a fence is not whole before its line is.
const UNCLEAR = /(?:^|\n)[ \t]*(?:[-*+_=#>`~|]{1,6}|\d{1,9}[.)]?|(?:`{3,}|~{3,})[^\n`]*)[ \t]*$/;
const TABLE_HEAD = /(?:^|\n\n)[ \t]*\|[^\n]*(?:\n[ \t|:-]*)?$/;
const ALERT_HEAD = /(?:^|\n)> ?\[![A-Z]*\]?[ \t]*(?:\n>? ?)?$/;
const MARKS = /[*_~`]{1,3}$/;
const FENCES = /^ {0,3}(`{3,}|~{3,})([^\n]*)$/gm;
const WHOLE = String.raw`\$\$[^]{1,4000}?\$\$|\\\([^]{1,4000}?\\\)|\\\[[^]{1,4000}?\\\]|${SINGLE}`;
export const CODE = "(`+)[^`](?:[^]{0,4000}?[^`])?\\1(?!`)";
// What is longer is no formula after all, or must be seen to grow.
const HALF = String.raw`(?:\$\$[^]{0,600}|\\\[[^]{0,600}|\\\([^]{0,200}|(?<![\\$\w])\$(?![\s\d$])[^$\n]{0,80}|\\|(?<!\$)\$)$`;
const CODE_AND_FORMULAS = new RegExp(`${CODE}|${WHOLE}`, "g");
const AND_HALF_ONES = new RegExp(`${CODE}|${WHOLE}|(?<half>${HALF})`, "g");
const MAYBE_FORMULA = /[$\\]/;
const LOOKED_AT = 4000;

/** Whether a text has a formula in it. */
export const FORMULA = new RegExp(String.raw`\$\$|\\\(|\\\[|${SINGLE}`);

/** Whether `text` ends inside a fence. */
function isInFence(text) {
  let mark = "";
  for (const [, found, rest] of text.matchAll(FENCES)) {
    if (!mark) mark = found[0] === "`" && rest.includes("`") ? "" : found;
    else if (found[0] === mark[0] && found.length >= mark.length && !rest.trim()) mark = "";
  }
  return mark !== "";
}

function withoutHalfFormula(text) {
  if (!MAYBE_FORMULA.test(text.slice(-LOOKED_AT)) || isInFence(text)) return text;
  const from = Math.max(0, text.lastIndexOf("\n\n"), text.length - LOOKED_AT);
  return text.slice(0, from) + text.slice(from).replace(AND_HALF_ONES, (found, ...groups) => (groups.at(-1).half ? "" : found));
}

/** Whether the end of `text` may become something else. */
export const isUnclear = (text) => UNCLEAR.test(text);

/** Return `text` without an end that is not clear yet. */
export const clear = (text) =>
  withoutHalfFormula(text.replace(TABLE_HEAD, "").replace(ALERT_HEAD, "").replace(UNCLEAR, "").replace(MARKS, ""));

const HIDDEN = { _: "\uE05F", "*": "\uE02A" };
const SHOWN = { "\uE05F": "_", "\uE02A": "*" };
const hide = (text) =>
  MAYBE_FORMULA.test(text) ? text.replace(CODE_AND_FORMULAS, (found) => found.replace(/[_*]/g, (mark) => HIDDEN[mark])) : text;
const show = (text) => text.replace(/[\uE05F\uE02A]/g, (mark) => SHOWN[mark]);

/** What closes half-open marks (remend's options); a formula's underscores are none. */
export const mending = {
  singleTilde: false,
  comparisonOperators: false,
  htmlTags: false,
  katex: false,
  handlers: [
    { name: "hide", handle: hide, priority: 39 }, // before it looks for italics
    { name: "show", handle: show, priority: 43 },
  ],
};
