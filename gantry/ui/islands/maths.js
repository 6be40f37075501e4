/* Formulas: a chunk of its own, with KaTeX and its fonts, that is loaded with the first formula. */
import "katex/dist/katex.min.css";
import rehypeKatex from "rehype-katex";
import { formulas } from "./formulas.js";

/** Plugins for Streamdown. */
export const plugins = {
  math: { name: "katex", type: "math", remarkPlugin: formulas, rehypePlugin: [rehypeKatex, { errorColor: "var(--danger)" }] },
};
