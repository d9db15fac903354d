"""Metric points, statsd lines and buckets to rows of `metrics`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.schema import TABLES
from ingest.batches import batch_of
from ingest.process import Batch
from tests.ingest.helpers import NOW_NS, SPAN, TRACE, envelope, processed, raw, tally

COLUMNS = {c.name for c in TABLES["metrics"].columns if not c.alias}
CONTENT_TYPE = "application/vnd.sentry.items.trace-metric+json"
SECOND = NOW_NS // 1_000_000_000


def point(**more: Any) -> dict[str, Any]:
    """A counter's point."""
    return {"timestamp": NOW_NS / 1e9, "name": "orders", "type": "counter", "value": 2, "trace_id": TRACE, **more}


def container(*points: Any) -> bytes:
    """An envelope with a container of points."""
    header = {"type": "trace_metric", "content_type": CONTENT_TYPE, "item_count": len(points)}
    return envelope((header, json.dumps({"version": 2, "items": points}).encode()))


def statsd(*lines: str) -> Batch:
    """The batch of statsd lines."""
    return processed(raw(envelope(({"type": "statsd", "length": len(text := "\n".join(lines).encode())}, text))))


def checked(batch: Batch) -> list[dict[str, Any]]:
    """The rows of a batch, which fit their table."""
    batch_of("metrics", batch.rows["metrics"])
    assert all(set(row) == COLUMNS for row in batch.rows["metrics"])
    return batch.rows["metrics"]


def test_points_are_rows_with_their_attributes() -> None:
    """Counter, gauge and distribution; a point alone is its own sum, least and greatest."""
    attributes = {
        "plan": {"value": "pro", "type": "string"},
        "size": {"value": 3, "type": "integer"},
        "sentry.release": {"value": "shop@1", "type": "string"},
        "sentry.environment": {"value": "prod", "type": "string"},
        "sentry.sdk.name": {"value": "sentry.python", "type": "string"},
        "server.address": {"value": "web-1", "type": "string"},
    }
    distribution = point(name="latency", type="distribution", value=12.5, unit="millisecond", span_id=SPAN)
    first, second, third = checked(
        processed(raw(container(point(attributes=attributes), point(type="gauge", value=-1.5), distribution)))
    )
    assert (first["name"], first["kind"], first["value"], first["count"], first["scope"]) == (
        "orders",
        "counter",
        2.0,
        1,
        "default",
    )
    assert (first["release"], first["environment"], first["platform"], first["server_name"]) == (
        "shop@1",
        "prod",
        "python",
        "web-1",
    )
    assert (first["tags"]["plan"], first["measurements"]) == ("pro", {"size": 3.0})
    assert (first["temporality"], second["temporality"]) == ("delta", "")
    assert (second["value"], second["sum"], second["min"], second["max"]) == (-1.5, -1.5, -1.5, -1.5)
    assert (third["unit"], third["trace_id"], third["span_id"], third["timestamp"] // 10**9) == (
        "millisecond",
        TRACE,
        SPAN,
        SECOND,
    )


@pytest.mark.parametrize(
    "bad",
    [
        5,
        {},
        {"name": "", "type": "counter", "value": 1},
        {"name": "x", "type": "counter", "value": None},
        {"name": "x", "type": "counter", "value": float("nan")},
        {"name": "x", "type": "counter", "value": [1]},
        {"name": "x", "type": "counter", "value": True},
        {"name": "x", "type": "top", "value": 1},
        {"name": "x", "value": 1},
    ],
)
def test_a_bad_point_is_set_apart_from_its_neighbours(bad: object) -> None:
    """It is a dead letter in a container of its own, which can be sent again."""
    batch = processed(raw(container(point(), bad, point(name="after"))))
    assert [row["name"] for row in checked(batch)] == ["orders", "after"]
    [letter] = batch.dead
    assert (letter.kind, letter.reason, letter.id[-4:]) == ("invalid", "metric", "#0.1")
    assert len(json.loads(letter.body)["items"]) == json.loads(letter.header)["item_count"] == 1
    assert tally(batch) == {("accepted", "trace_metric", ""): 2, ("invalid", "trace_metric", "metric"): 1}


def test_a_resent_container_counts_once() -> None:
    """The same bytes are the same container."""
    assert tally(processed(raw(container(point())), raw(container(point())))) == {
        ("accepted", "trace_metric", ""): 1,
        ("duplicate", "trace_metric", "resent"): 1,
    }


def test_statsd_lines_are_points() -> None:
    """Counters add up, distributions are single values, gauges say five things, sets have a size."""
    batch = statsd(
        f"custom/orders@none:1:2.5|c|#plan:pro,release:shop@1,environment:prod|T{SECOND}",
        "latency@millisecond:36:49|d|#route:a\\u{2c}b\\u{7c}c\\\\d",
        "depth@byte:25:17:42:220:85|g",
        "users:1:2:2:x|s",
        "wait:3|ms",
    )
    orders, one, two, depth, users, wait = checked(batch)
    assert (orders["name"], orders["kind"], orders["unit"], orders["value"], orders["count"]) == (
        "orders",
        "counter",
        "",
        3.5,
        2,
    )
    assert (orders["release"], orders["environment"], orders["tags"]) == ("shop@1", "prod", {"plan": "pro"})
    assert orders["timestamp"] == SECOND * 10**9
    assert [(row["value"], row["unit"], row["tags"]["route"]) for row in (one, two)] == [
        (36.0, "millisecond", "a,b|c\\d"),
        (49.0, "millisecond", "a,b|c\\d"),
    ]
    assert [depth[name] for name in ("value", "min", "max", "sum", "count", "kind")] == [25, 17, 42, 220, 85, "gauge"]
    assert (users["kind"], users["value"], wait["kind"]) == ("set", 3.0, "distribution")
    assert len({row["id"] for row in batch.rows["metrics"]}) == 6


def test_the_same_line_of_two_processes_counts_twice() -> None:
    """Unlike containers, whose points have times of their own."""
    body = envelope(({"type": "statsd"}, b"orders:1|c|T1795222800"))
    assert tally(processed(raw(body), raw(body))) == {("accepted", "trace_metric", ""): 2}


@pytest.mark.parametrize(
    "line", ["nonsense", "x:|c", "x:1", "x:1|q", ":1|c", "x:nan|g", "x:1:y|d", "x:" + ":".join("1" * 10_001) + "|d"]
)
def test_a_bad_line_is_set_apart(line: str) -> None:
    """The lines around it count; the letter holds the line alone."""
    batch = statsd("before:1|c", line, "after:1|c")
    assert [row["name"] for row in checked(batch)] == ["before", "after"]
    [letter] = batch.dead
    assert (letter.reason, letter.body, letter.item_type) == ("metric", line.encode(), "statsd")


def test_buckets_are_points() -> None:
    """As JSON; names with their kind in front, too."""
    buckets = [
        {"timestamp": SECOND, "name": "c:custom/orders@none", "type": "c", "value": 4, "tags": {"plan": "pro"}},
        {"timestamp": SECOND, "name": "latency", "unit": "second", "type": "d", "value": [1, 2]},
        {"name": "depth", "type": "g", "value": {"last": 1, "min": 0, "max": 3, "sum": 6, "count": 4}},
        {"name": "users", "type": "s", "value": [7, 8, 8]},
        {"name": "bad", "type": "c", "value": []},
    ]
    batch = processed(raw(envelope(({"type": "metric_buckets"}, json.dumps(buckets).encode()))))
    assert [(r["name"], r["kind"], r["unit"], r["value"]) for r in checked(batch)] == [
        ("orders", "counter", "", 4.0),
        ("latency", "distribution", "second", 1.0),
        ("latency", "distribution", "second", 2.0),
        ("depth", "gauge", "", 1.0),
        ("users", "set", "", 2.0),
    ]
    [letter] = batch.dead
    assert json.loads(letter.body) == buckets[4:]


@given(st.binary(max_size=60) | st.text(alphabet="ab:|@#T1.-,\\u{}2c\n", max_size=60).map(str.encode))
def test_any_bytes_are_points_or_dead_letters(body: bytes) -> None:
    """Every line that is not blank becomes one or the other."""
    batch = processed(raw(envelope(({"type": "statsd", "length": len(body)}, body))))
    lines = [line for line in body.split(b"\n") if line.strip()]
    assert len(batch.dead) <= len(lines) <= len(batch.dead) + len(checked(batch))
    assert not [letter for letter in batch.dead if letter.reason == "internal"]
