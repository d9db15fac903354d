import assert from "node:assert/strict";
import { test } from "node:test";

import { formatSearch, parseSearch, type UrlState } from "../core/search.ts";
import { describeFilters, filterParams, listParams, matchBody, quoted, readFilters, searchText, tabs } from "./filters.ts";

const search = (text: string): UrlState => parseSearch(text);

test("without parameters the list shows unresolved issues, last seen first, and the URL stays short", () => {
  const filters = readFilters(search("").page);
  assert.deepEqual(filters, { tab: "unresolved", q: "", sort: "last_seen" });
  assert.deepEqual(filterParams(filters), { tab: "", q: "", sort: "" });
  assert.equal(searchText(filters, ""), "is:unresolved");
});

test("filters survive the URL", () => {
  const filters = { tab: "mine", q: 'message:"a b"', sort: "users" as const };
  const address = formatSearch({ ...parseSearch(""), page: filterParams(filters) });
  assert.deepEqual(readFilters(parseSearch(address).page), filters);
});

test("a sort nobody knows reads as the default", () => {
  assert.equal(readFilters(search("sort=drop+table").page).sort, "last_seen");
});

test("a status in the text beats the tab's", () => {
  assert.equal(searchText({ tab: "unresolved", q: "is:resolved level:error", sort: "last_seen" }, ""), "is:resolved level:error");
  assert.equal(searchText({ tab: "mine", q: "is:resolved", sort: "last_seen" }, "user:a@b.c"), "assigned:user:a@b.c is:resolved");
});

test("an OR in the text is kept together when the tab adds its terms", () => {
  assert.equal(searchText({ tab: "unresolved", q: "level:error or level:fatal", sort: "last_seen" }, ""), "is:unresolved (level:error or level:fatal)");
  assert.equal(searchText({ tab: "all", q: "a OR b", sort: "last_seen" }, ""), "a OR b");
});

test("a token has no issues of its own, a user does, whatever the name holds", () => {
  assert.equal(tabs("token:ci").some(({ key }) => key === "mine"), false);
  assert.equal(tabs('user:o"h no').find(({ key }) => key === "mine")?.terms, 'is:unresolved assigned:"user:o\\"h no"');
  assert.equal(quoted("a@b.c"), "a@b.c");
});

test("the request carries projects, environments and range under the API's names", () => {
  const state = search("project=shop&project=web&env=prod&range=7d&q=boom&view=x");
  const params = new URLSearchParams(listParams(state, "", "c1", 50));
  assert.deepEqual(params.getAll("project"), ["shop", "web"]);
  assert.deepEqual(params.getAll("environment"), ["prod"]);
  assert.equal(params.get("range"), "7d");
  assert.equal(params.get("query"), "is:unresolved boom");
  assert.equal(params.get("cursor"), "c1");
  assert.equal(params.has("view"), false);
  assert.deepEqual(matchBody(state, ""), { query: "is:unresolved boom", project: ["shop", "web"], environment: ["prod"], range: "7d" });
});

test("the empty state names what filters the list", () => {
  assert.deepEqual(describeFilters(search("project=shop&env=prod&q=boom"), ""), ["is:unresolved boom", "project shop", "environment prod", "the last 24h"]);
});
