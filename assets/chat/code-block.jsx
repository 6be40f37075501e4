/*
 * A block of code: its language, copy, wrap, and colours once the highlighter has been loaded.
 *
 * The highlighter (shiki with its grammars, loaded when the first block shows) answers asynchronously. Lines it
 * has coloured stay as they are; what came after is shown plain until it catches up, so nothing flickers while
 * code streams. Each line is its own memoised element, so a long block costs what is new in it.
 */
import { memo, useEffect, useRef, useState } from "react";
import { useIsCodeFenceIncomplete } from "streamdown";
import { useCopy } from "./clipboard.js";
import { Diagram } from "./diagram.jsx";
import { Check, Copy, Wrap } from "./icons.jsx";

const HIGHLIGHT_EVERY_MS = 120;
const MAX_HIGHLIGHTED = 100_000; // characters; beyond it colours cost more than they help

let highlighter;

/** Return the highlighter, or one that colours nothing when it cannot be loaded now; the next block tries again. */
function loadHighlighter() {
  highlighter ??= import("./highlighter.js").then(
    (module) => module.highlight,
    () => {
      highlighter = undefined;
      return () => {};
    },
  );
  return highlighter;
}

/** Return the coloured lines of `code` so far: `{code, lines}` for what the highlighter has seen last. */
function useHighlighted(code, language, open) {
  const [result, setResult] = useState({ code: "", lines: [] });
  const job = useRef({ code: "", timer: 0, doneAt: 0 });
  useEffect(() => {
    const state = job.current;
    state.code = code;
    if (!language || code.length > MAX_HIGHLIGHTED || state.timer) return;
    const wait = open ? Math.max(0, state.doneAt + HIGHLIGHT_EVERY_MS - performance.now()) : 0;
    state.timer = setTimeout(async () => {
      const highlight = await loadHighlighter();
      const asked = state.code;
      state.timer = 0;
      state.doneAt = performance.now();
      highlight(asked, language, open, (lines) => setResult({ code: asked, lines }));
    }, wait);
  }, [code, language, open]);
  useEffect(() => {
    const state = job.current;
    return () => {
      clearTimeout(state.timer);
      state.timer = 0;
    };
  }, []);
  return result;
}

const Line = memo(function Line({ tokens }) {
  return (
    <span className="code-line">
      {tokens.map((token, index) => (
        <span key={index} style={token.htmlStyle ?? (token.color ? { color: token.color } : undefined)}>
          {token.content}
        </span>
      ))}
      {"\n"}
    </span>
  );
});

function Code({ code, language, open }) {
  const done = useHighlighted(code, language, open);
  const same = code === done.code;
  // The last line of an earlier result may have been cut in the middle, so it is not used.
  const usable = same ? done.lines.length : Math.max(0, done.lines.length - 1);
  const fits = usable > 0 && (same || code.startsWith(done.code));
  const lines = fits ? done.lines.slice(0, usable) : [];
  const rest = fits ? code.split("\n").slice(usable).join("\n") : code;
  return (
    <code>
      {lines.map((tokens, index) => (
        <Line key={index} tokens={tokens} />
      ))}
      {rest}
    </code>
  );
}

export function CodeBlock({ className, children }) {
  const code = textOf(children).replace(/\n$/, "");
  const language = /language-(\S+)/.exec(className ?? "")?.[1] ?? "";
  const open = useIsCodeFenceIncomplete();
  const [wrapped, setWrapped] = useState(false);
  const [copied, copy] = useCopy();
  if (language === "mermaid" && !open) return <Diagram source={code} />;
  return (
    <figure className="code-block" data-wrapped={wrapped || undefined} dir="ltr">
      <figcaption className="code-head">
        <span className="code-language">{language || "text"}</span>
        <button type="button" aria-pressed={wrapped} onClick={() => setWrapped(!wrapped)}>
          <Wrap size={15} />
          <span>Wrap</span>
        </button>
        <button type="button" onClick={() => copy(code)} data-testid="copy-code">
          {copied ? <Check size={15} /> : <Copy size={15} />}
          <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
        </button>
      </figcaption>
      <pre tabIndex={0}>
        <Code code={code} language={language} open={open} />
      </pre>
    </figure>
  );
}

function textOf(children) {
  if (typeof children === "string") return children;
  if (Array.isArray(children)) return children.map(textOf).join("");
  return children?.props ? textOf(children.props.children) : "";
}
