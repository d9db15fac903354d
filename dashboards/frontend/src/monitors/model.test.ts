import assert from "node:assert/strict";
import { test } from "node:test";

import { due, monitorPath, scheduleWords, summary } from "./model.ts";

const run = (status: "ok" | "missed"): { at: string; status: "ok" | "missed"; duration_ms: null } => ({ at: "", status, duration_ms: null });

test("a strip is summed up in words", () => {
  assert.equal(summary([run("ok"), run("missed"), run("ok")]), "Last 3 runs: 2 good, 1 missed");
  assert.equal(summary([run("ok")]), "Last run: 1 good");
  assert.equal(summary([]), "No run has ended yet");
});

test("a run that is due is late once its time is over", () => {
  const now = Date.parse("2026-03-01T10:00:00Z");
  assert.deepEqual(due("2026-03-01T12:00:00Z", now), { text: "in 2h", late: false });
  assert.deepEqual(due("2026-03-01T10:00:20Z", now), { text: "in a moment", late: false });
  assert.deepEqual(due("2026-03-01T09:30:00Z", now), { text: "was due 30m ago", late: true });
  assert.deepEqual(due("2026-03-01T09:59:50Z", now), { text: "was due just now", late: true });
  assert.deepEqual(due(null, now), { text: "–", late: false });
});

test("a schedule says its zone, an interval needs none", () => {
  const schedule = {
    type: "crontab", text: "0 3 * * *", timezone: "Europe/Berlin", words: "At 03:00 every day", problem: "", margin_minutes: 1,
    max_runtime_minutes: 30, failure_issue_threshold: 1, recovery_threshold: 1,
  };
  assert.equal(scheduleWords(schedule), "At 03:00 every day (Europe/Berlin)");
  assert.equal(scheduleWords({ ...schedule, type: "interval", words: "Every hour" }), "Every hour");
  assert.equal(scheduleWords({ ...schedule, words: "", timezone: "UTC" }), "0 3 * * *");
  assert.equal(scheduleWords(null), "no schedule");
});

test("slugs of any kind have an address", () => {
  assert.equal(monitorPath("shop", "a/b c?"), "/app/monitors/shop/a/b%20c%3F");
});
