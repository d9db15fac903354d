import assert from "node:assert/strict";
import { test } from "node:test";
import { nextSql, startSql } from "./sql.ts";

const TABLES = new Set(["errors", "spans"]);

function kinds(...lines: string[]): [string, string][] {
  const state = startSql();
  const found: [string, string][] = [];
  for (const string of lines) {
    const stream = { string, pos: 0 };
    while (stream.pos < string.length) {
      const start = stream.pos;
      const kind = nextSql(stream, state, TABLES);
      assert.ok(stream.pos > start, `stands still at ${start} of ${string}`);
      if (kind) found.push([string.slice(start, stream.pos), kind]);
    }
  }
  return found;
}

test("words, tables, columns, functions, texts and numbers are told apart", () => {
  assert.deepEqual(kinds("SELECT count() AS n, `a b` FROM errors WHERE title LIKE 'it''s' LIMIT 1.5e3"), [
    ["SELECT", "keyword"],
    ["count", "function"],
    ["(", "punctuation"],
    [")", "punctuation"],
    ["AS", "keyword"],
    ["n", "field"],
    [",", "punctuation"],
    ["`a b`", "field"],
    ["FROM", "keyword"],
    ["errors", "dataset"],
    ["WHERE", "keyword"],
    ["title", "field"],
    ["LIKE", "keyword"],
    ["'it''s'", "string"],
    ["LIMIT", "keyword"],
    ["1.5e3", "number"],
  ]);
});

test("comments reach over lines and colour nothing", () => {
  assert.deepEqual(kinds("a /* from", "errors", "*/ b -- spans"), [
    ["a", "field"],
    ["b", "field"],
  ]);
});

test("what is not closed ends with the line, and any sign moves on", () => {
  assert.deepEqual(kinds("'open", "é§"), [
    ["'open", "string"],
    ["é", "punctuation"],
    ["§", "punctuation"],
  ]);
});
