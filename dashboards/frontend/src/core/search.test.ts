import assert from "node:assert/strict";
import { test } from "node:test";
import { apiBody, apiQuery, EMPTY, formatSearch, parseSearch, type UrlState, withBar } from "./search.ts";

const state = (part: Partial<UrlState>): UrlState => ({ ...EMPTY, ...part });

test("what a state writes is what it reads, with every character kept", () => {
  const all = state({
    projects: ["shop", "a&b=c"],
    environments: ["prod uction", "ü/ñ"],
    range: "7d",
    page: { q: 'from errors | where `a:"b c"` + 100% #1?', sort: "n" },
  });
  assert.deepEqual(parseSearch(formatSearch(all)), all);
});

test("an absolute range beats a relative one, and half of one counts for nothing", () => {
  assert.deepEqual(parseSearch("?range=1h&start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z").range, "");
  assert.deepEqual(parseSearch("?range=1h&start=2026-03-01T00:00:00Z"), state({ range: "1h" }));
});

test("no state is no query string", () => {
  assert.equal(formatSearch(EMPTY), "");
});

test("a link takes the bar along, unless it brings its own", () => {
  const bar = state({ projects: ["shop"], range: "7d", page: { q: "stays behind" } });
  assert.equal(withBar("/app/issues", bar), "/app/issues?project=shop&range=7d");
  assert.equal(withBar("/app/issues?range=1h&sort=users", bar), "/app/issues?project=shop&range=1h&sort=users");
  assert.equal(withBar("/app/issues?project=other#top", bar), "/app/issues?project=other&range=7d#top");
});

test("the API is asked for the last day when nothing else is chosen", () => {
  assert.deepEqual(apiQuery(EMPTY), [["range", "24h"]]);
  assert.deepEqual(apiBody(state({ projects: ["a", "b"], environments: ["x"], start: "s", end: "e" })), {
    project: ["a", "b"],
    environment: ["x"],
    start: "s",
    end: "e",
  });
});
