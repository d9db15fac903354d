"""Exceptions of span events and log records become errors, once each, grouped like those of Sentry's SDKs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.ingest.helpers import NOW_NS, event, snapshot, tally
from tests.ingest.otlp_helpers import ROOT, TRACE, Site, exception_event, keyed, logs, span, traces

PYTHON = keyed(telemetry_sdk_language="python", service_name="cart", service_version="1")
STACK = """Traceback (most recent call last):
  File "/app/shop.py", line 3, in <module>
    buy()
  File "/usr/lib/python3/site-packages/lib.py", line 12, in call
    raise ValueError("bad")
ValueError: bad
"""
SECOND = 10**9


def log(at: int = NOW_NS, stack: str = STACK, **given: Any) -> dict[str, Any]:
    """A log record that tells of the same exception as `exception_event`."""
    attributes = exception_event(stack)["attributes"]
    return {"traceId": TRACE, "spanId": ROOT, "timeUnixNano": str(at), "attributes": attributes, **given}


def errors_of_span(**given: Any) -> list[dict[str, Any]]:
    """The errors of a span with these members."""
    return Site().rows("traces", traces(span(**given), resource=PYTHON)).rows["errors"]


def test_an_exception_of_a_span_is_an_error_of_its_transaction() -> None:
    attributes = keyed(
        http_request_method="GET", url_full="https://a.example/x", enduser_id="7", http_response_status__code=500
    )
    (row,) = errors_of_span(
        name="GET /x", kind=2, attributes=attributes, events=[exception_event(STACK, NOW_NS + 1500)], status={"code": 2}
    )
    wanted = {
        "timestamp": (NOW_NS + 1500) // 1000,
        "type": "error",
        "level": "error",
        "platform": "python",
        "title": "ValueError: bad",
        "error_type": "ValueError",
        "error_value": "bad",
        "error_mechanisms": ["opentelemetry"],
        "transaction": "GET /x",
        "trace_id": TRACE,
        "span_id": ROOT,
        "release": "cart@1",
        "user": "id:7",
        "http_method": "GET",
        "http_url": "https://a.example/x",
        "http_status_code": 500,
        "stack_functions": ["<module>", "call"],
        "stack_linenos": [3, 12],
        "stack_in_app": [True, False],
        "remarks": [],
    }
    assert {name: row[name] for name in wanted} == wanted
    assert row["tags"]["service.name"] == "cart"
    payload = json.loads(row["payload"])
    assert payload["event_id"] == row["event_id"]
    assert payload["exception"]["values"][0]["stacktrace"]["frames"][1]["context_line"] == 'raise ValueError("bad")'
    assert payload["contexts"]["trace"]["op"] == "http.server"


def test_it_is_grouped_like_the_same_exception_of_a_sentry_client() -> None:
    (row,) = errors_of_span(events=[exception_event(STACK)])
    frames = [
        {
            "filename": "/app/shop.py",
            "abs_path": "/app/shop.py",
            "function": "<module>",
            "lineno": 3,
            "context_line": "buy()",
        },
        {
            "filename": "/usr/lib/python3/site-packages/lib.py",
            "function": "call",
            "lineno": 12,
            "context_line": 'raise ValueError("bad")',
        },
    ]
    values = [{"type": "ValueError", "value": "bad", "stacktrace": {"frames": frames}}]
    sentry = event({"platform": "python", "transaction": "work", "exception": {"values": values}})
    assert row["fingerprint"] == sentry["fingerprint"]


def test_project_rules_say_whose_code_a_frame_is() -> None:
    site = Site(snapshot(in_app_exclude=("/app/",)))
    (row,) = site.rows("traces", traces(span(events=[exception_event(STACK)]), resource=PYTHON)).rows["errors"]
    assert row["stack_in_app"] == [False, False]


def test_an_exception_of_a_log_record_is_an_error_of_its_level() -> None:
    record = log(
        severityNumber=21, body={"stringValue": "checkout failed"}, attributes=[*log()["attributes"], *keyed(n=3)]
    )
    batch = Site().rows("logs", logs(record, resource=PYTHON))
    (row,) = batch.rows["errors"]
    assert (row["level"], row["logger"], row["message"]) == ("fatal", "shop.cart", "checkout failed")
    assert (row["trace_id"], row["span_id"], row["title"]) == (TRACE, ROOT, "ValueError: bad")
    assert not any(key.startswith("exception.") for key in row["tags"])
    assert json.loads(row["payload"])["extra"] == {"n": 3.0}
    assert [r["body"] for r in batch.rows["logs"]] == ["checkout failed"]
    assert tally(batch) == {("accepted", "error", ""): 1, ("accepted", "log_item", ""): 1}


@pytest.mark.parametrize("first", ["traces", "logs"])
@pytest.mark.parametrize("apart", [0, 400_000_000])
def test_an_exception_sent_as_span_event_and_log_record_is_one_error(first: str, apart: int) -> None:
    """`logs/dup`: the client makes the two copies at two instants, and sends them in two requests, in either order."""
    site = Site()
    bodies = {"traces": traces(span(events=[exception_event(STACK)])), "logs": logs(log(NOW_NS + apart))}
    second = "logs" if first == "traces" else "traces"
    assert len(site.rows(first, bodies[first]).rows["errors"]) == 1
    batch = site.rows(second, bodies[second])
    assert batch.rows["errors"] == []
    assert tally(batch)["duplicate", "error", "same_exception"] == 1


def test_both_copies_in_one_range_are_one_error_too() -> None:
    site = Site()
    site.post("/v1/logs", logs(log()))
    site.post("/v1/traces", traces(span(events=[exception_event(STACK)])))
    assert len(site.batch().rows["errors"]) == 1


def test_the_same_exception_again_later_is_another_error() -> None:
    """A worker may fail alike every minute within one long span."""
    site = Site()
    for minute in range(3):
        assert len(site.rows("logs", logs(log(NOW_NS + minute * 60 * SECOND))).rows["errors"]) == 1


def test_the_same_exception_many_times_in_a_span_is_as_many_errors() -> None:
    """Whether or not the log records tell of them as well."""
    site = Site()
    times = [NOW_NS + number * 1000 for number in range(3)]
    rows = site.rows("traces", traces(span(events=[exception_event(STACK, at) for at in times]))).rows["errors"]
    assert len({row["event_id"] for row in rows}) == 3
    assert site.rows("logs", logs(*(log(at + 7) for at in times))).rows["errors"] == []


@pytest.mark.parametrize("other", [{"traceId": "ab" * 16}, {"spanId": "cd" * 8}])
def test_exceptions_of_different_spans_are_different_errors(other: dict[str, str]) -> None:
    site = Site()
    site.rows("traces", traces(span(events=[exception_event(STACK)])))
    assert len(site.rows("logs", logs(log(**other))).rows["errors"]) == 1


def test_exceptions_outside_of_a_trace_are_told_apart_by_their_time() -> None:
    record = log(traceId="", spanId="")
    site = Site()
    assert len(site.rows("logs", logs(record)).rows["errors"]) == 1
    assert site.rows("logs", logs(record)).rows["errors"] == []
    assert len(site.rows("logs", logs({**record, "timeUnixNano": str(NOW_NS + 1)})).rows["errors"]) == 1


@pytest.mark.parametrize("signal", ["traces", "logs"])
def test_a_resent_request_gives_no_second_error(signal: str) -> None:
    body = traces(span(events=[exception_event(STACK)])) if signal == "traces" else logs(log())
    site = Site()
    (row,) = site.rows(signal, body).rows["errors"]
    batch = site.rows(signal, body)
    assert batch.rows["errors"] == []
    assert tally(batch)["duplicate", "error", "resent"] == 1
    (again,) = Site().rows(signal, body).rows["errors"]
    assert again["event_id"] == row["event_id"]


@pytest.mark.parametrize(
    ("attributes", "title", "types"),
    [
        ({"exception.stacktrace": ""}, "ValueError: bad", ["ValueError"]),
        ({"exception.type": ""}, "bad", [""]),
        ({"exception.message": "", "exception.stacktrace": ""}, "ValueError", ["ValueError"]),
        (
            {"exception.type": "", "exception.message": "", "exception.stacktrace": STACK},
            "ValueError: bad",
            ["ValueError"],
        ),
        ({"exception.type": "shop.Bad", "exception.stacktrace": STACK}, "shop.Bad: bad", ["shop.Bad"]),
    ],
)
def test_type_and_message_come_from_the_attributes_else_from_the_stack(
    attributes: dict[str, str], title: str, types: list[str]
) -> None:
    (row,) = errors_of_span(events=[exception_event(**attributes)])
    assert (row["title"], row["error_types"]) == (title, types)


def test_a_stack_nobody_understands_is_kept_as_text() -> None:
    (row,) = errors_of_span(events=[exception_event("in some language\n  somewhere")])
    assert row["stack_functions"] == []
    assert json.loads(row["payload"])["extra"]["exception.stacktrace"] == "in some language\n  somewhere"


def test_a_chain_is_in_sentrys_order_and_form() -> None:
    stack = f"{STACK}\nThe above exception was the direct cause of the following exception:\n\n{STACK}"
    (row,) = errors_of_span(events=[exception_event(stack.replace("ValueError: bad", "KeyError: 'k'", 1))])
    assert (row["error_types"], row["error_type"]) == (["KeyError", "ValueError"], "ValueError")
    first, last = json.loads(row["payload"])["exception"]["values"]
    assert first["mechanism"] == {"type": "chained", "exception_id": 1, "parent_id": 0, "source": "cause"}
    assert last["mechanism"] == {"type": "opentelemetry", "exception_id": 0}


@pytest.mark.parametrize(("escaped", "handled"), [(True, False), ("False", True), ("true", False), (None, None)])
def test_an_escaped_exception_was_not_handled(escaped: Any, handled: bool | None) -> None:
    given = {} if escaped is None else {"exception.escaped": escaped}
    (row,) = errors_of_span(events=[exception_event(STACK, **given)])
    assert row["error_handled"] is handled


@pytest.mark.parametrize(
    "found",
    [
        {"name": "exception", "timeUnixNano": str(NOW_NS)},
        {"name": "exception", "attributes": keyed(other="x")},
        {"name": "cache.miss", "attributes": keyed(exception_id="x")},
    ],
)
def test_events_that_say_nothing_of_an_exception_are_no_errors(found: dict[str, Any]) -> None:
    assert errors_of_span(events=[found]) == []


def test_the_language_of_the_stack_tells_the_platform_when_the_client_does_not() -> None:
    (row,) = Site().rows("traces", traces(span(events=[exception_event(STACK)]))).rows["errors"]
    assert row["platform"] == "python"


def test_an_exception_of_a_span_that_is_rejected_is_an_error_all_the_same() -> None:
    """The client is told of the span; what went wrong in it is worth keeping."""
    batch = Site().rows("traces", traces(span(endTimeUnixNano="0", events=[exception_event()]), span("aa" * 8)))
    assert (len(batch.rows["spans"]), len(batch.rows["errors"])) == (1, 1)


def test_secrets_in_a_message_or_a_stack_are_scrubbed() -> None:
    secret = "4111111111111111"
    given = {"exception.message": f"card {secret}", "exception.stacktrace": f"nothing known {secret}"}
    (row,) = errors_of_span(events=[exception_event(**given)])
    assert secret not in str(row)
