import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes, formatDuration, formatNumber, formatQuantity, formatRatio, formatShort } from "./format.ts";

test("durations are told in the unit one would say them in", () => {
  assert.equal(formatDuration(0), "0");
  assert.equal(formatDuration(950), "950 ns");
  assert.equal(formatDuration(1_234_000), "1.23 ms");
  assert.equal(formatDuration(120e9), "2 min");
  assert.equal(formatDuration(-1.5e9), "-1.5 s");
});

test("sizes count in thousands, ratios in hundredths", () => {
  assert.equal(formatBytes(512), "512 B");
  assert.equal(formatBytes(1_500_000), "1.5 MB");
  assert.equal(formatRatio(0.1234), "12.3%");
});

test("numbers keep every digit in the table and few on an axis", () => {
  assert.equal(formatNumber(1_234_567), "1,234,567");
  assert.equal(formatNumber(0.1234567), "0.123457");
  assert.equal(formatShort(1_234_567), "1.23M");
  assert.equal(formatShort(950), "950");
});

test("a column's type and unit say how its numbers read", () => {
  assert.equal(formatQuantity(2, "duration", "ms"), "2 ms");
  assert.equal(formatQuantity(2_000_000, "duration", "ns"), "2 ms");
  assert.equal(formatQuantity(10, "integer", "", true), "10");
});
