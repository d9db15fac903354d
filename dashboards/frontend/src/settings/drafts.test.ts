import assert from "node:assert/strict";
import { test } from "node:test";
import { draftOf, enter, keepDraft } from "./drafts.ts";

const soon = () => new Promise((done) => setTimeout(done, 5));
const typed = { values: { name: "Mine" }, problem: null };

test("a form that takes another's place finds what was typed", async () => {
  const leave = enter("a");
  keepDraft("a", typed);
  leave();
  enter("a");
  await soon();
  assert.deepEqual(draftOf("a"), typed);
});

test("what was typed is gone when the form has left", async () => {
  const leave = enter("b");
  keepDraft("b", typed);
  leave();
  await soon();
  assert.equal(draftOf("b"), undefined);
});

test("what was sent or taken back is not kept", () => {
  keepDraft("c", typed);
  keepDraft("c", null);
  assert.equal(draftOf("c"), undefined);
});
