// A text that is still being written: what its end will be is not clear yet. Shown as it stands it would be one thing now and
// another in a moment, in another height, so a few characters are held back until they are clear.
import { hide, shown, WHOLE } from "./formulas.js";

// What a line may begin with before it is clear what it is: "-" may become an item, a rule or make the line above a
// heading, "1" an item, a row of cells a table's head, and a fence is not whole before its line is.
const UNCLEAR = /(?:^|\n)[ \t]*(?:[-*+_=#>`~|]{1,6}|\d{1,9}[.)]?|(?:`{3,}|~{3,})[^\n`]*)[ \t]*$/;
const TABLE_HEAD = /(?:^|\n\n)[ \t]*\|[^\n]*(?:\n[ \t|:-]*)?$/;
const ALERT_HEAD = /(?:^|\n)> ?\[![A-Z]*\]?[ \t]*(?:\n>? ?)?$/;
const MARKS = /[*_~`]{1,3}$/;
// What is longer is no formula after all, or must be seen to grow.
const MORE = String.raw`(?:(?!\n\n)[^])`;
const HALF = String.raw`(?:(?:\$\$|\\\[)${MORE}{0,600}|\\\(${MORE}{0,200}|(?<![\\$\w])\$(?![\s\d$])[^$\n]{0,80}|\\|\$)(?![^])`;
const MAYBE_HALF = new RegExp(`${WHOLE}|(?<half>${HALF})`, "gm");

/** Whether the end of `text` may become something else. */
export const isUnclear = (text) => UNCLEAR.test(text);

/** Return `text` without an end that is not clear yet. */
export function clear(text) {
  const lines = text.replace(TABLE_HEAD, "").replace(ALERT_HEAD, "").replace(UNCLEAR, "").replace(MARKS, "");
  return lines.replace(MAYBE_HALF, (found, ...groups) => (groups.at(-1).half ? "" : found));
}

/** What closes half-open marks (remend's options); a formula's underscores are none. */
export const mending = {
  singleTilde: false,
  comparisonOperators: false,
  htmlTags: false,
  katex: false,
  handlers: [
    { name: "hide", handle: hide, priority: 39 }, // before it looks for italics
    { name: "show", handle: shown, priority: 43 },
  ],
};
