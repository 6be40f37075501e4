/*
 * Markdown as a model writes it: streamed, half-open, and not to be trusted.
 *
 * Streamdown cuts a segment of the text into blocks and renders again only those that changed. Raw HTML stays text, links open
 * outside with no referrer and only for addresses a browser may follow, images become links (a remote image tells
 * its server who reads what, and our Content-Security-Policy forbids it). Maths is loaded when a text has any.
 */
import { memo, useContext, useEffect, useState } from "react";
import { Streamdown, defaultRehypePlugins, defaultRemarkPlugins } from "streamdown";
import { Cited, citations, openSource } from "./citations.js";
import { CodeBlock } from "./code-block.jsx";
import { clear, useSegments } from "./segments.js";

const SAFE_LINK = /^(?:https?:|mailto:|tel:|#|\/(?!\/))/i;
const MATHS = /\$\$|\\\(|\\\[/;
const CODE = /(```[\s\S]*?(?:```|$)|~~~[\s\S]*?(?:~~~|$)|`[^`\n]*`)/;

function Link({ href, children }) {
  const number = href?.match(/^#source-(\d+)$/)?.[1];
  if (number) return <Chip number={Number(number)} />;
  if (!href || !SAFE_LINK.test(href)) return <span>{children}</span>;
  if (href.startsWith("#")) return <a href={href}>{children}</a>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** A reference to a numbered source; to one that was not given, nothing; in a text without sources, what was written. */
function Chip({ number }) {
  const { messageId, sources } = useContext(Cited);
  if (!sources.length) return `[${number}]`;
  const source = sources.find((each) => each.number === number);
  if (!source) return null;
  const place = source.page ? `${source.title}, page ${source.page}` : source.title;
  return (
    <button
      type="button"
      className="cite"
      data-testid="citation"
      title={place}
      aria-label={`Source ${number}: ${place}`}
      onClick={(event) => openSource(messageId, number, event.currentTarget)}
    >
      {number}
    </button>
  );
}

function Picture({ src, alt }) {
  if (!src || !/^https?:/i.test(src)) return <span>{alt}</span>;
  return <Link href={src}>{alt || src}</Link>;
}

function Table({ children }) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Table">
      <table>{children}</table>
    </div>
  );
}

const InlineCode = ({ children }) => <code dir="ltr">{children}</code>;

const plain = Object.fromEntries(
  "h1 h2 h3 h4 h5 h6 p ul ol li strong blockquote hr thead tbody tr th td sup sub".split(" ").map((tag) => [tag, tag]),
);
const components = { ...plain, a: Link, img: Picture, table: Table, code: CodeBlock, inlineCode: InlineCode };

/** Tables have no other way to break a line, so <br> is the one tag that is not shown as text. */
function breaks() {
  const walk = (node) => {
    for (const [index, child] of (node.children ?? []).entries()) {
      if (child.type === "html" && /^<br\s*\/?>$/i.test(child.value)) node.children[index] = { type: "break" };
      else walk(child);
    }
  };
  return walk;
}

const remarkPlugins = [...Object.values(defaultRemarkPlugins), breaks, citations];
const rehypePlugins = [defaultRehypePlugins.sanitize];

/** Many models write \( … \) and \[ … \]; the maths plugin knows dollars. Code stays as it is. */
function withDollars(text) {
  if (!text.includes("\\(") && !text.includes("\\[")) return text;
  return text
    .split(CODE)
    .map((piece, index) => (index % 2 ? piece : piece.replace(/\\[()]/g, "$$$$").replace(/\\[[\]]/g, "\n$$$$\n")))
    .join("");
}

let maths;

/** Return the plugin, or nothing when it cannot be loaded now: formulas then show as they were written. */
function loadMaths() {
  maths ??= import("./maths.js").then(
    (module) => ({ math: module.math }),
    () => {
      maths = undefined;
    },
  );
  return maths;
}

export const Markdown = memo(function Markdown({ text, live }) {
  const [plugins, setPlugins] = useState(undefined);
  const hasMaths = MATHS.test(text);
  useEffect(() => {
    let current = true;
    if (hasMaths) loadMaths().then((loaded) => current && setPlugins(loaded));
    return () => {
      current = false;
    };
  }, [hasMaths]);
  const segments = useSegments(text, live);
  return segments.map((segment, index) => (
    <Segment key={index} text={segment} live={live && index === segments.length - 1} plugins={plugins} />
  ));
});

const Segment = memo(function Segment({ text, live, plugins }) {
  const shown = live ? clear(text) : text;
  return (
    <Streamdown
      className="markdown"
      mode="streaming"
      isAnimating={live}
      parseIncompleteMarkdown={live}
      components={components}
      remarkPlugins={remarkPlugins}
      rehypePlugins={rehypePlugins}
      plugins={plugins}
      controls={false}
    >
      {plugins ? withDollars(shown) : shown}
    </Streamdown>
  );
});
