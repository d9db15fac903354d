import assert from "node:assert/strict";
import { test } from "node:test";
import { replaceSpan, toCharacters, toUnits } from "./codepoints.ts";

const TEXT = "from errors 🛒:x | sumarize";

test("places behind an emoji are one further for JavaScript than for the API", () => {
  const units = TEXT.indexOf("sumarize");
  const characters = [...TEXT].join("|").split("|").length && [...TEXT].indexOf("s", 14);
  assert.equal(toCharacters(TEXT, units), characters);
  assert.equal(toUnits(TEXT, characters), units);
  assert.equal(toUnits(TEXT, 0), 0);
  assert.equal(toUnits(TEXT, 10_000), TEXT.length);
});

test("a fix replaces exactly the characters the API named", () => {
  const start = toCharacters(TEXT, TEXT.indexOf("sumarize"));
  assert.equal(replaceSpan(TEXT, { start, end: start + 8 }, "summarize"), "from errors 🛒:x | summarize");
});
