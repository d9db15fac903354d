"""What is above its bounds is cut from the event that is kept, and the event says so in the form of Sentry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.normalise.trimming import ITEM_BYTES, MAX_BREADCRUMBS, TOTAL_BYTES, WHOLE_BYTES, fit, trimmed_event
from tests.ingest.helpers import event, transaction

LONG = "x" * 40_000


def frames(number: int, **more: Any) -> list[dict[str, Any]]:
    return [{"function": f"f{index}", "lineno": index, **more} for index in range(number)]


def at(value: Any, path: str) -> Any:
    """The member behind a path such as `extra.big`."""
    for name in path.split("."):
        value = value[int(name) if isinstance(value, list) else name]
    return value


@pytest.mark.parametrize(
    ("sent", "path", "kept", "length"),
    [
        ({"extra": {"big": LONG, "small": 1}}, "extra.big", ITEM_BYTES, 40_000),
        ({"contexts": {"state": {"a": LONG, "b": LONG}}}, "contexts.state.a", ITEM_BYTES, 40_000),
        ({"request": {"url": "https://shop/", "data": LONG}}, "request.data", ITEM_BYTES, 40_000),
        ({"breadcrumbs": {"values": [{"message": LONG}]}}, "breadcrumbs.values.0.message", ITEM_BYTES, 40_000),
        ({"breadcrumbs": [{"message": "a", "data": {"sql": LONG}}]}, "breadcrumbs.0.data.sql", ITEM_BYTES, 40_000),
        (
            {"exception": {"values": [{"type": "E", "stacktrace": {"frames": frames(2, vars={"rows": LONG})}}]}},
            "exception.values.0.stacktrace.frames.1.vars.rows",
            ITEM_BYTES,
            40_000,
        ),
        ({"message": LONG * 2}, "message", 64 * 1024, 80_000),
        ({"unheard_of": LONG * 2}, "unheard_of", 64 * 1024, 80_000),
    ],
)
def test_a_long_text_is_cut_where_it_stands(sent: dict[str, Any], path: str, kept: int, length: int) -> None:
    """It ends in dots, `_meta` has its length at the same path, and the row says that something was cut."""
    row = event(sent)
    stored = json.loads(row["payload"])
    text = at(stored, path)
    assert text.endswith("x...")
    assert kept - 200 < len(text) <= kept
    note = at(stored["_meta"], f"{path}.")
    assert note == {"len": length, "rem": [["!limit", "s", len(text) - 3, len(text)]]}
    assert "payload:trimmed" in row["remarks"]


@pytest.mark.parametrize(
    ("sent", "path", "left", "length"),
    [
        ({"breadcrumbs": {"values": [{"message": f"{n:099}"} for n in range(300)]}}, "breadcrumbs.values", 200, 300),
        ({"exception": [{"stacktrace": {"frames": frames(900)}}]}, "exception.0.stacktrace.frames", 250, 900),
        ({"extra": {f"k{n}": "y" * 9_000 for n in range(40)}}, "extra", 30, 40),
    ],
)  # fmt: skip
def test_of_many_only_some_are_kept(sent: dict[str, Any], path: str, left: int, length: int) -> None:
    """The newest breadcrumbs, the outermost and innermost frames, the first values."""
    stored = json.loads(event(sent)["payload"])
    assert len(at(stored, path)) == left
    assert at(stored["_meta"], f"{path}.") == {"len": length, "rem": [["!limit", "x"]]}
    if path == "breadcrumbs.values":
        assert int(at(stored, path)[-1]["message"]) == 299
        assert left == MAX_BREADCRUMBS
    if path.endswith("frames"):
        assert [at(stored, path)[index]["lineno"] for index in (0, -1)] == [0, 899]


def test_what_fits_is_kept_byte_for_byte() -> None:
    """Odd spacing and order stay in an ordinary event, and in the other members of one that is cut."""
    small = b'{ "message" : "hi", "extra":{"a" :  1.50} }'
    assert trimmed_event(small) is None
    large = b'{"extra": {"big": "' + b"x" * 40_000 + b'"}, "tags" : { "a" :  1.50 }}'
    cut = trimmed_event(large)
    assert cut is not None
    assert b'"tags":{ "a" :  1.50 }' in cut
    assert trimmed_event(cut) is None or len(cut) > WHOLE_BYTES
    assert trimmed_event(b'{"tags": ["' + b"x" * 20_000 + b'"]}') is None


def test_notes_of_the_client_stay_beside_ours() -> None:
    """SDKs and relays trim too, and say so in the same place."""
    told = {"extra": {"mine": {"": {"len": 9}}}, "message": {"": {"rem": [["@email", "s", 0, 3]]}}}
    stored = json.loads(event({"extra": {"big": LONG, "mine": "m"}, "_meta": told})["payload"])
    assert stored["_meta"]["message"] == told["message"]
    assert stored["_meta"]["extra"]["mine"] == {"": {"len": 9}}
    assert stored["_meta"]["extra"]["big"][""]["len"] == 40_000


def test_a_transaction_is_trimmed_as_an_event_is() -> None:
    """Its spans are rows of their own and are left alone."""
    trace = {"trace_id": "a" * 32, "span_id": "b" * 16}
    child = {"span_id": "c" * 16, "start_timestamp": 1, "timestamp": 2, "data": {"sql": LONG}}
    sent = {"start_timestamp": 1, "timestamp": 2, "contexts": {"trace": trace}, "spans": [child], "extra": {"a": LONG}}
    segment, span = transaction({"type": "transaction", **sent})
    assert "payload:trimmed" in segment["remarks"]
    assert json.loads(segment["payload"])["_meta"]["extra"]["a"][""]["len"] == 40_000
    assert len(span["payload"]) > 40_000


_VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=60) | st.text(alphabet='é"\\\n', min_size=40, max_size=90),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=9), inner, max_size=6),
    max_leaves=30,
)


@given(_VALUES, st.integers(64, 600))
def test_what_is_kept_fits_and_says_when_it_is_not_all(value: Any, budget: int) -> None:
    """Whatever the value: within the budget, unchanged when it fits, else with a note."""
    kept, meta = fit(value, budget)
    size = len(json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode())
    assert bool(meta) == (kept != value)
    assert size <= budget or not isinstance(value, str | list | dict)


def test_a_value_nested_without_end_is_cut_in_time_that_grows_with_its_size() -> None:
    nested: Any = "z" * 400_000
    for _ in range(300):
        nested = {"in": nested}
    stored = json.loads(event({"extra": {"deep": nested}})["payload"])
    assert len(json.dumps(stored)) < TOTAL_BYTES
    assert stored["_meta"]["extra"]["deep"]
