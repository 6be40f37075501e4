// Reading answers aloud, and writing what is said, by the browser's own speech. It cannot be Python: only the browser has voices and a
// microphone, and knows where the cursor is. Which message is "reading" and whether it is "listening" are values of the store, never both
// at once; the buttons that change them are Python (gantry/ui/components/speech.py).
import { useEffect } from "react";
import { isTouch, keepDraft } from "./composer.js";
import { listening, messageField } from "./page.js";
import { put, putFor, useKept } from "./store.js";

const SILENCE_MS = 8000; // then it listens no more
const FAULT_MS = 20_000;
const UNSAID = "pre, figure, .reasoning, .working, .cite, .katex-html, annotation"; // is seen, but not said
const BLOCKS = "p, li, h1, h2, h3, h4, h5, h6, th, td";
const NO_SPACE = /(?:^|[\s\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}])$/u; // before what is said next
const Recognition = globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition;
if (globalThis.speechSynthesis) put("speaks", true);
if (Recognition) put("hears", true);
let utterances = []; // browsers forget those that nobody holds, and never tell their end

function end(fault) {
  if (fault) putFor("speechFault", fault, FAULT_MS);
  put("reading", "");
  put("listening", false);
}

/** What is said of an answer, by sentences: some voices stop in the middle of a longer text. */
function sentencesOf(answer) {
  const said = answer.cloneNode(true);
  for (const each of said.querySelectorAll(UNSAID)) each.remove();
  for (const each of said.querySelectorAll(BLOCKS)) each.append("\n");
  const sentences = new Intl.Segmenter(answer.lang || undefined, { granularity: "sentence" }).segment(
    said.textContent.replace(/\[\d+\]/g, ""),
  );
  return Array.from(sentences, ({ segment }) => segment.trim()).filter((text) => /[\p{L}\p{N}]/u.test(text));
}

/** Read an answer, with a voice of this device where there is one for its language, until what is returned is called. */
function read(message) {
  const answer = document.querySelector(`[data-message="${message}"] .answer`);
  const voices = speechSynthesis.getVoices().filter(({ lang, localService }) => localService && lang.startsWith(answer.lang || "-"));
  const speech = { lang: answer.lang, voice: voices[0] ?? null };
  utterances = sentencesOf(answer).map((text) => Object.assign(new SpeechSynthesisUtterance(text), speech));
  if (!utterances.length) return end("nothing");
  return listening((on) => {
    for (const each of utterances) on(each, "error", () => end("voice"));
    on(utterances.at(-1), "end", () => end());
    on(window, "pagehide", () => speechSynthesis.cancel()); // some go on without their page
    for (const each of utterances) speechSynthesis.speak(each);
    return () => speechSynthesis.cancel();
  });
}

/** Write what is said at the cursor, later words in the place of those that were less certain, until what is returned is called. */
function listen() {
  const recognition = Object.assign(new Recognition(), { lang: navigator.language, interimResults: true, continuous: !isTouch() });
  const field = messageField();
  let [at, written, first, timer] = [field.selectionEnd, "", 0, setTimeout(end, SILENCE_MS)];
  const write = ({ results }) => {
    clearTimeout(timer);
    timer = setTimeout(end, SILENCE_MS);
    const found = field.value.indexOf(written, at);
    at = found < 0 ? field.value.lastIndexOf(written, at) : found; // something was typed before it
    if (at < 0) [at, written, first] = [field.selectionEnd, "", results.length]; // or in it: that stays
    const words = Array.from(results, ([{ transcript }]) => transcript)
      .slice(first)
      .join("")
      .trim();
    const text = !words || NO_SPACE.test(field.value.slice(0, at)) ? words : ` ${words}`;
    field.setRangeText(text, at, at + written.length, field.selectionStart === at + written.length ? "end" : "preserve");
    written = text;
    keepDraft();
  };
  return listening((on) => {
    on(recognition, "result", write);
    on(recognition, "error", ({ error }) => end(error === "no-speech" ? "" : isSecureContext ? error : "insecure"));
    on(recognition, "end", () => end());
    recognition.start();
    return () => {
      clearTimeout(timer);
      recognition.abort();
    };
  });
}

/** Reads and listens in the conversation in the address; draws nothing. */
export function Speech({ here }) {
  const [reading, hears] = [useKept("reading", ""), useKept("listening", false)];
  useEffect(() => (reading ? read(reading) : undefined), [reading]);
  useEffect(() => (hears ? listen() : undefined), [hears]);
  useEffect(() => () => end(), [here]);
  return null;
}
