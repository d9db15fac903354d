"""The routes of OTLP/HTTP: what is asked, what is answered.

OpenTelemetry's protocol specification, "OTLP/HTTP": answers come in the content type of the request. All well is 200
with an empty Export*ServiceResponse; what the server cannot take of a request it takes in part is said in
`partial_success`, and the client must not send it again; failures are a google.rpc.Status. Of these clients retry 429,
502, 503 and 504 only, and honour `Retry-After`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import zstandard
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from ingest.answers import CORS_HEADERS, Answer, Headers
from ingest.bodies import Kept
from ingest.calls import Call
from ingest.edge import Edge, Sender
from ingest.endpoints import Endpoint
from ingest.errors import Refused
from ingest.limiter import FREE, REASON
from ingest.limits import KIB, MIB
from ingest.otlp.decode import Verdict
from ingest.otlp.examine import examine
from ingest.otlp.exceptions import Found, pack, shard_of_exception
from ingest.otlp.model import Signal

MAX_BYTES = 64 * MIB
"""Largest body after decompression, as the specification recommends."""

EXCEPTIONS_KIND = "otlp_exceptions"
"""Raw records of the exceptions of a request: `ingest.otlp.exceptions.pack`."""

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
_CONTENT_TYPES = {
    PROTOBUF: PROTOBUF,
    "application/protobuf": "application/protobuf",
    "application/vnd.google.protobuf": "application/vnd.google.protobuf",
    JSON: JSON,
}
_COMPRESSED_ABOVE = KIB

_RPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 413: 8, 415: 3, 429: 8, 503: 14}
"""google.rpc.Code of the HTTP statuses that are answered: INVALID_ARGUMENT, UNAUTHENTICATED, …"""

_RESPONSES: dict[Signal, tuple[type[Message], str]] = {
    Signal.TRACES: (ExportTraceServiceResponse, "rejected_spans"),
    Signal.LOGS: (ExportLogsServiceResponse, "rejected_log_records"),
    Signal.METRICS: (ExportMetricsServiceResponse, "rejected_data_points"),
}
_JSON_MEMBERS = {
    "rejected_spans": "rejectedSpans",
    "rejected_log_records": "rejectedLogRecords",
    "rejected_data_points": "rejectedDataPoints",
}

REJECTIONS = {
    "trace": "no valid trace_id of 16 bytes and span_id of 8 bytes",
    "timestamps": "no usable start and end time, or a time beyond the year 2261",
    "metric_name": "a metric without a name",
    "metric_value": "a data point without a finite value",
    "buckets": "a histogram whose bucket_counts are not one more than its explicit_bounds",
}
"""Why a span or data point is rejected, in the words of the answer."""


def kind_of(signal: Signal, *, is_json: bool) -> str:
    """Return the kind of the raw record that keeps a request."""
    return f"otlp_{signal.value}{'_json' if is_json else ''}"


def export(signal: Signal, edge: Edge, call: Call) -> Answer:
    """Answer a request; 200 only when what was accepted is on disk."""
    content_type = _CONTENT_TYPES.get(call.content_type, "")
    try:
        return _export(signal, edge, call, content_type)
    except Refused as refusal:
        edge.count_refusal(refusal, call)
        return status_answer(refusal, content_type or JSON)


def _export(signal: Signal, edge: Edge, call: Call, content_type: str) -> Answer:
    if not content_type:
        causes = (f"send {PROTOBUF} or {JSON}",)
        raise Refused("unsupported content type", status=415, reason="bad_content_type", causes=causes)
    sender = edge.sender(call)
    is_json = content_type == JSON
    body = edge.decoded(call, sender, MAX_BYTES)
    examined = examine(signal, body, is_json=is_json)
    verdict = examined.verdict
    exceptions = examined.exceptions
    wanted = [(signal.category, verdict.accepted), ("error", len(exceptions))]
    limits = edge.admit(sender, [part for part in wanted if part[1]]) if verdict.accepted else FREE
    if signal.category in limits.limited:
        edge.count(sender, "rate_limited", signal.category, REASON, quantity=verdict.accepted, size=len(body))
        causes = ("a rate limit of the project or key is reached",)
        refusal = Refused("rate limited", status=429, reason=REASON, causes=causes, headers=limits.headers())
        return status_answer(refusal, content_type)
    if "error" in limits.limited:
        edge.count(sender, "rate_limited", "error", REASON, quantity=len(exceptions))
        exceptions = []
    if verdict.accepted:
        _keep(edge, (sender, call), kind_of(signal, is_json=is_json), body, exceptions)
    else:
        for reason, quantity in verdict.rejected.items():
            edge.count(sender, "invalid", signal.category, reason, quantity=quantity)
    return _taken(signal, verdict, content_type, limits.headers(retry_after=False))


def _keep(edge: Edge, who: tuple[Sender, Call], kind: str, body: bytes, exceptions: list[Found]) -> None:
    """Append the request as it came, and its exceptions as records of their own."""
    sender, call = who
    digest = hashlib.blake2b(body, digest_size=16).digest()
    by_shard: dict[bytes, list[Found]] = {}
    for exception in exceptions:
        by_shard.setdefault(shard_of_exception(exception, digest), []).append(exception)
    # The exceptions first: when the second append fails, the client sends all of it again, and nothing is doubled.
    for shard, some in by_shard.items():
        edge.keep(sender, call, EXCEPTIONS_KIND, _packed(pack(some)), shard)
    edge.keep(sender, call, kind, _packed(body), digest)


def _packed(body: bytes) -> Kept:
    """Return a body as the spool keeps it."""
    if len(body) <= _COMPRESSED_ABOVE:
        return Kept(body)
    return Kept(zstandard.ZstdCompressor(level=1).compress(body), "zstd")


def _taken(signal: Signal, verdict: Verdict, content_type: str, headers: Headers) -> Answer:
    """Return the 200, with what was rejected and why."""
    response_type, field = _RESPONSES[signal]
    rejected = verdict.rejected.total()
    said = "; ".join(f"{count} rejected: {REJECTIONS.get(why, why)}" for why, count in verdict.rejected.items())
    if content_type == JSON:
        # 64-bit integers are strings in protobuf's JSON.
        partial = {_JSON_MEMBERS[field]: str(rejected), "errorMessage": said}
        return _answer(200, msgspec.json.encode({"partialSuccess": partial} if rejected else {}), JSON, headers)
    response: Any = response_type()
    if rejected:
        partial_success: Any = response.partial_success
        setattr(partial_success, field, rejected)
        partial_success.error_message = said
    return _answer(200, response.SerializeToString(), content_type, headers)


def status_answer(refusal: Refused, content_type: str) -> Answer:
    """Return a refusal as a google.rpc.Status."""
    code = _RPC_CODES.get(refusal.http_status, 2)
    message = ": ".join((refusal.message, *refusal.causes))
    headers = refusal.headers
    if refusal.retry_after_s is not None and all(name != "Retry-After" for name, _ in headers):
        headers = (*headers, ("Retry-After", str(refusal.retry_after_s)))
    if content_type == JSON:
        return _answer(refusal.http_status, msgspec.json.encode({"code": code, "message": message}), JSON, headers)
    text = message.encode()
    # Status has two fields that are used: int32 code = 1, string message = 2.
    body = bytes((0x08, code, 0x12)) + _varint(len(text)) + text
    return _answer(refusal.http_status, body, content_type, headers)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _answer(status: int, body: bytes, content_type: str, headers: Headers) -> Answer:
    return Answer(status, body, (("Content-Type", content_type), *CORS_HEADERS, *headers))


def _exporter(signal: Signal) -> Callable[[Edge, Call], Answer]:
    def answer(edge: Edge, call: Call) -> Answer:
        return export(signal, edge, call)

    return answer


def _endpoints(prefixes: Sequence[tuple[str, str]]) -> tuple[Endpoint, ...]:
    return tuple(
        Endpoint(
            f"{name}_{signal.value}",
            f"{prefix}/v1/{signal.value}",
            _exporter(signal),
            doc=f"OpenTelemetry's {signal.value} over HTTP, protobuf or JSON.",
        )
        for name, prefix in prefixes
        for signal in Signal
    )


ENDPOINTS = _endpoints(
    (("otlp", ""), ("otlp_integration", "/api/<project>/integration/otlp"), ("otlp_project", "/api/<project>/otlp"))
)
"""The routes; the project is that of the key where the path names none."""
