import assert from "node:assert/strict";
import { test } from "node:test";
import { passed } from "./passed.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");

test("times are said in the largest unit that fits", () => {
  assert.equal(passed("2026-11-21T11:59:30Z", NOW), "just now");
  assert.equal(passed("2026-11-21T11:15:00Z", NOW), "45 min ago");
  assert.equal(passed("2026-11-21T09:00:00Z", NOW), "3 hours ago");
  assert.equal(passed("2026-11-20T12:00:00Z", NOW), "1 day ago");
  assert.equal(passed("2025-10-01T12:00:00Z", NOW), "1 year ago");
});

test("what is ahead is said as such", () => {
  assert.equal(passed("2026-11-23T12:00:00Z", NOW), "in 2 days");
  assert.equal(passed("2026-11-21T12:00:20Z", NOW), "in less than a minute");
});

test("what is no time is shown as it is", () => {
  assert.equal(passed("soon", NOW), "soon");
});
