import assert from "node:assert/strict";
import { test } from "node:test";
import { absoluteLabel, ago, formatTime, fromInput, frozen, inputTime, rangeLabel, rangeMs, rfc3339, shifted, widened } from "./time.ts";

test("ranges are read and said", () => {
  assert.equal(rangeMs("15m"), 900_000);
  assert.equal(rangeMs("24 hours"), null);
  assert.equal(rangeLabel("24h"), "Last 24 hours");
  assert.equal(rangeLabel("1h"), "Last hour");
});

test("a time shows milliseconds, and every stored digit when it is to be exact", () => {
  assert.equal(formatTime("2026-03-01T12:00:05.123456Z", "utc"), "2026-03-01 12:00:05.123");
  assert.equal(formatTime("2026-03-01T12:00:05.123456Z", "utc", true), "2026-03-01 12:00:05.123456");
  assert.equal(formatTime("2026-03-01T12:00:05Z", "utc"), "2026-03-01 12:00:05");
  assert.equal(formatTime("not a time", "utc"), "not a time");
});

test("what one types into a field of the range comes back as the same moment", () => {
  const moment = new Date("2026-03-01T12:34:00Z");
  assert.equal(rfc3339(fromInput(inputTime(moment, "utc"), "utc")), "2026-03-01T12:34:00Z");
  assert.equal(fromInput(inputTime(moment, "local"), "local").getTime(), moment.getTime());
});

test("a range of one day names the day once", () => {
  assert.equal(absoluteLabel("2026-03-01T12:00:00Z", "2026-03-01T13:30:00Z", "utc"), "Mar 1, 12:00 – 13:30");
  assert.equal(absoluteLabel("2026-03-01T12:00:00Z", "2026-03-02T12:00:30Z", "utc"), "Mar 1, 12:00:00 – Mar 2, 12:00:30");
});

test("how long ago is told in one unit", () => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  assert.equal(ago("2026-03-01T11:59:40Z", now), "now");
  assert.equal(ago("2026-03-01T11:15:00Z", now), "45m");
  assert.equal(ago("2026-02-28T12:00:00Z", now), "24h");
  assert.equal(ago("2026-02-20T12:00:00Z", now), "9d");
});

test("a time is frozen, shifted and widened, never beyond now", () => {
  const now = Date.parse("2026-03-02T12:00:00Z");
  const moving = { range: "24h", start: "", end: "" };
  const before = { range: "", start: "2026-03-01T00:00:00Z", end: "2026-03-02T00:00:00Z" };
  assert.deepEqual(frozen(moving, now), { range: "", start: "2026-03-01T12:00:00Z", end: "2026-03-02T12:00:00Z" });
  assert.deepEqual(shifted(moving, -1, now), { range: "", start: "2026-03-01T00:00:00Z", end: "2026-03-02T00:00:00Z" });
  assert.deepEqual(shifted(moving, 1, now), frozen(moving, now));
  assert.deepEqual(shifted(before, 1, now), frozen(moving, now));
  assert.deepEqual(widened(before, now), { range: "", start: "2026-02-28T12:00:00Z", end: "2026-03-02T12:00:00Z" });
});
