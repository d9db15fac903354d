"""What unmodified clients send comes back through `amber query` as it was sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.clients.collector import Collector
from tests.clients.run import ClientMissing, run_go, run_node, run_python
from tests.e2e.conftest import Amber

pytestmark = pytest.mark.sdk

EVENT_FIELDS = (
    "id, timestamp, level, platform, message, release, environment, server_name, error.type, error.value, user.id,"
    " user.email, trace, tags, stack.function, payload"
)


def rfc3339(value: float | str, digits: int) -> str:
    """Return a client's timestamp (seconds, or text) as Amber prints one, with `digits` decimals and no rounding up."""
    if isinstance(value, str):
        whole_text, _, fraction = value.replace("+00:00", "Z").removesuffix("Z").partition(".")
        return f"{whole_text}.{fraction[:digits].ljust(digits, '0')}Z"
    exact = Decimal(repr(value))
    whole = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(exact))
    fraction = str(exact % 1).partition(".")[2].ljust(digits, "0")[:digits]
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{fraction}Z"


def same_time(shown: str, sent: float | str, digits: int) -> bool:
    """Compare a shown time with a sent one to `digits` decimals; trailing zeros may be missing."""
    return shown.rstrip("Z").rstrip("0").rstrip(".") == rfc3339(sent, digits).rstrip("Z").rstrip("0").rstrip(".")


def exceptions(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the exceptions of an event; old clients send the list itself, or single ones by other names."""
    sent = event.get("exception") or {}
    return list(sent if isinstance(sent, list) else sent.get("values", []))


def frames(event: dict[str, Any]) -> list[str]:
    """Return the functions of all frames of all exceptions, oldest first."""
    values = exceptions(event)
    return [
        frame.get("function", "") for value in values for frame in (value.get("stacktrace") or {}).get("frames", [])
    ]


def check_events(amber: Amber, sent: list[dict[str, Any]], release: str) -> None:
    """Compare every event that went over the wire with its row."""
    amber.wait_for(f"from errors release:{release} | summarize n=count()", lambda rows: rows[0][0] >= len(sent))
    rows = {row["id"]: row for row in amber.ask(f"from errors release:{release} | project {EVENT_FIELDS} | limit 100")}
    assert rows.keys() == {event["event_id"] for event in sent}
    for event in sent:
        check_event(rows[event["event_id"]], event)


def check_event(row: dict[str, Any], event: dict[str, Any]) -> None:
    """Compare one event with its row: time to the microsecond, frames, tags, people, and the body as it was sent."""
    assert same_time(row["timestamp"], event["timestamp"], 6)
    assert row["stack.function"] == frames(event)
    for key, value in dict(event.get("tags") or {}).items():
        assert dict(row["tags"])[key] == value
    assert (row["release"], row["environment"]) == (event["release"], event["environment"])
    assert (row["user.id"], row["user.email"]) == (event["user"]["id"], event["user"]["email"])
    assert (row["trace"] or "") == event["contexts"].get("trace", {}).get("trace_id", "")
    if found := exceptions(event):
        assert (row["error.type"], row["error.value"]) == tuple(found[-1].get(part) for part in ("type", "value"))
    assert json.loads(row["payload"]) == event


def check_spans(amber: Amber, trace_id: str, sent: dict[str, dict[str, Any]]) -> None:
    """Compare spans by id: parents, start to the nanosecond, duration, and the one transaction they belong to."""
    query = f"from spans trace:{trace_id}"
    amber.wait_for(f"{query} | summarize n=count()", lambda rows: rows[0][0] >= len(sent))
    columns = "id, parent_span, timestamp, span.duration, span.op, transaction, is_segment"
    rows = {row["id"]: row for row in amber.ask(f"{query} | project {columns} | limit 100")}
    assert rows.keys() == sent.keys()
    for span_id, span in sent.items():
        row = rows[span_id]
        end = span.get("end_timestamp", span.get("timestamp"))
        assert same_time(row["timestamp"], span["start_timestamp"], 9)
        assert row["parent_span"] == span.get("parent_span_id")
        if not isinstance(end, str):
            assert row["span.duration"] == int(
                (Decimal(repr(end)) - Decimal(repr(span["start_timestamp"]))) * 1_000_000_000
            )
        assert row["transaction"] == "place orders"
    assert sum(bool(row["is_segment"]) for row in rows.values()) == 1


def spans_sent(wire: Collector) -> dict[str, dict[str, Any]]:
    """Return the spans that went over the wire by id: those that were streamed, and those of transactions."""
    sent = {span["span_id"]: span for span in wire.items["span"]}
    for transaction in wire.items["transaction"]:
        root = transaction["contexts"]["trace"]
        sent |= {span["span_id"]: span for span in transaction["spans"]}
        sent[root["span_id"]] = {**transaction, "parent_span_id": root.get("parent_span_id")}
    return sent


def check_own_events(amber: Amber, sent: list[dict[str, Any]]) -> None:
    """Compare events by id; other clients of the same release have sent theirs."""
    ids = ", ".join(event["event_id"] for event in sent)
    amber.wait_for(f"from errors id:[{ids}] | summarize n=count()", lambda rows: rows[0][0] >= len(sent))
    for row in amber.ask(f"from errors id:[{ids}] | project {EVENT_FIELDS} | limit 100"):
        check_event(row, next(event for event in sent if event["event_id"] == row["id"]))


def test_events_and_transaction_of_the_python_sdk_come_back_as_sent(amber: Amber):
    """sentry-sdk in a process of its own; each event equals what went over the wire."""
    with Collector(forward_dsn=amber.dsn) as wire:
        reported = run_python(wire.dsn)
        assert {request.status for request in wire.requests} == {200}
    check_own_events(amber, wire.items["event"])
    assert len(wire.items["transaction"]) == 1
    check_spans(amber, reported["trace"]["trace_id"], spans_sent(wire))


def test_a_streamed_trace_of_the_python_sdk_comes_back_as_sent_and_is_a_transaction(amber: Amber):
    """With `trace_lifecycle="stream"` the SDK sends spans and no transaction; Discover finds it all the same."""
    with Collector(forward_dsn=amber.dsn) as wire:
        trace = run_python(wire.dsn, "stream")["trace"]
        assert {request.status for request in wire.requests} == {200}
    assert not wire.items["transaction"]
    assert spans_sent(wire).keys() == {trace[name] for name in ("segment", "query", "outer", "inner")}
    check_own_events(amber, wire.items["event"])
    check_spans(amber, trace["trace_id"], spans_sent(wire))
    (found,) = amber.ask(
        f"from transactions trace:{trace['trace_id']} | project trace.span, transaction, span.op, release"
    )
    assert found == {
        "trace.span": trace["segment"],
        "transaction": "place orders",
        "span.op": "task",
        "release": "clients-python@1.0.0",
    }
    (error,) = amber.ask(f"from errors id:{trace['error']} | project trace, trace.span, transaction")
    assert error == {"trace": trace["trace_id"], "trace.span": trace["inner"], "transaction": "place orders"}


@pytest.mark.parametrize("lifecycle", ["stream", "static"])
def test_events_and_trace_of_the_node_sdk_come_back_as_sent(amber: Amber, lifecycle: Any):
    """@sentry/node in a process of its own, with streamed spans and with a transaction."""
    with Collector(forward_dsn=amber.dsn) as wire:
        try:
            reported = run_node(wire.dsn, lifecycle)
        except ClientMissing as missing:
            pytest.skip(str(missing))
        assert {request.status for request in wire.requests} == {200}
    check_own_events(amber, wire.items["event"])
    check_spans(amber, reported["trace"]["trace_id"], spans_sent(wire))


def test_events_and_transaction_of_the_go_sdk_come_back_as_sent(amber: Amber):
    """sentry-go, which sends events to the legacy endpoint: a wrapped error is a chain, a panic has its frames."""
    with Collector(forward_dsn=amber.dsn) as wire:
        try:
            reported = run_go(wire.dsn)
        except ClientMissing as missing:
            pytest.skip(str(missing))
        assert {request.status for request in wire.requests} == {200}
        stored = [json.loads(request.body) for request in wire.requests if "/store/" in request.path]
    assert len(stored) == 4
    check_events(amber, stored, "clients-go@1.0.0")
    (panic,) = amber.ask(f"from errors id:{reported['panic']} | project error.value, stack.function")
    assert "assignment to entry in nil map" in panic["error.value"]
    assert "main.func1" in panic["stack.function"] or any("main" in name for name in panic["stack.function"])
    assert len(wire.items["transaction"]) == 1
    check_spans(amber, reported["trace_id"], spans_sent(wire))
