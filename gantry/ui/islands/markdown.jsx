// Markdown as a model writes it: streamed, half-open, and not to be trusted. It cannot be Python: rx.markdown draws all of a text anew
// with each change, and lets raw HTML through. Here raw HTML stays text, links open outside with no referrer, and images become links: a
// remote image tells its server who reads what, and our Content-Security-Policy forbids it.
import { memo, useContext, useEffect, useMemo, useRef } from "react";
import { Streamdown } from "streamdown";
import { Cited } from "./citations.js";
import { CodeBlock } from "./code-block.jsx";
import { Formula } from "./formulas.js";
import { useSegments } from "./segments.js";
import { KeepSelection } from "./selection.js";
import { useKept } from "./store.js";
import { blocksOf, rehypePlugins, remarkPlugins } from "./syntax.js";
import { _ } from "./text.js";
import { clear, mending } from "./unfinished.js";

const SAFE_LINK = /^(?:https?:|mailto:|tel:|#|\/(?!\/))/i;

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

/** A reference to a numbered source; to one that was not given, what was written. */
function Chip({ number }) {
  const { sources, open } = useContext(Cited);
  const source = sources.find((each) => each.number === number);
  if (!source) return `[${number}]`;
  const place = source.page ? _("{title}, page {page}", source) : source.title;
  const said = _("Source {number}: {place}", { number, place });
  return (
    <button className="cite" data-testid="citation" title={place} aria-label={said} onClick={() => open(number)}>
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
    <div className="table-scroll" tabIndex={0} role="region" aria-label={_("Table")}>
      <table>{children}</table>
    </div>
  );
}

/** A task of a list: read out with what its mark says, as the text beside it is no label of it. */
function Task({ type, checked }) {
  if (type !== "checkbox") return null;
  return <input type="checkbox" checked={Boolean(checked)} disabled readOnly aria-label={checked ? _("Done") : _("To do")} />;
}

const InlineCode = ({ children }) => <code dir="ltr">{children}</code>;

const plain = Object.fromEntries(
  "h1 h2 h3 h4 h5 h6 p ul ol li strong blockquote hr thead tbody tr th td sup sub".split(" ").map((tag) => [tag, tag]),
);
const components = { ...plain, a: Link, img: Picture, input: Task, table: Table, code: CodeBlock, inlineCode: InlineCode, span: Formula };

export const Markdown = memo(function Markdown({ text, live }) {
  const segments = useSegments(text, live);
  return segments.map((segment, index) => <Segment key={index} text={segment} live={live && index === segments.length - 1} />);
});

const Segment = memo(function Segment({ text, live }) {
  return (
    <KeepSelection>
      <Streamdown
        className="markdown"
        mode="streaming"
        isAnimating={live}
        parseIncompleteMarkdown={live}
        remend={mending}
        parseMarkdownIntoBlocksFn={blocksOf}
        components={components}
        remarkPlugins={remarkPlugins}
        rehypePlugins={rehypePlugins}
        controls={false}
      >
        {live ? clear(text) : text}
      </Streamdown>
    </KeepSelection>
  );
});

/** The "text" or "reasoning" of an answer; what was on screen stays there until the stream has something to put in its place. */
export function AnswerText({ part, generationId, stored, live, writing, sources, onSource }) {
  const last = useRef("");
  const shown = useKept(`${part}/${generationId}`, "") || stored || (live ? last.current : "");
  useEffect(() => {
    last.current = shown;
  });
  const cited = useMemo(() => ({ sources, open: onSource }), [sources]);
  if (!shown) return null;
  return (
    <Cited.Provider value={cited}>
      <Markdown text={shown} live={writing} />
    </Cited.Provider>
  );
}
