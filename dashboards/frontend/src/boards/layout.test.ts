import assert from "node:assert/strict";
import { test } from "node:test";
import { type Box, bounded, placedAt, resized, rowsOf, settled, stepped, type Way } from "./layout.ts";
import { COLUMNS } from "./model.ts";

/** Numbers that look random and are the same in every run (a linear congruential generator). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

function some(next: (below: number) => number): Box[] {
  return Array.from({ length: 1 + next(9) }, (_, id) => ({ id: `b${id}`, x: next(14) - 1, y: next(20), w: 1 + next(13), h: 1 + next(8) }));
}

const overlap = (a: Box, b: Box) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

function sound(boxes: readonly Box[]): void {
  for (const [place, box] of boxes.entries()) {
    assert.deepEqual(bounded(box), box, "within the grid");
    assert.ok(box.x + box.w <= COLUMNS);
    for (const other of boxes.slice(place + 1)) assert.ok(!overlap(box, other), `${JSON.stringify(box)} over ${JSON.stringify(other)}`);
    const rests = box.y === 0 || boxes.some((other) => other !== box && other.y + other.h === box.y && other.x < box.x + box.w && box.x < other.x + other.w);
    assert.ok(rests, "nothing floats");
  }
}

test("whatever is done, no two panels overlap, all lie within the grid, none floats, none is lost", () => {
  for (let seed = 1; seed <= 400; seed++) {
    const next = numbers(seed);
    let boxes = settled(some(next));
    const names = boxes.map(({ id }) => id);
    sound(boxes);
    for (let act = 0; act < 8; act++) {
      const id = names[next(names.length)]!;
      const ways: Way[] = ["left", "right", "up", "down"];
      const what = next(3);
      if (what === 0) boxes = placedAt(boxes, id, next(14) - 1, next(rowsOf(boxes) + 4));
      else if (what === 1) boxes = stepped(boxes, id, ways[next(4)]!);
      else boxes = resized(boxes, id, next(14), next(10));
      sound(boxes);
      assert.deepEqual(boxes.map((box) => box.id), names);
      assert.deepEqual(settled(boxes), boxes, "what lies well stays");
    }
  }
});

const TOP: Box = { id: "top", x: 0, y: 0, w: 6, h: 3 };
const LOW: Box = { id: "low", x: 0, y: 3, w: 6, h: 3 };
const SIDE: Box = { id: "side", x: 6, y: 0, w: 6, h: 3 };
const at = (boxes: readonly Box[], id: string) => { const { x, y, w, h } = boxes.find((box) => box.id === id)!; return [x, y, w, h]; };

test("arrows move past the next panel, and back", () => {
  const down = stepped([TOP, LOW, SIDE], "top", "down");
  assert.deepEqual([at(down, "top"), at(down, "low"), at(down, "side")], [[0, 3, 6, 3], [0, 0, 6, 3], [6, 0, 6, 3]]);
  assert.deepEqual(stepped(down, "top", "up"), [TOP, LOW, SIDE]);
  assert.deepEqual(stepped([TOP, LOW, SIDE], "top", "up"), [TOP, LOW, SIDE]);
  assert.deepEqual(at(stepped([TOP, LOW, SIDE], "top", "right"), "top"), [1, 0, 6, 3]);
  assert.deepEqual(at(stepped([TOP, LOW, SIDE], "top", "right"), "side"), [6, 3, 6, 3]);
});

test("a panel dropped on another takes its place", () => {
  const dropped = placedAt([TOP, LOW, SIDE], "low", 6, 0);
  assert.deepEqual([at(dropped, "low"), at(dropped, "side")], [[6, 0, 6, 3], [6, 3, 6, 3]]);
  assert.deepEqual(at(placedAt([TOP, LOW], "top", 0, 2), "top"), [0, 3, 6, 3]);
});

test("a panel that grows pushes down what is in the way and stays within the columns", () => {
  const grown = resized([TOP, LOW, SIDE], "top", 99, 4);
  assert.deepEqual([at(grown, "top"), at(grown, "side"), at(grown, "low")], [[0, 0, 12, 4], [6, 4, 6, 3], [0, 4, 6, 3]]);
});
