import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { SERVICE_COLOURS } from "./colours.ts";
import { Book, visibleRows } from "./model.ts";
import { period } from "./period.ts";
import { nextOf, step } from "./steps.ts";

test("steps go among the rows shown and stop at the ends", () => {
  const numbers = [0, 1, 2, 3, 4, 5];
  const told = { row: numbers, parent: [-1, 0, 1, 0, 3, 0], end: [6, 3, 3, 5, 5, 6], path_row: [] };
  const names = ["span_id", "depth", "children", "start_ns", "duration_ns", "self_ns", "place", "op", "description", "service", "status", "project", "is_segment"];
  const columns = { ...Object.fromEntries(names.map((name) => [name, numbers])), ...told };
  const { tree } = new Book({ count: 6, branches: { row: [], end: [] }, groups: { row: [] }, columns } as never);
  const rows = visibleRows(tree, new Set([1]));
  assert.deepEqual([...rows], [0, 1, 3, 4, 5]);
  assert.equal(step(tree, rows, 1, 1), 3);
  assert.equal(step(tree, rows, 2, 1), 3, "a hidden row counts as the one that hides it");
  assert.equal(step(tree, rows, 5, 1), 5);
  assert.equal(step(tree, rows, -1, 1), 0);
  assert.equal(step(tree, rows, -1, -1), 5);
  assert.equal(step(tree, new Int32Array(0), 0, 1), -1);
});

test("the next error goes round at the end", () => {
  assert.equal(nextOf([2, 7], 2, true), 7);
  assert.equal(nextOf([2, 7], 7, true), 2);
  assert.equal(nextOf([2, 7], 2, false), 7);
  assert.equal(nextOf([2, 7], -1, true), 2);
  assert.equal(nextOf([], 3, true), -1);
});

test("the period of a trace is exact to the millisecond though its start has more digits than a number", () => {
  const range = period({ start_ns: "1772366400123456789", duration_ns: 1_500_000 }, 1_000);
  assert.deepEqual(range, { start: "2026-03-01T11:59:59.123Z", end: "2026-03-01T12:00:01.124Z" });
});

// Sight without one kind of cone, severe (Machado, Oliveira, Fernandes 2009), on linear RGB; distances in OKLab.
const SIGHTS = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
};

function linear(hex: string): number[] {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
}

function oklab([r, g, b]: number[]): number[] {
  const cone = (x: number, y: number, z: number): number => Math.cbrt(Math.max(0, x * r! + y * g! + z * b!));
  const [l, m, s] = [cone(0.4122214708, 0.5363325363, 0.0514459929), cone(0.2119034982, 0.6806995451, 0.1073969566), cone(0.0883024619, 0.2817188376, 0.6299787005)];
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
}

const luminance = (c: number[]): number => 0.2126 * c[0]! + 0.7152 * c[1]! + 0.0722 * c[2]!;

test("service colours differ for every common sight and stand out from the page, light and dark", () => {
  const css = readFileSync(new URL("../styles/trace.css", import.meta.url), "utf8");
  const found = [...css.matchAll(/--service-\d+: light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/gu)];
  assert.equal(found.length, SERVICE_COLOURS);
  for (const [theme, ground] of [[1, "#ffffff"], [2, "#1a1917"]] as const) {
    const colours = found.map((match) => linear(match[theme]!));
    for (const matrix of Object.values(SIGHTS)) {
      const seen = colours.map((c) => oklab(matrix.map((row) => Math.min(1, Math.max(0, row[0]! * c[0]! + row[1]! * c[1]! + row[2]! * c[2]!)))));
      for (let i = 0; i < seen.length; i += 1) {
        for (let j = 0; j < i; j += 1) assert.ok(Math.hypot(...seen[i]!.map((v, k) => v - seen[j]![k]!)) > 0.07, `${i} and ${j} look alike`);
      }
    }
    for (const c of colours) {
      const [a, b] = [luminance(c), luminance(linear(ground))].sort((x, y) => y - x);
      assert.ok((a! + 0.05) / (b! + 0.05) >= 3, "3:1 against the page");
    }
  }
});
