import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultsOf, givenOf, listText, missing, pageOf, paramsBody, parametersOf } from "./parameters.ts";

test("the parameters of a text are its names after a dollar, outside of texts in quotes", () => {
  assert.deepEqual(parametersOf('from errors | where a = $b and c in [$d, "$e", \'$f\'] and t =~ "\\"$g" and $b'), ["b", "d"]);
  assert.deepEqual(parametersOf("from errors message://cost \\$x$//"), []);
  assert.deepEqual(parametersOf("costs $5 and $ and $_ok"), ["_ok"]);
});

test("values go into the address with their types and come back", () => {
  const given = { a: { type: "duration", value: "5m" }, b: { type: "string", value: "x:y" } } as const;
  const page = pageOf(given, { q: "text", "var.old": "number:1" });
  assert.deepEqual(page, { "var.old": "", "var.a": "duration:5m", "var.b": "string:x:y" });
  assert.deepEqual(givenOf({ q: "text", "var.a": "duration:5m", "var.b": "string:x:y" }), given);
  assert.deepEqual(givenOf({ "var.a": "just text", "var.b": "colour:red" }), {
    a: { type: "string", value: "just text" },
    b: { type: "string", value: "colour:red" },
  });
});

test("what has no value is missing, unless a text may be empty", () => {
  const given = { a: { type: "string", value: "" }, b: { type: "number", value: "" } } as const;
  assert.deepEqual(missing(["a", "b", "c"], given), ["b", "c"]);
  assert.deepEqual(paramsBody(["a", "c"], given), { a: { type: "string", value: "" } });
});

test("defaults of declared parameters are their first values", () => {
  const declared = [
    { name: "a", type: "number", default: 5, description: "" },
    { name: "b", type: "string", default: null, description: "" },
  ] as const;
  assert.deepEqual(defaultsOf(declared), { a: { type: "number", value: "5" } });
});

test("a list whose values hold commas comes whole through the address", () => {
  for (const values of [["a", "b"], ["Doe, Jane", "x"], ["[a]"], [""], [" a"]]) {
    const address = listText(values);
    const { value } = paramsBody(["l"], { l: { type: "strings", value: address } }).l!;
    assert.deepEqual(typeof value === "string" ? value.split(",") : value, values);
  }
  assert.equal(paramsBody(["l"], { l: { type: "strings", value: "[a, b" } }).l!.value, "[a, b");
});
