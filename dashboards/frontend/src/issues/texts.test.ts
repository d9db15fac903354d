import assert from "node:assert/strict";
import { test } from "node:test";

import { type Crumb, EVERY_CRUMB, filtered, kinds, offset } from "./crumbs.ts";
import { applied, assigneeName, initials, type Issue, knownLevel, said, splitTitle, stateOf, stateText, withState } from "./model.ts";
import { barPath, trendText } from "./trend.ts";

test("a title is split into type and value only where there is a type", () => {
  assert.deepEqual(splitTitle("ZeroDivisionError: division by zero"), { type: "ZeroDivisionError", value: "division by zero" });
  assert.deepEqual(splitTitle("shop.errors.Oops: a: b"), { type: "shop.errors.Oops", value: "a: b" });
  assert.deepEqual(splitTitle("could not connect: refused"), { type: "", value: "could not connect: refused" });
  assert.deepEqual(splitTitle("TimeoutError"), { type: "TimeoutError", value: "" });
  assert.deepEqual(splitTitle(""), { type: "", value: "" });
});

test("levels nobody knows read as errors", () => {
  assert.equal(knownLevel("critical"), "fatal");
  assert.equal(knownLevel("<script>"), "error");
  assert.equal(knownLevel("debug"), "debug");
});

test("assignees have names and initials", () => {
  assert.equal(assigneeName("user:ada@example.org"), "ada@example.org");
  assert.equal(assigneeName("team:web"), "#web");
  assert.equal(assigneeName(""), "Unassigned");
  assert.equal(initials("user:ada.lovelace@example.org"), "AL");
  assert.equal(initials("team:web"), "W");
  assert.equal(initials("user:"), "");
});

test("a change is said in the words of the page", () => {
  assert.equal(said({ status: "resolved" }, 1), "1 issue resolved");
  assert.equal(said({ status: "ignored" }, 1200), "1,200 issues archived");
  assert.equal(said({ assignee: "team:web" }, 2), "2 issues assigned to #web");
  assert.equal(said({ assignee: "" }, 2), "2 issues unassigned");
  assert.equal(said({ priority: "high" }, 2), "2 issues set to high priority");
});

const PLAIN: Issue = {
  id: "A-1", issue_id: "1", project: "a", title: "", culprit: "", level: "error", status: "unresolved", substatus: "new",
  priority: "high", priority_by: "", assignee: "", since: "2026-05-01T12:00:00Z", resolution: null, archive: null,
  first_release: "", events: 1, users: 1, first_seen: "", last_seen: "", created_at: "", trend: [], version: 1,
};

test("a change shows at once and its undoing gives the whole state back, with what it depends on", () => {
  const archived = applied(PLAIN, { status: "ignored", archive: { until: "events", count: 10, window_s: 3600 } });
  assert.deepEqual([archived.status, archived.substatus, archived.archive?.count], ["ignored", "", 10]);
  assert.deepEqual(stateOf(archived).condition, { until: "events", count: 10, window_s: 3600 });
  assert.deepEqual(withState(archived, stateOf(PLAIN)), PLAIN);
  const resolved = applied(archived, { status: "resolved", resolution: { in: "next_release" } });
  assert.deepEqual([resolved.archive, stateOf(resolved).condition], [null, { in: "next_release" }]);
  assert.deepEqual(stateOf(applied(PLAIN, { status: "resolved" })).condition, {});
  assert.equal(applied(PLAIN, { priority: "auto" }).priority, "high");
});

test("a state says what it depends on", () => {
  const until = { until: "escalating", count: 0, window_s: 0, date: null, text: "until it escalates" };
  assert.equal(stateText({ ...PLAIN, status: "ignored", archive: until }), "Archived until it escalates");
  assert.equal(stateText({ ...PLAIN, status: "resolved" }), "Resolved");
  assert.equal(stateText(PLAIN), "new");
});

test("one event among thousands still has a bar, none has none", () => {
  assert.equal(barPath([0, 0], 10, 10), "");
  assert.match(barPath([1, 10_000], 10, 10), /^M0\.00 8\.50/);
});

test("a trend in words says how many, when most and where it goes", () => {
  assert.equal(trendText([0, 0, 0, 0], 3600), "no events in this range");
  assert.equal(trendText([0, 1, 1, 8], 3600), "10 events, peak of 8 now, rising");
  assert.equal(trendText([9, 1, 1, 1], 3600), "12 events, peak of 9 3 hours ago, falling");
});

const crumb = (more: Partial<Crumb>): Crumb => ({ timestamp: null, type: "", category: "", level: "", message: "", data: null, ...more });

test("breadcrumbs are filtered by kind, level and text, newest first", () => {
  const crumbs = [
    crumb({ category: "http.client", message: "GET /a", level: "info" }),
    crumb({ type: "error", category: "console", message: "boom", level: "error" }),
    crumb({ category: "http", message: "GET /b", level: "error", data: { status: 500 } }),
  ];
  assert.deepEqual(kinds(crumbs), [{ kind: "http", count: 2 }, { kind: "error", count: 1 }]);
  const places = (filter: Partial<typeof EVERY_CRUMB>): number[] => filtered(crumbs, { ...EVERY_CRUMB, ...filter }).map(({ index }) => index);
  assert.deepEqual(places({}), [2, 1, 0]);
  assert.deepEqual(places({ kinds: new Set(["http"]) }), [2, 0]);
  assert.deepEqual(places({ level: "error" }), [2, 1]);
  assert.deepEqual(places({ text: "500" }), [2]);
});

test("a crumb says how long before the event it was", () => {
  const event = "2026-01-01T00:01:00Z";
  assert.equal(offset(crumb({ timestamp: "2026-01-01T00:00:58.800Z" }), event), "−1.20 s");
  assert.equal(offset(crumb({ timestamp: "2026-01-01T00:00:59.999Z" }), event), "−0.001 s");
  assert.equal(offset(crumb({ timestamp: "2025-12-31T23:58:00Z" }), event), "−3 min 0 s");
  assert.equal(offset(crumb({ timestamp: "yesterday" }), event), "");
  assert.equal(offset(crumb({}), event), "");
});
