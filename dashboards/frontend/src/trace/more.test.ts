import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { attributesOf } from "./attributes.ts";
import { SERVICE_COLOURS } from "./colours.ts";
import { layOut, visibleRows } from "./model.ts";
import { nextOf, step } from "./steps.ts";

test("attributes come from wherever a client put them, sorted, without what the drawer shows elsewhere", () => {
  const payload = JSON.stringify({ span_id: "1", op: "db", data: { "db.system": "postgresql" }, tags: { region: "eu" }, measurements: { rows: { value: 3, unit: "none" } }, origin: "auto", empty: "" });
  assert.deepEqual(attributesOf(payload), [["db.system", "postgresql"], ["origin", "auto"], ["region", "eu"], ["rows", 3]]);
  assert.deepEqual(attributesOf({ attributes: [{ key: "http.method", value: { stringValue: "GET" } }] }), [["http.method", "GET"]]);
  assert.deepEqual(attributesOf({ attributes: { size: { type: "integer", value: 7 }, took: { value: 5, unit: "ms" } } }), [["size", 7], ["took", "5 ms"]]);
});

test("a transaction's contexts are told by their members, its trace context is the span's own data", () => {
  const contexts = { trace: { op: "x", data: { route: "/a" } }, response: { status_code: 500, type: "response" }, odd: 3 };
  assert.deepEqual(attributesOf({ contexts }), [["odd", 3], ["response.status_code", 500], ["route", "/a"]]);
});

test("a payload that is no JSON, or no object, does no harm", () => {
  assert.deepEqual(attributesOf("{broken"), [["payload", "{broken"]]);
  for (const odd of [null, 3, [], "3", "null", undefined]) assert.deepEqual(attributesOf(odd), []);
});

test("steps go among the rows shown and stop at the ends", () => {
  const size = 6;
  const columns = { span_id: Array(size).fill("x"), parent: [-1, 0, 1, 0, 3, 0], start_ns: [0, 1, 2, 3, 4, 5] } as never;
  const tree = layOut(columns);
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
