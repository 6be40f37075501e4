/* Formulas: a chunk of its own, with KaTeX and its fonts, that is loaded with the first formula. */
import "katex/dist/katex.min.css";
import katex from "katex";

const options = { throwOnError: false, strict: "ignore", errorColor: "var(--danger)" };
export const draw = (tex, displayMode) => katex.renderToString(tex, { ...options, displayMode });
