import assert from "node:assert/strict";
import { test } from "node:test";
import type { Variable } from "./model.ts";
import { boundOf, chosenOf, pageOfChoice, valueOf } from "./variables.ts";

const LEVEL: Variable = { name: "level", label: "", type: "string", values: { kind: "list", values: ["error", "fatal"] }, default: null };
const ENVS: Variable = { name: "envs", label: "", type: "strings", values: { kind: "field", dataset: "errors", field: "environment" }, default: null };
const SLOW: Variable = { name: "slow", label: "", type: "duration", values: null, default: "300ms" };

test("a choice survives the address, whatever signs it holds", () => {
  for (const value of ['a" | limit 1', "a,b", "[1]", "مرحبا 🛒"]) {
    assert.deepEqual(chosenOf(pageOfChoice("level", value), [LEVEL]), { level: value });
    assert.deepEqual(chosenOf(pageOfChoice("envs", [value, "x"]), [ENVS]), { envs: [value, "x"] });
  }
  assert.deepEqual(chosenOf({ "var.envs": "a, b" }, [ENVS]), { envs: ["a", "b"] });
  assert.deepEqual(pageOfChoice("level", null), { "var.level": "" });
});

test("without a choice there is the default, then all values of a list, then the first value", () => {
  assert.equal(valueOf(SLOW, {}, {}), "300ms");
  assert.deepEqual(valueOf(ENVS, {}, { envs: ["a", "b"] }), ["a", "b"]);
  assert.equal(valueOf(LEVEL, {}, { level: ["error", "fatal"] }), "error");
  assert.equal(valueOf(LEVEL, {}, {}), null);
  assert.deepEqual(valueOf(ENVS, { envs: [] }, { envs: ["a"] }), ["a"]);
});

test("a panel's queries get typed values, its own first, and what has none is named", () => {
  const panel = { text: 'from errors level:$level "$no" | where environment in [$envs] and n > $n and x = $x', parameters: [{ name: "n", type: "number" as const, value: "5" }] };
  const bound = boundOf(panel, [LEVEL, ENVS, { ...SLOW, name: "n" }], { level: "fatal" }, {});
  assert.deepEqual(bound, { params: { level: { type: "string", value: "fatal" }, n: { type: "number", value: "5" } }, lacking: ["envs", "x"] });
});
