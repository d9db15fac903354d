"""Transactions and span containers to rows of `spans`: ids, names and times exact, in every order of arrival."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.schema import TABLES
from ingest.batches import batch_of
from ingest.errors import InvalidItem
from ingest.normalise.remarks import REMARKS
from ingest.normalise.spans import CONTENT_TYPE
from ingest.normalise.times import DAY_NS
from tests.ingest.helpers import NOW_NS, SPAN, TRACE, spans, transaction

COLUMNS = {c.name for c in TABLES["spans"].columns if not c.alias}
CHILD = "c" * 16
START = "1795221729.258189713"
END = "1795221729.542590001"


def txn(**more: Any) -> dict[str, Any]:
    """A transaction with one child."""
    child = {
        "span_id": CHILD,
        "parent_span_id": SPAN,
        "start_timestamp": 1795221729.3,
        "timestamp": 1795221729.4,
        "op": "db",
        "description": "SELECT 1",
    }
    return {
        "type": "transaction",
        "transaction": "GET /cart",
        "transaction_info": {"source": "route"},
        "start_timestamp": 1795221729.25,
        "timestamp": 1795221729.54,
        "contexts": {
            "trace": {"trace_id": TRACE, "span_id": SPAN, "op": "http.server", "status": "ok", "origin": "auto"}
        },
        "spans": [child],
        **more,
    }


def test_a_transaction_is_its_segment_and_its_children() -> None:
    """The children carry what the transaction knows."""
    segment, child = transaction(txn(environment="prod", release="r@1", user={"id": 3}, server_name="web-1"))
    assert (segment["is_segment"], segment["name"], segment["segment_name"], segment["segment_id"]) == (
        True,
        "GET /cart",
        "GET /cart",
        SPAN,
    )
    assert (segment["op"], segment["status"], segment["origin"], segment["source"]) == (
        "http.server",
        "ok",
        "auto",
        "route",
    )
    assert (child["is_segment"], child["segment_id"], child["segment_name"], child["parent_span_id"]) == (
        False,
        SPAN,
        "GET /cart",
        SPAN,
    )
    assert (child["trace_id"], child["op"], child["description"], child["name"]) == (
        TRACE,
        "db",
        "SELECT 1",
        "SELECT 1",
    )
    for column in ("environment", "release", "user", "server_name", "event_id", "ingested_at"):
        assert child[column] == segment[column]
    assert set(segment) == set(child) == COLUMNS
    batch_of("spans", [segment, child])


@given(start=st.integers(0, 10**9 - 1), lasts=st.integers(0, 10**12), as_text=st.booleans())
def test_times_are_exact_to_the_nanosecond(start: int, lasts: int, as_text: bool) -> None:
    """However many digits the client sends."""
    begin = 1_795_221_729 * 10**9 + start
    end = begin + lasts

    def seconds(ns: int) -> str:
        text = f"{ns // 10**9}.{ns % 10**9:09d}"
        return f'"{text}"' if as_text else text

    trace = json.dumps({"trace": {"trace_id": TRACE, "span_id": SPAN}})
    text = f'{{"contexts":{trace},"start_timestamp":{seconds(begin)},"timestamp":{seconds(end)}}}'
    [row] = transaction(text.encode())
    assert (row["timestamp"], row["duration_ns"]) == (begin, lasts)


def test_the_payload_is_the_transaction_without_its_spans_and_each_span_its_own_text() -> None:
    """Untouched otherwise."""
    span = b'{"span_id":"%s", "start_timestamp":%s, "timestamp": %s, "data":{"n":1.0}}' % (
        CHILD.encode(),
        START.encode(),
        END.encode(),
    )
    trace = json.dumps({"trace": {"trace_id": TRACE, "span_id": SPAN}}).encode()
    text = b'{"contexts": %s,"start_timestamp":%s,"spans":[ %s ],"timestamp":%s,"extra":{"x":1.50}}' % (
        trace,
        START.encode(),
        span,
        END.encode(),
    )
    segment, child = transaction(text)
    assert child["payload"] == span
    assert segment["payload"] == b'{"contexts":%s,"start_timestamp":%s,"timestamp":%s,"extra":{"x":1.50}}' % (
        trace,
        START.encode(),
        END.encode(),
    )
    assert child["timestamp"] == 1795221729_258189713
    assert child["duration_ns"] == 542590001 - 258189713


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"start_timestamp": None}, "timestamps"),
        ({"timestamp": "x"}, "timestamps"),
        ({"timestamp": 1795221729.0}, "timestamps"),
        ({"contexts": {}}, "trace"),
        ({"contexts": {"trace": {"trace_id": TRACE, "span_id": "0" * 16}}}, "trace"),
        ({"contexts": {"trace": {"trace_id": "short", "span_id": SPAN}}}, "trace"),
    ],
)
def test_a_transaction_without_place_or_time_is_invalid(change: dict[str, Any], reason: str) -> None:
    """It goes to the dead letters with the reason."""
    with pytest.raises(InvalidItem) as error:
        transaction(txn(**change))
    assert error.value.reason == reason


def test_a_broken_child_is_dropped_and_said() -> None:
    """Its neighbours stay."""
    good = txn()["spans"][0]
    rows = transaction(
        txn(spans=[None, {"span_id": "x"}, good, {**good, "span_id": "d" * 16, "timestamp": 1795221729.2}])
    )
    assert [r["span_id"] for r in rows] == [SPAN, CHILD, "d" * 16]
    assert "spans:invalid" in rows[0]["remarks"]
    assert (rows[2]["duration_ns"], rows[2]["remarks"]) == (0, ["duration:negative"])


def test_an_unnamed_transaction_has_a_name() -> None:
    """Relay's."""
    assert transaction(txn(transaction=""))[0]["name"] == "<unlabeled transaction>"


def test_an_old_transaction_moves_into_the_window_as_a_whole() -> None:
    """The waterfall keeps its shape, and the rows are not dropped on arrival."""
    old = txn(start_timestamp=1_600_000_000.5, timestamp=1_600_000_001.5)
    old["spans"] = [{**old["spans"][0], "start_timestamp": 1_600_000_000.75, "timestamp": 1_600_000_001}]
    segment, child = transaction(old)
    assert segment["timestamp"] == NOW_NS - 29 * DAY_NS
    assert child["timestamp"] - segment["timestamp"] == 250_000_000
    assert "timestamp:past" in segment["remarks"]


def test_span_data_becomes_tags_and_measurements() -> None:
    """Numbers are measurements, durations in milliseconds; http members have columns."""
    data = {
        "http.request.method": "get",
        "http.response.status_code": 503,
        "db.system": "pg",
        "rows": 3,
        "flag": True,
        "list": [1],
    }
    measurements = {
        "lcp": {"value": 1.5, "unit": "second"},
        "items": {"value": 3, "unit": "none"},
        "plain": 4,
        "bad": {"value": "x"},
    }
    segment, child = transaction(txn(spans=[{**txn()["spans"][0], "data": data}], measurements=measurements))
    assert segment["measurements"] == {"lcp": 1500.0, "items": 3.0, "plain": 4.0}
    assert (child["http_method"], child["http_status_code"]) == ("GET", 503)
    assert child["measurements"] == {"http.response.status_code": 503.0, "rows": 3.0}
    assert child["tags"] == {"http.request.method": "get", "db.system": "pg", "flag": "true", "list": "[1]"}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (None, "unknown"),
        ("internal_error", "internal_error"),
        ("error", "internal_error"),
        ("Not Found", "not_found"),
        ("teapot", "teapot"),
    ],
)
def test_statuses(sent: Any, stored: str) -> None:
    """Relay's words; what is unknown stays as it is."""
    trace = {"trace_id": TRACE, "span_id": SPAN, "status": sent}
    assert transaction(txn(contexts={"trace": trace}))[0]["status"] == stored


def attribute(value: Any, kind: str = "string") -> dict[str, Any]:
    return {"value": value, "type": kind}


def span(**more: Any) -> dict[str, Any]:
    """A streamed child span whose segment is SPAN."""
    attributes = {
        "sentry.segment.id": attribute(SPAN),
        "sentry.segment.name": attribute("GET /cart"),
        "sentry.op": attribute("db"),
    }
    return {
        "trace_id": TRACE,
        "span_id": CHILD,
        "parent_span_id": SPAN,
        "name": "SELECT 1",
        "status": "ok",
        "is_segment": False,
        "start_timestamp": 1795221729.25,
        "end_timestamp": 1795221729.5,
        "attributes": attributes | more.pop("attributes", {}),
        **more,
    }


def container(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": 2, "items": list(items), **more}


def header(count: Any) -> dict[str, Any]:
    return {"item_header": {"type": "span", "content_type": CONTENT_TYPE, "item_count": count}}


def test_a_child_that_arrives_before_its_segment_knows_it_already() -> None:
    """Its attributes name the segment."""
    [child], invalid = spans(container(span()), **header(1))
    assert invalid == []
    assert (child["is_segment"], child["segment_id"], child["segment_name"]) == (False, SPAN, "GET /cart")
    assert (child["name"], child["description"], child["op"], child["duration_ns"]) == (
        "SELECT 1",
        "SELECT 1",
        "db",
        250_000_000,
    )
    assert set(child) == COLUMNS
    batch_of("spans", [child])


def test_a_streamed_segment_is_a_transaction() -> None:
    """@sentry/node 11 sends no transaction item any more."""
    attributes = {
        "sentry.segment.name": attribute("GET /cart/{id}"),
        "sentry.segment.name.source": attribute("route"),
        "sentry.environment": attribute("production"),
        "sentry.release": attribute("demo@1"),
        "sentry.sdk.name": attribute("sentry.javascript.node"),
        "sentry.sdk.version": attribute("11.1.0"),
        "server.address": attribute("web-1"),
        "user.id": attribute("42"),
        "http.response.status_code": attribute(200, "integer"),
        "os.name": attribute("Debian"),
        "os.version": attribute("12.11\n"),
        "process.runtime.name": attribute("node"),
        "process.runtime.version": attribute("20"),
        "device.memory_size": attribute(25276514304, "integer"),
        "tenant": attribute("acme"),
        "ratio": attribute(0.5, "double"),
        "local": attribute(False, "boolean"),
        "archs": attribute(["x64"], "array"),
    }
    [segment], _ = spans(
        container(span(is_segment=True, span_id=SPAN, parent_span_id=None, name="raw", attributes=attributes)),
        **header(1),
    )
    assert (segment["is_segment"], segment["name"], segment["segment_name"], segment["segment_id"]) == (
        True,
        "GET /cart/{id}",
        "GET /cart/{id}",
        SPAN,
    )
    assert (segment["environment"], segment["release"], segment["platform"], segment["sdk_version"]) == (
        "production",
        "demo@1",
        "javascript",
        "11.1.0",
    )
    assert (segment["server_name"], segment["user"], segment["http_status_code"], segment["source"]) == (
        "web-1",
        "id:42",
        200,
        "route",
    )
    assert segment["contexts"] == {
        "os.name": "Debian",
        "os.version": "12.11",
        "os": "Debian 12.11",
        "runtime.name": "node",
        "runtime.version": "20",
        "runtime": "node 20",
    }
    assert segment["tags"]["tenant"] == "acme"
    assert (segment["tags"]["local"], segment["tags"]["archs"]) == ("false", '["x64"]')
    assert segment["measurements"] == {
        "http.response.status_code": 200.0,
        "device.memory_size": 25276514304.0,
        "ratio": 0.5,
    }


@pytest.mark.parametrize(
    ("sent", "message", "stored"),
    [
        ("ok", None, "ok"),
        ("error", None, "internal_error"),
        ("error", "not_found", "not_found"),
        ("error", "it broke: 7", "internal_error"),
        (None, None, "unknown"),
    ],
)
def test_the_status_of_a_streamed_span(sent: Any, message: Any, stored: str) -> None:
    """Two words, refined by the message when it is one of the known ones."""
    attributes = {"sentry.status.message": attribute(message)} if message else {}
    [row], _ = spans(container(span(status=sent, attributes=attributes)), **header(1))
    assert row["status"] == stored


@pytest.mark.parametrize("count", [0, 2, "1"])
def test_a_wrong_item_count_is_invalid(count: Any) -> None:
    """Relay refuses the container."""
    with pytest.raises(InvalidItem) as error:
        spans(container(span()), **header(count))
    assert error.value.reason == "item_count"


def test_too_many_spans_are_invalid() -> None:
    """A container holds a thousand."""
    with pytest.raises(InvalidItem):
        spans(container(*[span()] * 1001), **header(1001))


@pytest.mark.parametrize("items", [None, {}, "x"])
def test_a_container_without_items_is_invalid(items: Any) -> None:
    """There is nothing to keep."""
    with pytest.raises(InvalidItem):
        spans({"version": 2, "items": items})


def test_a_broken_span_does_not_take_its_neighbours_along() -> None:
    """It is named with its own text."""
    rows, invalid = spans(
        container(span(), {"span_id": CHILD}, span(span_id="d" * 16, end_timestamp=None)), **header(3)
    )
    assert [r["span_id"] for r in rows] == [CHILD]
    assert [i.reason for i in invalid] == ["trace", "timestamps"]
    assert json.loads(invalid[0].text) == {"span_id": CHILD}


def test_values_that_are_not_of_their_declared_type_count_as_they_are() -> None:
    """They occur; the row says so."""
    [row], _ = spans(
        container(span(attributes={"n": attribute("7", "integer"), "s": attribute(7, "string"), "bare": "x"})),
        **header(1),
    )
    assert (row["tags"]["n"], row["measurements"]["s"], row["tags"]["bare"]) == ("7", 7.0, "x")
    assert row["remarks"] == ["attributes:invalid"]


def test_browser_facts_are_inferred_only_when_the_container_says_so() -> None:
    """`ingest_settings` of @sentry/browser 11."""
    agent = {"user_agent.original": attribute("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/156.0.0.0 Safari/537.36")}
    settings_ = {"ingest_settings": {"infer_ip": "auto", "infer_user_agent": "auto"}}
    [told], _ = spans(container(span(attributes=agent), **settings_), remote_addr="192.0.2.7", **header(1))
    [silent], _ = spans(container(span(attributes=agent)), remote_addr="192.0.2.7", **header(1))
    assert (told["user_ip"], told["contexts"]["browser"]) == ("192.0.2.7", "HeadlessChrome 156.0")
    assert (silent["user_ip"], silent["contexts"]) == ("", {})


def test_a_container_moves_into_the_window_as_a_whole() -> None:
    """Distances between its spans stay."""
    old = [
        span(span_id=i * 16, start_timestamp=1_600_000_000 + n, end_timestamp=1_600_000_010) for n, i in enumerate("ab")
    ]
    (first, second), _ = spans(container(*old), **header(2))
    assert first["timestamp"] == NOW_NS - 29 * DAY_NS
    assert second["timestamp"] - first["timestamp"] == 10**9
    assert "timestamp:past" in second["remarks"]


INNER = st.sampled_from(
    ["value", "type", "trace_id", "span_id", "attributes", "items", "x", "sentry.op", "name", "unit"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda t: st.lists(t, max_size=3) | st.dictionaries(INNER, t, max_size=4),
    max_leaves=8,
)
SPAN_MEMBERS = st.sampled_from(
    [
        "name",
        "status",
        "is_segment",
        "attributes",
        "parent_span_id",
        "links",
        "op",
        "description",
        "data",
        "tags",
        "measurements",
    ]
)
TXN_MEMBERS = st.sampled_from(
    [
        "spans",
        "tags",
        "measurements",
        "transaction",
        "transaction_info",
        "user",
        "request",
        "sdk",
        "level",
        "modules",
        "event_id",
        "release",
    ]
)


@settings(max_examples=150, deadline=None)
@given(odd=st.dictionaries(SPAN_MEMBERS, JSON, max_size=5))
def test_any_shape_of_a_spans_members_becomes_a_storable_row(odd: dict[str, Any]) -> None:
    """In a container and in a transaction."""
    rows, invalid = spans(json.dumps(container({**span(), **odd})).encode(), **header(1))
    children = transaction(txn(spans=[{**txn()["spans"][0], **odd}]))
    assert (len(rows), len(invalid), len(children)) == (1, 0, 2)
    assert batch_of("spans", [*rows, *children]).num_rows == 3


@settings(max_examples=150, deadline=None)
@given(odd=st.dictionaries(TXN_MEMBERS, JSON, max_size=5))
def test_any_shape_of_a_transactions_members_becomes_storable_rows(odd: dict[str, Any]) -> None:
    """As long as its place and its times are there."""
    rows = transaction(txn(**odd))
    assert batch_of("spans", rows).num_rows == len(rows)
    assert {r for row in rows for r in row["remarks"]} <= set(REMARKS)
