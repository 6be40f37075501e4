// Runs before the first paint, as a blocking script in <head>: a closed sidebar would be seen to close, large text to grow. A file and not
// an inline script, so that the CSP needs no exception. The theme is decided by Reflex's own script beside it, whose hash is in the CSP.
try {
  document.documentElement.dataset.look = localStorage.look ?? ""; // words that our styles know: ui/browser.py
  if (localStorage["gantry.sidebar"] === "closed") document.documentElement.dataset.sidebar = "closed";
} catch {} // storage is blocked: it stands open
// A file that is dropped where nobody takes it does not open in the place of the page.
for (const name of ["dragover", "drop"])
  addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  });
