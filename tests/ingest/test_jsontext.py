"""JSON as clients really send it, and text that stays as they sent it."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import InvalidItem
from ingest.jsontext import decode_json, elements, encode_json, members, without_member

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=20)
TREES = st.recursive(SCALARS, lambda t: st.lists(t, max_size=4) | st.dictionaries(st.text(max_size=8), t, max_size=4))


@given(tree=TREES)
def test_strict_json_is_read_as_it_is(tree: Any) -> None:
    """Text without NUL keeps every byte."""
    text = json.dumps(tree, ensure_ascii=False).encode()
    document = decode_json(text)
    if b"\\u0000" not in text:
        assert document.value == tree
        assert document.text == text
        assert document.remarks == ()


@given(text=st.text(alphabet=st.characters(min_codepoint=0, max_codepoint=0xFFFF), max_size=30))
def test_escaped_surrogates_and_nuls_never_reach_the_rows(text: str) -> None:
    """sentry-python escapes them as they come; what is kept is valid UTF-8 without NUL, and still JSON."""
    document = decode_json(json.dumps({"message": text}).encode())
    document.value["message"].encode("utf-8")
    assert "\0" not in document.value["message"]
    msgspec.json.decode(document.text)


def test_a_lone_surrogate_is_replaced_and_said() -> None:
    r"""The capture `lone_surrogate` has `\ud800` and `\u0000`; fast parsers refuse it."""
    document = decode_json(rb'{"message":"bad \ud800 surrogate \u0000 nul","ok":"\ud83d\ude00 \\u0000"}')
    assert document.value["message"] == "bad \ufffd surrogate \ufffd nul"
    assert document.value["ok"] == "\U0001f600 \\u0000"
    assert document.text == rb'{"message":"bad \ufffd surrogate \ufffd nul","ok":"\ud83d\ude00 \\u0000"}'
    assert document.remarks == ("payload:scrubbed",)


def test_not_a_number_becomes_null() -> None:
    """raven-python sends NaN and Infinity tokens."""
    document = decode_json(b'{"a": NaN, "b": [-Infinity, 1.50]}')
    assert document.value == {"a": None, "b": [None, Decimal("1.50")]}
    assert document.text == b'{"a":null,"b":[null,1.50]}'
    assert document.remarks == ("payload:reencoded",)


@pytest.mark.parametrize("text", [b"\xef\xbb\xbf{}", b' {"a":"\x01"} ', b'{"a":"\x01\xff"}', b'{"a":"\x00"}'])
def test_control_characters_and_broken_utf8_are_tolerated(text: bytes) -> None:
    """What other parsers call invalid is still an event."""
    kept = decode_json(text).text.decode("utf-8")
    assert "\0" not in kept


@pytest.mark.parametrize("text", [b"", b"{", b"nonsense", b'{"a":1}{"b":2}', b"[" * 100_000])
def test_what_is_no_json_is_an_invalid_item(text: bytes) -> None:
    """Deep nesting is refused, not crashed on."""
    with pytest.raises(InvalidItem) as error:
        decode_json(text)
    assert error.value.reason == "json"


def test_digits_are_not_rounded() -> None:
    """A nanosecond timestamp needs 19 digits; a float has 16."""
    assert decode_json(b'{"t":1795221732.761342813}').value["t"] == Decimal("1795221732.761342813")


def test_a_number_of_ten_thousand_digits_costs_nothing() -> None:
    """Python refuses to parse it as an integer; the event must survive."""
    document = decode_json(b'{"a":NaN,"n":' + b"9" * 10_000 + b"}")
    assert document.value["a"] is None


@given(tree=st.dictionaries(st.text(max_size=6), TREES, min_size=1, max_size=5), data=st.data())
def test_removing_a_member_leaves_the_others_untouched(tree: dict[str, Any], data: st.DataObject) -> None:
    """A transaction's payload is its text without `spans`."""
    name = data.draw(st.sampled_from(sorted(tree)))
    text = json.dumps(tree, indent=1).encode()
    left = without_member(text, name)
    assert json.loads(left) == {k: v for k, v in tree.items() if k != name}
    assert members(left) == {k: v for k, v in members(text).items() if k != name}


def test_elements_are_slices_of_the_text() -> None:
    """Spacing and number spellings stay."""
    assert elements(b'[ {"a": 1.10}, 2E3 ]') == [b'{"a": 1.10}', b"2E3"]


def test_decimals_are_written_with_their_digits() -> None:
    """Re-encoding does not go through floats."""
    assert encode_json({"a": Decimal("0.10")}) == b'{"a":0.10}'


@given(noise=st.binary(max_size=20))
def test_what_is_kept_is_always_utf8(noise: bytes) -> None:
    """The store's file is written without checking again."""
    with suppress(InvalidItem):
        decode_json(b'{"a":"' + noise + b'"}').text.decode("utf-8")
