// What the browser's parser of markdown is made of: CommonMark and GitHub's additions, all on the parsed tree: code is never touched.
import { cjk } from "@streamdown/cjk";
import remarkBreaks from "remark-breaks";
import { defaultRehypePlugins, defaultRemarkPlugins, parseMarkdownIntoBlocks } from "streamdown";
import { visit } from "unist-util-visit";
import { citations } from "./citations.js";
import { DOLLARS, formulas, hide, shown } from "./formulas.js";

const ALERT = /^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*(?:\n|$)/;
const noSingleTilde = { singleTilde: false }; // 5~7 is a range, not the beginning of struck out words

/** Tables have no other way to break a line, so <br> is the one tag that is not shown as text. */
function tagBreaks() {
  return (tree) =>
    visit(tree, "html", (node, index, parent) => {
      if (/^<br\s*\/?>$/i.test(node.value)) parent.children[index] = { type: "break" };
    });
}

/** A quotation that begins with [!NOTE] and the like is an alert. It comes after the sanitiser, which knows no such class. */
function alerts() {
  return (tree) =>
    visit(tree, { tagName: "blockquote" }, (quote) => {
      const first = quote.children.find((child) => child.type === "element");
      const [, kind] = ALERT.exec(first?.tagName === "p" ? (first.children[0]?.value ?? "") : "") ?? [];
      if (!kind) return;
      first.children[0].value = first.children[0].value.replace(ALERT, "");
      if (first.children[1]?.tagName === "br") first.children.splice(0, 2);
      if (!first.children.some((child) => child.value?.trim() !== "")) quote.children.splice(quote.children.indexOf(first), 1);
      quote.properties.className = ["alert", kind.toLowerCase()];
      const title = { type: "text", value: kind[0] + kind.slice(1).toLowerCase() };
      quote.children.unshift({ type: "element", tagName: "p", properties: { className: ["alert-title"] }, children: [title] });
    });
}

/** Models begin with any level of heading and skip some; readers of the outline are told a block's first as at most the third. */
function outline() {
  return (tree) => {
    let last = 2; // of the heading of the message
    for (const node of tree.children) {
      const level = Number(/^h([1-6])$/.exec(node.tagName ?? "")?.[1]);
      if (!level) continue;
      if (level > last + 1) node.properties.ariaLevel = last + 1;
      last = Math.min(level, last + 1);
    }
  };
}

const [gfm] = defaultRemarkPlugins.gfm;
const [bold, links, strikethrough] = [...cjk.remarkPluginsBefore, ...cjk.remarkPluginsAfter];
export const remarkPlugins = [
  [gfm, noSingleTilde],
  defaultRemarkPlugins.codeMeta,
  bold,
  links,
  [strikethrough, noSingleTilde],
  tagBreaks,
  remarkBreaks,
  citations,
  formulas,
];

const [sanitize, schema] = defaultRehypePlugins.sanitize;
const ours = { code: [["className", /^language-./], "metastring"], span: [["className", /^math-/]] };
const allowed = { ...schema, attributes: { ...schema.attributes, ...ours } };
export const rehypePlugins = [[sanitize, allowed], alerts, outline];

/** Cut `text` into its blocks; a displayed formula is one, whatever its lines look like, and $$ that is never closed is no mark. */
export const blocksOf = (text) => parseMarkdownIntoBlocks(hide(text).replaceAll("$$", DOLLARS)).map(shown);
