/*
 * A mermaid diagram, drawn when its code is complete. It is shown as an image, so whatever a model wrote into
 * it can run no script and reach no page.
 */
import { useEffect, useState } from "react";

let count = 0;

async function draw(source) {
  const { createMermaidPlugin } = await import("@streamdown/mermaid");
  const dark = getComputedStyle(document.documentElement).colorScheme.includes("dark");
  const mermaid = createMermaidPlugin({ config: { theme: dark ? "dark" : "neutral", htmlLabels: false } });
  const { svg } = await mermaid.getMermaid().render(`diagram-${(count += 1)}`, source);
  const [, width, height] = /viewBox="\S+ \S+ (\S+) (\S+)"/.exec(svg) ?? [];
  const sized = width ? { width: Math.ceil(width), height: Math.ceil(height) } : {};
  return { src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`, ...sized };
}

export function Diagram({ source }) {
  const [image, setImage] = useState(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let current = true;
    setFailed(false);
    draw(source).then(
      (drawn) => current && setImage(drawn),
      () => current && setFailed(true),
    );
    return () => {
      current = false;
    };
  }, [source]);
  return (
    <figure className="diagram">
      {image ? <img {...image} alt="Diagram" /> : null}
      {failed ? <p className="diagram-failed">This diagram has a mistake in it, so here is its source.</p> : null}
      <details open={failed || undefined}>
        <summary>Source</summary>
        <pre tabIndex={0}>
          <code>{source}</code>
        </pre>
      </details>
    </figure>
  );
}
