// A block of code in markdown, which is drawn here with each frame. Its highlighter (shiki, loaded with the first block) answers later:
// lines it has coloured stay, what came after is plain until it catches up. So nothing flickers, and a long block costs what is new in it.
import { Check, Copy, Eye, WrapText as Wrap } from "lucide-react";
import { memo, useEffect, useEffectEvent, useId, useRef, useState } from "react";
import { useIsCodeFenceIncomplete } from "streamdown";
import { copyNow } from "./clipboard.js";
import { Diagram } from "./diagram.jsx";
import { Formula } from "./formulas.js";
import { useKept } from "./store.js";
import { _ } from "./text.js";

const HIGHLIGHT_EVERY_MS = 120;
// A page that is shown runs nothing (sandbox: no scripts, an origin of its own) and fetches nothing.
const ALONE = `<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`;
const MAX_HIGHLIGHTED = 100_000; // characters; beyond it colours cost more than they help
/** Return the highlighter, or one that colours nothing when it cannot be loaded now; the next block tries again. */
const loadHighlighter = () => import("./highlighter.js").catch(() => ({ highlight: () => {} }));

/** Return the coloured lines of `code` so far: `{code, lines}` for what the highlighter has seen last. */
function useHighlighted(code, language, open) {
  const [result, setResult] = useState({ code: "", lines: [] });
  const timer = useRef(0);
  const colour = useEffectEvent(({ highlight }) => {
    timer.current = 0;
    highlight(code, language, open, (lines) => setResult({ code, lines }));
  });
  useEffect(() => {
    if (!language || code.length > MAX_HIGHLIGHTED) return;
    timer.current ||= setTimeout(() => loadHighlighter().then(colour), open ? HIGHLIGHT_EVERY_MS : 0);
  }, [code, language, open]);
  useEffect(() => () => clearTimeout(timer.current), []);
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
  // The last line of an earlier result may have been cut in the middle, so it is not used.
  const usable = code === done.code ? done.lines.length : code.startsWith(done.code) ? Math.max(0, done.lines.length - 1) : 0;
  const lines = done.lines.slice(0, usable);
  const rest = code.split("\n").slice(usable).join("\n");
  return (
    <code>
      {lines.map((tokens, index) => (
        <Line key={index} tokens={tokens} />
      ))}
      {rest}
    </code>
  );
}

const Tool = ({ icon: Icon, label, name, ...props }) => (
  <button type="button" data-testid={name && `${name}-code`} {...props}>
    <Icon size={15} />
    <span aria-live="polite">{label}</span>
  </button>
);

export function CodeBlock({ className, children }) {
  const code = String(children ?? "").replace(/\n$/, "");
  const language = /language-(\S+)/.exec(className ?? "")?.[1] ?? "";
  const open = useIsCodeFenceIncomplete();
  const canShow = !open && /^(html|svg)$/i.test(language);
  const [shown, setShown] = useState(false);
  const [wrapped, setWrapped] = useState(false);
  const name = useId();
  const copied = useKept("copied") === name;
  const written = useRef(open); // whether it was written before the reader's eyes
  if (language === "math" && !open) return <Formula className="math-display">{code}</Formula>;
  const figure = (
    <figure className="code-block" data-wrapped={wrapped || undefined} dir="ltr">
      <figcaption className="code-head">
        <span className="code-language">{language || _("text")}</span>
        {canShow && <Tool icon={Eye} label={_("Preview")} aria-pressed={shown} onClick={() => setShown(!shown)} name="preview" />}
        <Tool icon={Wrap} label={_("Wrap")} aria-pressed={wrapped} onClick={() => setWrapped(!wrapped)} />
        <Tool icon={copied ? Check : Copy} label={copied ? _("Copied") : _("Copy")} onClick={() => copyNow(code, name)} name="copy" />
      </figcaption>
      {canShow && shown && <iframe title={_("Preview")} sandbox="" srcDoc={ALONE + code} tabIndex={0} />}
      <pre tabIndex={0} hidden={canShow && shown}>
        <Code code={code} language={language} open={open} />
      </pre>
    </figure>
  );
  return language === "mermaid" ? <Diagram source={open ? "" : code}>{written.current ? figure : null}</Diagram> : figure;
}
