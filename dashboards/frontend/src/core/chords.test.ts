import assert from "node:assert/strict";
import { test } from "node:test";
import { clashes, keyName, match, readChosen, spokenKeys } from "./chords.ts";

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

test("keys clash with the same ones and with those they would swallow", () => {
  const others = [{ keys: "g d", label: "Go" }, { keys: "x", label: "Select" }, { keys: "", label: "Off" }];
  assert.deepEqual(clashes("g", others), ["Go"]);
  assert.deepEqual(clashes("x", others), ["Select"]);
  assert.deepEqual(clashes("g i", others), []);
  assert.deepEqual(clashes("", others), []);
});

test("kept keys are read, and anything else is none", () => {
  assert.deepEqual(readChosen('{"Issues|e":"shift+r","x":3}'), { "Issues|e": "shift+r" });
  for (const wrong of [null, "[1]", "{", "null"]) assert.deepEqual(readChosen(wrong), {});
});

test("keys are shown as people know them", () => {
  assert.deepEqual(spokenKeys("g d"), ["g", "d"]);
  assert.deepEqual(spokenKeys("mod+k"), ["Ctrl k"]);
  assert.deepEqual(spokenKeys("t arrowleft"), ["t", "←"]);
  assert.deepEqual(spokenKeys("shift++"), ["⇧ +"]);
});
