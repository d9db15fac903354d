import assert from "node:assert/strict";
import { test } from "node:test";
import { brushed, linesOf, scaleOf } from "./series.ts";

const time = { name: "timestamp", type: "time", unit: "" };
const n = { name: "n", type: "integer", unit: "" };
const p95 = { name: "p95", type: "duration", unit: "ns" };
const at = (minute: number) => `2026-03-01T12:${String(minute).padStart(2, "0")}:00Z`;

test("one aggregate without keys is one line", () => {
  const lines = linesOf({ query: "…", columns: [time, n], rows: [[at(5), 2], [at(0), 1]] });
  assert.deepEqual(lines.times, [Date.parse(at(0)) / 1000, Date.parse(at(5)) / 1000]);
  assert.deepEqual(lines.lines.map((line) => [line.label, line.values]), [["n", [1, 2]]]);
  assert.equal(lines.step, 300);
});

test("groups and aggregates make a line each; what is missing is a gap, not a zero", () => {
  const key = { name: "error.type", type: "string", unit: "" };
  const { lines } = linesOf({
    query: "from errors | make-series n=count(), p95=p95(x) by error.type",
    columns: [time, key, n, p95],
    rows: [[at(0), "A", 1, 10], [at(5), "A", 2, null], [at(5), "B", 3, 30], [at(0), null, 4, 40]],
  });
  assert.deepEqual(
    lines.map((line) => [line.label, line.group, line.aggregate, line.values]),
    [
      ["A · n", 0, 0, [1, 2]],
      ["A · p95", 0, 1, [10, null]],
      ["B · n", 1, 0, [null, 3]],
      ["B · p95", 1, 1, [null, 30]],
      ["(none) · n", 2, 0, [4, null]],
      ["(none) · p95", 2, 1, [40, null]],
    ],
  );
});

test("a key that is a number is a key, because the text says so", () => {
  const code = { name: "http.status_code", type: "integer", unit: "" };
  const { lines } = linesOf({
    query: "from spans | make-series n=count() every 5m by http.status_code top 8 by n",
    columns: [time, code, n],
    rows: [[at(0), 200, 7], [at(0), 500, 1]],
  });
  assert.deepEqual(lines.map((line) => [line.label, line.values]), [["200", [7]], ["500", [1]]]);
});

test("integers beyond 2^53 come as text and are drawn all the same", () => {
  const { lines } = linesOf({ query: "…", columns: [time, n], rows: [[at(0), "9007199254740993"]] });
  assert.deepEqual(lines[0]!.values, [9007199254740992]);
});

test("an answer without a time has no lines", () => {
  assert.deepEqual(linesOf({ query: null, columns: [n], rows: [[1]] }), { times: [], lines: [], step: 0 });
});

test("counts share a scale, durations have their own", () => {
  assert.equal(scaleOf({ type: "integer" }), scaleOf({ type: "number" }));
  assert.notEqual(scaleOf({ type: "integer" }), scaleOf({ type: "duration" }));
});

test("a brush takes whole buckets", () => {
  const lines = linesOf({ query: "…", columns: [time, n], rows: [[at(0), 1], [at(5), 2], [at(10), 3]] });
  const first = lines.times[0]!;
  const range = brushed(lines, first + 290, first + 310);
  assert.deepEqual([range?.start.toISOString(), range?.end.toISOString()], ["2026-03-01T12:00:00.000Z", "2026-03-01T12:10:00.000Z"]);
});

test("a comparison has two lines of one colour, and leaves how they differ to the table", () => {
  const other = { name: "n.previous", type: "integer", unit: "" };
  const delta = { name: "n.delta", type: "integer", unit: "" };
  const pct = { name: "n.pct", type: "ratio", unit: "ratio" };
  const compared = [time, n, other, delta, pct];
  const alone = linesOf({ query: "from errors | make-series n=count() | compare to previous", columns: compared, rows: [[at(0), 3, 2, 1, 0.5]] });
  assert.deepEqual(
    alone.lines.map((line) => [line.label, line.group, line.aggregate, line.previous, line.values]),
    [
      ["n", 0, 0, false, [3]],
      ["n (previous)", 0, 0, true, [2]],
    ],
  );
  const key = { name: "level", type: "string", unit: "" };
  const grouped = linesOf({
    query: "from errors | make-series n=count() by level | compare to previous",
    columns: [time, key, n, other, delta, pct],
    rows: [[at(0), "a", 3, 2, 1, 0.5], [at(0), "b", 5, 4, 1, 0.25]],
  });
  assert.deepEqual(grouped.lines.map((line) => [line.label, line.group]), [["a", 0], ["a (previous)", 0], ["b", 1], ["b (previous)", 1]]);
});

test("a column that only looks like a change is drawn", () => {
  const speed = { name: "speed.delta", type: "number", unit: "" };
  assert.deepEqual(linesOf({ query: "…", columns: [time, speed], rows: [[at(0), 1]] }).lines.map((line) => line.label), ["speed.delta"]);
});
