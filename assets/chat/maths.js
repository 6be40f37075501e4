/* Formulas: a chunk of its own, with its fonts. */
import "katex/dist/katex.min.css";

export { math } from "@streamdown/math";
