import assert from "node:assert/strict";
import { test } from "node:test";
import { matches, move } from "../../gantry/ui/islands/lists.js";

test("every word of a search has to be somewhere in the text", () => {
  assert.ok(matches("box/qwen2.5-14b-instruct My server", "qwen 14B"));
  assert.ok(matches("box/qwen2.5-14b-instruct My server", " server "));
  assert.ok(matches("anything", ""));
  assert.ok(!matches("box/qwen2.5-14b-instruct My server", "qwen 32b"));
});

test("keys lead from option to option and stay within the list", () => {
  const options = [..."abcdefghijklmno"];
  assert.equal(move(options, "a", "ArrowDown"), "b");
  assert.equal(move(options, "o", "ArrowDown"), "o");
  assert.equal(move(options, "a", "ArrowUp"), "a");
  assert.equal(move(options, "a", "PageDown"), "k");
  assert.equal(move(options, "o", "PageUp"), "e");
});

test("with nothing active an arrow leads to the first option, and in an empty list nowhere", () => {
  assert.equal(move(["a", "b"], undefined, "ArrowDown"), "a");
  assert.equal(move([], undefined, "ArrowDown"), undefined);
});

test("what is typed is no key of the list", () => {
  for (const key of ["x", "Home", "End", "ArrowLeft"]) assert.equal(move(["a", "b"], "a", key), undefined);
});
