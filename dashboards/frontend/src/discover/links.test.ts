import assert from "node:assert/strict";
import { test } from "node:test";
import { targetsOf } from "./links.ts";

const columns = ["title", "issue", "id", "trace", "span_id"].map((name) => ({ name, type: "string", unit: "" }));
const event = "0".repeat(31) + "1";
const trace = "a".repeat(32);

test("a row leads to its event, issue and trace", () => {
  assert.deepEqual(
    targetsOf(columns, ["x", "SHOP-12", event, trace, "b".repeat(16)], 0).map((target) => target.href),
    [`/app/issues/SHOP-12/events/${event}`, "/app/issues/SHOP-12", `/app/traces/${trace}?span=${"b".repeat(16)}`],
  );
});

test("the cell one points at comes first", () => {
  assert.equal(targetsOf(columns, ["x", "SHOP-12", event, trace, null], 3)[0]!.label, "Open the trace");
});

test("values that are no ids lead nowhere", () => {
  assert.deepEqual(targetsOf(columns, ["x", "javascript:alert(1)", "../..", "//evil", null], 1), []);
});
