import assert from "node:assert/strict";
import { test } from "node:test";
import { keyName, match } from "./chords.ts";

const press = (key: string, part: Partial<KeyboardEventInit> = {}) =>
  keyName({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...part });

test("a sign that needs Shift on some keyboards is itself, a letter with Shift is not", () => {
  assert.equal(press("?", { shiftKey: true }), "?");
  assert.equal(press("X", { shiftKey: true }), "shift+x");
  assert.equal(press("Enter", { ctrlKey: true }), "mod+enter");
});

test("two presses make a shortcut, and the first of them only waits", () => {
  const all = ["g d", "g i", "?"];
  assert.deepEqual(match(["g"], all), { found: null, pending: true });
  assert.deepEqual(match(["g", "i"], all), { found: "g i", pending: false });
  assert.deepEqual(match(["x"], all), { found: null, pending: false });
});
