import assert from "node:assert/strict";
import { test } from "node:test";
import { type Explanation, type Finding, kindOf, shownFindings } from "./checks.ts";

const finding = (span: Finding["span"]): Finding => ({ severity: "error", message: "m", span, suggestion: "" });
const explanation = (parts: Partial<Explanation>): Explanation => ({
  from: 0,
  to: 1,
  kind: "field",
  title: "t",
  doc: "d",
  type: "",
  unit: "",
  example: "",
  ...parts,
});

test("nothing is said about the word that is being typed", () => {
  const found = [finding({ start: 0, end: 5 }), finding({ start: 10, end: 14 }), finding(null)];
  assert.deepEqual(shownFindings(found, 14), [found[0]]);
  assert.deepEqual(shownFindings(found, 12), [found[0]]);
  assert.deepEqual(shownFindings(found, 10), [found[0]]);
  assert.deepEqual(shownFindings(found, 7), [found[0], found[1]]);
});

test("a place between characters counts as the character behind it", () => {
  assert.deepEqual(shownFindings([finding({ start: 3, end: 3 })], 4), []);
  assert.equal(shownFindings([finding({ start: 3, end: 3 })], 5).length, 1);
});

test("the kind says type and unit once", () => {
  assert.equal(kindOf(explanation({ type: "duration", unit: "a duration" })), "field · duration");
  assert.equal(kindOf(explanation({ type: "number", unit: "a ratio" })), "field · number · a ratio");
  assert.equal(kindOf(explanation({ kind: "function", unit: "plain number" })), "function · gives plain number");
  assert.equal(kindOf(explanation({ kind: "stage" })), "stage");
});
