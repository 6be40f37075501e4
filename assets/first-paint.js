// Runs before the first paint, as a blocking script in <head>: what the page looks like must be decided
// before it is drawn, or it flashes. A file and not an inline script, so that the CSP needs no exception.
// `theme` is the key Reflex's own colour mode reads and writes; its classes are the ones gantry.css knows.
(function () {
  var root = document.documentElement;
  var stored = {};
  try {
    stored = localStorage;
  } catch {} // storage is blocked: the defaults will do
  var theme = stored.theme;
  if (theme !== "light" && theme !== "dark") {
    theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  root.classList.remove("light", "dark");
  root.classList.add(theme);
  root.style.colorScheme = theme;
  // A file that is dropped where nobody takes it does not open in the place of the page.
  ["dragover", "drop"].forEach(function (name) {
    addEventListener(name, function (event) {
      if (!event.dataTransfer || event.dataTransfer.types.indexOf("Files") < 0) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    });
  });
  if (stored["gantry.sidebar"] === "closed") root.dataset.sidebar = "closed";
})();
