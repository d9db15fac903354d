import assert from "node:assert/strict";
import { test } from "node:test";
import { boxOf, cellsOf, differs, fieldOf, inBox } from "./heatmap.ts";
import type { Column, Row } from "./model.ts";

const columns: Column[] = [
  { name: "timestamp", type: "time", unit: "" },
  { name: "low", type: "duration", unit: "ns" },
  { name: "high", type: "duration", unit: "ns" },
  { name: "count", type: "integer", unit: "" },
];
const rows: Row[] = [
  ["2026-03-01T00:00:00Z", 0, 1e6, 4],
  ["2026-03-01T00:00:00Z", 1e6, 2e6, 1],
  ["2026-03-01T01:00:00Z", 0, 1e6, 0],
  ["2026-03-01T01:00:00Z", 1e6, 2e6, 9],
  ["2026-03-01T01:00:00Z", null, null, 3],
];
const cells = cellsOf(columns, rows)!;

test("rows become cells by time and value, and another answer none", () => {
  assert.deepEqual(cells.counts, [[4, 1], [0, 9]]);
  assert.deepEqual([cells.most, cells.step_ms, cells.bounds.length], [9, 3_600_000, 2]);
  assert.equal(cellsOf(columns.slice(1), rows), null);
  assert.equal(cellsOf(columns, []), null);
});

test("a box holds the cells it touches, whichever corner it was begun at", () => {
  const box = boxOf(cells, [0.9, 0.9], [0.6, 0.55]);
  assert.deepEqual(box, { times: [1, 1], levels: [1, 1] });
  assert.equal(inBox(cells, box), 9);
  assert.equal(inBox(cells, boxOf(cells, [-1, -1], [2, 2])), 14);
});

test("what sets a box apart is asked by its time and its values", () => {
  assert.equal(
    differs(cells, { times: [0, 0], levels: [0, 0] }, "span.duration"),
    "diff `timestamp:>=2026-03-01T00:00:00Z timestamp:<2026-03-01T01:00:00Z span.duration:>=0ms span.duration:<1ms` vs rest",
  );
  assert.match(differs(cells, { times: [0, 1], levels: [1, 1] }, "x"), /timestamp:<2026-03-01T02:00:00Z x:>=1ms` vs rest$/);
});

test("only a plain field can be filtered by", () => {
  assert.equal(fieldOf("heatmap span.duration every 1h"), "span.duration");
  assert.equal(fieldOf("heatmap x=a*b"), null);
});
