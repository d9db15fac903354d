"""Log records to rows of `logs`: every record, its level, its template, where it came from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.schema import TABLES
from ingest.batches import batch_of
from ingest.normalise.logs import LEVELS
from ingest.normalise.remarks import REMARKS
from ingest.normalise.times import DAY_NS
from ingest.process import Batch
from ml.templates import template_id
from tests.ingest.helpers import NOW_NS, SPAN, TRACE, envelope, processed, raw, tally

COLUMNS = {c.name for c in TABLES["logs"].columns if not c.alias}
CONTENT_TYPE = "application/vnd.sentry.items.log+json"


def typed(**values: Any) -> dict[str, Any]:
    """Attributes with their types; a double underscore stands for a dot."""
    names = {str: "string", bool: "boolean", int: "integer", float: "double", list: "array"}
    return {k.replace("__", "."): {"value": v, "type": names[type(v)]} for k, v in values.items()}


def record(**more: Any) -> dict[str, Any]:
    """A log record."""
    return {"timestamp": NOW_NS / 1e9, "level": "info", "body": "User 42 bought 3 items", "trace_id": TRACE, **more}


def container(*records: Any, count: int | None = None, **more: Any) -> bytes:
    """An envelope with a container of records."""
    header = {"type": "log", "content_type": CONTENT_TYPE, "item_count": len(records) if count is None else count}
    return envelope((header, json.dumps({"version": 2, "items": records, **more}).encode()))


def rows(*records: Any, **more: Any) -> list[dict[str, Any]]:
    """The rows of a container of records, all of them stored."""
    batch = processed(raw(container(*records, **more)))
    assert not batch.dead
    found = batch.rows["logs"]
    batch_of("logs", found)
    assert all(set(row) == COLUMNS for row in found)
    assert {remark for row in found for remark in row["remarks"]} <= set(REMARKS)
    return found


def test_a_record_fills_the_columns_people_look_for() -> None:
    """What has a column of its own is no tag; numbers can be computed with; the text is kept as sent."""
    attributes = typed(
        sentry__release="shop@1",
        sentry__environment="prod",
        sentry__sdk__name="sentry.python.flask",
        sentry__sdk__version="2.75.0",
        server__address="web-1",
        service__name="cart",
        logger__name="shop.cart",
        event__name="order.placed",
        sentry__message__template="User %s bought %d items",
        sentry__message__parameter__0="42",
        sentry__message__parameter__1=3,
        user__id="7",
        user__email="a@b.c",
        process__runtime__name="CPython",
        sentry__replay_id="d" * 32,
        plan="pro",
        ok=False,
        code=500,
        ratio=0.5,
        list=["a", "b"],
    )
    [row] = rows(record(span_id=SPAN, severity_number=10, attributes=attributes))
    told = {
        "trace_id": TRACE,
        "span_id": SPAN,
        "level": "info",
        "severity_number": 10,
        "body": "User 42 bought 3 items",
        "template": "User %s bought %d items",
        "logger": "shop.cart",
        "event_name": "order.placed",
        "environment": "prod",
        "release": "shop@1",
        "service": "cart",
        "platform": "python",
        "server_name": "web-1",
        "sdk_name": "sentry.python.flask",
        "sdk_version": "2.75.0",
        "user": "id:7",
        "user_email": "a@b.c",
        "replay_id": "d" * 32,
        "measurements": {"message.parameter.1": 3.0, "code": 500.0, "ratio": 0.5},
        "remarks": [],
    }
    assert {name: row[name] for name in told} == told
    assert row["contexts"]["runtime.name"] == "CPython"
    assert (row["tags"]["plan"], row["tags"]["ok"], row["tags"]["list"]) == ("pro", "false", '["a","b"]')
    assert row["tags"]["message.parameter.0"] == "42"
    assert not {"sentry.release", "logger.name", "user.id", "user.email"} & set(row["tags"])
    assert json.loads(row["payload"])["attributes"]["code"] == {"value": 500, "type": "integer"}


@pytest.mark.parametrize(
    ("sent", "level", "severity"),
    [
        ({"level": "warn"}, "warn", 13),
        ({"level": "WARNING"}, "warn", 13),
        ({"level": "critical"}, "fatal", 21),
        ({"level": None, "severity_number": 18}, "error", 18),
        ({"level": "odd", "severity_number": 1}, "trace", 1),
        ({"level": 7, "severity_number": 99}, "info", 9),
        ({"level": "odd"}, "info", 9),
    ],
)
def test_a_level_is_a_word_or_a_severity_number(sent: dict[str, Any], level: str, severity: int) -> None:
    """The word counts when it is known, else the number, else it is `info`."""
    [row] = rows(record(**sent))
    assert (row["level"], row["severity_number"]) == (level, severity)
    assert row["level"] in LEVELS


def test_a_record_stands_in_the_span_it_was_written_in() -> None:
    """Browsers name the span in an attribute, others in the record."""
    [row] = rows(record(attributes=typed(sentry__trace__parent_span_id=SPAN)))
    assert (row["span_id"], row["tags"]) == (SPAN, {})


def test_records_of_one_template_have_one_template_id() -> None:
    """What changes is masked, as patterns do."""
    assert template_id("User 42 bought 3 items") == template_id("User 7 bought 12 items")
    assert template_id("User 42 bought 3 items") != template_id("User 42 returned 3 items")


@pytest.mark.parametrize(
    ("sent", "change", "remark"),
    [
        ({"timestamp": None}, {"timestamp": NOW_NS}, "timestamp:missing"),
        ({"timestamp": 1}, {"timestamp": NOW_NS - 29 * DAY_NS}, "timestamp:past"),
        ({"timestamp": "9999-01-01T00:00:00Z"}, {"timestamp": NOW_NS}, "timestamp:missing"),
        ({"body": "x" * 70_000}, {"body": "x" * 65_536}, "body:trimmed"),
        ({"body": {"a": [1]}}, {"body": '{"a":[1]}'}, ""),
        ({"body": None, "trace_id": "nonsense", "span_id": 5}, {"body": "", "trace_id": "", "span_id": ""}, ""),
        ({"attributes": {"n": {"value": "x", "type": "integer"}}}, {"tags": {"n": "x"}}, "attributes:invalid"),
        ({"attributes": [1, 2]}, {"tags": {}}, ""),
        ({"attributes": {"n": {"value": float("nan"), "type": "double"}}}, {"measurements": {}}, "payload:reencoded"),
    ],
)
def test_an_odd_record_is_still_a_record(sent: dict[str, Any], change: dict[str, Any], remark: str) -> None:
    """What was changed of it is remarked."""
    [row] = rows(record(**sent))
    assert {name: row[name] for name in change} == change
    assert row["remarks"] == ([remark] if remark else [])


def test_a_record_that_is_no_object_does_not_lose_its_neighbours() -> None:
    """It becomes a record without a body; what was sent stands in its payload."""
    first, second, third = rows(record(), 5, record())
    assert (first["body"], second["body"], second["payload"], third["body"]) == (
        "User 42 bought 3 items",
        "",
        b"5",
        "User 42 bought 3 items",
    )
    assert len({first["id"], second["id"], third["id"]}) == 3


def test_nul_and_lone_surrogates_do_not_reach_the_store() -> None:
    """Python's client sends both."""
    text = json.dumps({"items": [record()]}).encode().replace(b"42", rb"\u0000\ud800")
    [row] = processed(raw(envelope(({"type": "log", "item_count": 1}, text)))).rows["logs"]
    assert (row["body"], row["remarks"]) == ("User \ufffd\ufffd bought 3 items", ["payload:scrubbed"])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (container(record(), count=2), "item_count"),
        (container(*[record()] * 1001), "item_count"),
        (envelope(({"type": "log"}, b'{"items":{}}')), "container"),
        (envelope(({"type": "log"}, b"[]")), "not_an_object"),
    ],
)
def test_a_container_that_is_wrong_is_kept_whole(body: bytes, reason: str) -> None:
    """It is a dead letter, and counted under its reason."""
    batch = processed(raw(body))
    assert (batch.row_count, [letter.reason for letter in batch.dead]) == (0, [reason])
    assert tally(batch) == {("invalid", "log_item", reason): 1}


def test_a_resent_container_counts_once() -> None:
    """Records have no id; the same bytes are the same container, also when an earlier range had it."""
    body = container(record(), record(body="other"))
    first = processed(raw(body), raw(body))
    assert tally(first) == {("accepted", "log_item", ""): 2, ("duplicate", "log_item", "resent"): 2}
    assert tally(processed(raw(body), seen=list(first.keys))) == {("duplicate", "log_item", "resent"): 2}


def test_an_address_is_inferred_only_when_the_container_says_so() -> None:
    """As browsers ask for it."""
    settings = {"infer_ip": "auto", "infer_user_agent": "auto"}
    agent = typed(user_agent__original="Mozilla/5.0 (Windows NT 10.0) Firefox/118.0")
    [row] = rows(record(attributes=agent), ingest_settings=settings)
    assert row["contexts"]["browser.name"] == "Firefox"
    [row] = rows(record(attributes=agent))
    assert row["contexts"] == {}


def test_names_of_ones_own_below_app_are_tags_and_those_of_sentrys_context_are_not() -> None:
    """Programs call their tenants and orders so; what tells bad requests from good ones is looked for among tags."""
    [row] = rows(record(attributes=typed(app__tenant="t-7", app__app_version="1.2")))
    assert row["tags"]["app.tenant"] == "t-7"
    assert row["contexts"] == {"app.app_version": "1.2"}


@pytest.mark.parametrize("snake", [False, True])
def test_a_record_in_opentelemetrys_form_is_a_log(snake: bool) -> None:
    """As clients sent it before containers, in either spelling."""
    sent = {
        "timeUnixNano": str(NOW_NS + 7),
        "severityText": "warn",
        "severityNumber": 13,
        "body": {"stringValue": "disk is full"},
        "traceId": TRACE.upper(),
        "spanId": SPAN,
        "attributes": [
            {"key": "sentry.release", "value": {"stringValue": "shop@2"}},
            {"key": "free", "value": {"intValue": "12"}},
            {"key": "ok", "value": {"boolValue": True}},
        ],
    }
    if snake:
        names = {"timeUnixNano": "time_unix_nano", "severityText": "severity_text", "severityNumber": "severity_number"}
        sent = {names.get(k, k): v for k, v in sent.items()} | {"trace_id": TRACE, "span_id": SPAN}
    batch = processed(raw(envelope(({"type": "otel_log"}, json.dumps(sent).encode()))))
    [row] = batch.rows["logs"]
    assert (row["timestamp"], row["level"], row["body"], row["trace_id"], row["span_id"]) == (
        NOW_NS + 7,
        "warn",
        "disk is full",
        TRACE,
        SPAN,
    )
    assert (row["release"], row["measurements"], row["tags"]) == ("shop@2", {"free": 12.0}, {"ok": "true"})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=8,
)
NAMES = ("timestamp", "level", "body", "severity_number", "trace_id", "span_id", "attributes")


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=7) | VALUES, max_size=4))
def test_any_json_is_rows_or_a_dead_letter(records: list[Any]) -> None:
    """Nothing raises, nothing vanishes, and what is a row fits its table."""
    batch: Batch = processed(raw(container(*records)))
    assert len(batch.rows["logs"]) + sum(letter.kind == "invalid" for letter in batch.dead) >= min(1, len(records))
    assert not [letter for letter in batch.dead if letter.reason == "internal"]
    batch_of("logs", batch.rows["logs"])
