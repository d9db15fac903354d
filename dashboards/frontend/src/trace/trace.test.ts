import assert from "node:assert/strict";
import { test } from "node:test";

import { colourMap, hash, SERVICE_COLOURS, serviceColour } from "./colours.ts";
import { Book, filterRows, groupOver, isFailure, markFound, positionOf, type TraceDocument, unfoldTo, visibleRows } from "./model.ts";
import { clampWindow, pan, reveal, scrollTo, shownRows, tickLabel, ticks, toPixel, toTime, whole, zoom } from "./view.ts";

type Row = { parent?: number; end?: number; start?: number; duration?: number; op?: string; status?: string; service?: string };

/** The columns of some rows of a trace. */
function columns(rows: Row[], numbers: number[] = rows.map((_, i) => i)): TraceDocument["columns"] {
  const told = numbers.map((n) => rows[n]!);
  return {
    row: numbers,
    span_id: numbers.map((n) => n.toString(16).padStart(16, "0")),
    parent: told.map(({ parent }) => parent ?? -1),
    depth: told.map(({ parent }) => (parent === undefined ? 0 : 1)),
    end: told.map(({ end }, i) => end ?? numbers[i]! + 1),
    children: told.map((_, i) => rows.filter(({ parent }) => parent === numbers[i]).length),
    start_ns: told.map(({ start }) => start ?? 0),
    duration_ns: told.map(({ duration }) => duration ?? 10),
    self_ns: told.map(({ duration }) => duration ?? 10),
    place: told.map(() => 0),
    op: told.map(({ op }) => op ?? "op"),
    description: numbers.map((n) => `span ${n}`),
    service: told.map(({ service }) => service ?? "shop"),
    status: told.map(({ status }) => status ?? "ok"),
    project: told.map(() => "shop"),
    is_segment: told.map(() => false),
    path_row: [],
    path_from_ns: [],
    path_to_ns: [],
  };
}

/** A trace of rows, of which some have come. */
function document(rows: Row[], came?: number[]): TraceDocument {
  const none = { row: [], until: [], count: [], total_ns: [], from_ns: [], to_ns: [], failed: [] };
  return {
    trace_id: "a", version: "1", start_ns: "0", duration_ns: 100, count: rows.length, truncated: false, landed: -1, missing_parents: 0,
    columns: columns(rows, came), places: { kind: "op", names: ["op"], spans: [1], self_ns: [1] },
    overview: { row: [], start_ns: [], duration_ns: [], place: [], failed: [] }, failures: [], failed: 0,
    branches: { row: [], end: [] }, groups: none, errors: [],
  };
}

function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * n);
  };
}

test("rows come window by window, each counts once, and what is missing is known", () => {
  const rows: Row[] = [{ end: 4 }, { parent: 0 }, { parent: 0, end: 4 }, { parent: 2 }, {}];
  const book = new Book(document(rows, [0, 1]));
  assert.equal(book.missing, 3);
  assert.equal(book.firstMissing([0, 1]), -1);
  assert.equal(book.firstMissing([1, 2, 3]), 2);
  book.add(columns(rows, [0, 2, 3]));
  book.add(columns(rows, [3, 4]));
  assert.equal(book.missing, 0);
  assert.deepEqual([...book.tree.parent], [-1, 0, 0, 2, -1]);
  assert.equal(book.rowOf("0000000000000003"), 3);
  assert.equal(book.rowOf(""), -1);
});

test("rows out of range and parents that stand below are left out", () => {
  const book = new Book(document([{ parent: 1 }, {}]));
  book.add({ ...columns([{}]), row: [7] });
  assert.deepEqual([...book.tree.parent], [-1, -1]);
});

test("a branch can be folded before its rows have come", () => {
  const sent = document([{}, { parent: 0, end: 3 }, { parent: 1 }, { parent: 0 }], [0]);
  sent.branches = { row: [1], end: [3] };
  const book = new Book(sent);
  assert.deepEqual([...visibleRows(book.tree, new Set([1]))], [0, 1, 3]);
});

test("a group is shown by its first row, and one knows which group hides a row", () => {
  const sent = document([{ end: 7 }, ...Array.from({ length: 6 }, () => ({ parent: 0 }))]);
  sent.groups = { row: [1], until: [6], count: [5], total_ns: [9], from_ns: [0], to_ns: [9], failed: [0] };
  const book = new Book(sent);
  assert.deepEqual([...visibleRows(book.tree, new Set(), null, book.groups)], [0, 1, 6]);
  assert.equal(groupOver(book.groups, 4), 1);
  assert.equal(groupOver(book.groups, 1), -1);
  assert.equal(groupOver(book.groups, 6), -1);
});

test("folding hides exactly the descendants, and what is shown never repeats", () => {
  const { tree } = new Book(document([{ end: 4 }, { parent: 0, end: 3 }, { parent: 1 }, { parent: 0 }]));
  assert.deepEqual([...visibleRows(tree, new Set())], [0, 1, 2, 3]);
  assert.deepEqual([...visibleRows(tree, new Set([1]))], [0, 1, 3]);
  assert.deepEqual([...visibleRows(tree, new Set([0, 1]))], [0]);
  assert.equal(positionOf(tree, visibleRows(tree, new Set([1])), 2), 1);
  assert.equal(positionOf(tree, visibleRows(tree, new Set([1])), 3), 2);
  assert.deepEqual([...unfoldTo(tree, new Set([0, 1, 2]), 2)], [2]);
});

test("a filter keeps matches and their ancestors, and knows failures, services and ids", () => {
  const { tree, columns: cols } = new Book(document([{ end: 4 }, { parent: 0, op: "db.query", status: "internal_error", end: 3 }, { parent: 1 }, { parent: 0, service: "Pay" }]));
  assert.deepEqual(filterRows(tree, cols, "is:error").matches, [1]);
  assert.deepEqual([...filterRows(tree, cols, "db").kept], [2, 1, 0, 0]);
  assert.deepEqual(filterRows(tree, cols, "service:pay").matches, [3]);
  assert.deepEqual(filterRows(tree, cols, "0000000000000002").matches, [2]);
  assert.deepEqual(filterRows(tree, cols, "op:db query").matches, [1]);
  assert.deepEqual(filterRows(tree, cols, "nothing has this").matches, []);
  assert.deepEqual([...markFound(4, { rows: [1], above: [0] }).kept], [2, 1, 0, 0]);
  assert.deepEqual(["ok", "", "unset", "cancelled", "internal_error"].map(isFailure), [false, false, false, false, true]);
});

test("zooming keeps the moment under the pointer and never leaves the trace", () => {
  const all = whole(1_000_000);
  const closer = zoom(all, 0.5, 250_000, 1_000_000);
  assert.equal(toPixel(closer, 800, 250_000), 200);
  assert.deepEqual(zoom(closer, 100, 250_000, 1_000_000), all);
  const roll = dice(3);
  let window = all;
  for (let i = 0; i < 2_000; i += 1) {
    window = roll(2) ? zoom(window, 0.2 + roll(30) / 10, roll(1_000_000), 1_000_000) : pan(window, roll(5) - 2, 1_000_000);
    assert.ok(window.from >= 0 && window.to <= 1_000_000.0001 && window.to > window.from);
  }
  assert.ok(Math.abs(toTime(window, 800, toPixel(window, 800, 1234)) - 1234) < 1e-3);
});

test("a span out of the window is revealed, one in sight leaves the window alone", () => {
  const window = { from: 0, to: 100 };
  assert.equal(reveal(window, 50, 60, 1_000), window);
  const moved = reveal(window, 900, 950, 1_000);
  assert.ok(moved.from <= 900 && moved.to >= 950);
  assert.deepEqual(clampWindow({ from: -50, to: 50 }, 1_000), { from: 0, to: 100 });
});

test("only rows in sight are drawn, however many there are", () => {
  assert.deepEqual(shownRows(0, 480, 24, 10_000), { first: 0, last: 20 });
  assert.deepEqual(shownRows(239_520, 480, 24, 10_000), { first: 9_980, last: 10_000 });
  assert.deepEqual(shownRows(1_000, 480, 24, 0), { first: 0, last: 0 });
});

test("scrolling to a row moves as little as possible and centres from afar", () => {
  assert.equal(scrollTo(5, 0, 480, 24), 0);
  assert.equal(scrollTo(20, 0, 480, 24), 24);
  assert.equal(scrollTo(9_000, 0, 480, 24), 215_772);
});

test("the ruler has round marks in one unit", () => {
  const marks = ticks({ from: 0, to: 1_000_000 }, 6);
  assert.deepEqual(marks, [0, 200_000, 400_000, 600_000, 800_000, 1_000_000]);
  assert.equal(tickLabel(200_000, 200_000), "200 µs");
  assert.equal(tickLabel(1_500_000_000, 500_000_000), "1.5 s");
  assert.equal(tickLabel(0, 200_000), "0 µs");
});

test("a service has one colour for ever", () => {
  assert.equal(hash("checkout"), hash("checkout"));
  assert.deepEqual(["checkout", "payments", "web"].map(serviceColour), ["checkout", "payments", "web"].map(serviceColour));
  for (let i = 0; i < 1_000; i += 1) assert.ok(serviceColour(`service-${i}`) < SERVICE_COLOURS);
  assert.equal(new Set(Array.from({ length: 200 }, (_, i) => serviceColour(`s${i}`))).size, SERVICE_COLOURS);
});

test("services of one trace share no colour while there are enough, whatever order they come in", () => {
  const names = Array.from({ length: SERVICE_COLOURS }, (_, i) => `service-${i}`);
  const colours = colourMap(names);
  assert.equal(new Set(colours.values()).size, SERVICE_COLOURS);
  assert.deepEqual(colourMap([...names].reverse()), colours);
  assert.equal(colourMap(["checkout"]).get("checkout"), serviceColour("checkout"));
  assert.equal(colourMap(Array.from({ length: 40 }, (_, i) => `s${i}`)).size, 40);
});
