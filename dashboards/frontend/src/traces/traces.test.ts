import assert from "node:assert/strict";
import { test } from "node:test";

import { knownOf, knownTexts, listText, tracesOf } from "./model.ts";

const row = (trace: string, ms: number, name: string, status = "ok") => [`2026-03-01T12:00:0${ms}Z`, trace, "b".repeat(16), name, ms * 1e6, status, "web", "shop"];
const [A, B] = ["a".repeat(32), "b".repeat(32)];

test("requests of one trace are one row, named by the longest, in the order found", () => {
  const found = tracesOf([row(B, 5, "/slow"), row(A, 2, "/inner", "internal_error"), row(A, 9, "/outer"), row("no trace", 1, "/x")]);
  assert.deepEqual(
    found.map(({ trace, transaction, requests, failed, timestamp }) => [trace, transaction, requests, failed, timestamp.slice(17, 19)]),
    [
      [B, "/slow", 1, false, "05"],
      [A, "/outer", 2, true, "02"],
    ],
  );
  assert.match(knownTexts(found)!.spans, new RegExp(`trace:\\[${B}, ${A}\\]`));
  assert.equal(knownTexts([]), null);
});

test("spans and errors of a trace are joined by its id", () => {
  const known = knownOf([[A, 7, 1, 2]], [[A, 3], [B, 1]]);
  assert.deepEqual([...known], [[A, { spans: 7, failed: 1, services: 2, errors: 3 }]]);
});

test("a search stands behind the dataset, the order is one of two", () => {
  assert.match(listText(" transaction:/a ", "slowest"), /^from transactions transaction:\/a \| sort transaction\.duration desc/);
  assert.match(listText("", "newest"), /^from transactions \| sort timestamp desc/);
});
