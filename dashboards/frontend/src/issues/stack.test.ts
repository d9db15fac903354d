import assert from "node:assert/strict";
import { test } from "node:test";

import { type Frame, firstOpen, groupFrames, place, type Raised, safeHref, sourceLines, stackText } from "./stack.ts";

function frame(name: string, inApp: boolean, more: Partial<Frame> = {}): Frame {
  return {
    function: name, module: "", filename: `${name}.py`, abs_path: "", lineno: 3, colno: null, in_app: inApp,
    pre_context: [], context_line: "", post_context: [], vars: null, ...more,
  };
}

const shape = (frames: Frame[]): string[] =>
  groupFrames(frames).map((group) => `${group.folded ? "folded" : "shown"}:${group.frames.map((row) => row.frame.function).join(",")}`);

test("frames read innermost first; runs of library frames fold, where it broke stays in sight", () => {
  const frames = [frame("main", true), frame("lib1", false), frame("lib2", false), frame("view", true), frame("lib3", false), frame("broke", false)];
  assert.deepEqual(shape(frames), ["shown:broke,lib3,view", "folded:lib2,lib1", "shown:main"]);
});

test("a stack without own frames shows its first ten", () => {
  const frames = Array.from({ length: 30 }, (_, i) => frame(`f${i}`, false));
  const groups = groupFrames(frames);
  assert.deepEqual(groups.map((g) => [g.folded, g.frames.length]), [[false, 10], [true, 20]]);
  assert.equal(groups[0]!.frames[0]!.frame.function, "f29");
});

test("every frame is in exactly one group, in order, for any mixture", () => {
  for (let mask = 0; mask < 256; mask += 1) {
    const frames = Array.from({ length: 8 }, (_, i) => frame(`f${i}`, Boolean(mask & (1 << i))));
    const indices = groupFrames(frames).flatMap((group) => group.frames.map((row) => row.index));
    assert.deepEqual(indices, [0, 1, 2, 3, 4, 5, 6, 7]);
  }
  assert.deepEqual(groupFrames([]), []);
});

test("the innermost own frame is open at first", () => {
  assert.equal(firstOpen([frame("a", true), frame("b", true), frame("lib", false)]), 1);
  assert.equal(firstOpen([frame("x", false), frame("y", false)]), 0);
  assert.equal(firstOpen([]), -1);
});

test("source lines are numbered around the failing one", () => {
  const lines = sourceLines(frame("f", true, { lineno: 10, pre_context: ["a", "b"], context_line: "c", post_context: ["d"] }));
  assert.deepEqual(lines.map(({ number, text, failing }) => [number, text, failing]), [[8, "a", false], [9, "b", false], [10, "c", true], [11, "d", false]]);
  assert.deepEqual(sourceLines(frame("f", true)), []);
});

test("a stack copies as text, the newest exception first", () => {
  const cause: Raised = { type: "KeyError", value: "'x'", module: "builtins", handled: null, mechanism: null, frames: [frame("load", true)] };
  const last: Raised = { type: "Oops", value: "", module: "shop.errors", handled: true, mechanism: null, frames: [frame("main", true), frame("view", true, { context_line: "  go()" })] };
  assert.equal(
    stackText([cause, last]),
    "shop.errors.Oops\n  at view (view.py:3)\n      go()\n  at main (main.py:3)\n\nCaused by: KeyError: 'x'\n  at load (load.py:3)",
  );
});

test("a frame without file or line still has a place", () => {
  assert.equal(place(frame("f", false, { filename: "", lineno: null })), "<unknown file>");
  assert.equal(place(frame("f", false, { lineno: 4, colno: 9 })), "f.py:4:9");
});

test("only web addresses become links", () => {
  assert.equal(safeHref("https://example.org/a?b=c"), "https://example.org/a?b=c");
  for (const bad of ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "//example.org", "/relative", "https://", "JaVaScRiPt:https://x"]) {
    assert.equal(safeHref(bad), null, bad);
  }
});
