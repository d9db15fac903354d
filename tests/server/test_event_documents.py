"""Every payload gives a document: those of real clients, and those no client should send."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.snapshot import ProjectConfig
from server.http.documents.issues import EventDocument
from server.issues.event_document import event_document, plain

SHOP = ProjectConfig(1, "shop")
SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "data"
PLACE = {"previous": None, "next": None, "index": 1, "count": 1, "payload_url": "/", "attachments": []}


_COLUMNS = (
    *("title", "message", "level", "platform", "environment", "release", "transaction", "culprit"),
    *("user", "user.id", "user.email", "user.username", "user.ip", "trace", "trace.span"),
)


def document(payload: str, **columns) -> dict:
    """The document of a payload, checked against the schema and able to leave as JSON."""
    row = {
        "id": "1" * 32,
        "timestamp": datetime(2026, 3, 1, tzinfo=UTC),
        **dict.fromkeys(_COLUMNS),
        "tags": [("region", "eu")],
        "remarks": ["message:trimmed"],
        "payload": payload,
        **columns,
    }
    made = event_document(row, SHOP, "SHOP-1")
    EventDocument.model_validate_json(orjson.dumps({**made, **PLACE}))
    return made


def envelope_events() -> list[bytes]:
    """The event items of the envelopes of real clients."""
    found = []
    for path in sorted((SAMPLES / "envelopes").rglob("*event*.bin")):
        lines = path.read_bytes().split(b"\n")
        for head, body in itertools.pairwise(lines):
            try:
                is_event = json.loads(head).get("type") == "event"
            except (ValueError, AttributeError):
                continue
            if is_event:
                found.append(body)
    return found


def sample_events() -> list[Path]:
    """The JSON events other products test with."""
    return [path for path in sorted((SAMPLES / "event_samples").rglob("*.json")) if path.stat().st_size < 2_000_000]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples of real clients are not beside the sources")
def test_events_of_real_clients_give_documents_with_their_exceptions():
    """Python, JavaScript in the browser and under node, raven, sentry-cli: chains, frames, breadcrumbs."""
    made = [document(body.decode("utf-8", "surrogateescape")) for body in envelope_events()]
    assert len(made) > 20
    assert sum(bool(one["exceptions"]) for one in made) > 10
    assert any(frame["context_line"] for one in made for e in one["exceptions"] for frame in e["frames"])
    assert any(one["breadcrumbs"] for one in made)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples of real clients are not beside the sources")
def test_every_sample_gives_a_document():
    """Samples of many platforms and years, odd shapes among them."""
    paths = sample_events()
    assert len(paths) > 50
    for path in paths:
        document(path.read_text(encoding="utf-8", errors="replace"))


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "null",
        "[]",
        "42",
        "{",
        '"text"',
        '{"exception": 5}',
        '{"exception": {"values": [null, 1, "x", {"stacktrace": 3}, {"stacktrace": {"frames": [null, 7, {}]}}]}}',
        '{"exception": [{"type": {"a": 1}, "value": [1], "mechanism": "generic"}]}',
        '{"breadcrumbs": {"values": ["x", {"timestamp": 1e400, "data": [1]}, {"timestamp": "yesterday"}]}}',
        '{"threads": {"values": [5, {"id": {}, "stacktrace": {"frames": {}}}]}, "user": [1], "request": "GET /"}',
        '{"contexts": {"a": 1, "b": [1, {"c": NaN}]}, "modules": [["a", 1], "x"], "sdk": "python", "extra": 7}',
        '{"extra": {"big": 123456789012345678901234567890, "tiny": 1e-400, "inf": 1e999}}',
        '{"extra": ' + "[" * 300 + "]" * 300 + "}",
        '{"message": "\\ud800 \\u0000"}',
        '{"sentry.interfaces.Exception": {"type": "Old", "value": "raven"}}',
    ],
)
def test_odd_shapes_give_a_document_too(payload):
    """What is not as expected is left out or shown as text; nothing raises, everything leaves as JSON."""
    document(payload)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
_MEMBERS = [
    *("exception", "threads", "breadcrumbs", "contexts", "user", "request", "sdk"),
    *("modules", "extra", "stacktrace", "platform", "tags", "logentry", "message"),
]


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(_MEMBERS), _json))
def test_no_value_of_any_member_breaks_the_document(payload):
    """Whatever JSON stands where."""
    document(json.dumps(payload))


def test_a_frame_keeps_what_the_page_shows():
    """Source lines around, variables, whose code it is; the file's path where there is no name."""
    frames = [
        {"abs_path": "/srv/app.py", "lineno": "7", "context_line": "", "vars": {"x": "1"}, "pre_context": ["a", None]},
        {"filename": "site-packages/lib.py", "abs_path": "/usr/lib/python3/site-packages/lib.py", "lineno": 0},
    ]
    made = document(json.dumps({"exception": {"values": [{"type": "E", "stacktrace": {"frames": frames}}]}}))
    first, second = made["exceptions"][0]["frames"]
    assert (first["filename"], first["lineno"], first["context_line"], first["vars"]) == (
        "/srv/app.py",
        7,
        "",
        {"x": "1"},
    )
    assert (first["in_app"], second["in_app"]) == (True, False)
    assert (second["lineno"], second["vars"], second["context_line"]) == (None, None, None)
    assert first["pre_context"] == ["a"]


def test_the_stored_columns_beat_the_payload_for_who_and_where():
    """Scrubbing and normalisation decided them."""
    made = document('{"user": {"id": 1, "plan": "pro"}}', **{"user.id": "1", "user.ip": "10.0.0.1", "level": "fatal"})
    assert made["user"] == {"id": "1", "plan": "pro", "ip_address": "10.0.0.1"}
    assert made["level"] == "fatal"


def test_numbers_no_reader_could_hold_become_text():
    """Above 2^53, beyond a double, and deeper than an answer goes."""
    assert plain(2**60) == str(2**60)
    assert plain(5) == 5
    deep = 1
    for _ in range(100):
        deep = [deep]
    assert "[[[" in json.dumps(plain(deep))
    orjson.dumps(plain(deep))
