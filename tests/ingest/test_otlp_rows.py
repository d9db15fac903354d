"""What becomes of spans, log records and data points: columns, segments, tags, and what a resent request does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.deadletters import _record
from ingest.otlp.decode import decode
from ingest.otlp.documents import Told, made, told
from ingest.otlp.exceptions import exceptions_of, pack, unpack
from ingest.otlp.model import Signal
from ingest.records import DeadLetter
from tests.ingest.helpers import KEY, NOW_NS, SHARED, arrival, processed, tally
from tests.ingest.otlp_helpers import ROOT, TRACE, Site, exception_event, keyed, logs, metrics, span, traces

CAPTURES = SHARED / "data" / "envelopes" / "otel-python-1.45.2"
EXAMPLES = SHARED / "data" / "event_samples" / "otlp-proto-examples"
CHILD, LEAF = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"
REMOTE, LOCAL = 0x300, 0x100

RESOURCE = [
    *keyed(service_name="cart", service_namespace="shop", service_version="1.2.3", host_name="web-1"),
    *keyed(deployment_environment="staging", telemetry_sdk_language="nodejs", telemetry_sdk_name="opentelemetry"),
    *keyed(telemetry_sdk_version="2.1", process_runtime_name="nodejs", process_runtime_version="24.1", process_pid=7),
    *keyed(k8s_pod_name="cart-1", os_type="linux", team="core"),
]


def spans_of(*spans: dict[str, Any], resource: Any = None) -> dict[str, dict[str, Any]]:
    """Rows by span id."""
    found = Site().rows("traces", traces(*spans, resource=resource)).rows["spans"]
    return {row["span_id"]: row for row in found}


def row_of(resource: Any = None, **given: Any) -> dict[str, Any]:
    """The row of one span."""
    return spans_of(span(**given), resource=resource)[ROOT]


def test_a_resource_says_service_environment_release_host_platform_and_client() -> None:
    row = row_of(RESOURCE)
    wanted = {
        "service": "cart",
        "environment": "staging",
        "release": "cart@1.2.3",
        "server_name": "web-1",
        "platform": "node",
        "sdk_name": "opentelemetry",
        "sdk_version": "2.1",
        "origin": "shop.cart",
    }
    assert {name: row[name] for name in wanted} == wanted
    contexts = {"runtime": "nodejs 24.1", "process.pid": "7", "os.type": "linux", "k8s.pod.name": "cart-1"}
    assert contexts.items() <= row["contexts"].items()
    tags = {"service.namespace": "shop", "k8s.pod.name": "cart-1", "team": "core", "otel.scope.version": "0.9"}
    assert tags.items() <= row["tags"].items()
    assert "service.name" not in row["tags"]
    assert json.loads(row["payload"])["resource"]["attributes"]["process.pid"] == 7


@pytest.mark.parametrize(
    ("attributes", "environment", "release"),
    [
        (keyed(service_version="2"), "", "2"),
        (keyed(service_name="a", service_version="a@2"), "", "a@2"),
        (keyed(deployment_environment_name="new", deployment_environment="old"), "new", ""),
        (keyed(sentry_environment="mine", deployment_environment="x", sentry_release="r@1"), "mine", "r@1"),
        (keyed(deployment_environment="bad/name"), "", ""),
    ],
)
def test_environment_and_release_come_from_the_best_name(attributes: Any, environment: str, release: str) -> None:
    row = row_of(attributes)
    assert (row["environment"], row["release"]) == (environment, release)


def test_attributes_of_a_span_win_over_those_of_its_resource() -> None:
    row = row_of(
        RESOURCE, attributes=keyed(sentry_release="r@9", team="web", enduser_id="42", user_email="a@b.example")
    )
    assert (row["release"], row["tags"]["team"]) == ("r@9", "web")
    assert (row["user"], row["user_id"], row["user_email"]) == ("id:42", "42", "a@b.example")


def test_numbers_are_measurements_and_everything_else_tags() -> None:
    sent = {"n": 3, "f": 1.5, "ok": True, "list": ["a", 1], "map": {"k": "v"}, "long": 2**60}
    row = row_of(attributes=[*keyed(**sent), {"key": "raw", "value": {"bytesValue": "AP8="}}])
    assert row["measurements"] == {"n": 3.0, "f": 1.5}
    tags = {"ok": "true", "list": '["a",1]', "map": '{"k":"v"}', "long": str(2**60), "raw": "AP8="}
    assert tags.items() <= row["tags"].items()


@pytest.mark.parametrize(
    ("kind", "parent", "flags", "is_segment"),
    [
        (1, "", 0, True),
        (2, "cccccccccccccccc", REMOTE, True),
        (5, "cccccccccccccccc", REMOTE, True),
        (2, "cccccccccccccccc", LOCAL, False),
        (2, "cccccccccccccccc", 0, True),
        (3, "cccccccccccccccc", REMOTE, False),
        (1, "cccccccccccccccc", REMOTE, False),
    ],
)
def test_a_segment_is_a_root_or_an_entry_with_a_remote_parent(
    kind: int, parent: str, flags: int, is_segment: bool
) -> None:
    row = row_of(kind=kind, parent=parent, flags=flags)
    assert row["is_segment"] is is_segment
    assert (row["segment_id"], row["segment_name"]) == ((ROOT, "work") if is_segment else ("", ""))


def test_spans_know_the_segment_that_came_with_them_in_any_order() -> None:
    rows = spans_of(
        span(LEAF, CHILD, name="leaf"),
        span(CHILD, ROOT, kind=2, flags=LOCAL),
        span(kind=2, name="GET /cart", parent="cccccccccccccccc", flags=REMOTE, attributes=keyed(http_route="/cart")),
        span("dddddddddddddddd", "eeeeeeeeeeeeeeee", attributes=keyed(sentry_segment_name="elsewhere")),
    )
    assert {(r["segment_id"], r["segment_name"]) for s, r in rows.items() if s != "d" * 16} == {(ROOT, "GET /cart")}
    assert [rows[s]["is_segment"] for s in (LEAF, CHILD, ROOT)] == [False, False, True]
    assert rows[ROOT]["source"] == "route"
    assert (rows["d" * 16]["segment_id"], rows["d" * 16]["segment_name"]) == ("", "elsewhere")


def test_a_ring_of_parents_has_no_segment() -> None:
    rows = spans_of(span(CHILD, LEAF), span(LEAF, CHILD))
    assert [row["segment_id"] for row in rows.values()] == ["", ""]


def test_a_server_called_within_the_same_process_is_no_segment_when_flags_are_unknown() -> None:
    rows = spans_of(span(kind=2), span(CHILD, ROOT, kind=2))
    assert [rows[s]["segment_id"] for s in (ROOT, CHILD)] == [ROOT, ROOT]


@pytest.mark.parametrize(
    ("kind", "attributes", "op", "description"),
    [
        (2, keyed(http_request_method="GET", url_path="/x"), "http.server", "work"),
        (
            3,
            keyed(http_request_method="POST", url_full="https://a.example/b"),
            "http.client",
            "POST https://a.example/b",
        ),
        (3, keyed(http_method="GET", http_url="http://old.example"), "http.client", "GET http://old.example"),
        (3, keyed(db_system_name="postgresql", db_query_text="SELECT 1"), "db", "SELECT 1"),
        (3, keyed(db_system="mysql", db_statement="SELECT 2"), "db", "SELECT 2"),
        (4, keyed(messaging_system="kafka"), "queue.publish", "work"),
        (5, keyed(messaging_system="kafka", messaging_operation_type="receive"), "queue.receive", "work"),
        (3, keyed(rpc_system="grpc"), "rpc.client", "work"),
        (3, keyed(gen__ai_system="x", gen__ai_operation_name="chat"), "gen_ai.chat", "work"),
        (2, keyed(faas_trigger="timer"), "function", "work"),
        (1, keyed(sentry_op="my.op", sentry_description="mine"), "my.op", "mine"),
        (1, [], "", "work"),
    ],
)
def test_operation_and_description_follow_the_semantic_conventions(
    kind: int, attributes: Any, op: str, description: str
) -> None:
    row = row_of(kind=kind, attributes=attributes)
    assert (row["op"], row["description"]) == (op, description)


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        (keyed(http_request_method="GET", http_route="/cart/{id}"), "GET /cart/{id}"),
        (keyed(db_system="mysql", db_operation="SELECT", db_sql_table="cart"), "SELECT cart"),
        (keyed(rpc_system="grpc", rpc_service="Cart", rpc_method="Add"), "Cart/Add"),
        (
            keyed(messaging_system="kafka", messaging_operation="send", messaging_destination_name="orders"),
            "send orders",
        ),
        ([], "<unlabeled transaction>"),
    ],
)
def test_a_span_without_a_name_gets_what_it_did(attributes: Any, name: str) -> None:
    row = row_of(name="", attributes=attributes)
    assert row["name"] == row["segment_name"] == name


@pytest.mark.parametrize(
    ("status", "attributes", "word"),
    [
        ({}, [], "ok"),
        ({"code": 1}, keyed(http_response_status__code=500), "ok"),
        ({"code": 2}, [], "internal_error"),
        ({"code": 2, "message": "deadline_exceeded"}, [], "deadline_exceeded"),
        ({"code": 2, "message": "it broke"}, keyed(http_response_status__code=404), "not_found"),
        ({"code": 2}, keyed(http_response_status__code=200), "internal_error"),
        ({"code": 2}, keyed(rpc_grpc_status__code=14), "unavailable"),
        ({}, keyed(http_status__code=429), "resource_exhausted"),
        ({}, keyed(http_response_status__code=200), "ok"),
    ],
)
def test_the_status_is_a_word(status: Any, attributes: Any, word: str) -> None:
    assert row_of(status=status, attributes=attributes)["status"] == word


def test_the_message_of_a_status_is_a_tag() -> None:
    assert row_of(status={"code": 2, "message": "it broke"})["tags"]["sentry.status.message"] == "it broke"


def test_columns_of_http_are_filled_for_both_sides() -> None:
    server = keyed(
        http_request_method="get", url_scheme="https", url_path="/a", url_query="q=1", server_address="s.example"
    )
    row = row_of(attributes=[*server, *keyed(server_port=8443, http_response_status__code=201)])
    wanted = ("GET", "https://s.example:8443/a?q=1", 201)
    assert (row["http_method"], row["http_url"], row["http_status_code"]) == wanted


def test_links_events_and_dropped_counts_stay_in_the_payload() -> None:
    link = {"traceId": "ab" * 16, "spanId": "cd" * 8, "flags": 0x300, "attributes": keyed(why="retry")}
    event = {"name": "cache.miss", "timeUnixNano": str(NOW_NS), "attributes": keyed(key="k1")}
    row = row_of(links=[link], events=[event], droppedEventsCount=3, traceState="a=b", droppedAttributesCount="2")
    payload = json.loads(row["payload"])
    assert payload["links"] == [
        {"trace_id": "ab" * 16, "span_id": "cd" * 8, "flags": 0x300, "attributes": {"why": "retry"}}
    ]
    assert payload["events"] == [{"name": "cache.miss", "time_unix_nano": NOW_NS, "attributes": {"key": "k1"}}]
    assert (payload["dropped_events_count"], payload["dropped_attributes_count"], payload["trace_state"]) == (
        3,
        2,
        "a=b",
    )


def test_a_trace_out_of_the_window_moves_as_a_whole() -> None:
    day = 86_400 * 10**9
    old = {"startTimeUnixNano": str(NOW_NS - 90 * day), "endTimeUnixNano": str(NOW_NS - 90 * day + 500)}
    late = {"startTimeUnixNano": str(NOW_NS - 90 * day + 100), "endTimeUnixNano": str(NOW_NS - 90 * day + 50)}
    rows = spans_of(span(**old), span(CHILD, ROOT, **late))
    assert rows[CHILD]["timestamp"] - rows[ROOT]["timestamp"] == 100
    assert rows[ROOT]["remarks"] == ["timestamp:past"]
    assert (rows[CHILD]["duration_ns"], rows[CHILD]["remarks"]) == (0, ["timestamp:past", "duration:negative"])


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
def test_a_resent_request_stores_nothing_twice(signal: str) -> None:
    """Also within one range, and when the spans come in another company."""
    point = {"name": "m", "sum": {"dataPoints": [{"asInt": 1, "timeUnixNano": str(NOW_NS)}]}}
    body = {"traces": traces(span()), "logs": logs({"body": {"stringValue": "x"}}), "metrics": metrics(point)}[signal]
    site = Site()
    dataset = {"traces": "spans"}.get(signal, signal)
    site.post(f"/v1/{signal}", body)
    first = site.rows(signal, body)
    again = site.rows(signal, body)
    assert (len(first.rows[dataset]), len(again.rows[dataset])) == (1, 0)
    assert [why for (outcome, _, why) in tally(again) if outcome == "duplicate"] == ["resent"]
    if signal == "traces":
        more = site.rows("traces", traces(span(), span(CHILD, ROOT)))
        assert [row["span_id"] for row in more.rows["spans"]] == [CHILD]


def test_equal_records_of_one_request_are_all_kept() -> None:
    record = {"body": {"stringValue": "tick"}, "timeUnixNano": str(NOW_NS)}
    rows = Site().rows("logs", logs(record, record)).rows["logs"]
    assert len({row["id"] for row in rows}) == 2


def test_a_log_record_becomes_a_row() -> None:
    record = {
        "timeUnixNano": str(NOW_NS - 5),
        "observedTimeUnixNano": str(NOW_NS),
        "severityNumber": 14,
        "severityText": "WARNING2",
        "body": {"stringValue": "user 4711 waited 30 s"},
        "traceId": TRACE,
        "spanId": ROOT,
        "eventName": "slow",
        "attributes": keyed(
            code_line_number=53, browser_name="Firefox", user_id="9", sentry_message_template="user {} …"
        ),
    }
    (row,) = Site().rows("logs", logs(record, resource=RESOURCE)).rows["logs"]
    wanted = {
        "timestamp": NOW_NS - 5,
        "level": "warn",
        "severity_number": 14,
        "body": "user 4711 waited 30 s",
        "template": "user {} …",
        "trace_id": TRACE,
        "span_id": ROOT,
        "event_name": "slow",
        "logger": "shop.cart",
        "service": "cart",
        "user": "id:9",
        "measurements": {"code.line.number": 53.0},
        "remarks": [],
    }
    assert {name: row[name] for name in wanted} == wanted
    assert row["contexts"]["browser.name"] == "Firefox"
    assert row["tags"]["severity_text"] == "WARNING2"
    assert json.loads(row["payload"])["observed_time_unix_nano"] == NOW_NS


@pytest.mark.parametrize(
    ("record", "level", "number"),
    [
        ({"severityNumber": 1}, "trace", 1),
        ({"severityNumber": 8}, "debug", 8),
        ({"severityNumber": 24}, "fatal", 24),
        ({"severityText": "Critical"}, "fatal", 21),
        ({"severityText": "something"}, "info", 0),
        ({"severityNumber": 99}, "info", 0),
    ],
)
def test_levels_come_from_the_number_else_the_text(record: Any, level: str, number: int) -> None:
    (row,) = Site().rows("logs", logs(record)).rows["logs"]
    assert (row["level"], row["severity_number"]) == (level, number)


def test_a_record_without_time_is_of_the_time_it_was_observed_else_of_its_arrival() -> None:
    rows = Site().rows("logs", logs({"observedTimeUnixNano": str(NOW_NS)}, {})).rows["logs"]
    assert (rows[0]["timestamp"], rows[0]["remarks"]) == (NOW_NS, [])
    assert rows[1]["remarks"] == ["timestamp:missing"]
    assert rows[1]["timestamp"] // 10**6 == rows[1]["ingested_at"]


def test_bodies_that_are_no_text_are_json_and_events_without_one_have_their_name() -> None:
    body = {"kvlistValue": {"values": [{"key": "type", "value": {"intValue": "0"}}]}}
    records = ({"body": body}, {"body": {"boolValue": False}}, {"eventName": "browser.page_view"})
    rows = Site().rows("logs", logs(*records)).rows["logs"]
    assert [row["body"] for row in rows] == ['{"type":0}', "false", "browser.page_view"]


POINT = {"timeUnixNano": str(NOW_NS), "startTimeUnixNano": str(NOW_NS - 10)}
EXEMPLAR = {"timeUnixNano": str(NOW_NS), "asDouble": 3.5, "traceId": TRACE.upper(), "spanId": ROOT}
NO_VALUE = {"value": 0.0, "sum": 0.0, "min": None, "max": None}


@pytest.mark.parametrize(
    ("metric", "wanted"),
    [
        (
            {"gauge": {"dataPoints": [{**POINT, "asInt": "-7", "attributes": keyed(shard="a", size=3)}]}},
            {"kind": "gauge", "value": -7.0, "count": 1, "sum": -7.0, "min": -7.0, "measurements": {"size": 3.0}},
        ),
        (
            {"sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [{**POINT, "asDouble": 5}]}},
            {"kind": "counter", "value": 5.0, "temporality": "cumulative", "is_monotonic": True},
        ),
        (
            {"sum": {"aggregationTemporality": 1, "dataPoints": [{**POINT, "asInt": 0}]}},
            {"kind": "counter", "value": 0.0, "temporality": "delta", "is_monotonic": False},
        ),
        (
            {
                "histogram": {
                    "aggregationTemporality": 1,
                    "dataPoints": [
                        {
                            **POINT,
                            "count": "3",
                            "sum": 6.5,
                            "min": 0,
                            "max": 4,
                            "explicitBounds": [1, 2.5],
                            "bucketCounts": ["1", 1, "1"],
                            "exemplars": [EXEMPLAR],
                        }
                    ],
                }
            },
            {
                "kind": "histogram",
                "value": 6.5,
                "count": 3,
                "min": 0.0,
                "max": 4.0,
                "bounds": [1.0, 2.5],
                "bucket_counts": [1, 1, 1],
                "trace_id": TRACE,
                "span_id": ROOT,
            },
        ),
        (
            {"histogram": {"dataPoints": [{**POINT, "count": 2, "sum": "NaN"}]}},
            {"count": 2, **NO_VALUE, "remarks": ["metric:not_finite"], "bounds": [], "bucket_counts": []},
        ),
        (
            {
                "exponentialHistogram": {
                    "dataPoints": [
                        {
                            **POINT,
                            "count": 4,
                            "sum": 10,
                            "scale": -1,
                            "zeroCount": "1",
                            "zeroThreshold": 0.1,
                            "positive": {"offset": 1, "bucketCounts": [0, 2]},
                            "negative": {"offset": -2, "bucketCounts": ["1"]},
                        }
                    ]
                }
            },
            {
                "kind": "exponential_histogram",
                "value": 10.0,
                "scale": -1,
                "zero_count": 1,
                "zero_threshold": 0.1,
                "positive_offset": 1,
                "bucket_counts": [0, 2],
                "negative_offset": -2,
                "negative_bucket_counts": [1],
                "min": None,
            },
        ),
        (
            {
                "summary": {
                    "dataPoints": [
                        {
                            **POINT,
                            "count": 9,
                            "sum": 20,
                            "quantileValues": [
                                {"value": 1},
                                {"quantile": 0.5, "value": 2},
                                {"quantile": 1, "value": 6},
                            ],
                        }
                    ]
                }
            },
            {
                "kind": "summary",
                "value": 20.0,
                "quantiles": [0.0, 0.5, 1.0],
                "quantile_values": [1.0, 2.0, 6.0],
                "min": 1.0,
                "max": 6.0,
            },
        ),
    ],
)
def test_every_kind_of_metric_becomes_a_row(metric: Any, wanted: dict[str, Any]) -> None:
    (row,) = Site().rows("metrics", metrics({"name": "m", "unit": "By", "description": "d", **metric})).rows["metrics"]
    common = {"name": "m", "unit": "By", "timestamp": NOW_NS, "start_timestamp": NOW_NS - 10, "scope": "shop.cart"}
    expected = common | wanted
    assert {name: row[name] for name in expected} == expected
    assert json.loads(row["payload"])["description"] == "d"
    if "trace_id" in wanted:
        assert json.loads(row["exemplars"]) == [
            {"value": 3.5, "time_unix_nano": NOW_NS, "trace_id": TRACE, "span_id": ROOT}
        ]


def test_a_metric_of_no_scope_is_of_the_default_one() -> None:
    point = {"name": "m", "gauge": {"dataPoints": [{"asInt": 1}]}}
    body = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [point]}]}]}).encode()
    (row,) = Site().rows("metrics", body).rows["metrics"]
    assert (row["scope"], row["remarks"]) == ("default", ["timestamp:missing"])


def test_secrets_are_scrubbed_in_every_place_of_a_request() -> None:
    """Names and values: attributes of resource, scope, span and event, names and messages."""
    secret = "4111 1111 1111 1111"
    hidden = [{"key": "password", "value": {"stringValue": "hunter2-hunter2"}}, *keyed(note=f"card {secret}")]
    event = {"name": "e", "timeUnixNano": str(NOW_NS), "attributes": hidden}
    told = {"attributes": hidden, "events": [event], "status": {"code": 2, "message": f"no {secret}"}}
    site = Site()
    found = site.rows("traces", traces(span(name=f"pay {secret}", **told), resource=hidden)).rows["spans"]
    found += site.rows("logs", logs({"body": {"stringValue": f"paid with {secret}"}, "attributes": hidden})).rows[
        "logs"
    ]
    point = {"name": "m", "gauge": {"dataPoints": [{"asInt": 1, "attributes": hidden}]}}
    found += site.rows("metrics", metrics(point)).rows["metrics"]
    assert len(found) == 3
    for row in found:
        assert secret not in str(row)
        assert "hunter2" not in str(row)
        assert any(remark.startswith("scrubbed:") for remark in row["remarks"])


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures of real clients are not here")
@pytest.mark.parametrize(
    "name", sorted(path.name.removesuffix(".headers.json") for path in CAPTURES.glob("*.headers.json"))
)
def test_what_the_python_exporter_really_sends_is_stored_whole(name: str) -> None:
    """Reads the captures of `opentelemetry-exporter-otlp-proto-http`: gzip, deflate and none."""
    said = json.loads((CAPTURES / f"{name}.headers.json").read_text())
    raw = CAPTURES / f"{name}.raw"
    body = (raw if raw.exists() else CAPTURES / f"{name}.bin").read_bytes()
    headers = {k: v for k, v in said["headers"] if k.lower() in {"content-type", "content-encoding"}}
    site = Site()
    answer = site.client.post(said["path"], data=body, headers={**headers, "Authorization": f"Bearer {KEY}"})
    assert (answer.status_code, answer.data) == (200, b"")
    batch = site.batch()
    assert batch.dead == []
    found = {dataset: len(rows) for dataset, rows in batch.rows.items()}
    signal = name.partition("_")[0]
    if signal == "metrics":
        kinds = {row["kind"] for row in batch.rows["metrics"]}
        assert kinds <= {"counter", "gauge", "histogram", "exponential_histogram"}
        assert found.keys() == {"metrics"}
    else:
        assert found == {"traces": {"spans": 2, "errors": 1}, "logs": {"logs": 3, "errors": 1}}[signal]
    for rows in batch.rows.values():
        assert {(r["environment"], r["release"]) for r in rows} == {("production", "cart@1.2.3")}


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples of opentelemetry-proto are not here")
@pytest.mark.parametrize(
    ("name", "signal", "count"),
    [("trace", "traces", 1), ("logs", "logs", 1), ("events", "logs", 1), ("metrics", "metrics", 4)],
)
def test_the_examples_of_the_specification_are_stored(name: str, signal: str, count: int) -> None:
    batch = Site().rows(signal, Path(EXAMPLES / f"{name}.json").read_bytes())
    (rows,) = batch.rows.values()
    assert len(rows) == count
    assert {row["service"] for row in rows} == {"my.service"}


def test_a_defect_on_one_item_costs_none_of_its_neighbours() -> None:
    """What it was is kept for the dead letters, as scrubbed as the rows are."""
    (part,) = decode(
        Signal.LOGS, logs({"body": {"stringValue": "one"}}, {"body": {"stringValue": "two"}}), is_json=True
    )

    def make(number: int, item: Told) -> dict[str, Any]:
        return {"n": number, "at": 1 // number, "body": item.item["body"]}

    found = made(told([part], arrival(), lambda document, _arrival, _dataset: document, "logs"), make)
    assert [row["body"] for row in found.rows] == ["two"]
    assert [(f.number, f.detail[:17]) for f in found.failed] == [(0, "ZeroDivisionError")]
    assert json.loads(found.failed[0].payload)["body"] == "one"


def test_a_whole_request_among_the_dead_letters_can_be_sent_again() -> None:
    letter = DeadLetter("o#0", "invalid", "internal", "", "otlp_logs_json", 1, 7, NOW_NS, logs({}))
    record = _record(letter)
    assert record is not None
    assert (record.kind, record.body, record.encoding) == ("otlp_logs_json", logs({}), "identity")
    assert len(processed(record).rows["logs"]) == 1
    named_by_a_client = DeadLetter("o#0", "set_aside", "otlp_logs_json", "", "otlp_logs_json", 1, 7, NOW_NS, logs({}))
    aside = _record(named_by_a_client)
    assert aside is not None
    assert aside.kind == "envelope"


def test_what_every_row_repeats_is_bounded() -> None:
    """A large resource, scope or description would be as large in the payload of each item."""
    large = [*keyed(service_name="cart"), *({"key": f"k{n}", "value": {"stringValue": "v" * 1000}} for n in range(500))]
    site = Site()
    spans = [span(f"{n:016x}", events=[exception_event(at=NOW_NS + n)]) for n in range(1, 30)]
    batch = site.rows("traces", traces(*spans, resource=large))
    assert {row["service"] for row in batch.rows["spans"]} == {"cart"}
    assert {tuple(row["remarks"]) for row in batch.rows["spans"]} >= {("resource:trimmed", "tags.value:trimmed")}
    assert max(len(row["payload"]) for rows in batch.rows.values() for row in rows) < 20_000
    assert json.loads(batch.rows["spans"][0]["payload"])["resource"]["dropped_attributes_count"] > 400
    points = [{"asInt": n, "timeUnixNano": str(NOW_NS + n)} for n in range(3)]
    metric = {"name": "m", "description": "d" * 100_000, "metadata": large, "gauge": {"dataPoints": points}}
    assert max(len(row["payload"]) for row in site.rows("metrics", metrics(metric)).rows["metrics"]) < 20_000


def test_exceptions_of_one_span_share_what_is_told_of_it() -> None:
    """The raw record of a thousand exceptions of one large span is not a thousand times as large."""
    events = [exception_event(at=NOW_NS + n * 1000) for n in range(200)]
    body = traces(span(events=events, attributes=keyed(large="x" * 10_000)))
    found = exceptions_of(Signal.TRACES, decode(Signal.TRACES, body, is_json=True))
    assert len(pack(found)) < 100_000
    assert unpack(pack(found)) == found


def test_a_segment_that_is_rejected_is_still_known_to_its_spans() -> None:
    """A root without an end is no row; its children were called by it all the same."""
    rows = spans_of(span(endTimeUnixNano="0", name="GET /x"), span(CHILD, ROOT))
    assert rows.keys() == {CHILD}
    assert (rows[CHILD]["segment_id"], rows[CHILD]["segment_name"]) == (ROOT, "GET /x")
