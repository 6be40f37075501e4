// A mermaid diagram, a part of markdown, drawn when its code is complete; until then its code is shown, where somebody has seen it being
// written, and the place it took is kept. It is shown as an image, so whatever a model wrote into it can run no script and reach no page.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { _ } from "./text.js";

const FONT = "system-ui, sans-serif"; // an image has no fonts of ours

let count = 0;

async function draw(source) {
  const { createMermaidPlugin } = await import("@streamdown/mermaid");
  const page = getComputedStyle(document.documentElement);
  const mermaid = createMermaidPlugin({
    config: {
      theme: page.colorScheme.includes("dark") ? "dark" : "neutral",
      htmlLabels: false,
      flowchart: { htmlLabels: false },
      fontFamily: FONT,
      themeVariables: { fontFamily: FONT, edgeLabelBackground: page.getPropertyValue("--bg").trim() },
      themeCSS: ".edgeLabel rect { opacity: 1 }",
    },
  });
  const { svg } = await mermaid.getMermaid().render(`diagram-${(count += 1)}`, source);
  const [, width, height] = /viewBox="\S+ \S+ (\S+) (\S+)"/.exec(svg) ?? [];
  const sized = width ? { width: Math.ceil(width), height: Math.ceil(height) } : {};
  return { src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`, ...sized };
}

export function Diagram({ source, children }) {
  const [{ image, failed }, setDrawn] = useState({});
  const shown = useRef(null);
  const height = useRef(0);
  useLayoutEffect(() => {
    if (!image) height.current = shown.current?.offsetHeight ?? 0;
  });
  useEffect(() => {
    const left = new AbortController();
    const drawn = source ? draw(source).catch(() => null) : undefined;
    drawn?.then((made) => left.signal.aborted || setDrawn(made ? { image: made } : (before) => ({ ...before, failed: true })));
    return () => left.abort();
  }, [source]);
  if (children && !image && !failed) return <div ref={shown}>{children}</div>;
  return (
    <figure className="diagram" style={{ minHeight: height.current || undefined }}>
      {image ? <img {...image} alt={_("Diagram")} /> : null}
      {failed ? <p className="diagram-failed">{_("This diagram has an error. Its source is shown instead.")}</p> : null}
      <details open={failed || undefined}>
        <summary>{_("Source")}</summary>
        <pre tabIndex={0}>
          <code>{source}</code>
        </pre>
      </details>
    </figure>
  );
}
