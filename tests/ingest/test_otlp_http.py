"""The OTLP routes: paths, authentication, content types, encodings, partial success, refusals, what is on disk."""

from __future__ import annotations

import base64
import gzip
import random
import zlib
from typing import Any

import brotli
import pytest
import zstandard
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from engine.errors import StateError
from engine.snapshot import LimitConfig, RateLimitConfig
from engine.spool import SpoolFull
from ingest.encodings import decompress
from ingest.otlp import bounds
from ingest.otlp.bounds import count_messages
from ingest.otlp.exceptions import unpack
from ingest.otlp.http import ENDPOINTS
from ingest.records import decode_counts, decode_raw
from tests.ingest.helpers import KEY, NOW_NS, OTHER_KEY, REVOKED_KEY, snapshot, tally
from tests.ingest.otlp_helpers import (
    AUTH,
    PROTOBUF_TYPE,
    ROOT,
    TRACE,
    Site,
    exception_event,
    fill,
    logs,
    metrics,
    span,
    traces,
)


def protobuf_of(*span_ids: bytes) -> bytes:
    """A protobuf trace request with a span for each id."""
    request = ExportTraceServiceRequest()
    for span_id in span_ids:
        found = request.resource_spans.add().scope_spans.add().spans.add()
        found.trace_id, found.span_id, found.name = bytes.fromhex(TRACE), span_id, "work"
        found.start_time_unix_nano, found.end_time_unix_nano = NOW_NS, NOW_NS + 5
    return request.SerializeToString()


def status_of(body: bytes) -> tuple[int, str]:
    """Code and message of a google.rpc.Status in protobuf, read by hand."""
    assert body[0] == 0x08
    assert body[2] == 0x12
    length, start = body[3], 4
    if length & 0x80:
        length, start = (length & 0x7F) | body[4] << 7, 5
    assert len(body) == start + length
    return body[1], body[start:].decode()


@pytest.fixture
def site() -> Site:
    return Site()


BODIES = {
    "traces": traces(span()),
    "logs": logs({"body": {"stringValue": "hello"}, "timeUnixNano": str(NOW_NS)}),
    "metrics": metrics({"name": "m", "gauge": {"dataPoints": [{"asInt": "1", "timeUnixNano": str(NOW_NS)}]}}),
}


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("prefix", ["", "/api/1/integration/otlp", "/api/1/otlp"])
@pytest.mark.parametrize("signal", BODIES)
def test_every_path_takes_its_signal_with_and_without_a_slash(site: Site, signal: str, prefix: str, slash: str) -> None:
    answer = site.post(f"{prefix}/v1/{signal}{slash}", BODIES[signal])
    assert (answer.status_code, answer.data, answer.content_type) == (200, b"{}", "application/json")
    dataset = {"traces": "spans"}.get(signal, signal)
    assert len(site.batch().rows[dataset]) == 1


def test_there_is_an_endpoint_for_each_signal_and_prefix() -> None:
    assert len({endpoint.rule for endpoint in ENDPOINTS}) == len({endpoint.name for endpoint in ENDPOINTS}) == 9


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Authorization": f"Bearer {KEY}"}, ""),
        ({"Authorization": f"bearer {KEY.upper()}"}, ""),
        ({"Authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()}, ""),
        ({"X-Sentry-Auth": f"sentry sentry_key={KEY}", "Authorization": "Bearer another-tool's-token"}, ""),
        ({}, f"?sentry_key={KEY}"),
    ],
)
def test_the_key_may_come_in_any_of_the_usual_places(site: Site, headers: dict[str, str], query: str) -> None:
    answer = site.client.post(
        f"/v1/traces{query}", data=BODIES["traces"], content_type="application/json", headers=headers
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "authorization", "status", "code"),
    [
        ("/v1/traces", "", 401, 16),
        ("/v1/traces", "Bearer tok", 401, 16),
        ("/v1/traces", f"Bearer {REVOKED_KEY}", 403, 7),
        ("/v1/traces", f"Bearer {'d' * 32}", 403, 7),
        ("/api/1/otlp/v1/traces", f"Bearer {OTHER_KEY}", 403, 7),
        ("/api/shop/otlp/v1/traces", f"Bearer {KEY}", 400, 3),
    ],
)
@pytest.mark.parametrize("is_json", [True, False])
def test_a_refusal_is_a_status_in_the_content_type_of_the_request(
    site: Site, path: str, authorization: str, status: int, code: int, is_json: bool
) -> None:
    content_type = "application/json" if is_json else "application/x-protobuf"
    headers = {"Authorization": authorization} if authorization else {}
    answer = site.client.post(path, data=b"{}", content_type=content_type, headers=headers)
    assert (answer.status_code, answer.content_type) == (status, content_type)
    found = (answer.json["code"], answer.json["message"]) if is_json else status_of(answer.data)
    assert found[0] == code
    assert found[1]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert site.sink.records == []


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("", bytes),
        ("identity", bytes),
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
    ],
)
def test_every_content_encoding_is_undone(site: Site, encoding: str, packed: Any) -> None:
    body = packed(protobuf_of(bytes.fromhex(ROOT)))
    answer = site.post("/v1/traces", body, **PROTOBUF_TYPE, Content_Encoding=encoding)
    assert (answer.status_code, answer.data, answer.content_type) == (200, b"", "application/x-protobuf")
    assert [row["span_id"] for row in site.batch().rows["spans"]] == [ROOT]


def test_the_raw_record_is_the_request_and_its_shard_is_chosen_by_the_body(site: Site) -> None:
    """A resent request, in whatever encoding, meets its first copy."""
    body = protobuf_of(*(number.to_bytes(8, "big") for number in range(1, 60)))
    site.post("/v1/traces", body, **PROTOBUF_TYPE)
    site.post("/v1/traces", gzip.compress(body), **PROTOBUF_TYPE, Content_Encoding="gzip")
    (key, payload), (other_key, _) = site.sink.records
    record = decode_raw(payload)
    assert key == other_key
    assert record.kind == "otlp_traces"
    assert decompress(record.body, record.encoding, 10**6) == body
    site.post("/v1/logs", BODIES["logs"])
    assert decode_raw(site.sink.records[2][1]).kind == "otlp_logs_json"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"resourceSpans": []}'])
def test_an_empty_request_is_fine_and_keeps_nothing(site: Site, body: bytes) -> None:
    answer = site.post("/v1/traces", body)
    assert (answer.status_code, answer.data) == (200, b"{}")
    assert site.sink.records == []


def test_partial_success_says_how_many_and_why_in_json(site: Site) -> None:
    body = traces(span(), span(traceId="00" * 16), span(spanId="xyz"), span(endTimeUnixNano="0"))
    answer = site.post("/v1/traces", body)
    assert answer.status_code == 200
    partial = answer.json["partialSuccess"]
    assert partial["rejectedSpans"] == "3"
    assert partial["errorMessage"].startswith("2 rejected: no valid trace_id")
    batch = site.batch()
    assert len(batch.rows["spans"]) == 1
    assert tally(batch) == {
        ("accepted", "span", ""): 1,
        ("invalid", "span", "trace"): 2,
        ("invalid", "span", "timestamps"): 1,
    }


def test_partial_success_counts_data_points_in_protobuf(site: Site) -> None:
    point = {"timeUnixNano": str(NOW_NS)}
    body = metrics(
        {"name": "", "gauge": {"dataPoints": [{**point, "asInt": 1}, {**point, "asInt": 2}]}},
        {"name": "m", "sum": {"dataPoints": [{**point, "asDouble": "NaN"}, {**point, "asDouble": 2}]}},
        {"name": "h", "histogram": {"dataPoints": [{**point, "bucketCounts": [1], "explicitBounds": [1, 2]}]}},
    )
    assert site.post("/v1/metrics", body).json["partialSuccess"]["rejectedDataPoints"] == "4"
    assert [row["value"] for row in site.batch().rows["metrics"]] == [2.0]


def test_a_rejected_protobuf_span_is_told_in_protobuf(site: Site) -> None:
    """When nothing can be taken, nothing is kept, and the rejected spans are counted."""
    answer = site.post("/v1/traces", protobuf_of(b"short"), **PROTOBUF_TYPE)
    response = ExportTraceServiceResponse.FromString(answer.data)
    assert (answer.status_code, response.partial_success.rejected_spans) == (200, 1)
    assert "span_id" in response.partial_success.error_message
    site.edge.close()
    counts = [c for _, payload in site.sink.records for c in decode_counts(decode_raw(payload).body)]
    assert [(c.outcome, c.category, c.reason, c.quantity) for c in counts] == [("invalid", "span", "trace", 1)]


def test_gaps_are_no_failure_and_are_counted(site: Site) -> None:
    """A point may say that there is no value any more."""
    point = {"timeUnixNano": str(NOW_NS), "flags": 1}
    body = metrics({"name": "m", "gauge": {"dataPoints": [point, {**point, "flags": 0, "asInt": 3}]}})
    answer = site.post("/v1/metrics", body)
    assert answer.json == {}
    batch = site.batch()
    assert [row["value"] for row in batch.rows["metrics"]] == [3.0]
    assert tally(batch)["filtered", "trace_metric", "no_recorded_value"] == 1


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-sentry-envelope", "", "multipart/form-data"])
def test_another_content_type_is_415(site: Site, content_type: str) -> None:
    answer = site.client.post("/v1/traces", data=BODIES["traces"], headers={**AUTH, "Content-Type": content_type})
    assert (answer.status_code, answer.content_type) == (415, "application/json")
    assert "application/x-protobuf" in answer.json["message"]


def test_the_content_type_may_have_parameters_and_any_case(site: Site) -> None:
    headers = {**AUTH, "Content-Type": "Application/JSON; charset=utf-8"}
    assert site.client.post("/v1/traces", data=BODIES["traces"], headers=headers).status_code == 200


@pytest.mark.parametrize("body", [b"\xff\xff\xff", b"\x0a\x05abc", b"{}"])
def test_a_body_that_is_no_protobuf_is_400(site: Site, body: bytes) -> None:
    answer = site.post("/v1/logs", body, **PROTOBUF_TYPE)
    assert answer.status_code == 400
    assert status_of(answer.data)[0] == 3


def test_a_body_in_a_broken_encoding_is_400(site: Site) -> None:
    assert site.post("/v1/logs", b"not gzip", Content_Encoding="gzip").status_code == 400


@pytest.mark.parametrize(
    ("encoding", "packed"), [("gzip", lambda body: gzip.compress(body, 1)), ("zstd", zstandard.compress)]
)
def test_a_bomb_is_413_and_never_held(site: Site, encoding: str, packed: Any) -> None:
    """65 MiB of zeros from some kilobytes."""
    answer = site.post("/v1/traces", packed(bytes(65 * 2**20)), **PROTOBUF_TYPE, Content_Encoding=encoding)
    assert answer.status_code == 413
    assert status_of(answer.data)[0] == 8


def test_a_body_over_the_limit_of_the_installation_is_413() -> None:
    config = snapshot()
    small = type(config)(config.version, config.keys, config.projects, LimitConfig(max_envelope_bytes=100))
    assert Site(small).post("/v1/traces", traces(span(name="x" * 200))).status_code == 413


def test_a_full_disk_is_503_with_retry_after(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exporters wait and send it again."""

    def full(shard_key: bytes, payload: bytes) -> None:
        raise SpoolFull("the disk is full")

    monkeypatch.setattr(site.sink, "append", full)
    answer = site.post("/v1/traces", BODIES["traces"])
    assert (answer.status_code, answer.json["code"]) == (503, 14)
    assert int(answer.headers["Retry-After"]) > 0


def test_a_missing_configuration_is_503(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise StateError("there is none")

    monkeypatch.setattr(site.edge, "_snapshot", type("None", (), {"current": staticmethod(missing)}))
    answer = site.post("/v1/traces", protobuf_of(bytes.fromhex(ROOT)), **PROTOBUF_TYPE)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_a_rate_limit_of_the_signal_is_429_and_counted() -> None:
    limit = RateLimitConfig(quantity=1, window_s=60, categories=("span",))
    site = Site(snapshot(rate_limits=(limit,)))
    assert site.post("/v1/traces", BODIES["traces"]).status_code == 200
    answer = site.post("/v1/traces", traces(span("aa" * 8), span("bb" * 8)))
    assert (answer.status_code, answer.json["code"]) == (429, 8)
    assert int(answer.headers["Retry-After"]) > 0
    assert site.post("/v1/logs", BODIES["logs"]).status_code == 200
    site.edge.close()
    counts = [
        c for key, payload in site.sink.records if key == b"outcome" for c in decode_counts(decode_raw(payload).body)
    ]
    assert [(c.outcome, c.category, c.quantity) for c in counts] == [("rate_limited", "span", 2)]


def test_browsers_may_ask_before_they_send(site: Site) -> None:
    answer = site.client.options("/v1/traces", headers={"Origin": "https://shop.example"})
    assert answer.status_code in {200, 204}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in ("content-type", "authorization", "x-sentry-auth", "content-encoding"))


def test_exceptions_are_records_of_their_own_in_the_shard_of_their_trace(site: Site) -> None:
    """So that the copy of an exception in the other signal meets it, whatever else is in the requests."""
    log = {"traceId": TRACE, "spanId": ROOT, "attributes": exception_event()["attributes"]}
    site.post("/v1/traces", traces(span(events=[exception_event()])))
    site.post("/v1/logs", logs(log, {"body": {"stringValue": "more"}}))
    kinds = {key: decode_raw(payload).kind for key, payload in site.sink.records}
    assert sorted(kinds.values()) == ["otlp_exceptions", "otlp_logs_json", "otlp_traces_json"]
    assert unpack(decode_raw(site.sink.records[0][1]).body)[0]["trace_id"] == TRACE


def test_a_rate_limit_of_errors_spares_the_spans_and_is_counted() -> None:
    limit = RateLimitConfig(quantity=1, window_s=60, categories=("error",))
    site = Site(snapshot(rate_limits=(limit,)))
    for number in (1, 2):
        body = traces(span(f"{number:016x}", events=[exception_event(at=NOW_NS + number)]))
        assert site.post("/v1/traces", body).status_code == 200
    batch = site.batch()
    assert (len(batch.rows["spans"]), len(batch.rows["errors"])) == (2, 1)
    site.edge.close()
    counts = [c for _, payload in site.sink.records for c in decode_counts(decode_raw(payload).body)]
    assert [(c.outcome, c.category, c.quantity) for c in counts] == [("rate_limited", "error", 1)]


def length_delimited(field: int, content: bytes) -> bytes:
    """A field of a message on the wire."""
    size, shown = len(content), b""
    while size > 0x7F:
        shown, size = shown + bytes((size & 0x7F | 0x80,)), size >> 7
    return bytes((field << 3 | 2,)) + shown + bytes((size,)) + content


@pytest.mark.parametrize("where", ["spans", "attributes", "json"])
def test_a_request_of_millions_of_empty_parts_is_413_before_it_is_parsed(
    site: Site, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is two bytes on the wire and up to 180 in memory; here the bounds are a thousandth of the real ones."""
    monkeypatch.setattr(bounds, "MAX_MESSAGES", bounds.MAX_MESSAGES // 1000)
    monkeypatch.setattr(bounds, "FREE_BYTES", bounds.FREE_BYTES // 1000)
    count = 1100
    if where == "json":
        answer = site.post("/v1/traces", b'{"resourceSpans":[' + b"{}," * count + b"{}]}")
    else:
        spans = b"\x12\x00" * count if where == "spans" else length_delimited(2, b"\x4a\x00" * count)
        body = length_delimited(1, length_delimited(2, spans))
        answer = site.post("/v1/traces", body, **PROTOBUF_TYPE)
    assert answer.status_code == 413
    assert site.sink.records == []


def test_messages_on_the_wire_are_counted_as_they_are_parsed() -> None:
    """The count is that of the parsed messages, AnyValues in AnyValues included."""
    for seed in range(30):
        message = fill(ExportTraceServiceRequest(), random.Random(seed))
        body = message.SerializeToString()
        assert count_messages(body, message.DESCRIPTOR) == messages_in(message) - 1
        count_messages(body[: len(body) // 2], message.DESCRIPTOR)


def messages_in(message: Any) -> int:
    """How many messages a message is."""
    fields = [(field, value) for field, value in message.ListFields() if field.message_type]
    inner = [value if field.is_repeated else [value] for field, value in fields]
    return 1 + sum(messages_in(one) for some in inner for one in some)
