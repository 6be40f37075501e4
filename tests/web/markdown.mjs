// Turns texts into HTML as a page does: JSON [{text, live}] on stdin, JSON [html] on stdout.
// Given to `node --input-type=module --eval` in the front end's folder, so that imports are found there.
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Streamdown } from "streamdown";
import { formulas } from "./islands/formulas.js";
import { blocksOf, rehypePlugins, remarkPlugins } from "./islands/syntax.js";
import { clear, mending } from "./islands/unfinished.js";

const tags = "p a strong em del ul ol li blockquote table thead tbody tr th td h1 h2 hr pre sup".split(" ");
const bare = (tag) => ({ children, className, href }) => createElement(tag, { className, href }, ["hr"].includes(tag) ? undefined : children);
const components = Object.fromEntries(tags.map((tag) => [tag, bare(tag)]));
components.code = ({ children, className }) => createElement("code", { className }, children);
const plugins = { math: { name: "katex", type: "math", remarkPlugin: formulas, rehypePlugin: () => () => {} } };

let given = "";
for await (const piece of process.stdin) given += piece;
const shown = ({ text, live = false }) =>
  renderToStaticMarkup(
    createElement(
      Streamdown,
      { mode: "streaming", parseIncompleteMarkdown: live, remend: mending, parseMarkdownIntoBlocksFn: blocksOf, components, remarkPlugins, rehypePlugins, plugins },
      live ? clear(text) : text,
    ),
  );
process.stdout.write(JSON.stringify(JSON.parse(given).map(shown)));
