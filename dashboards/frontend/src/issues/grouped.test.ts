import assert from "node:assert/strict";
import { test } from "node:test";

import { labelled, sourceText } from "./grouped.ts";

test("a part is told apart from its label, and free text is left alone", () => {
  assert.deepEqual(labelled("frame shop.cart total"), ["frame", "shop.cart total"]);
  assert.deepEqual(labelled("database down"), ["", "database down"]);
  assert.deepEqual(labelled("keys"), ["", "keys"]);
});

test("what decided is said in words, an unknown source too", () => {
  const found = { version: "v2", fingerprint: "1", source: "rule", parts: [], rule: "", rule_line: 0, wrappers: [], frames: [], fingerprint_before: "" };
  assert.equal(sourceText(found), "By a fingerprint rule of the project");
  assert.equal(sourceText({ ...found, source: "magic" }), "By its parts");
});
