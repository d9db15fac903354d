import assert from "node:assert/strict";
import { test } from "node:test";

import type { Issue, ListPage, Status } from "./model.ts";
import { changed, firstPage, leaves, nextPage, refreshed, restored, statesOf } from "./rows.ts";

function issue(id: string, status: Status = "unresolved", assignee = ""): Issue {
  return {
    id, issue_id: "1", project: "shop", title: `Error: ${id}`, culprit: "", level: "error", status, substatus: "new",
    priority: "high", assignee, events: 1, users: 1, first_seen: "", last_seen: "", created_at: "", trend: [], version: 1,
    priority_by: "", since: "2026-05-01T12:00:00Z", resolution: null, archive: null, first_release: "",
  };
}

function page(ids: string[], next: string | null = null): ListPage {
  const meta = { start: "", end: "", trend_step_s: 60, total: null, elapsed_ms: 1, query: "" };
  return { items: ids.map((id) => issue(id)), next, meta };
}

const ids = (rows: { items: readonly Issue[] }): string[] => rows.items.map(({ id }) => id);

test("a row that moved between two pages is shown once", () => {
  const rows = nextPage(firstPage(page(["A", "B"], "c1")), page(["B", "C"]));
  assert.deepEqual(ids(rows), ["A", "B", "C"]);
  assert.equal(rows.next, null);
});

test("a refresh brings new rows on top and drops rows that no longer match", () => {
  const rows = refreshed(firstPage(page(["A", "B", "C"])), page(["N", "B", "C"]), 50, new Set());
  assert.deepEqual(ids(rows), ["N", "B", "C"]);
  assert.equal(rows.gone.size, 0);
});

test("a refresh keeps a selected row that no longer matches at its place and marks it", () => {
  const rows = refreshed(firstPage(page(["A", "B", "C"])), page(["A", "C"]), 50, new Set(["B"]));
  assert.deepEqual(ids(rows), ["A", "B", "C"]);
  assert.deepEqual([...rows.gone], ["B"]);
});

test("a refresh of the first rows leaves the further pages and their cursor alone", () => {
  const long = nextPage(firstPage(page(["A", "B"], "c1")), page(["C", "D"], "c2"));
  const rows = refreshed(long, page(["D", "A"], "c9"), 2, new Set());
  assert.deepEqual(ids(rows), ["D", "A", "C"]);
  assert.equal(rows.next, "c2");
});

test("resolving under Unresolved marks the rows as gone at once and undoing brings them back as they were", () => {
  const before = firstPage(page(["A", "B", "C"]));
  const states = statesOf(before, ["A", "C"]);
  const after = changed(before, ["A", "C"], { status: "resolved" }, leaves("unresolved", ""));
  assert.deepEqual([...after.gone], ["A", "C"]);
  assert.deepEqual(after.items.map(({ status }) => status), ["resolved", "unresolved", "resolved"]);
  const undone = restored(after, states, leaves("unresolved", ""));
  assert.deepEqual(undone.items, before.items);
  assert.equal(undone.gone.size, 0);
});

test("an assignment leaves the row where it is, except under Assigned to me", () => {
  const rows = firstPage({ ...page([]), items: [issue("A", "unresolved", "user:me")] });
  assert.equal(changed(rows, ["A"], { assignee: "user:eve" }, leaves("unresolved", "user:me")).gone.size, 0);
  assert.deepEqual([...changed(rows, ["A"], { assignee: "user:eve" }, leaves("mine", "user:me")).gone], ["A"]);
});
