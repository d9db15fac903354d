import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY } from "../core/search.ts";
import { frameAt, spanOf } from "./draw.ts";
import { change, type Frames, matchedShare, matching, partsOf, place, sandwich, top } from "./model.ts";
import { before, flameQuery, quoted, wantedOf } from "./question.ts";

/** Frames from lines of `parent name own`; totals follow. Names are numbers. */
function tree(lines: [number, number, number][], base: number[] | null = null): Frames {
  const parent = [-1, ...lines.map(([p]) => p)];
  const own = [0, ...lines.map(([, , weight]) => weight)];
  const summed = (weights: number[]): number[] => {
    const total = [...weights];
    for (let i = total.length - 1; i > 0; i -= 1) total[parent[i]!]! += total[i]!;
    return total;
  };
  const other = base && [0, ...base];
  return { size: parent.length, name: [-1, ...lines.map(([, name]) => name)], parent, own, total: summed(own), first: parent.map((_, i) => i), baseOwn: other, base: other && summed(other) };
}

// main(0) calls a(1) and b(2); a calls a again and b.
const SHOP: [number, number, number][] = [[0, 0, 0], [1, 1, 10], [1, 2, 60], [2, 1, 5], [2, 2, 25]];

test("frames are as wide as their share, the heaviest first, each within its parent", () => {
  const placed = place(tree(SHOP), "weight");
  assert.deepEqual(placed.levels.map((level) => [...level]), [[0], [1], [3, 2], [5, 4]]);
  for (let i = 1; i < placed.frames.size; i += 1) {
    const above = placed.frames.parent[i]!;
    assert.ok(placed.x[i]! >= placed.x[above]! - 1e-9);
    assert.ok(placed.x[i]! + placed.wide[i]! <= placed.x[above]! + placed.wide[above]! + 1e-9);
  }
  assert.deepEqual([...place(tree(SHOP), "first").levels[2]!], [2, 3]);
});

test("what is under the pointer is what is drawn there, zoomed or not", () => {
  const placed = place(tree(SHOP), "weight");
  for (const zoomed of [0, 2]) {
    for (let frame = 1; frame < 6; frame += 1) {
      const { left, wide } = spanOf({ placed, zoomed }, frame, 1_000);
      const middle = left + wide / 2;
      if (middle < 0 || middle > 1_000) continue;
      assert.equal(frameAt({ placed, zoomed } as never, middle, placed.depth[frame]! * 18 + 5, 1_000), frame);
    }
  }
  assert.equal(frameAt({ placed, zoomed: 0 } as never, 5, 18 * 9, 1_000), -1);
});

test("a function that calls itself counts once in its total", () => {
  const lines = new Map(top(tree(SHOP), 3).map((line) => [line.name, line]));
  assert.deepEqual([lines.get(1)!.own, lines.get(1)!.total], [15, 40]);
  assert.deepEqual([lines.get(2)!.own, lines.get(2)!.total], [85, 85]);
  assert.equal(top(tree(SHOP), 3)[0]!.name, 2);
});

test("a search tells the share it found, nested matches once", () => {
  const found = matching(["main", "shop:a", "shop:b"], "SHOP a")!;
  assert.deepEqual([...found], [0, 1, 0]);
  assert.equal(matchedShare(tree(SHOP), found), 0.4);
  assert.equal(matching(["x"], "  "), null);
});

test("a sandwich holds all weight of a function on both sides", () => {
  const { callers, callees } = sandwich(tree(SHOP), 1);
  assert.equal(callers.total[0], 40);
  assert.equal(callees.total[0], 40);
  assert.deepEqual([callees.name[1], callees.total[1]], [1, 40]);
  assert.deepEqual([callers.name[1], callers.name[2], callers.total[2]], [1, 0, 40]);
  assert.equal(sandwich(tree(SHOP), 2).callers.total[0], 85);
});

test("compared trees show what is new and what is gone", () => {
  const placed = place(tree([[0, 0, 100], [0, 1, 0]], [50, 50]), "weight");
  assert.deepEqual([...placed.wide], [1, 0.75, 0.25]);
  assert.deepEqual([change(0.5, 0), change(0, 0.5), change(0.5, 0.25), change(0.1, 0.2), change(0.2, 0.2)], ["new", "gone", "+100%", "−50%", "="]);
});

test("the parts of a frame are told apart whatever it is", () => {
  assert.deepEqual(partsOf("shop.cart:total shop/cart.py:17"), { module: "shop.cart", name: "total", file: "shop/cart.py:17" });
  assert.deepEqual(partsOf("main"), { module: "", name: "main", file: "" });
  assert.deepEqual(partsOf("<script>:x"), { module: "<script>", name: "x", file: "" });
  assert.equal(partsOf("").name, "");
});

test("the address says what is asked: filter, release, and what it is compared with", () => {
  const now = Date.parse("2026-03-02T00:00:00Z");
  const asked = (page: Record<string, string>): Record<string, string> => Object.fromEntries(flameQuery({ ...EMPTY, range: "1h" }, wantedOf(page), now));
  assert.deepEqual(asked({}), { range: "1h" });
  assert.deepEqual(asked({ q: "level:x", release: 'a"b', vs: "release", base: "c" }), { range: "1h", query: 'level:x release:"a\\"b"', compare: "true", base: 'level:x release:"c"' });
  assert.deepEqual(asked({ vs: "previous" }), { range: "1h", compare: "true", base: "", base_start: "2026-03-01T22:00:00Z", base_end: "2026-03-01T23:00:00Z" });
  assert.deepEqual(asked({ q: "a", vs: "filter", base: " b " }), { range: "1h", query: "a", compare: "true", base: "b" });
  assert.equal(wantedOf({ mode: "odd", vs: "odd" }).mode, "flame");
  assert.deepEqual(before({ ...EMPTY, start: "2026-03-01T12:00:00Z", end: "2026-03-01T18:00:00Z" }, now), { start: "2026-03-01T06:00:00Z", end: "2026-03-01T12:00:00Z" });
  assert.equal(quoted("a\\b"), '"a\\\\b"');
});
