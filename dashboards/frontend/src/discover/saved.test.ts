import assert from "node:assert/strict";
import { test } from "node:test";
import { looksLikeSentry, pageOfSaved, type SavedQuery, sharedWith, sharings } from "./saved.ts";

const SAVED: SavedQuery = {
  id: 7,
  name: "Worst",
  description: "",
  kind: "query",
  language: "discover",
  text: "from errors | where level = $level",
  parameters: [{ name: "level", type: "string", default: "error", description: "" }],
  sharing: "private",
  owner: "",
  own: true,
  may_change: true,
  starred: false,
  version: 2,
  newest: 2,
  author: "",
  changed_at: "",
};

test("opening a saved query puts text, number and defaults into the address and takes others away", () => {
  const page = pageOfSaved(SAVED, { q: "old", lang: "sql", "var.old": "string:x", rows: "5" });
  assert.deepEqual(page, {
    "var.old": "",
    "var.level": "string:error",
    q: SAVED.text,
    rows: "",
    lang: "",
    saved: "7",
    version: "",
  });
  assert.equal(pageOfSaved({ ...SAVED, version: 1 }, {}).version, "1");
  assert.equal(pageOfSaved({ ...SAVED, language: "sql" }, {}).lang, "sql");
});

test("only one address of a query of Sentry is taken for one", () => {
  assert.ok(looksLikeSentry(" https://acme.sentry.io/organizations/acme/discover/results/?field=title&query=a%20b\n"));
  assert.ok(looksLikeSentry("https://sentry.example.org/organizations/x/issues/?query=is%3Aunresolved"));
  assert.ok(looksLikeSentry("https://acme.sentry.io/explore/traces/?mode=aggregate"));
  for (const other of ["level:error", "https://example.org/", "see https://a.b/issues/?x=1", "https://a.b/issues/12/?x=1"]) {
    assert.ok(!looksLikeSentry(other), other);
  }
});

test("one shares with nobody, the teams one is more than a viewer in, or everybody; what is so now stays a choice", () => {
  const roles = [
    { role: "member", kind: "team", id: 1 },
    { role: "viewer", kind: "team", id: 2 },
    { role: "member", kind: "project", id: 3 },
  ];
  const teams = [1, 2, 3].map((id) => ({ id, slug: `t${id}`, name: id === 1 ? "" : `Team ${id}` }));
  const values = (now: string) => sharings({ roles }, teams, now).map(({ value }) => value);
  assert.deepEqual(values("private"), ["private", "team:t1", "organisation"]);
  assert.deepEqual(values("team:t2"), ["private", "team:t1", "organisation", "team:t2"]);
  assert.deepEqual(["private", "organisation", "team:web"].map(sharedWith), ["", "shared", "team web"]);
});
