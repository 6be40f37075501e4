/*
 * Formulas in markdown: $x$, $$x$$, \(x\) and \[x\], as syntax for the browser's parser, so that code is never touched. $…$ is one by the
 * rule of gantry/domain/citations.py: on one line, no blank inside its dollars, no letter or digit before it and no digit after it: $5 and
 * $6 are money. What stands alone on its lines, or between $$ or \[ \], is displayed. A mark that is never closed stays as it was written.
 */
const DOLLAR = 36;
const BACKSLASH = 92;
export const SINGLE = String.raw`(?<![\\$\w])\$(?![\s$])(?:[^$\\\n]|\\.)*(?<!\s)\$(?!\d)`;
export const DOUBLE = String.raw`(?<![\\$\w])\$\$(?!\$)(?:[^$\\]|\\[^]|\$(?!\$))*\$\$`;
const ROUND = String.raw`\\\((?:[^\\]|\\[^()])*\\\)`; // none stands in another one
export const SQUARE = String.raw`\\\[(?:[^\\]|\\[^[\]])*\\\]`;
const isLineEnd = (code) => code === -5 || code === -4 || code === -3;
const isBlank = (code) => code === -2 || code === -1 || code === 32;

let source = ""; // the text that is parsed

/** The construct of formulas that look like `rule`; `alone` on their lines, or within a text. */
function formula(rule, size, display, alone = false) {
  const written = new RegExp(rule, "y");
  function tokenize(effects, ok, nok) {
    let end = 0;
    const start = (code) => {
      written.lastIndex = this.now().offset;
      const [found] = written.exec(source) ?? [];
      if (!found) return nok(code);
      const [first, ...more] = found.split(/\r?\n|\r/);
      if (this.interrupt && more.length > 0 && first.trim().length > size) return nok(code);
      end = written.lastIndex;
      effects.enter("formula").formula = { size, display };
      return lineStart(code);
    };
    const lineStart = (code) => {
      if (code === null || (alone && this.parser.lazy[this.now().line])) return nok(code);
      if (isLineEnd(code)) return lineEnd(code);
      effects.enter("formulaLine");
      return inside(code);
    };
    const inside = (code) => {
      const isAtEnd = code === null || isLineEnd(code); // of a line
      const isOver = this.now().offset >= end;
      if (isOver ? alone && isBlank(code) : !isAtEnd) {
        effects.consume(code);
        return inside;
      }
      if (isOver ? alone && !isAtEnd : code === null) return nok(code);
      effects.exit("formulaLine");
      if (!isOver) return lineEnd(code);
      effects.exit("formula");
      return ok(code);
    };
    const lineEnd = (code) => {
      effects.enter("lineEnding");
      effects.consume(code);
      effects.exit("lineEnding");
      return lineStart;
    };
    return start;
  }
  return { name: "formula", tokenize, concrete: alone };
}

const syntax = {
  flow: { [DOLLAR]: formula(DOUBLE, 2, true, true), [BACKSLASH]: formula(SQUARE, 2, true, true) },
  text: {
    [DOLLAR]: [formula(DOUBLE, 2, true), formula(SINGLE, 1, false)],
    [BACKSLASH]: [formula(ROUND, 2, false), formula(SQUARE, 2, true)],
  },
};

function enter(token) {
  const { display } = token.formula;
  const className = ["language-math", display ? "math-display" : "math-inline"];
  const data = { hName: "code", hProperties: { className }, hChildren: [] };
  this.enter({ type: display ? "math" : "inlineMath", value: "", data }, token);
}

function exit(token) {
  const node = this.stack.at(-1);
  const { size } = token.formula;
  node.value = this.sliceSerialize(token).trim().slice(size, -size).trim();
  node.data.hChildren.push({ type: "text", value: node.value });
  this.exit(token);
}

/** A remark plugin. */
export function formulas() {
  const data = this.data();
  (data.micromarkExtensions ??= []).push(syntax);
  (data.fromMarkdownExtensions ??= []).push({ enter: { formula: enter }, exit: { formula: exit } });
  const { parser } = this;
  this.parser = (text, file) => {
    source = text;
    return parser(text, file);
  };
}
