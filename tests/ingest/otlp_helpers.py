"""OTLP requests for tests: random protobuf messages, their JSON by OTLP's rules, and what Amber makes of a request."""

from __future__ import annotations

import base64
import json
import math
import random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from engine.snapshot import ConfigSnapshot
from engine.spool import Position, SpoolRecord
from ingest.handlers import Batch
from ingest.http import create_app
from ingest.otlp.model import Signal
from ingest.ports import FixedSnapshot
from ingest.process import Processor
from tests.ingest.helpers import KEY, NOW_NS, snapshot

REQUESTS: dict[Signal, type[Message]] = {
    Signal.TRACES: ExportTraceServiceRequest,
    Signal.LOGS: ExportLogsServiceRequest,
    Signal.METRICS: ExportMetricsServiceRequest,
}
JSON_TYPE = {"Content-Type": "application/json"}
PROTOBUF_TYPE = {"Content-Type": "application/x-protobuf"}
AUTH = {"Authorization": f"Bearer {KEY}"}

TRACE = "5b8efff798038103d269b633813fc60c"
ROOT = "eee19b7ec3c1b174"

_IDS = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
_TEXTS = ("", "a", "GET /cart/{id}", "exception", "exception.type", "é\u20ac", "nul\0in", "http.request.method", "🜚")
_FLOATS = (0.0, -0.0, 1.5, 1e300, -1e-300, math.inf, -math.inf, math.nan)
_INTEGERS = {
    FieldDescriptor.TYPE_INT32: (0, 1, -1, 2**31 - 1, -(2**31)),
    FieldDescriptor.TYPE_SINT32: (0, 1, -7, 2**31 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 1, 0x300, 2**32 - 1),
    FieldDescriptor.TYPE_FIXED32: (0, 1, 0x300, 2**32 - 1),
    FieldDescriptor.TYPE_INT64: (0, 1, -1, 2**63 - 1, -(2**63)),
    FieldDescriptor.TYPE_SFIXED64: (0, 1, -1, 2**63 - 1, -(2**63)),
    FieldDescriptor.TYPE_UINT64: (0, 1, 2**64 - 1),
    FieldDescriptor.TYPE_FIXED64: (0, 1, NOW_NS, NOW_NS + 5_000_000, 2**64 - 1),
}


def fill(message: Any, dice: random.Random, depth: int = 0) -> Any:
    """Fill a message of any type at random: every field may be there, lists have up to two entries."""
    for field in message.DESCRIPTOR.fields:
        needed = field.name in _IDS or field.name.endswith("time_unix_nano") or depth < 3
        if dice.random() < (0.03 if needed else 0.25) or (depth > 9 and field.message_type):
            continue
        if field.is_repeated:
            for _ in range(dice.randrange(3) + (depth < 3)):
                if field.message_type:
                    fill(getattr(message, field.name).add(), dice, depth + 1)
                else:
                    getattr(message, field.name).append(_scalar(field, dice))
        elif field.message_type:
            getattr(message, field.name).SetInParent()
            fill(getattr(message, field.name), dice, depth + 1)
        else:
            setattr(message, field.name, _scalar(field, dice))
    return message


def _scalar(field: FieldDescriptor, dice: random.Random) -> Any:
    if field.type == FieldDescriptor.TYPE_STRING:
        return dice.choice(_TEXTS)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return dice.random() < 0.5
    if field.type == FieldDescriptor.TYPE_BYTES:
        wanted = _IDS.get(field.name, 3)
        odd = dice.choice((b"", bytes(wanted), b"\xff" * 5))
        return odd if dice.random() < 0.1 else dice.randbytes(wanted)
    if field.type == FieldDescriptor.TYPE_ENUM:
        return dice.randrange(7)
    if field.type in {FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT}:
        return dice.choice(_FLOATS)
    if field.name.endswith("time_unix_nano") and dice.random() < 0.9:
        return NOW_NS + dice.randrange(10_000_000)
    return dice.choice(_INTEGERS[field.type])


def otlp_json(message: Any, dice: random.Random) -> dict[str, Any]:
    """The JSON of a message by OTLP's rules; 64-bit integers as strings or numbers, ids in either case, at random."""
    found: dict[str, Any] = {"anUnknownMember": {"of": ["a newer", "version"]}} if dice.random() < 0.2 else {}
    for field, value in message.ListFields():
        entries = value if field.is_repeated else [value]
        shown = [_shown(field, entry, dice) for entry in entries]
        found[field.json_name] = shown if field.is_repeated else shown[0]
    return found


def _shown(field: FieldDescriptor, value: Any, dice: random.Random) -> Any:
    if field.message_type:
        return otlp_json(value, dice)
    if field.type == FieldDescriptor.TYPE_BYTES:
        if field.name in _IDS:
            return value.hex().upper() if dice.random() < 0.5 else value.hex()
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[str(value)]
    if field.type in _INTEGERS and not isinstance(value, bool) and dice.random() < 0.5:
        return str(value)
    return value


def keyed(**values: Any) -> list[dict[str, Any]]:
    """Attributes as OTLP JSON has them; in names `_` stands for a dot and `__` for itself."""
    names = {name: "_".join(part.replace("_", ".") for part in name.split("__")) for name in values}
    return [{"key": names[name], "value": any_value(value)} for name, value in values.items()]


def any_value(value: Any) -> dict[str, Any]:
    """An AnyValue."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(entry) for entry in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": [{"key": k, "value": any_value(v)} for k, v in value.items()]}}
    return {"stringValue": value}


def span(span_id: str = ROOT, parent: str = "", **given: Any) -> dict[str, Any]:
    """A span as OTLP JSON has it."""
    times = {"startTimeUnixNano": str(NOW_NS), "endTimeUnixNano": str(NOW_NS + 1_000_000)}
    return {"traceId": TRACE, "spanId": span_id, "parentSpanId": parent, "name": "work", **times, **given}


def exception_event(stack: str = "", at: int = NOW_NS, **given: Any) -> dict[str, Any]:
    """A span event that tells of a ValueError."""
    told = {"exception.type": "ValueError", "exception.message": "bad", "exception.stacktrace": stack, **given}
    attributes = [{"key": k, "value": any_value(v)} for k, v in told.items() if v != ""]
    return {"name": "exception", "timeUnixNano": str(at), "attributes": attributes}


def traces(*spans: dict[str, Any], resource: list[dict[str, Any]] | None = None) -> bytes:
    """A trace request of one scope."""
    scope = {"scope": {"name": "shop.cart", "version": "0.9"}, "spans": spans}
    return json.dumps({"resourceSpans": [{"resource": {"attributes": resource or []}, "scopeSpans": [scope]}]}).encode()


def logs(*records: dict[str, Any], resource: list[dict[str, Any]] | None = None) -> bytes:
    """A log request of one scope."""
    scope = {"scope": {"name": "shop.cart", "version": "0.9"}, "logRecords": records}
    return json.dumps({"resourceLogs": [{"resource": {"attributes": resource or []}, "scopeLogs": [scope]}]}).encode()


def metrics(*found: dict[str, Any]) -> bytes:
    """A metrics request of one scope."""
    scope = {"scope": {"name": "shop.cart", "version": "0.9"}, "metrics": found}
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [scope]}]}).encode()


class Memory:
    """A sink that keeps records with their shard keys."""

    def __init__(self) -> None:
        self.records: list[tuple[bytes, bytes]] = []

    def append(self, shard_key: bytes, payload: bytes) -> None:
        self.records.append((shard_key, payload))

    def close(self) -> None:
        return


class Site:
    """The routes over a sink in memory, and one normaliser that remembers what it has seen."""

    def __init__(self, config: ConfigSnapshot | None = None) -> None:
        self.config = config or snapshot()
        self.sink = Memory()
        app, self.edge = create_app(self.sink, FixedSnapshot(self.config))
        self.client = app.test_client()
        self.seen: set[bytes] = set()

    def post(self, path: str, body: bytes, **headers: str) -> Any:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, data=body, headers={**JSON_TYPE, **AUTH, **given})

    def batch(self) -> Batch:
        """What came since the last call, as a committed range."""
        batch = Batch()
        processor = Processor(self.config, "test/0", self.seen.intersection)
        for number, (_, payload) in enumerate(self.sink.records):
            processor.add(SpoolRecord(Position(1, number), Position(1, number + 1), payload), batch)
        self.sink.records.clear()
        self.seen.update(batch.keys)
        return batch

    def rows(self, signal: str, body: bytes, **headers: str) -> Batch:
        """The rows of a request that must be taken."""
        answer = self.post(f"/v1/{signal}", body, **headers)
        assert answer.status_code == 200, answer.data
        return self.batch()
