/*
 * The page that is shown where none can be loaded (gantry/ui/offline.py puts this into it): in the theme and language that were chosen in
 * this browser, which no server can tell now. Back online it goes on by itself.
 */
let kept = {};
try {
  kept = localStorage;
} catch {} // storage is blocked: the system's theme and language will do
const root = document.documentElement;
if (["light", "dark"].includes(kept.theme)) root.style.colorScheme = kept.theme;
const sections = [...document.querySelectorAll("main > section")];
const wished = [kept.language ?? "", ...navigator.languages].map((tag) => sections.find(({ lang }) => lang === tag.split("-")[0]));
const shown = wished.find(Boolean) ?? sections[0];
for (const section of sections) section.hidden = section !== shown;
root.lang = shown.lang;
document.title = shown.querySelector("h1").textContent;
shown.querySelector("button").focus();
addEventListener("click", ({ target }) => target.closest("button") && location.reload());
addEventListener("online", () => location.reload());
