import assert from "node:assert/strict";
import { test } from "node:test";
import { cellText, compare, toCsv, toJson, widthOf } from "./cells.ts";

const column = (type: string, unit = "", name = "c") => ({ name, type, unit });

test("nothing, an empty text and the word null look different", () => {
  assert.deepEqual(cellText(null, column("string"), "utc"), { text: "null", kind: "null" });
  assert.deepEqual(cellText("", column("string"), "utc"), { text: '""', kind: "empty" });
  assert.deepEqual(cellText("null", column("string"), "utc"), { text: "null", kind: "value" });
});

test("values read by their type", () => {
  assert.equal(cellText(2_500_000, column("duration", "ns"), "utc").text, "2.5 ms");
  assert.equal(cellText(1500, column("size", "byte"), "utc").text, "1.5 kB");
  assert.equal(cellText("2026-03-01T12:00:00.5Z", column("time"), "utc").text, "2026-03-01 12:00:00.5");
  assert.equal(cellText(["a", 1], column("array"), "utc").text, '["a",1]');
});

test("an integer beyond 2^53 keeps every digit, and its order", () => {
  const big = column("integer");
  assert.equal(cellText("9007199254740993", big, "utc").text, "9,007,199,254,740,993");
  assert.equal(compare("9007199254740993", "9007199254740992", big) > 0, true);
});

test("numbers sort as numbers, texts as texts, nothing last", () => {
  const rows = [10, null, 9, 100];
  assert.deepEqual([...rows].sort((a, b) => compare(a, b, column("integer"))), [9, 10, 100, null]);
  assert.deepEqual(["10", "9"].sort((a, b) => compare(a, b, column("string"))), ["10", "9"]);
});

test("a CSV keeps commas, quotes and lines inside their cells", () => {
  const columns = [column("string", "", "a"), column("integer", "", "b,c")];
  assert.equal(toCsv(columns, [['say "hi"\nnow', 1], [null, 2]]), 'a,"b,c"\r\n"say ""hi""\nnow",1\r\n,2\r\n');
});

test("a CSV runs no formulas: a text that looks like one is marked, a number is not", () => {
  const columns = [column("string", "", "a"), column("integer", "", "b")];
  assert.equal(toCsv(columns, [["=1+1", -5], ["@x", "-9007199254740993"]]), "a,b\r\n'=1+1,-5\r\n'@x,-9007199254740993\r\n");
});

test("JSON rows are objects by column, in the API's values", () => {
  assert.deepEqual(JSON.parse(toJson([column("string", "", "a")], [["x"], [null]])), [{ a: "x" }, { a: null }]);
});

test("columns are as wide as what they show, long ids are not", () => {
  const title = widthOf(column("string", "", "title"), 0, [["x".repeat(200)]], "utc");
  const short = widthOf(column("string"), 0, [["abc"]], "utc");
  const id = widthOf(column("string", "", "id"), 0, [["a".repeat(32)]], "utc");
  assert.equal(title, 520);
  assert.ok(short < 100 && short >= 72);
  assert.ok(id <= 112);
});
