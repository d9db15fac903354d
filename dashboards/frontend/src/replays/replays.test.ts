import assert from "node:assert/strict";
import { test } from "node:test";

import { canPlay, clock, inOrder, nextFailure, type Recorded, timelineOf } from "./model.ts";
import { still } from "./still.ts";

const BEGIN = 1_772_000_000_000;
const at = (ms: number, type: number, data: unknown): Recorded => ({ type, timestamp: BEGIN + ms, data });
const crumb = (ms: number, payload: Record<string, unknown>) => at(ms, 5, { tag: "breadcrumb", payload: { timestamp: (BEGIN + ms) / 1000, ...payload } });

test("segments become one row of events in time, whatever is no event in them", () => {
  const events = inOrder([[at(50, 3, {}), { type: "x" }, null], "no list", [at(0, 4, {}), at(10, 2, {})]]);
  assert.deepEqual(events.map(({ timestamp }) => timestamp - BEGIN), [0, 10, 50]);
  assert.equal(canPlay(events), true);
  assert.equal(canPlay(events.filter(({ type }) => type !== 2)), false);
});

test("what a client noted stands in its lane at its moment, and a click that was noted twice once", () => {
  const fetched = { op: "resource.fetch", description: "/pay", startTimestamp: BEGIN / 1000 + 1, endTimestamp: BEGIN / 1000 + 1.5, data: { method: "POST", statusCode: 502 } };
  const events = [
    at(0, 4, { href: "http://shop.example/" }),
    at(500, 3, { source: 2, type: 2 }),
    crumb(510, { category: "ui.click", message: "button#pay" }),
    at(1500, 5, { tag: "performanceSpan", payload: fetched }),
    crumb(1600, { category: "console", level: "error", data: { arguments: ["bad", { a: 1 }] } }),
  ];
  const line = timelineOf(events, [{ timestamp: new Date(BEGIN + 1700).toISOString(), issue: "SHOP-1", id: "e", title: "boom" }]);
  assert.deepEqual(
    line.marks.map(({ lane, at: when, until, text, level }) => [lane, when, until, text, level]),
    [
      ["pages", 0, 0, "http://shop.example/", ""],
      ["clicks", 510, 510, "click button#pay", ""],
      ["network", 1000, 1500, "POST /pay 502", "error"],
      ["console", 1600, 1600, 'bad {"a":1}', "error"],
      ["errors", 1700, 1700, "boom", "error"],
    ],
  );
  assert.equal(nextFailure(line.marks, 1000, 1)?.at, 1600);
  assert.equal(nextFailure(line.marks, 5000, -1)?.at, 1700);
  assert.equal(nextFailure(line.marks, 1700, 1), null);
});

test("stretches in which nobody did anything are told", () => {
  const line = timelineOf([at(0, 4, {}), at(1000, 3, { source: 1 }), at(4000, 3, { source: 0 }), at(30_000, 3, { source: 2, type: 0 }), at(31_000, 3, {})], []);
  assert.deepEqual(line.idle, [[1000, 30_000]]);
  assert.deepEqual([clock(65_000), clock(3_723_000)], ["1:05", "1:02:03"]);
});

test("nothing in a recording fetches, goes anywhere, or listens", () => {
  const node = {
    tagName: "img",
    attributes: { src: "https://evil.example/a.png", alt: "x", onerror: "alert(1)", style: "background:url(https://evil.example/b) red", class: "c" },
    childNodes: [
      { tagName: "a", attributes: { href: "javascript:alert(1)" } },
      { tagName: "img", attributes: { src: "data:image/png;base64,AA" } },
      { tagName: "style", attributes: { _cssText: "@import url(//evil.example/c.css); p { background: url('data:image/gif;base64,AA') }" } },
      { tagName: "iframe", attributes: { srcdoc: "<script>1</script>", src: "data:text/html,<script>1</script>" } },
      { tagName: "meta", attributes: { "http-equiv": "refresh", content: "0;url=https://evil.example" } },
    ],
  };
  assert.deepEqual(still(node), {
    tagName: "img",
    attributes: { alt: "x", style: "background:none red", class: "c" },
    childNodes: [
      { tagName: "a", attributes: { href: "#" } },
      { tagName: "img", attributes: { src: "data:image/png;base64,AA" } },
      { tagName: "style", attributes: { _cssText: " p { background: url('data:image/gif;base64,AA') }" } },
      { tagName: "iframe", attributes: {} },
      { tagName: "meta", attributes: { content: "0;url=https://evil.example" } },
    ],
  });
});
