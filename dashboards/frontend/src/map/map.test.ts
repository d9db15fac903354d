import assert from "node:assert/strict";
import { test } from "node:test";

import { curve, drawing, errorRate, healthOf, type MapEdge, type MapNode, rateText, serviceQuery, thickness, within } from "./model.ts";

const calls = { calls: 100, failed: 0, p50_ns: 1, p95_ns: 2 };
const node = (name: string, layer: number, at: number): MapNode => ({ name, kind: "service", layer, at, ...calls });
const edge = (source: string, target: string): MapEdge => ({ source, target, ...calls });

test("layers stand side by side and no two services on each other", () => {
  const { spots, width, height } = drawing([node("a", 0, 0), node("b", 1, -0.5), node("c", 1, 0.5)]);
  assert.ok(spots.get("b")!.x > spots.get("a")!.x + 176);
  assert.ok(spots.get("c")!.y >= spots.get("b")!.y + 58);
  for (const { x, y } of spots.values()) assert.ok(x >= 0 && y >= 0 && x + 176 <= width && y + 58 <= height);
  assert.equal(drawing([]).spots.size, 0);
});

test("a call goes from the right of the caller to the left of the called, back below both", () => {
  const { spots } = drawing([node("a", 0, 0), node("b", 1, 0)]);
  assert.match(curve(spots.get("a")!, spots.get("b")!), /^M200 53C/u);
  assert.match(curve(spots.get("b")!, spots.get("a")!), /^M398 82C398 104/u);
});

test("the neighbours of a service are who calls it and whom it calls, by hops", () => {
  const edges = [edge("a", "b"), edge("b", "c"), edge("c", "d"), edge("x", "y")];
  assert.deepEqual([...within(edges, "b", 1)].sort(), ["a", "b", "c"]);
  assert.deepEqual([...within(edges, "b", 2)].sort(), ["a", "b", "c", "d"]);
  assert.deepEqual([...within(edges, "b", 0)], ["b"]);
});

test("rates are told in the unit in which there is at least one", () => {
  assert.deepEqual([rateText(7200, 3600), rateText(60, 3600), rateText(3, 3600), rateText(0, 3600)], ["2/s", "1/min", "3/h", "0/h"]);
  assert.deepEqual([errorRate({ ...calls, calls: 0 }), healthOf(calls), healthOf({ ...calls, failed: 1 }), healthOf({ ...calls, failed: 5 })], [0, "good", "some", "bad"]);
  assert.ok(thickness(1) < thickness(1_000) && thickness(1e12) <= 6);
});

test("a service's name is quoted in its query whatever it holds", () => {
  assert.equal(serviceQuery('a"b\\'), 'from transactions (service:"a\\"b\\\\" OR project:"a\\"b\\\\")');
});
