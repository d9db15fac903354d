"""Secrets seeded in every text of every kind of item: none is in a row, a file of the ready spool or a blob's text."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.blobs import FileBlobStore
from engine.spool import Position, SpoolRecord
from ingest.batches import batch_of
from ingest.process import Batch, Processor
from ingest.ready import ReadyName, ReadyShard
from ingest.records import RawRecord, encode_record
from tests.ingest.helpers import NOW_NS, envelope, snapshot

NOW_S = NOW_NS / 1e9
NAMED = "Correct-Horse-7"
"""A secret that only its name gives away."""
SHAPED = ("4111 1111 1111 1111", "ghp_" + "a1B2" * 9, "DE89 3704 0044 0532 0130 00")
SECRETS = (NAMED, *SHAPED)

_ID = "a" * 32
_SPAN = "b" * 16
_SPAN_TYPE = "application/vnd.sentry.items.span.v2+json"
_LOG_TYPE = "application/vnd.sentry.items.log+json"
_METRIC_TYPE = "application/vnd.sentry.items.trace-metric+json"
_FIXED = frozenset(
    [
        "event_id",
        "trace_id",
        "span_id",
        "parent_span_id",
        "session_id",
        "sid",
        "did",
        "check_in_id",
        "replay_id",
        "profile_id",
        "profiler_id",
        "chunk_id",
        "type",
        "status",
        "level",
        "op",
        "platform",
        "replay_type",
        "started",
        "timestamp",
        "version",
        "monitor_slug",
        "associated_event_id",
        "environment",
        "release",
    ]
)
"""Members whose texts have a form of their own: what is no id or time there is dropped or refused anyway."""

_TRACE = {"trace_id": _ID, "span_id": _SPAN, "op": "http", "status": "ok"}
_FRAME = {"function": "f", "module": "m", "filename": "a.py", "abs_path": "/a.py", "lineno": 1, "context_line": "x",
          "vars": {"local": "v"}}  # fmt: skip
_COMMON = {
    "platform": "python",
    "server_name": "web",
    "user": {"id": "7", "username": "ann", "email": "a", "name": "n"},
    "request": {
        "url": "https://x/y",
        "query_string": "a=b",
        "data": "d",
        "headers": [["Accept", "z"]],
        "env": {"A": "b"},
    },
    "tags": {"k": "v"},
    "extra": {"list": ["x", {"deep": "y"}]},
    "breadcrumbs": {"values": [{"message": "b", "data": {"url": "u"}, "timestamp": NOW_S}]},
}
ATTRIBUTES = {"a": {"value": "x", "type": "string"}, "list": {"value": ["y"], "type": "array"}}
ITEMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "errors": (
        {"type": "event"},
        {
            **_COMMON,
            "event_id": _ID,
            "timestamp": NOW_S,
            "level": "error",
            "logger": "l",
            "transaction": "t",
            "logentry": {"message": "m %s", "params": ["p"]},
            "fingerprint": ["fp"],
            "exception": {"values": [{"type": "E", "value": "v", "stacktrace": {"frames": [_FRAME]}}]},
            "threads": {"values": [{"name": "main", "stacktrace": {"frames": [_FRAME]}}]},
            "contexts": {"trace": _TRACE, "app": {"app_name": "n"}},
            "modules": {"mod": "1"},
        },
    ),
    "spans": (
        {"type": "transaction"},
        {
            **_COMMON,
            "event_id": "c" * 32,
            "type": "transaction",
            "transaction": "t",
            "start_timestamp": NOW_S - 1,
            "timestamp": NOW_S,
            "contexts": {"trace": {**_TRACE, "data": {"k": "v"}}},
            "spans": [
                {"span_id": "d" * 16, "start_timestamp": NOW_S - 1, "timestamp": NOW_S, "description": "d",
                 "data": {"q": "z"}, "tags": {"k": "v"}},
            ],
        },
    ),
    "spans v2": (
        {"type": "span", "content_type": _SPAN_TYPE, "item_count": 1},
        {"items": [{"trace_id": _ID, "span_id": "e" * 16, "name": "n", "start_timestamp": NOW_S - 1,
                    "end_timestamp": NOW_S, "status": "ok", "attributes": ATTRIBUTES}]},
    ),
    "logs": (
        {"type": "log", "content_type": _LOG_TYPE, "item_count": 1},
        {"items": [{"timestamp": NOW_S, "trace_id": _ID, "level": "info", "body": "b", "attributes": ATTRIBUTES}]},
    ),
    "metrics": (
        {"type": "trace_metric", "content_type": _METRIC_TYPE, "item_count": 1},
        {"items": [{"timestamp": NOW_S, "trace_id": _ID, "type": "counter", "name": "n", "value": 1,
                    "attributes": ATTRIBUTES}]},
    ),
    "sessions": (
        {"type": "session"},
        {"sid": _ID, "did": "x", "init": True, "started": "2026-11-21T00:59:00Z", "timestamp": "2026-11-21T00:59:30Z",
         "status": "ok", "attrs": {"release": "r@1", "user_agent": "ua"}},
    ),
    "check_ins": (
        {"type": "check_in"},
        {"check_in_id": _ID, "monitor_slug": "job", "status": "ok", "monitor_config": {"timezone": "tz"}},
    ),
    "feedback": (
        {"type": "feedback"},
        {**_COMMON, "event_id": "f" * 32, "timestamp": NOW_S,
         "contexts": {"feedback": {"message": "m", "contact_email": "c", "name": "n", "url": "u"}}},
    ),
    "replays": (
        {"type": "replay_event"},
        {**_COMMON, "event_id": _ID, "replay_id": _ID, "segment_id": 0, "timestamp": NOW_S, "urls": ["u"]},
    ),
    "errors of reports": (
        {"type": "raw_security"},
        {"csp-report": {"document-uri": "https://x/", "blocked-uri": "https://y/", "effective-directive": "img-src",
                        "script-sample": "s"}},
    ),
}  # fmt: skip


def seeded(value: Any, name: str = "") -> Any:
    """A template with a secret behind every text that has no form of its own, and a named one in every object."""
    if isinstance(value, dict):
        return {k: seeded(v, k) for k, v in value.items()} | ({} if "value" in value else {"password": NAMED})
    if isinstance(value, list):
        pair = len(value) == 2 and value[0] == "Accept"
        return [value[0], f"x password={NAMED}"] if pair else [seeded(v, name) for v in value]
    if not isinstance(value, str) or name in _FIXED:
        return value
    return f"{value} {SHAPED[len(name) % 3]} token={NAMED}"


def processed(body: bytes, root: Path) -> Batch:
    """The batch of one envelope; blobs go below the root."""
    record = RawRecord("envelope", NOW_NS, 1, 7, body, event_id=_ID)
    batch = Batch()
    spooled = SpoolRecord(Position(1, 8), Position(1, 9), encode_record(record))
    Processor(snapshot(), "p/0", lambda _keys: set(), FileBlobStore(root / "blobs")).add(spooled, batch)
    return batch


def files(root: Path) -> Iterator[bytes]:
    """The content of every file."""
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield path.read_bytes()


@pytest.mark.parametrize("name", ITEMS)
def test_no_secret_is_left_of_an_item(name: str, tmp_path: Path) -> None:
    """Neither in a row nor in the batch for the writer, nor in what is said of a part that could not be read."""
    header, payload = ITEMS[name]
    batch = processed(envelope((header, json.dumps(seeded(payload)).encode()), event_id=_ID), tmp_path)
    assert [(x.kind, x.reason, x.detail) for x in batch.dead] == []
    rows = batch.rows[name.split(maxsplit=1)[0]]
    assert rows
    ready = ReadyShard(tmp_path / "ready")
    for dataset, found in batch.rows.items():
        for row in found:
            assert not [secret for secret in SECRETS if secret in repr(row)], dataset
        if found:
            # A transaction's children are part of its item: the segment's row says it for all.
            assert any(remark.startswith("scrubbed:") for remark in found[0]["remarks"]), dataset
            ready.put(ReadyName.of_range("p-x", Position(1, 8), Position(1, 9), dataset), batch_of(dataset, found))
    for content in files(tmp_path):
        assert not [secret for secret in SECRETS if secret.encode() in content]


def test_no_secret_is_left_of_a_recording_or_a_text_file(tmp_path: Path) -> None:
    """Blobs of text are scrubbed too."""
    replay = {"event_id": _ID, "replay_id": _ID, "segment_id": 0, "timestamp": NOW_S, "type": "replay_event"}
    recording = [
        {"type": 5, "timestamp": NOW_S, "data": {"tag": "breadcrumb", "payload": {"message": "m", "data": {}}}}
    ]
    log = "\n".join(f"line {n} password={NAMED} card {SHAPED[0]}" for n in range(2000)).encode()
    body = envelope(
        ({"type": "replay_event"}, json.dumps(replay).encode()),
        ({"type": "replay_recording"}, b'{"segment_id":0}\n' + json.dumps(seeded(recording)).encode()),
        (
            {"type": "attachment", "filename": "app.log", "content_type": "text/plain", "length": len(log)},
            log,
        ),
        event_id=_ID,
    )
    lines = body.split(b"\n", 4)
    head = json.dumps(
        {"type": "replay_recording", "length": len(lines[4].split(b'\n{"type": "attachment"')[0])}
    ).encode()
    body = b"\n".join((*lines[:3], head, lines[4]))
    batch = processed(body, tmp_path)
    assert batch.rows["replays"]
    assert batch.rows["attachments"]
    kept = list(files(tmp_path / "blobs"))
    assert len(kept) == 2
    for content in kept:
        assert not [secret for secret in SECRETS if secret.encode() in content]


def test_dead_letters_say_nothing_of_the_payload(tmp_path: Path) -> None:
    """What is wrong is said without the values; the payload itself is in the spool that is encrypted with the key."""
    broken = b'{"event_id": "x", "message": "' + SHAPED[0].encode() + b'", "password": "' + NAMED.encode()
    batch = processed(envelope(({"type": "event"}, broken), event_id=_ID), tmp_path)
    assert len(batch.dead) == 1
    assert not [s for letter in batch.dead for s in SECRETS if s in f"{letter.reason} {letter.detail}"]
    assert io.BytesIO(batch.dead[0].body).read() == broken


def _otlp(**values: Any) -> list[dict[str, Any]]:
    """Attributes as OTLP's JSON has them."""
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


_NS = str(NOW_NS)
_DIRTY = f"x {SHAPED[0]} token={NAMED}"
_RESOURCE = {"attributes": _otlp(**{"service.name": "shop", "db.password": NAMED, "note": _DIRTY})}
OTLP: dict[str, tuple[str, dict[str, Any]]] = {
    "spans": (
        "otlp_traces_json",
        {"resourceSpans": [{"resource": _RESOURCE, "scopeSpans": [{"spans": [
            {"traceId": _ID, "spanId": _SPAN, "name": _DIRTY, "startTimeUnixNano": _NS, "endTimeUnixNano": _NS,
             "attributes": _otlp(password=NAMED, note=_DIRTY), "status": {"message": _DIRTY},
             "events": [{"name": "n", "timeUnixNano": _NS, "attributes": _otlp(secret=NAMED)}]},
        ]}]}]},
    ),
    "logs": (
        "otlp_logs_json",
        {"resourceLogs": [{"resource": _RESOURCE, "scopeLogs": [{"logRecords": [
            {"timeUnixNano": _NS, "body": {"stringValue": _DIRTY}, "attributes": _otlp(**{"api.key": NAMED})},
        ]}]}]},
    ),
    "metrics": (
        "otlp_metrics_json",
        {"resourceMetrics": [{"resource": _RESOURCE, "scopeMetrics": [{"metrics": [
            {"name": "m", "description": _DIRTY, "gauge": {"dataPoints": [
                {"timeUnixNano": _NS, "asDouble": 1.5, "attributes": _otlp(cookie=NAMED, note=_DIRTY)},
            ]}},
        ]}]}]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("dataset", OTLP)
def test_no_secret_is_left_of_opentelemetry(dataset: str, tmp_path: Path) -> None:
    """Names, values, events, bodies, descriptions and the resource that all of them share."""
    kind, body = OTLP[dataset]
    record = RawRecord(kind, NOW_NS, 1, 7, json.dumps(body).encode())
    batch = Batch()
    spooled = SpoolRecord(Position(1, 8), Position(1, 9), encode_record(record))
    Processor(snapshot(), "p/0", lambda _keys: set(), FileBlobStore(tmp_path)).add(spooled, batch)
    assert [(x.kind, x.reason, x.detail) for x in batch.dead] == []
    assert batch.rows[dataset]
    for rows in batch.rows.values():
        for row in rows:
            assert not [secret for secret in SECRETS if secret in repr(row)]
