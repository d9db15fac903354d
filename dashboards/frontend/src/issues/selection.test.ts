import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY, pageMark, select, type Selection, type SelectionAct, targets } from "./selection.ts";

const IDS = ["A-1", "A-2", "A-3", "A-4", "A-5"];

function run(acts: SelectionAct[], ids: readonly string[] = IDS, from: Selection = EMPTY): Selection {
  return acts.reduce((state, act) => select(state, act, ids), from);
}

test("j from nothing goes to the first row, k to the last, and neither leaves the list", () => {
  assert.equal(run([{ kind: "move", by: 1 }]).cursor, "A-1");
  assert.equal(run([{ kind: "move", by: -1 }]).cursor, "A-5");
  assert.equal(run([{ kind: "move", by: 1 }, { kind: "move", by: 99 }]).cursor, "A-5");
  assert.equal(run([{ kind: "move", by: 1 }, { kind: "move", by: -9 }]).cursor, "A-1");
});

test("x takes the row under the cursor and lets it go again", () => {
  const taken = run([{ kind: "move", by: 2 }, { kind: "toggle" }]);
  assert.deepEqual([...taken.selected], ["A-1"]);
  assert.deepEqual([...select(taken, { kind: "toggle" }, IDS).selected], []);
});

test("shift takes everything between the last ticked row and this one, in either direction", () => {
  const down = run([{ kind: "toggle", id: "A-2" }, { kind: "range", id: "A-4" }]);
  assert.deepEqual([...down.selected], ["A-2", "A-3", "A-4"]);
  const up = run([{ kind: "toggle", id: "A-4" }, { kind: "range", id: "A-2" }]);
  assert.deepEqual([...up.selected].sort(), ["A-2", "A-3", "A-4"]);
  const steps = run([{ kind: "toggle", id: "A-2" }, { kind: "range", by: 1 }, { kind: "range", by: 1 }]);
  assert.deepEqual([...steps.selected], ["A-2", "A-3", "A-4"]);
});

test("everything means what is not loaded too, until one row is let go", () => {
  const all = run([{ kind: "everything" }]);
  assert.equal(all.all, true);
  const less = select(all, { kind: "toggle", id: "A-3" }, IDS);
  assert.equal(less.all, false);
  assert.deepEqual([...less.selected], ["A-1", "A-2", "A-4", "A-5"]);
});

test("a refresh keeps the selection of rows that are still there and the cursor at its place", () => {
  const state = run([{ kind: "toggle", id: "A-2" }, { kind: "toggle", id: "A-3" }]);
  const after = select(state, { kind: "rows", before: IDS }, ["N-1", "A-1", "A-2", "A-4", "A-5"]);
  assert.deepEqual([...after.selected], ["A-2"]);
  assert.equal(after.cursor, "A-4");
});

test("an action applies to the selection, else to the row under the cursor, else to nothing", () => {
  assert.deepEqual(targets(EMPTY, IDS), []);
  assert.deepEqual(targets(run([{ kind: "move", by: 1 }]), IDS), ["A-1"]);
  assert.deepEqual(targets(run([{ kind: "toggle", id: "A-4" }, { kind: "toggle", id: "A-2" }]), IDS), ["A-2", "A-4"]);
});

test("the box above the list is empty, partly or fully ticked", () => {
  assert.equal(pageMark(EMPTY, IDS), "none");
  assert.equal(pageMark(run([{ kind: "toggle", id: "A-1" }]), IDS), "some");
  assert.equal(pageMark(run([{ kind: "page", on: true }]), IDS), "all");
  assert.equal(pageMark(run([{ kind: "page", on: true }, { kind: "clear" }]), IDS), "none");
});

test("whatever is pressed, the cursor and the selection name rows of the page", () => {
  let seed = 7;
  const random = (n: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % n;
  };
  let ids = [...IDS];
  let state = EMPTY;
  for (let step = 0; step < 3000; step += 1) {
    const acts: SelectionAct[] = [
      { kind: "move", by: random(5) - 2 },
      { kind: "toggle" },
      { kind: "toggle", id: `A-${random(9)}` },
      { kind: "range", by: random(5) - 2 },
      { kind: "range", id: `A-${random(9)}` },
      { kind: "page", on: random(2) === 0 },
      { kind: "everything" },
      { kind: "clear" },
    ];
    state = select(state, acts[random(acts.length)]!, ids);
    if (random(4) === 0) {
      const before = ids;
      ids = ids.filter(() => random(4) > 0).concat(random(3) === 0 ? [`A-${10 + random(1000)}`] : []);
      ids = [...new Set(ids)];
      if (ids.length === 0) ids = [...IDS];
      state = select(state, { kind: "rows", before }, ids);
    }
    assert.ok(state.cursor === null || ids.includes(state.cursor), `cursor ${state.cursor} of ${ids}`);
    for (const id of state.selected) assert.ok(ids.includes(id), `${id} selected, not on the page`);
  }
});
