// Cutting a growing text, with each frame, into segments of which only the last still changes: what a renderer does to a text on each
// frame grows with it. A cut is made just before a block when it begins, so nothing on screen moves between segments and a selection
// survives. Link definitions and footnotes reach across segments, so a finished text that has any is shown in one piece.
import { useRef } from "react";
import { blocksOf } from "./syntax.js";
import { isUnclear } from "./unfinished.js";

const SEGMENT_CHARACTERS = 1500;
const REACHES_ACROSS = /^ {0,3}\[[^\]\n]+\]:/m;

function extended(before, text) {
  const { done, tail, blocks } = before;
  const start = done.reduce((sum, segment) => sum + segment.length, 0);
  const rest = text.slice(start);
  if (rest.length < SEGMENT_CHARACTERS) return { text, done, tail: rest, blocks: 0 };
  const found = blocksOf(rest);
  const last = found.at(-1) ?? "";
  const begins = tail !== "" && blocks > 0 && found.length > blocks && rest.endsWith(last);
  if (!begins) return { text, done, tail: rest, blocks: found.length };
  if (isUnclear(last)) return { text, done, tail: rest, blocks }; // not shown yet either: see clear()
  return { text, done: [...done, rest.slice(0, rest.length - last.length)], tail: last, blocks: 0 };
}

const NOTHING = { text: "", done: [], tail: "", blocks: 0 };

/** Return the segments of `text`; of a text that does not grow there is one. */
export function useSegments(text, live) {
  const state = useRef(NOTHING);
  if (state.current.text !== text) {
    const before = text.startsWith(state.current.text) ? state.current : NOTHING;
    const grows = live || before.done.length > 0;
    state.current = grows ? extended(before, text) : { ...NOTHING, text, tail: text };
  }
  if (!live && state.current.done.length > 0 && REACHES_ACROSS.test(text)) state.current = { ...NOTHING, text, tail: text };
  const { done, tail } = state.current;
  return tail ? [...done, tail] : done;
}
