import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY, parseSearch } from "../core/search.ts";
import { isPlain, ordered, searchOf, stateOf, unchanged, type View } from "./model.ts";

const VIEW = { id: 7, name: "Mine", search: "q=level%3Aerror&sort=users", starred: false } as View;

test("a view brings its own state and leaves projects and time it does not name", () => {
  const now = parseSearch("?project=shop&range=7d&q=old&tab=mine");
  const shown = stateOf(VIEW, now);
  assert.deepEqual(shown.page, { q: "level:error", sort: "users", view: "7" });
  assert.deepEqual([shown.projects, shown.range], [["shop"], "7d"]);
  const timed = stateOf({ ...VIEW, search: "project=vault&range=1h" }, now);
  assert.deepEqual([timed.projects, timed.range], [["vault"], "1h"]);
});

test("a view knows whether the page still shows it, in whatever order the address has its parts", () => {
  const shown = parseSearch("?sort=users&q=level%3Aerror&view=7&range=24h");
  assert.equal(unchanged(VIEW, shown), true);
  assert.equal(unchanged(VIEW, { ...shown, page: { ...shown.page, sort: "events" } }), false);
  assert.equal(searchOf(shown), "range=24h&sort=users&q=level%3Aerror");
  assert.deepEqual([isPlain(EMPTY), isPlain(shown), isPlain({ ...EMPTY, projects: ["shop"] })], [true, false, true]);
});

test("starred views come first", () => {
  const named = (name: string, starred: boolean) => ({ ...VIEW, name, starred });
  assert.deepEqual(ordered([named("b", false), named("a", false), named("c", true)]).map(({ name }) => name), ["c", "a", "b"]);
});
