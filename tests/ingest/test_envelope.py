"""Envelope framing, with the traps real clients set."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.envelope import parse_envelope, print_envelope
from ingest.errors import Malformed

JSON_TEXT = st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=20), max_size=3)
ITEM_HEADERS = st.fixed_dictionaries({"type": st.sampled_from(["event", "attachment", "x", ""])})


@given(headers=JSON_TEXT, items=st.lists(st.tuples(ITEM_HEADERS, st.binary(max_size=200)), max_size=5))
def test_with_lengths_any_payload_survives(headers: dict[str, Any], items: list[tuple[dict[str, Any], bytes]]) -> None:
    """Line feeds, BOMs, NULs and whole envelopes inside a payload stay payload."""
    parsed = parse_envelope(print_envelope(headers, tuple(items)))
    assert parsed.headers == headers
    assert [item.payload for item in parsed.items] == [payload for _, payload in items]


@given(
    items=st.lists(
        st.tuples(ITEM_HEADERS, st.binary(max_size=100).filter(lambda b: b"\n" not in b and b)), min_size=1, max_size=5
    ),
    tail=st.sampled_from([b"", b"\n"]),
)
def test_without_lengths_a_payload_ends_with_its_line(items: list[tuple[dict[str, Any], bytes]], tail: bytes) -> None:
    """Node, browser and Ruby omit the length of every JSON item."""
    lines = [b"{}"]
    for header, payload in items:
        lines += [json.dumps(header).encode(), payload]
    parsed = parse_envelope(b"\n".join(lines) + tail)
    assert [item.payload for item in parsed.items] == [payload for _, payload in items]


@given(body=st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    """Nothing but a refusal with a cause comes out of garbage."""
    with suppress(Malformed):
        parse_envelope(body)


def test_an_attachment_that_looks_like_an_item_stays_an_attachment() -> None:
    """The length decides, not what the bytes look like."""
    payload = b'\xef\xbb\xbf\r\n{"type":"event"}\n{}\x00'
    body = b'{}\n{"type":"attachment","length":%d}\n%s\n{"type":"event"}\n{"a":1}\n' % (len(payload), payload)
    items = parse_envelope(body).items
    assert [(i.type, i.payload) for i in items] == [("attachment", payload), ("event", b'{"a":1}')]


def test_a_carriage_return_belongs_to_the_payload() -> None:
    """The protocol knows LF only."""
    assert parse_envelope(b'{}\n{"type":"x"}\nab\r\n').items[0].payload == b"ab\r"


@pytest.mark.parametrize("body", [b"{}", b"{}\n", b"{}\n\n", b"\n{}\n", b"\xef\xbb\xbf{}\n"])
def test_an_empty_envelope_is_legal(body: bytes) -> None:
    """It may end after the headers; blank lines and a BOM before them are tolerated."""
    assert parse_envelope(body).items == ()


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        (b'{}\n{"type":"x","length":0}\n', b""),
        (b'{}\n{"type":"x","length":0}\n\n', b""),
        (b'{}\n{"type":"x","length":0}', b""),
        (b'{}\n{"type":"x"}\n', b""),
        (b'{}\n{"type":"x","length":null}\nabc', b"abc"),
        (b'{}\n{"type":"x","length":3}\nabc', b"abc"),
    ],
)
def test_the_ends_an_item_may_have(body: bytes, payload: bytes) -> None:
    """Zero-length items are legal; the last line feed may be missing."""
    items = parse_envelope(body).items
    assert [i.payload for i in items] == [payload]


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b'{}\n{"type":"x","length":4}\nabc', "reaches beyond the end"),
        (b'{}\n{"type":"x","length":2}\nabc\n', "no line feed after 2 bytes"),
        (b'{}\n{"type":"x","length":-1}\nabc', "not a natural number"),
        (b'{}\n{"type":"x","length":"3"}\nabc', "not a natural number"),
        (b'{}\n{"type":"x","length":true}\na', "not a natural number"),
        (b"{}\nnot json\nabc", "header of item 0"),
        (b"[]\n", "not a JSON object"),
        (b"", "envelope header"),
    ],
)
def test_a_malformed_envelope_says_what_is_wrong(body: bytes, cause: str) -> None:
    """400 carries the cause."""
    with pytest.raises(Malformed) as refusal:
        parse_envelope(body)
    assert cause in " ".join(refusal.value.causes)


def test_too_many_items_are_refused() -> None:
    """A request cannot ask for unbounded work."""
    with pytest.raises(Malformed, match="too many"):
        parse_envelope(b'{}\n{"type":"x"}\na\n{"type":"x"}\nb', max_items=1)


def test_a_surrogate_in_a_header_does_not_lose_the_event() -> None:
    """Headers are read as tolerantly as payloads: a bad value must not cost the event."""
    parsed = parse_envelope(b'{"event_id":"a","x":"\\ud800"}\n{"type":"event"}\n{}')
    assert parsed.headers["event_id"] == "a"
    assert len(parsed.items) == 1
