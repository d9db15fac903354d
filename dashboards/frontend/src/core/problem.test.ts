import assert from "node:assert/strict";
import { test } from "node:test";
import { isAbort, problemOf } from "./problem.ts";

test("a problem document keeps its code, hint, place and request", () => {
  const body = JSON.stringify({
    detail: "`sumarize` is not a stage.",
    code: "query-syntax",
    hint: "Did you mean summarize?",
    span: { start: 14, end: 22 },
    suggestion: "Did you mean summarize?",
    request_id: "abc",
  });
  const problem = problemOf(400, body);
  assert.equal(problem.message, "`sumarize` is not a stage.");
  assert.deepEqual([problem.code, problem.hint, problem.requestId], ["query-syntax", "Did you mean summarize?", "abc"]);
  assert.deepEqual(problem.span, { start: 14, end: 22 });
});

test("what is no problem document still says its status, and when to try again", () => {
  const problem = problemOf(503, "<html>Bad gateway</html>", "2");
  assert.equal(problem.message, "The server answered 503.");
  assert.equal(problem.code, "http-503");
  assert.equal(problem.retryAfter, 2);
});

test("only an overtaken request is an abort", () => {
  assert.equal(isAbort(new DOMException("", "AbortError")), true);
  assert.equal(isAbort(new Error("AbortError")), false);
});
