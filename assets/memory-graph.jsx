/*
 * The names in a person's memory as a picture: a force layout, computed once for each graph and always the same way.
 */
import { useEffect, useMemo, useState } from "react";

const NARROW = "(width < 46rem)";
const ROUNDS = 220;
const COLOURS = { person: "var(--accent)", place: "var(--success)", organisation: "var(--warning)", thing: "var(--border-strong)", topic: "var(--text-faint)" };

/** How large the picture is, in units that are about a pixel: letters keep their size on a phone, where it grows downwards. */
function useSize(count) {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const listen = () => setNarrow(query.matches);
    query.addEventListener("change", listen);
    return () => query.removeEventListener("change", listen);
  }, []);
  return narrow ? { width: 320, height: Math.min(900, 260 + 18 * count) } : { width: 720, height: 420 };
}

function layout(nodes, edges, width, height) {
  const at = nodes.map((_, index) => {
    const angle = index * 2.399963; // the golden angle spreads them evenly
    const radius = 18 * Math.sqrt(index + 0.5);
    return { x: width / 2 + radius * Math.cos(angle) * 1.5, y: height / 2 + radius * Math.sin(angle) };
  });
  const index = new Map(nodes.map((node, number) => [node.id, number]));
  const links = edges.map((edge) => [index.get(edge.source), index.get(edge.target)]).filter(([a, b]) => a !== undefined && b !== undefined);
  for (let round = 0; round < ROUNDS; round++) {
    const heat = 6 * (1 - round / ROUNDS);
    const push = at.map(() => ({ x: 0, y: 0 }));
    for (let a = 0; a < at.length; a++)
      for (let b = a + 1; b < at.length; b++) {
        const dx = at[a].x - at[b].x || 0.01;
        const dy = at[a].y - at[b].y || 0.01;
        const force = 2600 / (dx * dx + dy * dy + 60);
        push[a].x += dx * force * 0.12;
        push[a].y += dy * force * 0.12;
        push[b].x -= dx * force * 0.12;
        push[b].y -= dy * force * 0.12;
      }
    for (const [a, b] of links) {
      const dx = at[b].x - at[a].x;
      const dy = at[b].y - at[a].y;
      push[a].x += dx * 0.05;
      push[a].y += dy * 0.05;
      push[b].x -= dx * 0.05;
      push[b].y -= dy * 0.05;
    }
    at.forEach((point, number) => {
      const dx = push[number].x + (width / 2 - point.x) * 0.012;
      const dy = push[number].y + (height / 2 - point.y) * 0.02;
      const size = Math.hypot(dx, dy) || 1;
      const step = Math.min(size, heat);
      point.x = Math.min(width - 50, Math.max(50, point.x + (dx / size) * step));
      point.y = Math.min(height - 32, Math.max(18, point.y + (dy / size) * step));
    });
  }
  return { at, index };
}

export function MemoryGraph({ nodes = [], edges = [] }) {
  const { width, height } = useSize(nodes.length);
  const { at, index } = useMemo(() => layout(nodes, edges, width, height), [nodes, edges, width, height]);
  const names = new Map(nodes.map((node) => [node.id, node.name]));
  return (
    <figure data-testid="memory-graph" style={{ margin: 0 }}>
      <svg className="memory-graph" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${nodes.length} names and ${edges.length} relations`}>
        {edges.map((edge, number) => {
          const from = at[index.get(edge.source)];
          const to = at[index.get(edge.target)];
          if (!from || !to) return null;
          return (
            <g key={number}>
              <line x1={from.x} y1={from.y} x2={to.x} y2={to.y} stroke="var(--border-strong)" />
              <text x={(from.x + to.x) / 2} y={(from.y + to.y) / 2 - 3} textAnchor="middle" fontSize="11" fill="var(--text-faint)">
                {edge.label}
              </text>
            </g>
          );
        })}
        {nodes.map((node, number) => (
          <g key={node.id}>
            <circle cx={at[number].x} cy={at[number].y} r={Math.min(14, 4 + Math.sqrt(node.mentions) * 2)} fill={COLOURS[node.kind] ?? COLOURS.thing} />
            <text x={at[number].x} y={at[number].y + 22} textAnchor="middle" fontSize="12" fill="var(--text)">
              {node.name}
            </text>
          </g>
        ))}
      </svg>
      <figcaption className="sr-only">
        <ul>
          {nodes.map((node) => (
            <li key={node.id}>{`${node.name}, ${node.kind}, mentioned ${node.mentions} times`}</li>
          ))}
          {edges.map((edge, number) => (
            <li key={number}>{`${names.get(edge.source)} ${edge.label} ${names.get(edge.target)}`}</li>
          ))}
        </ul>
      </figcaption>
    </figure>
  );
}
