import assert from "node:assert/strict";
import { test } from "node:test";
import { clear, isUnclear } from "../../gantry/ui/islands/unfinished.js";

test("an end that may become something else is held back", () => {
  for (const end of ["-", "1.", "##", "> ", "```py", "| a | b |"]) assert.equal(clear(`Text\n\n${end}`).trimEnd(), "Text");
  assert.equal(clear("Some **"), "Some ");
});

test("what is clear is shown to its end", () => {
  for (const text of ["Text", "- item", "# Head", "Text\n\n| a |\n| --- |\n| 1 |"]) assert.equal(clear(text), text);
});

test("half a formula waits for its end, and money is none", () => {
  assert.equal(clear("So $x + "), "So ");
  assert.equal(clear("So $x + y$ is"), "So $x + y$ is");
  assert.equal(clear("It costs $5"), "It costs $5");
  assert.equal(clear("It costs $5 and $6"), "It costs $5 and $6");
});

test("a fence keeps its code whatever it looks like", () => {
  assert.equal(clear("```sh\necho $HOME"), "```sh\necho $HOME");
  assert.ok(isUnclear("Text\n```py"));
});
