"""Sessions and aggregates to rows of `sessions`: each session is counted once, however it is told of."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from engine.schema import TABLES
from ingest.batches import batch_of
from ingest.normalise.sessions import NO_COUNTS
from ingest.process import Batch
from tests.ingest.helpers import NOW_NS, envelope, processed, raw, tally

COLUMNS = {c.name for c in TABLES["sessions"].columns if not c.alias}
SID = "67d00f94-e626-4274-8dc6-4f1322264b0f"
ATTRS = {"release": "shop@1", "environment": "prod", "ip_address": "10.0.0.9", "user_agent": "Firefox"}
STARTED = "2026-11-21T00:40:30.581Z"


def update(**more: Any) -> bytes:
    """An envelope with an update of a session."""
    sent = {"sid": SID, "started": STARTED, "status": "ok", "errors": 0, "attrs": ATTRS, **more}
    return envelope(({"type": "session"}, json.dumps(sent).encode()))


def aggregates(*entries: Any, attrs: Any = ATTRS) -> bytes:
    """An envelope with counts of sessions."""
    return envelope(({"type": "sessions"}, json.dumps({"aggregates": entries, "attrs": attrs}).encode()))


def counted(batch: Batch) -> dict[str, int]:
    """Sums of the counts of all rows, without zeros."""
    batch_of("sessions", batch.rows["sessions"])
    assert all(set(row) == COLUMNS for row in batch.rows["sessions"])
    sums = {name: sum(row[name] for row in batch.rows["sessions"]) for name in NO_COUNTS}
    return {name.removesuffix("_count"): value for name, value in sums.items() if value}


STORIES: list[tuple[list[dict[str, Any]], dict[str, int]]] = [
    ([{"init": True}], {"started": 1}),
    ([{"init": True}, {"status": "exited"}], {"started": 1, "exited": 1}),
    ([{"init": True, "status": "exited", "errors": 1}], {"started": 1, "errored": 1}),
    ([{"init": True}, {"errors": 1}, {"errors": 2}, {"status": "exited", "errors": 2}], {"started": 1, "errored": 1}),
    (
        [{"init": True}, {"errors": 1}, {"status": "crashed", "errors": 2}],
        {"started": 1, "errored": 1, "crashed": 1},
    ),
    ([{"init": True}, {"status": "abnormal"}], {"started": 1, "errored": 1, "abnormal": 1}),
    ([{"init": True}, {"status": "unhandled", "errors": 1}], {"started": 1, "errored": 1, "unhandled": 1}),
    ([{"init": True}, {"status": "errored"}], {"started": 1, "errored": 1}),
    ([{"init": True, "timestamp": 1795221630}, {"init": True, "timestamp": 1795221631}], {"started": 1}),
    ([{"status": "crashed"}], {"errored": 1, "crashed": 1}),
]


@pytest.mark.parametrize(("updates", "counts"), STORIES)
def test_a_session_adds_one_to_each_count_at_most(updates: list[dict[str, Any]], counts: dict[str, int]) -> None:
    """In every order of arrival, in one batch or in many."""
    for order in itertools.permutations(updates):
        batch = processed(*(raw(update(**each)) for each in order))
        assert counted(batch) == counts
        assert len(batch.rows["sessions"]) == len(updates)
        keys: list[bytes] = []
        sums = dict.fromkeys(NO_COUNTS, 0)
        for each in order:
            alone = processed(raw(update(**each)), seen=keys)
            keys += alone.keys
            for name in sums:
                sums[name] += sum(row[name] for row in alone.rows["sessions"])
        assert {n.removesuffix("_count"): v for n, v in sums.items() if v} == counts


def test_a_resent_update_counts_once() -> None:
    """The same bytes, or the same number."""
    same = processed(raw(update(init=True)), raw(update(init=True)))
    numbered = processed(raw(update(seq=3, timestamp=1795221630)), raw(update(seq=3, timestamp=1795221631)))
    for batch in (same, numbered):
        assert tally(batch) == {("accepted", "session", ""): 1, ("duplicate", "session", "resent"): 1}


def test_a_row_says_what_the_client_said() -> None:
    """The time is when the session began: whatever is told of it counts for that time."""
    sent = {"init": True, "did": "42", "duration": 0.151, "timestamp": "2026-11-21T00:41:00Z", "seq": 9}
    [row] = processed(raw(update(**sent))).rows["sessions"]
    told = {
        "session_id": SID.replace("-", ""),
        "timestamp": 1_795_221_630_581,
        "updated": 1_795_221_660_000,
        "duration_ns": 151_000_000,
        "user": "id:42",
        "status": "ok",
        "is_init": True,
        "sequence": 9,
        "release": "shop@1",
        "environment": "prod",
        "ip": "10.0.0.9",
        "user_agent": "Firefox",
        "remarks": [],
    }
    assert {name: row[name] for name in told} == told


def test_aggregates_are_the_same_counts() -> None:
    """An errored session of an aggregate is one with an error of any kind; all of them began."""
    entries = [
        {"started": STARTED, "exited": 4, "errored": 2, "crashed": 1, "abnormal": 1, "did": "7"},
        {"started": STARTED, "exited": 1, "crashed": 0},
    ]
    batch = processed(raw(aggregates(*entries)))
    assert counted(batch) == {"started": 9, "exited": 5, "errored": 4, "crashed": 1, "abnormal": 1}
    assert [row["user"] for row in batch.rows["sessions"]] == ["id:7", ""]
    assert tally(batch) == {("accepted", "session", ""): 2}


def test_equal_aggregates_of_two_processes_both_count() -> None:
    """Four workers that ended one session each in a minute send the same bytes."""
    body = aggregates({"started": STARTED, "exited": 1})
    batch = processed(raw(body), raw(body))
    assert counted(batch) == {"started": 2, "exited": 2}
    assert len({row["id"] for row in batch.rows["sessions"]}) == 2


@pytest.mark.parametrize("bad", [5, {}, {"started": STARTED}, {"exited": -1}, {"exited": "x"}, {"exited": True}])
def test_a_bad_aggregate_is_set_apart(bad: object) -> None:
    """It keeps its attributes, so that it can be sent again."""
    batch = processed(raw(aggregates({"exited": 1}, bad)))
    assert counted(batch) == {"started": 1, "exited": 1}
    [letter] = batch.dead
    assert json.loads(letter.body) == {"attrs": ATTRS, "aggregates": [bad]}
    assert letter.item_type == "sessions"


@pytest.mark.parametrize(
    "sent",
    [
        {"sid": None},
        {"sid": "nonsense"},
        {"status": "dancing"},
    ],
)
def test_a_session_without_id_or_with_an_unknown_status_is_invalid(sent: dict[str, Any]) -> None:
    """It is kept and counted."""
    batch = processed(raw(update(**sent)))
    assert (batch.row_count, tally(batch)) == (0, {("invalid", "session", "session"): 1})


@pytest.mark.parametrize(
    ("sent", "change", "remark"),
    [
        ({"started": None}, {"timestamp": NOW_NS // 10**6}, "timestamp:missing"),
        ({"attrs": {"release": "a\nb"}}, {"release": ""}, "release:invalid"),
        ({"attrs": {"ip_address": "nonsense"}}, {"ip": ""}, ""),
        ({"attrs": 5, "duration": -3, "errors": "x", "did": ["a"]}, {"duration_ns": 0, "errors": 0, "user": ""}, ""),
    ],
)
def test_odd_members_are_absent(sent: dict[str, Any], change: dict[str, Any], remark: str) -> None:
    """The session counts all the same."""
    batch = processed(raw(update(init=True, **sent)))
    [row] = batch.rows["sessions"]
    assert {name: row[name] for name in change} == change
    assert row["remarks"] == ([remark] if remark else [])
    assert counted(batch) == {"started": 1}
