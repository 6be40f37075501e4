// Turns texts into HTML as a page does: JSON [{text, live}] on stdin, JSON [html] on stdout.
// Given to `node --input-type=module --eval` in the front end's folder, so that imports are found there.
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Streamdown } from "streamdown";
import { blocksOf, rehypePlugins, remarkPlugins } from "./islands/syntax.js";
import { clear, mending } from "./islands/unfinished.js";

const tags = "p a strong em del ul ol li blockquote table thead tbody tr th td h1 h2 hr pre sup".split(" ");
const bare = (tag) => ({ children, className, href }) => createElement(tag, { className, href }, ["hr"].includes(tag) ? undefined : children);
const components = Object.fromEntries(tags.map((tag) => [tag, bare(tag)]));
for (const tag of ["code", "span"]) components[tag] = bare(tag);

let given = "";
for await (const piece of process.stdin) given += piece;
const shown = ({ text, live = false }) =>
  renderToStaticMarkup(
    createElement(
      Streamdown,
      { mode: "streaming", parseIncompleteMarkdown: live, remend: mending, parseMarkdownIntoBlocksFn: blocksOf, components, remarkPlugins, rehypePlugins },
      live ? clear(text) : text,
    ),
  );
process.stdout.write(JSON.stringify(JSON.parse(given).map(shown)));
