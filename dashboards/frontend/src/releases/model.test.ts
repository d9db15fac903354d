import assert from "node:assert/strict";
import { test } from "node:test";

import { authors, change, compared, percent, quoted, type Release, releasePath, shortVersion } from "./model.ts";

const release = (more: Partial<Release>): Release => ({
  project: "shop", version: "shop@1.0", latest: false, began: "", released_at: null, first_seen: null, last_seen: null,
  adoption: null, sessions: 0, users: 0, crash_free_sessions: null, crash_free_users: null, transactions: 0, p95_ms: null,
  errors: 0, new_issues: 0, commits: 0, deploys: [], ...more,
});

test("a crash-free rate is 100% only when nothing crashed", () => {
  assert.equal(percent(1), "100%");
  assert.equal(percent(0.99999), "99.99%");
  assert.equal(percent(0.755), "75.5%");
  assert.equal(percent(null), "–");
});

test("fewer errors are better, more sessions are neither, and what neither has is left out", () => {
  const rows = compared(release({ sessions: 200, errors: 10, p95_ms: 300 }), release({ sessions: 100, errors: 10, p95_ms: 200 }));
  assert.deepEqual(
    rows.map((row) => [row.name, row.change, row.verdict]),
    [
      ["Sessions", "+100%", "same"],
      ["Errors", "", "same"],
      ["Errors per 1,000 sessions", "−50%", "better"],
      ["P95 of transactions", "+50%", "worse"],
    ],
  );
  assert.deepEqual(compared(release({ errors: 3 }), null).map((row) => [row.here, row.there, row.change]), [["3", "–", ""]]);
});

test("shares change by points, counts by percent or factors", () => {
  assert.equal(change(0.95, 0.99, true), "−4.00 pp");
  assert.equal(change(50, 1, false), "+×50");
  assert.equal(change(5, 0, false), "");
});

test("versions with slashes and quotes have addresses and searches", () => {
  assert.equal(releasePath("shop", "web@1/b c"), "/app/releases/shop/web%401/b%20c");
  assert.equal(quoted('a"b\\'), '"a\\"b\\\\"');
  assert.equal(shortVersion("shop@1.2.0"), "1.2.0");
  assert.equal(shortVersion("@1"), "@1");
});

test("authors are counted by address", () => {
  const commit = (author_name: string, author_email: string | null) => ({ author_name, author_email });
  assert.deepEqual(authors([commit("Ada", "ada@x"), commit("ada l", "ADA@x"), commit("Bo", null)]), [
    { name: "Ada", commits: 2 },
    { name: "Bo", commits: 1 },
  ]);
});
