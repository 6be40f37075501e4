// Runs before the first paint, as a blocking script in <head>: a closed sidebar would be seen to close, large text to grow. A file and not
// an inline script, so that the CSP needs no exception. The theme is decided by Reflex's own script beside it, whose hash is in the CSP.
const wished = [...navigator.languages];
try {
  document.documentElement.dataset.look = localStorage.look ?? ""; // words that our styles know: ui/browser.py
  if (localStorage["gantry.sidebar"] === "closed") document.documentElement.dataset.sidebar = "closed";
  wished.unshift(localStorage.language || "");
} catch {} // storage is blocked: it stands open
// The first language wished for that there is. English needs no messages; gantry/ui/build.py names the files of the others.
const files = {};
const language = wished.map((tag) => (tag in files ? tag : tag.split("-")[0])).find((tag) => tag === "en" || tag in files) ?? "en";
document.documentElement.lang = language;
if (language in files) {
  document.write(`<script src="${files[language]}"></script>`);
  // What the build has drawn is English; it is said anew as it is read, once, before anybody sees it.
  const said = new WeakSet();
  const say = (text, put, message = self.gantryMessages?.[text]) => typeof message === "string" && put(message);
  const sayAll = (node) => {
    for (const { name, value } of node.attributes ?? []) if (/label|title|placeholder/.test(name)) say(value, (text) => node.setAttribute(name, text));
    if (!said.has(node) && node.nodeName === "#text") say(node.data, (text) => said.add(node) && (node.data = text));
  };
  const reading = new MutationObserver((changes) => changes.flatMap((each) => [each.target, ...each.addedNodes]).forEach(sayAll));
  reading.observe(document, { childList: true, characterData: true, subtree: true });
  addEventListener("DOMContentLoaded", () => reading.disconnect());
}
// A file that is dropped where nobody takes it does not open in the place of the page.
for (const name of ["dragover", "drop"])
  addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  });
