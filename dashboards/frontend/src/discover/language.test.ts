import assert from "node:assert/strict";
import { test } from "node:test";
import { datasetOf, hasOwnRange, nextToken, replacements, startState, withDataset, withoutRange, groupsRows, heatmapStage } from "./language.ts";

/** The words of a text with their kinds, spaces left out. */
function kinds(text: string): [string, string][] {
  const state = startState();
  const found: [string, string][] = [];
  for (const line of text.split("\n")) {
    const stream = { pos: 0, string: line };
    while (stream.pos < line.length) {
      const start = stream.pos;
      const kind = nextToken(stream, state);
      assert.ok(stream.pos > start, `no progress at ${start} of ${line}`);
      if (kind) found.push([line.slice(start, stream.pos), kind]);
    }
  }
  return found;
}

const kindOf = (text: string, word: string) => kinds(text).find(([shown]) => shown === word)?.[1];

test("stages, data sets, fields, functions and values have their colours", () => {
  const text = 'from errors level:error release:"a b" | summarize n=count() by error.type | sort n desc | limit 20';
  for (const [word, kind] of Object.entries({
    from: "keyword",
    errors: "dataset",
    level: "field",
    error: "string",
    '"a b"': "string",
    summarize: "keyword",
    count: "function",
    by: "keyword",
    "error.type": "field",
    "20": "number",
  })) {
    assert.equal(kindOf(text, word), kind, word);
  }
});

test("units belong to their number", () => {
  assert.equal(kindOf("span.duration:>500ms", "500ms"), "number");
});

test("a quoted text reaches over lines, and what follows it has its own colour again", () => {
  assert.deepEqual(kinds('message:"one\ntwo" level:error').slice(-3), [["level", "field"], [":", "operator"], ["error", "string"]]);
});

test("the tokenizer moves on whatever it reads", () => {
  for (const text of ["🛒 |||", '"', "`", "//", "message://a b//", "((((", "\\", "a:[b, c", "\t \u00a0x"]) kinds(text);
});

test("the data set of a text is read and changed where it stands first", () => {
  assert.equal(datasetOf("from spans span.op:db"), "spans");
  assert.equal(datasetOf("level:error"), "errors");
  assert.equal(datasetOf("let a = 1; from spans"), null);
  assert.equal(datasetOf("from errors, spans"), null);
  assert.equal(withDataset("from errors level:error", "spans"), "from spans level:error");
  assert.equal(withDataset("level:error", "spans"), "from spans level:error");
});

test("a range of the text is seen, and taken out where that is safe", () => {
  assert.equal(hasOwnRange("from errors last 2h level:error"), true);
  assert.equal(hasOwnRange("from errors last login failed"), false);
  assert.equal(withoutRange("from errors last 2h | limit 5"), "from errors | limit 5");
  assert.equal(withoutRange("from errors level:error"), "from errors level:error");
  assert.equal(withoutRange("from errors between 2026-03-01 and 2026-03-02 level:error"), null);
});

test("a suggestion becomes words to put in place, advice does not", () => {
  assert.deepEqual(replacements("Did you mean summarize?"), ["summarize"]);
  assert.deepEqual(replacements("Did you mean error.type or error.value?"), ["error.type", "error.value"]);
  assert.deepEqual(replacements("not"), ["not"]);
  assert.deepEqual(replacements("Write one such as 20."), []);
  assert.deepEqual(replacements(""), []);
});

test("a text that ends with a heatmap is drawn as one, groups can be compared once", () => {
  assert.equal(heatmapStage("from spans | where a > 1 | heatmap span.duration every 1h "), "heatmap span.duration every 1h");
  assert.equal(heatmapStage("from spans | heatmap x | limit 3"), null);
  assert.equal(groupsRows("from errors | summarize n=count()"), true);
  assert.equal(groupsRows("from errors | summarize n=count() | compare to previous"), false);
  assert.equal(groupsRows("from errors"), false);
});
