import assert from "node:assert/strict";
import { test } from "node:test";
import { blamed, differ, errorsByField, faults, type FieldSpec, filledFrom, initialValues, requestOf, slugOf, withValue } from "./form_model.ts";

function field(name: string, more: Partial<FieldSpec> = {}): FieldSpec {
  return {
    name,
    label: name,
    kind: "text",
    value: "",
    hint: "",
    placeholder: "",
    required: false,
    autocomplete: "off",
    choices: [],
    emptyIsNull: false,
    maxLength: 200,
    pattern: "",
    follows: "",
    emptySends: "",
    ...more,
  };
}

test("a form begins with its fields' values as text, lists as lists, prefixes one a line", () => {
  const fields = [
    field("name", { value: "Shop" }),
    field("days", { kind: "number", value: 90 }),
    field("scopes", { kind: "checks", value: ["event:read"] }),
    field("code", { kind: "prefixes", value: ["shop", "lib"] }),
    field("none", { value: null }),
  ];
  assert.deepEqual(initialValues(fields), { name: "Shop", days: "90", scopes: ["event:read"], code: "shop\nlib", none: "" });
});

test("the body has numbers, lists, nulls and nested members; the path takes its fields out of it", () => {
  const fields = [
    field("user"),
    field("options.days", { kind: "number" }),
    field("options.code", { kind: "prefixes" }),
    field("projects", { kind: "checks", emptyIsNull: true }),
    field("username", { kind: "hidden" }),
    field("new", { kind: "password" }),
  ];
  const values = { user: "7", "options.days": "30", "options.code": " shop \n\nlib", projects: [], username: "x", new: " kept " };
  assert.deepEqual(requestOf("teams/1/members/{user}", fields, values, { fixed: true }), {
    path: "teams/1/members/7",
    body: { fixed: true, options: { days: 30, code: ["shop", "lib"] }, projects: null, new: " kept " },
  });
});

test("an empty choice can be said by a member of its own", () => {
  const role = field("role", { kind: "select", emptySends: "no_role" });
  assert.deepEqual(requestOf("users/1", [role], { role: "" }).body, { no_role: true });
  assert.deepEqual(requestOf("users/1", [role], { role: "admin" }).body, { role: "admin" });
});

test("an expiry is sent as the time it means, and as null for never", () => {
  const expiry = field("expires_at", { kind: "expiry", emptyIsNull: true });
  const now = Date.parse("2026-11-01T00:00:00Z");
  assert.deepEqual(requestOf("tokens", [expiry], { expires_at: "7" }, {}, now).body, { expires_at: "2026-11-08T00:00:00.000Z" });
  assert.deepEqual(requestOf("tokens", [expiry], { expires_at: "" }, {}, now).body, { expires_at: null });
});

test("what a path takes is escaped, so that a value cannot lead elsewhere", () => {
  assert.equal(requestOf("a/{user}/b", [field("user")], { user: "../x?y" }).path, "a/..%2Fx%3Fy/b");
});

test("a short name follows the name until it is typed into", () => {
  const fields = [field("name"), field("slug", { follows: "name", maxLength: 12 })];
  const followed = withValue({ name: "", slug: "" }, "name", "Größe & Café API", fields, new Set());
  assert.equal(followed.slug, "gro-e-cafe-a");
  const kept = withValue({ name: "", slug: "mine" }, "name", "Other", fields, new Set(["slug"]));
  assert.equal(kept.slug, "mine");
});

test("a short name has no dashes at its ends", () => {
  assert.equal(slugOf("  --Checkout API!  "), "checkout-api");
  assert.equal(slugOf("aaa bbb", 4), "aaa");
});

test("missing and misfitting values are said beside their fields", () => {
  const fields = [
    field("name", { required: true }),
    field("scopes", { kind: "checks", required: true }),
    field("days", { kind: "number" }),
    field("email", { kind: "email" }),
    field("slug", { pattern: "[a-z]+" }),
    field("fine", { required: true }),
  ];
  const values = { name: " ", scopes: [], days: "1.5", email: "ann", slug: "A", fine: "x" };
  assert.deepEqual(Object.keys(faults(fields, values)).sort(), ["days", "email", "name", "scopes", "slug"]);
});

test("the server's errors find their fields, nested ones too", () => {
  const fields = [field("name"), field("options.retention_days"), field("scopes", { kind: "checks" })];
  const errors = [
    { field: "retention_days", detail: "Too long." },
    { field: "scopes.0", detail: "No such scope." },
    { field: "elsewhere", detail: "x" },
  ];
  assert.deepEqual(errorsByField(errors, fields), { "options.retention_days": "Too long.", scopes: "No such scope." });
});

test("a refusal without field errors is put beside the field its code is about", () => {
  const fields = [field("old"), field("new")];
  const problem = { code: "password-weak", message: "Too short.", hint: "Ten characters.", errors: [] };
  assert.deepEqual(blamed(problem, fields), { new: "Too short. Ten characters." });
  assert.deepEqual(blamed({ ...problem, code: "rate-limited" }, fields), {});
  assert.deepEqual(blamed({ ...problem, errors: [{ field: "old", detail: "Wrong." }] }, fields), { old: "Wrong." });
});

test("an address is filled from the answer, escaped", () => {
  assert.equal(filledFrom("/app/welcome?project={slug}&o={owner.id}", { slug: "a b", owner: { id: 3 } }), "/app/welcome?project=a%20b&o=3");
});

test("a change back to where it began is no change", () => {
  assert.equal(differ({ a: "1", b: ["x"] }, { a: "1", b: ["x"] }), false);
  assert.equal(differ({ a: "1" }, { a: "2" }), true);
});
