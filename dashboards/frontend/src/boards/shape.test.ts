import assert from "node:assert/strict";
import { test } from "node:test";
import { barsOf, bigOf, changeText } from "./shape.ts";
import { scopeAt, untilDue } from "./time.ts";
import { EMPTY } from "../core/search.ts";
import { begin, redo, step, undo } from "./undo.ts";
import { freshId, pictureOf } from "./model.ts";

const INTEGER = (name: string) => ({ name, type: "integer", unit: "" });
const TEXT = (name: string) => ({ name, type: "string", unit: "" });

test("a big number is the first number with what it is compared with", () => {
  const columns = [INTEGER("n"), INTEGER("n.previous"), { name: "n.pct", type: "ratio", unit: "" }];
  const big = bigOf({ columns, rows: [[12, 10, 0.2]] })!;
  assert.deepEqual([big.value, big.previous, big.change], [12, 10, 0.2]);
  assert.equal(bigOf({ columns: columns.slice(0, 2), rows: [["12", 0]] })!.change, null);
  assert.equal(bigOf({ columns: [INTEGER("n")], rows: [] })!.value, null);
  assert.equal(bigOf({ columns: [INTEGER("n")], rows: [[5]] })!.previous, undefined);
  assert.equal(bigOf({ columns: [TEXT("a")], rows: [["x"]] }), null);
});

test("bars have the names of their keys and what is missing is said", () => {
  const shown = barsOf({ columns: [TEXT("a"), INTEGER("n"), TEXT("b")], rows: [["x", 3, "y"], ["", null, null]] }, 5, "utc")!;
  assert.deepEqual(shown.bars.map(({ label, value }) => [label, value]), [["x · y", 3], ["(none) · (none)", 0]]);
  assert.equal(barsOf({ columns: [INTEGER("low"), INTEGER("count")], rows: [[1, 7]] }, 5, "utc")!.bars[0]!.value, 7);
  assert.equal(barsOf({ columns: [TEXT("a")], rows: [] }, 5, "utc"), null);
  assert.equal(barsOf({ columns: [TEXT("a"), INTEGER("n")], rows: [["x", 1], ["y", 1]] }, 1, "utc")!.more, 1);
});

test("a change has its sign and no more digits than one reads", () => {
  assert.deepEqual([0.1234, -0.034, 0, 0.5, 99].map(changeText), ["+12%", "−3.4%", "±0%", "+50%", "over +1000%"]);
});

test("all panels look at one moment; a panel's own range counts from it too", () => {
  const now = Date.parse("2026-03-01T12:00:07.321Z");
  const state = { ...EMPTY, projects: ["shop"], range: "24h" };
  assert.deepEqual(scopeAt(state, null, now), { project: ["shop"], start: "2026-02-28T12:00:00Z", end: "2026-03-01T12:00:00Z" });
  assert.deepEqual(scopeAt(state, "15m", now), { project: ["shop"], start: "2026-03-01T11:45:07Z", end: "2026-03-01T12:00:07Z" });
  const fixed = { ...EMPTY, start: "2026-01-01T00:00:00Z", end: "2026-01-02T00:00:00Z" };
  assert.deepEqual(scopeAt(fixed, null, now), { start: fixed.start, end: fixed.end });
  assert.deepEqual([untilDue(0, 60, 20), untilDue(0, 60, 90)], [40, 0]);
});

test("steps can be taken back and forth, and doing nothing is none", () => {
  const one = step(step(begin("a"), "b"), "b");
  assert.deepEqual(one, { past: ["a"], now: "b", future: [] });
  assert.deepEqual(redo(undo(one)), one);
  assert.deepEqual(undo(begin("a")), begin("a"));
  assert.deepEqual(step(undo(one), "c"), { past: ["a"], now: "c", future: [] });
});

test("a text suggests its picture, and names of panels stay unique", () => {
  const texts = ["from errors", "from errors | make-series count() by level", "from spans | heatmap span.duration", "from errors | summarize n=count()", "from errors | summarize n=count() by level", "from errors | summarize n=count(), u=count_unique(user) by level"];
  assert.deepEqual(texts.map(pictureOf), ["table", "series", "heatmap", "number", "top", "table"]);
  assert.equal(freshId([{ id: "panel-2" }]), "panel-3");
});
