import assert from "node:assert/strict";
import { test } from "node:test";

import { colourMap, groupsOf, hash, SERVICE_COLOURS, serviceColour, shares } from "./colours.ts";
import { criticalPath } from "./critical.ts";
import { filterRows, isFailure, layOut, positionOf, safeParents, type TraceColumns, type Tree, unfoldTo, visibleRows } from "./model.ts";
import { clampWindow, pan, reveal, scrollTo, shownRows, tickLabel, ticks, toPixel, toTime, whole, zoom } from "./view.ts";

type Row = { parent?: number; start?: number; duration?: number; op?: string; status?: string; service?: string };

function columns(rows: Row[]): TraceColumns {
  return {
    span_id: rows.map((_, i) => i.toString(16).padStart(16, "0")),
    parent: rows.map(({ parent }) => parent ?? -1),
    depth: rows.map(() => 0),
    start_ns: rows.map(({ start }) => start ?? 0),
    duration_ns: rows.map(({ duration }) => duration ?? 10),
    self_ns: rows.map(({ duration }) => duration ?? 10),
    op: rows.map(({ op }) => op ?? "op"),
    description: rows.map((_, i) => `span ${i}`),
    service: rows.map(({ service }) => service ?? "shop"),
    status: rows.map(({ status }) => status ?? "ok"),
    is_segment: rows.map(() => false),
    project: rows.map(() => "shop"),
  };
}

function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * n);
  };
}

function check(tree: Tree): void {
  const seen = new Set(tree.order);
  assert.equal(seen.size, tree.size, "every span exactly once");
  for (let row = 0; row < tree.size; row += 1) {
    const parent = tree.parent[row]!;
    assert.equal(tree.rowOf[tree.order[row]!], row);
    assert.ok(tree.end[row]! > row && tree.end[row]! <= tree.size);
    assert.ok(parent < row, "a parent is above its children");
    assert.equal(tree.depth[row], parent < 0 ? 0 : tree.depth[parent]! + 1);
    if (parent >= 0) assert.ok(tree.end[row]! <= tree.end[parent]!, "a subtree lies in its parent's");
  }
}

test("any parents whatever give a tree with every span exactly once", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const roll = dice(seed);
    const size = 1 + roll(60);
    const rows = Array.from({ length: size }, () => ({ parent: roll(size + 4) - 2, start: roll(100) }));
    check(layOut(columns(rows)));
  }
  check(layOut(columns([])));
});

test("rings, self-parents, fractions and numbers out of range are cut", () => {
  assert.deepEqual([...safeParents([1, 2, 0], 3)].filter((p) => p === -1).length, 1);
  assert.deepEqual([...safeParents([0, 7, -5, 0.5, Number.NaN], 5)], [-1, -1, -1, -1, -1]);
  check(layOut(columns([{ parent: 1 }, { parent: 0 }, { parent: 2 }])));
});

test("a chain of ten thousand spans neither overflows the stack nor takes long", () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => ({ parent: i - 1, start: i, duration: 20_000 - 2 * i }));
  const started = performance.now();
  const cols = columns(rows);
  const tree = layOut(cols);
  check(tree);
  assert.equal(tree.depth[9_999], 9_999);
  assert.ok(criticalPath(tree, cols).length > 0);
  assert.ok(performance.now() - started < 1_000);
});

test("children are in order of their start, the document's order deciding ties", () => {
  const tree = layOut(columns([{}, { parent: 0, start: 9 }, { parent: 0, start: 3 }, { parent: 0, start: 3 }]));
  assert.deepEqual([...tree.order], [0, 2, 3, 1]);
});

test("folding hides exactly the descendants, and what is shown never repeats", () => {
  const tree = layOut(columns([{}, { parent: 0 }, { parent: 1 }, { parent: 0, start: 5 }]));
  assert.deepEqual([...visibleRows(tree, new Set())], [0, 1, 2, 3]);
  assert.deepEqual([...visibleRows(tree, new Set([1]))], [0, 1, 3]);
  assert.deepEqual([...visibleRows(tree, new Set([0, 1]))], [0]);
  assert.equal(positionOf(tree, visibleRows(tree, new Set([1])), 2), 1);
  assert.equal(positionOf(tree, visibleRows(tree, new Set([1])), 3), 2);
  assert.deepEqual([...unfoldTo(tree, new Set([0, 1, 2]), 2)], [2]);
});

test("a filter keeps matches and their ancestors, and knows failures, services and ids", () => {
  const cols = columns([{}, { parent: 0, op: "db.query", status: "internal_error" }, { parent: 1 }, { parent: 0, service: "Pay", start: 5 }]);
  const tree = layOut(cols);
  assert.deepEqual(filterRows(tree, cols, "is:error").matches, [1]);
  assert.deepEqual([...filterRows(tree, cols, "db").kept], [2, 1, 0, 0]);
  assert.deepEqual(filterRows(tree, cols, "service:pay").matches, [3]);
  assert.deepEqual(filterRows(tree, cols, "0000000000000002").matches, [2]);
  assert.deepEqual(filterRows(tree, cols, "op:db query").matches, [1]);
  assert.deepEqual(filterRows(tree, cols, "nothing has this").matches, []);
  assert.deepEqual(["ok", "", "unset", "cancelled", "internal_error"].map(isFailure), [false, false, false, false, true]);
});

test("the critical path covers the root without overlaps and follows the child that ended last", () => {
  const cols = columns([
    { start: 0, duration: 100 },
    { parent: 0, start: 10, duration: 30 },
    { parent: 0, start: 20, duration: 60 },
    { parent: 2, start: 30, duration: 20 },
  ]);
  const path = criticalPath(layOut(cols), cols);
  assert.deepEqual(path, [
    { row: 0, from_ns: 80, to_ns: 100 },
    { row: 2, from_ns: 50, to_ns: 80 },
    { row: 3, from_ns: 30, to_ns: 50 },
    { row: 2, from_ns: 20, to_ns: 30 },
    { row: 0, from_ns: 0, to_ns: 20 },
  ]);
});

test("stretches of the critical path never overlap for any trace", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const roll = dice(seed);
    const rows = Array.from({ length: 1 + roll(40) }, (_, i) => ({ parent: roll(i + 1) - 1, start: roll(1000), duration: roll(500) }));
    const cols = columns(rows);
    const path = criticalPath(layOut(cols), cols);
    for (let i = 0; i < path.length; i += 1) {
      assert.ok(path[i]!.from_ns < path[i]!.to_ns);
      if (i > 0) assert.ok(path[i]!.to_ns <= path[i - 1]!.from_ns, `seed ${seed}`);
    }
  }
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
  assert.deepEqual(shares(["a", "b", "a"], [1, 9, 2]).map(({ service, self_ns }) => [service, self_ns]), [["b", 9], ["a", 3]]);
});

test("services of one trace share no colour while there are enough, whatever order they come in", () => {
  const names = Array.from({ length: SERVICE_COLOURS }, (_, i) => `service-${i}`);
  const colours = colourMap(names);
  assert.equal(new Set(colours.values()).size, SERVICE_COLOURS);
  assert.deepEqual(colourMap([...names].reverse()), colours);
  assert.equal(colourMap(["checkout"]).get("checkout"), serviceColour("checkout"));
  assert.equal(colourMap(Array.from({ length: 40 }, (_, i) => `s${i}`)).size, 40);
});

test("spans are grouped by service, else by project, else by the first word of the operation", () => {
  const named = columns([{ service: "web", op: "http.server" }, { service: "pay", op: "db.query" }]);
  assert.deepEqual(groupsOf(named), { kind: "service", names: ["web", "pay"] });
  const nameless = columns([{ service: "", op: "http.server" }, { service: "", op: "db.query" }]);
  assert.deepEqual(groupsOf(nameless), { kind: "op", names: ["http", "db"] });
  nameless.project = ["shop", "pay"];
  assert.deepEqual(groupsOf(nameless), { kind: "service", names: ["shop", "pay"] });
});
