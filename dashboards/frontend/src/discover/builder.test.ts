import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, completed, contextOf, linesOf, type Outline, otherStages, turned } from "./builder.ts";

const outline: Outline = {
  query: "from errors level:error | where a > 1 | summarize n=count() by release | having n > 2 | sort n desc | limit 5",
  lets: [],
  source: "from errors",
  terms: ["level:error"],
  stages: [
    { kind: "where", text: "where a > 1" },
    { kind: "summarize", text: "summarize n=count() by release", aggregates: ["n=count()"], by: ["release"] },
    { kind: "having", text: "having n > 2" },
    { kind: "sort", text: "sort n desc", sort: ["n desc"] },
    { kind: "limit", text: "limit 5" },
  ],
};

test("parts stand in rows, and what has no row of its own stands as it is written", () => {
  assert.deepEqual(linesOf(outline).map(({ kind, stage, parts }) => [kind, stage, parts]), [
    ["term", 0, ["level:error"]],
    ["aggregate", 1, ["n=count()"]],
    ["key", 1, ["release"]],
    ["every", 1, []],
    ["sort", 3, ["n desc"]],
  ]);
  assert.deepEqual(otherStages(outline).map(({ stage, place }) => [place, stage.text]), [[0, "where a > 1"], [2, "having n > 2"], [4, "limit 5"]]);
});

test("a text without groups offers to make some", () => {
  const bare = { ...outline, stages: [] };
  assert.deepEqual(linesOf(bare).map(({ kind }) => kind), ["term", "aggregate", "key", "sort"]);
  assert.equal(contextOf(bare, "aggregate"), "from errors level:error | summarize ");
});

test("completion is asked where the part will stand", () => {
  assert.equal(contextOf(outline, "term"), "from errors ");
  assert.equal(contextOf(outline, "key"), "from errors level:error | where a > 1 | summarize n=count() by ");
  assert.match(contextOf(outline, "sort"), /by release \| sort $/);
  assert.match(contextOf(outline, "stage"), /limit 5 \| $/);
  assert.deepEqual(asked("from 🛒 ", "lev"), { query: "from 🛒 lev", cursor: 10 });
});

test("a chosen item replaces what was typed of it, in characters of the API", () => {
  const item = { label: "level", insert: "level:", kind: "field" as const, detail: "", type: "" };
  assert.equal(completed("from 🛒 ", "lev", { from: 7, to: 10, items: [item] }, item), "level:");
  assert.equal(completed("from errors ", "x lev", { from: 14, to: 17, items: [item] }, item), "x level:");
  assert.equal(completed("from errors ", "", { from: 5, to: 11, items: [item] }, item), null);
});

test("an order is turned round and back", () => {
  assert.equal(turned("n desc"), "n");
  assert.equal(turned(turned("n desc")), "n desc");
});
