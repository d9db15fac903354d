import assert from "node:assert/strict";
import { test } from "node:test";
import { eventIdOf, foundBy, lineKind, SAMPLE, sameDraft, trialBody } from "./scrub_model.ts";

const draft = { scrub_rules: "", scrub_defaults: true, scrub_ip: "keep", scrub_email: "keep" };
const id = "4c79f60c11214eb38604f4ae0781bfb2";

test("an event id is found however it was pasted", () => {
  assert.equal(eventIdOf(` ${id} `), id);
  assert.equal(eventIdOf("4C79F60C-1121-4EB3-8604-F4AE0781BFB2"), id);
  assert.equal(eventIdOf(`https://amber/app/issues/1/events/${id}?project=shop`), id);
  assert.equal(eventIdOf("4c79"), "");
  assert.equal(eventIdOf(`${id}0`), "");
});

test("a trial goes by the draft, on the event that is named or else on the sample", () => {
  assert.deepEqual(trialBody(draft, id), { ...draft, event_id: id });
  assert.deepEqual(trialBody(draft, ""), { ...draft, event: SAMPLE });
});

test("a draft is the same when every choice is", () => {
  assert.equal(sameDraft(draft, { ...draft }), true);
  assert.equal(sameDraft(draft, { ...draft, scrub_ip: "mask" }), false);
});

test("lines of a diff are told apart, and remarks are words", () => {
  assert.deepEqual(["@@ -1 +1 @@", "+a", "-b", " c"].map(lineKind), ["place", "added", "removed", "same"]);
  assert.equal(foundBy(["scrubbed:card", "scrubbed:rule"]), "card, rule");
});
