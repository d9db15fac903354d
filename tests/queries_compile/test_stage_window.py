"""The stage window: values from neighbouring rows, against pandas."""

# ruff: noqa: E501 - texts read best on one line each
from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.errors import QueryError
from queries.plan import PlanContext
from queries.run import Runner
from tests.queries_compile.conftest import NOW, Shop

Row = dict[str, Any]
BIG = 2**63 + 10
VALUES: list[tuple[str, float, float | None]] = [
    ("é", 10, 1.5),
    ("é", 20, None),
    ("é", 40, float("nan")),
    ("b", 15, 4.0),
    ("b", 15.5, 8.0),
    ("", 5, 2.0),
    ("", 6, None),
    ("b", 60, -2.5),
]


@pytest.fixture(scope="module")
def readings(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Shop:
    """Rows with a number that may be missing, NaN or negative, of groups of which one has no name."""
    project = new_project_id()
    rows = [
        {
            "project_id": project,
            "event_id": f"{i:032x}",
            "timestamp": NOW - dt.timedelta(minutes=minutes),
            "transaction": group,
            "fingerprint": BIG - i,
            "tags": [] if value is None else [("v", str(value))],
            "payload": "{}",
        }
        for i, (group, minutes, value) in enumerate(VALUES)
    ]
    event_store.insert_rows("errors", rows_of("errors", rows))
    projects = {project: "web"}
    return Shop(Runner(event_store, FixedClock(NOW)), PlanContext(now=NOW, projects=projects), projects, 0, rows)


VALUE = 'from errors | extend v=tofloat(tags["v"]) | project id, timestamp, g=transaction, v, fingerprint'


def column(shop: Shop, stage: str, name: str = "w") -> dict[str, Any]:
    """Return the new column by the row's id."""
    return {r["id"]: r[name] for r in shop.rows(f"{VALUE} | {stage}")}


def same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Compare values; NaN equals itself here."""
    assert {k: repr(v) for k, v in found.items()} == {k: repr(v) for k, v in wanted.items()}


def listed(rows: list[Row]) -> list[list[Row]]:
    """Return the readings of each group, oldest first."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["g"], []).append(row)
    return list(groups.values())


def readings_of(shop: Shop) -> list[Row]:
    """Return the readings, oldest first, None for no value and no group."""
    rows = [
        {
            "id": r["event_id"],
            "t": r["timestamp"],
            "g": r["transaction"] or None,
            "v": float(dict(r["tags"])["v"]) if r["tags"] else None,
            "f": r["fingerprint"],
        }
        for r in shop.errors
    ]
    return sorted(rows, key=lambda r: r["t"])


@pytest.mark.parametrize("step", [1, 2, 5])
def test_lag_and_lead_take_a_value_of_another_row(readings: Shop, step: int) -> None:
    """Null where there is no such row, and where its value is missing; rows without a group are a group."""
    back: dict[str, Any] = {}
    ahead: dict[str, Any] = {}
    for rows in listed(readings_of(readings)):
        for i, row in enumerate(rows):
            back[row["id"]] = rows[i - step]["v"] if i >= step else None
            ahead[row["id"]] = rows[i + step]["v"] if i + step < len(rows) else None
    same(column(readings, f"window w = lag(v, {step}) by g sort timestamp"), back)
    same(column(readings, f"window w = lead(v, {step}) by g sort timestamp"), ahead)


def test_texts_and_times_can_be_looked_up_too(readings: Shop) -> None:
    """Without `by`, all rows are one group; a text that is missing is null."""
    rows = readings_of(readings)
    same(
        column(readings, "window w = lag(g) sort timestamp"),
        {r["id"]: rows[i - 1]["g"] if i else None for i, r in enumerate(rows)},
    )
    found = column(readings, "window w = lead(timestamp) sort timestamp")
    assert [found[r["id"]] for r in rows] == [*(r["t"] for r in rows[1:]), None]


def test_integers_above_2_to_the_63_keep_their_bits(readings: Shop) -> None:
    """Their differences are exact, negative ones too."""
    rows = readings_of(readings)
    found = column(readings, "window w = lag(fingerprint) sort timestamp")
    assert [found[r["id"]] for r in rows] == [None, *(r["f"] for r in rows[:-1])]
    found = column(readings, "window w = delta(fingerprint) sort timestamp")
    assert [found[r["id"]] for r in rows] == [None, *(b["f"] - a["f"] for a, b in itertools.pairwise(rows))]


def test_row_numbers_and_ranks(shop: Shop) -> None:
    """Equal rows share a rank, after which numbers are left out; their numbers follow the order they had."""
    found = shop.rows(
        'from errors | summarize n=count() by level, batch=tags["batch"] | window r = rank() by level sort n desc'
        " | window i = row_number() by level sort n desc"
    )
    made = pd.DataFrame(found)
    assert len(made) == made.groupby(["level", "batch"], dropna=False).ngroups
    assert (made["r"] == made.groupby("level")["n"].rank(method="min", ascending=False)).all()
    numbers = made.sort_values(["level", "n", "batch"], ascending=[True, False, True], na_position="last")
    assert (numbers.groupby("level").cumcount() + 1 == numbers["i"]).all()


def test_running_sums_grow_from_row_to_row(shop: Shop) -> None:
    """By group, in the order of time; the last one is the sum of the group."""
    found = shop.rows(
        "from errors | summarize n=count() by hour=bin(timestamp, 1h), level | window s = running_sum(n) by level sort hour"
    )
    made = pd.DataFrame(found).sort_values(["level", "hour"])
    assert (made.groupby("level")["n"].cumsum() == made["s"]).all()


def test_missing_values_add_nothing_to_a_running_sum(readings: Shop) -> None:
    """It is null until there was a value."""
    wanted: dict[str, Any] = {}
    for rows in listed(readings_of(readings)):
        total: float | None = None
        for row in rows:
            total = total if row["v"] is None else row["v"] + (total or 0.0)
            wanted[row["id"]] = total
    same(column(readings, "window w = running_sum(v) by g sort timestamp"), wanted)


@pytest.mark.parametrize("size", [1, 3])
def test_a_moving_average_is_over_as_many_rows(shop: Shop, size: int) -> None:
    """Fewer at the start."""
    found = shop.rows(
        f"from errors | make-series n=count() every 1h by level | window m = moving_avg(n, {size}) by level sort timestamp"
    )
    made = pd.DataFrame(found)
    mean = made.groupby("level")["n"].transform(lambda v: v.rolling(size, min_periods=1).mean())
    assert made["m"].tolist() == pytest.approx(mean.tolist())


def test_a_moving_average_skips_what_is_missing(readings: Shop) -> None:
    """Null when nothing is there at all."""
    rows = readings_of(readings)
    wanted: dict[str, Any] = {}
    for i, row in enumerate(rows):
        there = [r["v"] for r in rows[max(i - 1, 0) : i + 1] if r["v"] is not None]
        wanted[row["id"]] = sum(there) / len(there) if there else None
    same(column(readings, "window w = moving_avg(v, 2) sort timestamp"), wanted)


def test_delta_is_the_difference_to_an_earlier_row(shop: Shop) -> None:
    """Also over several rows; the difference of times is a duration."""
    answer = shop.ask(
        "from errors | make-series n=count() every 1h by level | window d = delta(n, 2) by level sort timestamp"
    )
    made = pd.DataFrame(answer.table.to_pylist())
    assert made["d"].equals(made.groupby("level")["n"].diff(2))
    gaps = shop.ask(
        "from errors | sort timestamp | limit 20 | project timestamp | window gap = delta(timestamp) sort timestamp"
    )
    times = [r["timestamp"] for r in gaps.table.to_pylist()]
    assert gaps.columns[-1].unit == "ns"
    micros = [(b - a) // dt.timedelta(microseconds=1) for a, b in itertools.pairwise(times)]
    assert [r["gap"] for r in gaps.table.to_pylist()] == [None, *(m * 1000 for m in micros)]


def test_rate_is_the_difference_per_second(readings: Shop) -> None:
    """Between rows that are unequally far apart; null beside a missing value."""
    rows = readings_of(readings)
    wanted: dict[str, Any] = {}
    for i, row in enumerate(rows):
        before = rows[i - 1] if i else None
        known = before is not None and before["v"] is not None and row["v"] is not None
        wanted[row["id"]] = (
            (row["v"] - before["v"]) / (row["t"] - before["t"]).total_seconds() if known and before else None
        )
    same(column(readings, "window w = rate(v) sort timestamp"), wanted)


def test_windows_see_the_rows_that_are_left(shop: Shop) -> None:
    """After limit, filters and groups; later stages may filter and group by the new column."""
    found = shop.rows(
        "from errors | summarize n=count() by error.type | top 3 by n | window r = row_number() sort n | where r > 1 | project n"
    )
    counts = sorted(
        (sum(r["error_type"] == t for r in shop.seen_errors) for t in {r["error_type"] for r in shop.seen_errors}),
        reverse=True,
    )
    assert [r["n"] for r in found] == counts[:2]
    longest = shop.rows(
        "from errors | window w = row_number() by error.type sort timestamp desc | where w <= 2 | summarize n=count() by w"
    )
    types = len({r["error_type"] for r in shop.seen_errors})
    assert sorted((r["w"], r["n"]) for r in longest) == [(1, types), (2, types)]


def test_raw_rows_stay_newest_first_with_all_their_fields(shop: Shop) -> None:
    """A window adds a column and hides none."""
    found = shop.rows('from errors | window w = row_number() sort timestamp desc | where level = "fatal" | limit 5')
    fatal = sorted((r for r in shop.seen_errors if r["level"] == "fatal"), key=lambda r: r["timestamp"], reverse=True)
    newest = sorted((r["timestamp"] for r in shop.seen_errors), reverse=True)
    assert [(r["timestamp"], r["w"]) for r in found] == [
        (r["timestamp"], newest.index(r["timestamp"]) + 1) for r in fatal[:5]
    ]


def test_a_window_over_nothing_is_empty(shop: Shop) -> None:
    """The column is there."""
    answer = shop.ask("from errors level:none | window w = lag(level) sort timestamp")
    assert (answer.table.num_rows, answer.columns[-1].name) == (0, "w")


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("window w = lagg(n) sort n", "Did you mean lag"),
        ("window w = lag() sort n", "Write lag"),
        ("window w = lag(n, 0) sort n", "whole number from 1"),
        ("window w = moving_avg(n) sort n", r"Write moving_avg\(x, 5\)"),
        ("window w = running_sum(level) sort n", "cannot be computed of text"),
        ("window w = rate(n) sort n", "sort timestamp"),
        ("window w = rank() by nothing sort n", "no column called nothing"),
    ],
)
def test_what_does_not_fit_says_what_to_write(shop: Shop, stage: str, message: str) -> None:
    """Errors name the function and show how it is written."""
    with pytest.raises(QueryError, match=message):
        shop.rows(f"from errors | summarize n=count() by level | {stage}")
