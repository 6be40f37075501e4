// The logic of the islands that has no browser in it.
import assert from "node:assert/strict";
import { test } from "node:test";

const island = (name) => import(`../../gantry/ui/islands/${name}`);

test("a menu's keys go round, jump to its ends and find a letter behind the current entry", async () => {
  const { step } = await island("lists.js");
  const [pin, rename, remove] = ["Pin", "Rename", "Remove"].map((textContent) => ({ textContent }));
  const entries = [pin, rename, remove];
  assert.equal(step(entries, remove, "ArrowDown"), pin);
  assert.equal(step(entries, pin, "ArrowUp"), remove);
  assert.equal(step(entries, undefined, "ArrowUp"), remove);
  assert.equal(step(entries, remove, "Home"), pin);
  assert.equal(step(entries, pin, "End"), remove);
  assert.equal(step(entries, rename, "r"), remove);
  assert.equal(step(entries, remove, "R"), rename);
  assert.ok(!step(entries, pin, "x"));
  assert.ok(!step(entries, pin, " "));
  assert.ok(!step(entries, pin, "Shift"));
});

test("shortcuts are those of the system, and never typed text", async () => {
  const { shortcutOf } = await island("frame.js");
  const press = (key, held = {}, isTyping = false) => ({
    key,
    code: `Key${key.toUpperCase()}`,
    target: { closest: () => isTyping },
    ...held,
  });
  assert.equal(shortcutOf(press("b", { ctrlKey: true }), false), "toggleSidebar");
  assert.equal(shortcutOf(press("b", { ctrlKey: true }), true), "");
  assert.equal(shortcutOf(press("b", { metaKey: true }), true), "toggleSidebar");
  assert.equal(shortcutOf(press("b", { ctrlKey: true, altKey: true }), false), "");
  assert.equal(shortcutOf(press("k", { ctrlKey: true }, true), false), "search");
  assert.equal(shortcutOf(press("k", { metaKey: true }), true), "search");
  assert.equal(shortcutOf(press("k", { ctrlKey: true, shiftKey: true }), false), "");
  assert.equal(shortcutOf(press("o", { ctrlKey: true, shiftKey: true }), false), "newChat");
  assert.equal(shortcutOf(press("?"), false), "help");
  assert.equal(shortcutOf(press("?", {}, true), false), "");
  assert.equal(shortcutOf(press("?", { isComposing: true }), false), "");
});

test("a kept value is its default until another is put", async () => {
  const { now, put } = await island("store.js");
  assert.equal(now("colour", "red"), "red");
  put("colour", "");
  assert.equal(now("colour", "red"), "");
});

test("after signing in only a path of ours is opened", async () => {
  const { destination } = await island("api-form.js");
  const at = (next) => destination(`?next=${encodeURIComponent(next)}`, "https://gantry.example");
  assert.equal(destination("", "https://gantry.example"), "/");
  assert.equal(at("/c/1?x=2#y"), "/c/1?x=2#y");
  for (const other of ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", ""])
    assert.equal(at(other), "/");
});

test("a refusal says what to do, but not to who mistyped a password", async () => {
  const { faultOf } = await island("api-form.js");
  assert.deepEqual(faultOf(401, { detail: "Incorrect.", advice: "Sign in again." }), { detail: "Incorrect.", advice: "", field: "" });
  assert.equal(faultOf(502, {}).advice, "Try again in a moment.");
  assert.match(faultOf(429, { detail: "Too many.", until: "2026-11-27T10:00:00Z" }).advice, /^Try again at \d/);
  assert.equal(faultOf(422, { detail: "Too short.", field: "password" }).field, "password");
});

test("a moment is told in words within a month", async () => {
  const { inWords } = await island("clock.js");
  const moment = Date.parse("2026-03-01T12:00:00Z") / 1000;
  const said = [-90, 59, 60, 7199, 86_400, 29 * 86_400, 31 * 86_400].map((ago) => inWords(moment, "", ago));
  assert.deepEqual(said, ["just now", "just now", "1 minute ago", "1 hour ago", "yesterday", "29 days ago", "March 1, 2026"]);
});

test("what a proxy answers is put into words", async () => {
  const { reason } = await island("upload.js");
  assert.match(reason(413), /too large/);
  assert.match(reason(502), /error 502/);
  assert.match(reason(400), /rejected/);
});

test("a burst of notices is one, and an end that was followed is none", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { gatherer } = await island("feed.js");
  const told = [];
  const followed = new Set(["m1"]);
  const gather = gatherer((notice) => told.push(notice.id), followed);
  const ended = (id, message) => ({ kind: "conversation", id, data: { ended: message } });
  for (const notice of [ended("a", "m1"), ended("b", "m2"), ended("b", "m3"), { kind: "conversation", id: "c" }]) gather(notice);
  context.mock.timers.tick(1000);
  assert.deepEqual(told, ["b", "c"]);
  assert.equal(followed.size, 0);
});

test("the end of a text that may become something else is held back", async () => {
  const { clear, isUnclear } = await island("unfinished.js");
  assert.equal(clear("Say **"), "Say ");
  assert.equal(clear("One\n-"), "One");
  assert.equal(clear("Head\n\n| a | b |"), "Head");
  assert.equal(clear("So $a_1$ and $b"), "So $a_1$ and ");
  assert.equal(clear("It costs $5."), "It costs $5.");
  assert.ok(isUnclear("text\n```py"));
  assert.ok(!isUnclear("plain text"));
});
