import assert from "node:assert/strict";
import { test } from "node:test";

import { type Chart, lineOf, questionHref, safeLink, stepsOf, sureness } from "./model.ts";

test("a chain begins with its cause and ends with what was seen", () => {
  const link = (cause: string, effect: string) => ({ cause, effect, text: `${effect} is slow`, keys: ["k"], at: null });
  assert.deepEqual(stepsOf([link("db", "cart"), link("cart", "web")], "db").map(({ name, text }) => [name, text]), [["db", ""], ["cart", "cart is slow"], ["web", "web is slow"]]);
  assert.deepEqual(stepsOf([], "db").map(({ name }) => name), ["db"]);
  assert.deepEqual(stepsOf([], ""), []);
});

test("evidence leads to its question over its own time, and nowhere without one", () => {
  const analysis = { evidence: { k: { title: "t", query: "from spans | x", start: "2026-03-01T00:00:00Z", end: "2026-03-01T01:00:00Z" } } };
  const url = new URL(questionHref(analysis, "k"), "http://amber.example");
  assert.deepEqual([url.pathname, ...url.searchParams.values()], ["/app/discover", "2026-03-01T00:00:00Z", "2026-03-01T01:00:00Z", "from spans | x"]);
  assert.equal(questionHref(analysis, "other"), "");
  assert.equal(questionHref(analysis, null), "");
});

test("a link of a change leads to the web or nowhere", () => {
  assert.equal(safeLink("javascript:alert(1)"), "");
  assert.equal(safeLink("https://ci.example/1"), "https://ci.example/1");
});

test("a line has gaps where nothing is known, and knows where it was bad", () => {
  const chart: Chart = { key: "", title: "", node: "", signal: "", unit: "", start: "2026-03-01T00:00:00Z", step_s: 60, values: [0, 10, null, 5], window: { start: "2026-03-01T00:02:00Z", end: "2026-03-01T00:09:00Z" }, onset: "2026-03-01T00:01:00Z" };
  const line = lineOf(chart, 90, 12);
  assert.equal(line.path, "M0.0 11.0L30.0 1.0M90.0 6.0");
  assert.deepEqual([line.bad, line.onset], [[0.5, 1], 0.25]);
  assert.deepEqual([0.9, 0.6, 0.3, 0.1, null].map(sureness), ["very likely", "likely", "possible", "unlikely", "unknown"]);
});
