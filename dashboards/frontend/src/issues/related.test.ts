import assert from "node:assert/strict";
import { test } from "node:test";
import { readEvent } from "./event.ts";
import { distance, linksOf, question } from "./related.ts";

const event = readEvent({
  event_id: "e".repeat(32),
  timestamp: "2026-03-01T12:00:00Z",
  trace_id: "A".repeat(32),
  contexts: { replay: { replay_id: "01234567-89ab-cdef-0123-456789abcdef" }, profile: { profile_id: "<script>" } },
  tags: [["replayId", "f".repeat(32)]],
});

test("ids are read wherever a client put them, and nothing else is one", () => {
  assert.deepEqual(linksOf(event), { trace: "a".repeat(32), span: "", replay: "0123456789abcdef0123456789abcdef", profile: "" });
  assert.equal(linksOf(readEvent({ tags: [["replayId", "f".repeat(32)]] })).replay, "f".repeat(32));
});

test("what is around the event is asked by its trace, in the half hours beside it", () => {
  const asked = question("errors", event);
  assert.deepEqual(asked.params, { trace: event.trace_id, event: event.event_id });
  assert.deepEqual([asked.start, asked.end], ["2026-03-01T11:30:00Z", "2026-03-01T12:30:00Z"]);
  assert.ok(!asked.query.includes(event.event_id));
});

test("distances are said with their way", () => {
  assert.equal(distance("2026-03-01T11:59:58.800Z", event.timestamp), "−1.2 s");
  assert.equal(distance("2026-03-01T12:00:00.030Z", event.timestamp), "+30 ms");
  assert.equal(distance("2026-03-01T12:00:00Z", event.timestamp), "0 ms");
  assert.equal(distance("soon", event.timestamp), "");
});
