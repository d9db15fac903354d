import assert from "node:assert/strict";
import { test } from "node:test";

import { firstThread, readEvent, remarkText, tagTerm } from "./event.ts";

test("any JSON whatever reads as an event whose members have the promised types", () => {
  const values: unknown[] = [null, undefined, 0, "", "x", [], {}, [[]], [null], { frames: 3 }, true, [["k"]], [{ frames: [1, null, {}] }]];
  for (const value of values) {
    for (const document of [value, { exceptions: value, threads: value, breadcrumbs: value, tags: value, contexts: value, request: value, user: value, modules: value, remarks: value, extra: value, sdk: value, title: value, index: value, attachments: value, errors: value }]) {
      const event = readEvent(document);
      assert.equal(typeof event.title, "string");
      assert.ok(Array.isArray(event.exceptions) && Array.isArray(event.tags) && Array.isArray(event.contexts));
      for (const raised of event.exceptions) for (const frame of raised.frames) assert.equal(typeof frame.function, "string");
      for (const [key, text] of event.tags) assert.equal(typeof key + typeof text, "stringstring");
    }
  }
});

test("a neighbour that is missing is null, so that its button is off", () => {
  assert.deepEqual([readEvent({ previous: "", next: "a" }).previous, readEvent({ next: "a" }).next], [null, "a"]);
});

test("files are linked only where the server keeps them, and scripts that stayed minified say why", () => {
  const files = [{ id: "1", name: "a", url: "/api/v1/attachments/1", size: 3 }, { url: "javascript:alert(1)" }, null];
  const event = readEvent({ attachments: files, errors: [{ path: "app.js", detail: "no map" }, 7] });
  assert.deepEqual(event.attachments.map(({ name, url, size }) => [name, url, size]), [["a", "/api/v1/attachments/1", 3], ["unnamed", null, 0], ["unnamed", null, 0]]);
  assert.deepEqual(event.unresolved, [{ path: "app.js", detail: "no map" }, { path: "", detail: "" }]);
});

test("data of a breadcrumb that is no object is still shown", () => {
  assert.deepEqual(readEvent({ breadcrumbs: [{ data: "x" }, { data: {} }] }).breadcrumbs.map(({ data }) => data), [{ data: "x" }, null]);
});

test("the thread that crashed comes first, then the current one, then one with frames", () => {
  const thread = (more: object): object => ({ id: "1", ...more });
  const first = (...threads: object[]): number => firstThread(readEvent({ threads }).threads);
  assert.equal(first(thread({}), thread({ current: true }), thread({ crashed: true })), 2);
  assert.equal(first(thread({}), thread({ current: true })), 1);
  assert.equal(first(thread({}), thread({ frames: [{}] })), 1);
  assert.equal(first(thread({})), 0);
});

test("a tag becomes a search term that means exactly its value", () => {
  assert.equal(tagTerm("browser", "Firefox"), "browser:Firefox");
  assert.equal(tagTerm("browser", "Firefox 130"), 'browser:"Firefox 130"');
  assert.equal(tagTerm("path", 'a "b" *'), 'path:"a \\"b\\" \\*"');
  assert.equal(tagTerm("odd key", "x"), 'tags["odd key"]:x');
  assert.equal(tagTerm("region", ""), "!has:region");
  assert.equal(tagTerm("size", ">5"), 'size:">5"');
});

test("a remark reads as words", () => {
  assert.equal(remarkText("timestamp:in_the_future"), "timestamp: in the future");
  assert.equal(remarkText("clock_drift"), "clock drift");
});
