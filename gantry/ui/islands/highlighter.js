// The syntax highlighter, loaded with the first block of code. Colours are CSS variables (chat.css): one result serves both themes.
import { createCodePlugin } from "@streamdown/code";
import { createCssVariablesTheme } from "shiki/core";

const theme = createCssVariablesTheme({ name: "gantry", variablePrefix: "--code-", fontStyle: true });
const plugin = createCodePlugin({ themes: [theme, theme] });

export function highlight(code, language, open, show) {
  const request = { code, language, themes: [theme, theme], isIncomplete: open };
  const ready = plugin.highlight(request, (result) => show(result.tokens));
  if (ready) show(ready.tokens);
}
