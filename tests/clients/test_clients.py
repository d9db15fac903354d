"""Unmodified clients, as separate processes, say what the tests that follow their events through Amber rely on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.collector import Collector
from tests.clients.run import ClientMissing, TraceLifecycle, run_node, run_python

pytestmark = pytest.mark.sdk


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as one:
        yield one


def node_or_skip(dsn: str, lifecycle: TraceLifecycle) -> dict[str, Any]:
    try:
        return run_node(dsn, lifecycle)
    except ClientMissing as missing:
        pytest.skip(str(missing))


def by_id(collector: Collector) -> dict[str, dict[str, Any]]:
    return {event["event_id"]: event for event in collector.items["event"]}


def chain(event: dict[str, Any]) -> list[str]:
    return [entry["type"] for entry in event["exception"]["values"]]


def functions(event: dict[str, Any]) -> list[str]:
    return [frame["function"] for frame in event["exception"]["values"][-1]["stacktrace"]["frames"]]


class TestPython:
    def test_every_event_arrives_under_its_id(self, collector: Collector) -> None:
        reported = run_python(collector.dsn)
        events = by_id(collector)
        ids = {value for key, value in reported.items() if key != "trace"} | {reported["trace"]["error"]}
        assert set(events) == ids
        assert chain(events[reported["chained"]]) == ["KeyError", "OrderFailed"]
        assert functions(events[reported["exception"]])[-1] == "read_price"
        # The SDK sends a group with its members before it, the group last.
        assert chain(events[reported["group"]])[-1] == "ExceptionGroup"
        assert events[reported["message"]]["level"] == "warning"
        assert events[reported["logged"]]["logentry"]["message"] == "Order %s of %s failed"
        assert events[reported["fingerprinted"]]["fingerprint"] == ["{{ default }}", "tenant-1"]
        assert all(event["tags"]["plan"] == "gold" and event["user"]["id"] == "7" for event in events.values())
        assert {request.status for request in collector.requests} == {200}

    def test_the_transaction_holds_its_child_spans_and_the_error_points_to_one(self, collector: Collector) -> None:
        trace = run_python(collector.dsn)["trace"]
        (transaction,) = collector.items["transaction"]
        assert transaction["transaction"] == "place orders"
        assert transaction["contexts"]["trace"]["span_id"] == trace["segment"]
        parents = {span["span_id"]: span["parent_span_id"] for span in transaction["spans"]}
        assert parents == {
            trace["query"]: trace["segment"],
            trace["outer"]: trace["segment"],
            trace["inner"]: trace["outer"],
        }
        context = by_id(collector)[trace["error"]]["contexts"]["trace"]
        assert (context["trace_id"], context["span_id"]) == (trace["trace_id"], trace["inner"])


class TestNode:
    def test_every_event_arrives_under_its_id(self, collector: Collector) -> None:
        reported = node_or_skip(collector.dsn, "stream")
        events = by_id(collector)
        ids = {reported[key] for key in ("exception", "chained", "message", "fingerprinted")}
        assert set(events) == ids | {reported["trace"]["error"]}
        assert len(events[reported["chained"]]["exception"]["values"]) == 2
        assert functions(events[reported["exception"]])[-1] == "readPrice"
        assert events[reported["message"]]["level"] == "warning"
        assert all(event["tags"]["plan"] == "gold" for event in events.values())

    def test_spans_are_streamed_with_their_parents(self, collector: Collector) -> None:
        trace = node_or_skip(collector.dsn, "stream")["trace"]
        assert not collector.items["transaction"]
        spans = {span["span_id"]: span for span in collector.items["span"]}
        assert set(spans) == {trace[name] for name in ("segment", "query", "outer", "inner")}
        assert spans[trace["inner"]]["parent_span_id"] == trace["outer"]
        assert spans[trace["segment"]]["is_segment"] is True
        assert {span["trace_id"] for span in spans.values()} == {trace["trace_id"]}

    def test_a_static_trace_is_one_transaction(self, collector: Collector) -> None:
        trace = node_or_skip(collector.dsn, "static")["trace"]
        assert not collector.items["span"]
        (transaction,) = collector.items["transaction"]
        assert transaction["contexts"]["trace"]["span_id"] == trace["segment"]
        assert {span["span_id"] for span in transaction["spans"]} == {
            trace[name] for name in ("query", "outer", "inner")
        }


def test_a_forwarding_collector_passes_requests_and_answers_through() -> None:
    with Collector() as target, Collector(forward_dsn=target.dsn) as between:
        run_python(between.dsn)
        assert [request.body for request in target.requests] == [request.body for request in between.requests]
        assert [request.path for request in target.requests] == [request.path for request in between.requests]
        assert target.items == between.items
