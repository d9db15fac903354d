import assert from "node:assert/strict";
import { test } from "node:test";
import { byGroup, type Choice, fit, placesOf, ranked, scattered } from "./palette.ts";

const choice = (label: string, group = "Pages"): Choice => ({ id: label, label, group });

test("the beginning beats the beginning of words, which beats letters in between", () => {
  assert.ok(fit("iss", "Issues") > fit("iss", "Open issues"));
  assert.ok(fit("iss", "Open issues") > fit("ssu", "Open issues"));
  assert.equal(fit("oiss", "Open issues"), 0);
  assert.ok(scattered("oiss", "Open issues"));
  assert.ok(!scattered("iz", "Ingest of everything, a long quiz"));
  assert.equal(fit("zz", "Issues"), 0);
  assert.equal(fit("", "Issues"), 1);
});

test("what fits best comes first, and equals stay in their order", () => {
  const all = [choice("Service map"), choice("Settings"), choice("Issues"), choice("Send data")];
  assert.deepEqual(ranked("se", all, 9).map(({ label }) => label), ["Service map", "Settings", "Send data", "Issues"]);
  assert.deepEqual(ranked("", all, 2).map(({ label }) => label), ["Service map", "Settings"]);
  assert.deepEqual(ranked("pages iss", all, 9).map(({ label }) => label), ["Issues"]);
});

test("choices stand under their heading, headings by their best", () => {
  const groups = byGroup([choice("a", "Two"), choice("b", "One"), choice("c", "Two")]);
  assert.deepEqual(groups.map(([name, members]) => [name, members.map(({ id }) => id)]), [["Two", ["a", "c"]], ["One", ["b"]]]);
});

test("a pasted name leads to what it names", () => {
  assert.deepEqual(placesOf(" shop-12 "), [{ label: "Issue SHOP-12", href: "/app/issues/SHOP-12" }]);
  const [trace, event] = placesOf("0123abcd-0123-0123-0123-0123456789ab");
  assert.equal(trace?.href, "/app/traces/0123abcd0123012301230123456789ab");
  assert.match(event?.href ?? "", /id%3A0123abcd0123/);
  assert.deepEqual(placesOf("two words"), []);
});
