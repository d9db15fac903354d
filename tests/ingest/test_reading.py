"""Reading an event no further than its row needs gives the row that reading all of it gives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.snapshot import ProjectConfig
from ingest.errors import InvalidItem
from ingest.jsontext import decode_json
from ingest.normalise import legacy
from ingest.normalise.event import event_row
from ingest.normalise.frames import MAX_KNOWN_FRAMES
from ingest.normalise.legacy import payload_type
from ingest.normalise.reading import MAX_TEXT_BYTES, decode_event
from tests.ingest.helpers import arrival

_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(allow_nan=False),
    st.sampled_from(["", " a ", "1", "true", "é\ud83d\ude00", "a\\u0000b", "app.views", "/usr/lib/python3/x.py"]),
)
_ANY = st.recursive(
    _ODD, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from("abc"), v, max_size=3), max_leaves=6
)
_FRAME_MEMBERS = (
    "function", "raw_function", "module", "filename", "abs_path", "package", "lineno", "colno", "context_line",
    "platform", "in_app", "vars",
)  # fmt: skip
_FRAME = st.dictionaries(st.sampled_from(_FRAME_MEMBERS), _ODD, max_size=6) | st.fixed_dictionaries(
    {}, optional={"function": st.sampled_from("fg"), "lineno": st.integers(0, 3), "in_app": st.booleans(), "vars": _ANY}
)
_STACK = st.fixed_dictionaries({"frames": st.lists(_FRAME, max_size=4)}) | _ANY | st.lists(_FRAME, max_size=2)
_EXCEPTION = st.fixed_dictionaries(
    {}, optional={"type": _ODD, "value": _ODD, "module": _ODD, "mechanism": _ANY, "stacktrace": _STACK}
)
_EXCEPTIONS = st.lists(_EXCEPTION, max_size=3)
_MEMBERS = (
    "contexts", "culprit", "dist", "environment", "event_id", "fingerprint", "level", "logentry", "logger", "message",
    "modules", "platform", "release", "request", "sdk", "server_name", "tags", "timestamp", "transaction", "type",
    "user", "extra", "breadcrumbs", "sentry.interfaces.Message", "sentry.interfaces.Exception", "http", "csp",
)  # fmt: skip
_EVENT = st.builds(
    lambda plain, special: plain | special,
    st.dictionaries(st.sampled_from(_MEMBERS), _ANY, max_size=8),
    st.fixed_dictionaries(
        {},
        optional={
            "exception": _EXCEPTIONS | _EXCEPTIONS.map(lambda v: {"values": v}) | _EXCEPTION,
            "stacktrace": _STACK,
            "threads": st.lists(st.fixed_dictionaries({"stacktrace": _STACK, "crashed": st.booleans()}), max_size=2),
            "modules": st.dictionaries(st.sampled_from("mno"), st.sampled_from(["1", "2", "9" * 300])),
        },
    ),
)


def _rows(text: bytes, **project: Any) -> tuple[Any, Any]:
    where = arrival(project=ProjectConfig(1, "shop", **project))
    return event_row(decode_event(text), where), event_row(decode_json(text), where)


@settings(max_examples=300, deadline=None)
@given(_EVENT, st.booleans())
@example({"exception": {"type": "A", "value": "b"}}, False)
@example({"exception": {"values": [None, {"type": "A", "stacktrace": {"frames": [None, {"lineno": 1.0}]}}]}}, False)
@example({"exception": [{"stacktrace": {"frames": [{"lineno": True}, {"lineno": 1}, {"lineno": "1"}]}}]}, True)
def test_any_event_gives_the_same_row_either_way(data: dict[str, Any], has_rules: bool) -> None:
    """Every member a row is made of is read, whatever its shape, and what is remembered of frames is exact."""
    text = json.dumps(data).encode()
    rules: dict[str, Any] = {"in_app_exclude": ("app",)} if has_rules else {}
    quick, whole = _rows(text, **rules)
    assert quick == whole
    assert payload_type(decode_event(text).value) == payload_type(decode_json(text).value)


@pytest.mark.parametrize(
    "text",
    [
        b'{"message":"m","extra":{"a":"\xff"}}',
        b'{"message":"m","extra":{"\xff":1}}',
        b'{"message":"m","extra":{"a":"\\ud800"}}',
        b'{"message":"m","extra":{"a":"\\u0000"}}',
        b'{"message":"m","extra":{"a":NaN}}',
        b'{"message":"m","modules":{"a":"\xff"}}',
        b'\xef\xbb\xbf{"message":"m"}',
        '{"message":"m","extra":"\u00e9"}'.encode(),
        b'{"message":"m","extra":"' + b"x" * MAX_TEXT_BYTES + b'"}',
        json.dumps({"exception": [{"stacktrace": {"frames": [{"lineno": n} for n in range(n)]}}]}).encode()
        if (n := MAX_KNOWN_FRAMES + 200)
        else b"",
    ],
)
def test_broken_foreign_and_large_texts_are_read_whole(text: bytes) -> None:
    """Damage inside what is skipped is found and mended as if it were read."""
    quick, whole = _rows(text)
    assert quick == whole
    quick["payload"].decode()


@pytest.mark.parametrize("text", [b"{", b'{"extra":[1,}', b'{"extra":' + b"[" * 5000 + b"]" * 5000 + b"}"])
def test_what_is_no_json_is_refused_wherever_it_is_broken(text: bytes) -> None:
    """Skipping is no leniency."""
    with pytest.raises(InvalidItem):
        decode_event(text)


def test_names_of_old_clients_and_reports_are_read() -> None:
    """A member that renames or tells the type is not skipped."""
    for name in (*legacy.INTERFACES, *legacy.SECURITY_MEMBERS):
        assert decode_event(json.dumps({name: {"a": 1}}).encode()).value == {name: {"a": 1}}


def test_events_of_one_program_share_their_stack_and_modules() -> None:
    """Nothing is worked out twice, and a second project has its own."""
    data = {"modules": {"a": "1"}, "exception": {"values": [{"stacktrace": {"frames": [{"function": "f"}]}}]}}
    texts = [json.dumps({**data, "extra": extra}).encode() for extra in (1, 2)]
    first, second = (event_row(decode_event(text), arrival()) for text in texts)
    assert first["modules"] is second["modules"]
    assert first["stack_functions"] is second["stack_functions"]
    other = event_row(decode_event(texts[0]), arrival(project=ProjectConfig(2, "other")))
    assert other["stack_functions"] == first["stack_functions"]
