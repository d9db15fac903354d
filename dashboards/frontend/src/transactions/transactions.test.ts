import assert from "node:assert/strict";
import { test } from "node:test";

import { changeOf, differs, joined, ratioText, sorted, trendOf } from "./model.ts";

const row = (name: string, n: number, p95: number, total = n * p95): unknown[] => [name, "shop", n, n / 10, 1, 2, p95, 9, total];

test("a transaction is compared with itself in the period before, by name and project", () => {
  const [a, b] = joined([row("/a", 100, 30), row("/b", 100, 30)], [row("/a", 100, 20), [...row("/b", 100, 20).slice(0, 1), "other", 100, 0, 1, 2, 20, 9, 1]]);
  assert.equal(changeOf(a!, "p95"), 1.5);
  assert.equal(b!.before, null);
  assert.equal(changeOf(b!, "p95"), null);
});

test("few requests say nothing about a percentile", () => {
  assert.equal(changeOf(joined([row("/a", 5, 30)], [row("/a", 100, 20)])[0]!, "p95"), null);
  assert.equal(changeOf(joined([row("/a", 100, 30)], [row("/a", 5, 20)])[0]!, "p95"), null);
});

test("those that became slower can stand first", () => {
  const all = joined([row("/a", 100, 30), row("/b", 100, 90), row("/c", 100, 50)], [row("/a", 100, 10), row("/b", 100, 90), row("/c", 100, 100)]);
  assert.deepEqual(sorted(all, "worse").map(({ name }) => name), ["/a", "/b", "/c"]);
  assert.deepEqual(sorted(all, "p95").map(({ name }) => name), ["/b", "/c", "/a"]);
});

test("a change is told with its sign, and is worth one from a fifth on", () => {
  assert.deepEqual([1.34, 0.5, 1, null].map(ratioText), ["+34%", "−50%", "±0%", ""]);
  assert.deepEqual([1.34, 0.5, 1.1, null].map(trendOf), ["slower", "faster", "", ""]);
});

test("values that are none do no harm, and the threshold of slow ones is a duration", () => {
  assert.deepEqual(joined([[null, null, null, null, null, null, null, null, null]], [])[0]!.n, 0);
  assert.match(differs(1_234_567_890), /transaction\.duration:>=1235ms/u);
  assert.match(differs(0), />=1ms/u);
});
