"""compare of series by the calendar or the clock of a zone, over changes of the clock: bucket k meets bucket k."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.plan import PlanContext
from queries.run import Runner
from tests.queries_compile.conftest import Shop

UTC = dt.UTC
HALF = dt.timedelta(minutes=30)
DAY = dt.timedelta(days=1)
FIRST = dt.datetime(2025, 8, 25, tzinfo=UTC)
NOW = dt.datetime(2025, 11, 5, 14, 10, tzinfo=UTC)
ZONES = {"Europe/Berlin": dt.date(2025, 10, 26), "Australia/Lord_Howe": dt.date(2025, 10, 5)}
"""The days on which clocks change: 25 hours, and 23 and a half."""


@pytest.fixture(scope="module")
def steady(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Shop:
    """One row every half an hour: a count is twice the length of its bucket in hours."""
    project = new_project_id()
    rows = [
        {
            "project_id": project,
            "event_id": f"{i:032x}",
            "timestamp": FIRST + i * HALF,
            "fingerprint": 1,
            "level": "error",
            "retention_days": 10_000,
            "payload": "{}",
        }
        for i in range((NOW - FIRST) // HALF)
    ]
    event_store.insert_rows("errors", rows_of("errors", rows))
    projects = {project: "web"}
    return Shop(Runner(event_store, FixedClock(NOW)), PlanContext(now=NOW, projects=projects), projects, 0, rows)


def midnight(day: dt.date, zone: str) -> dt.datetime:
    """Return when a day begins in a zone."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(zone)).astimezone(UTC)


def days_of(first: dt.date, count: int, zone: str, back: int) -> list[tuple[dt.datetime, int, int]]:
    """Return start, rows and rows of the day that is `back` days earlier, of some days."""
    found = []
    for day in (first + i * DAY for i in range(count)):
        here, there = (midnight(d + DAY, zone) - midnight(d, zone) for d in (day, day - back * DAY))
        found.append((midnight(day, zone), here // HALF, there // HALF))
    return found


def compared(shop: Shop, source: str, series: str, target: str) -> list[tuple[dt.datetime, int, int]]:
    """Return start, rows and rows of the other side of a series."""
    text = f"from errors {source} | make-series n=count() every {series} | compare to {target}"
    return [(r["timestamp"], r["n"], r["n.previous"]) for r in shop.rows(text)]


def between(start: dt.datetime, end: dt.datetime) -> str:
    """Return a range as text."""
    return f"between {start:%Y-%m-%dT%H:%M:%SZ} and {end:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("target", "back"), [("day", 1), ("1d ago", 1), ("week", 7), ("3d ago", 3), ("previous", 0)])
@pytest.mark.parametrize("before", [-7, -2, -1, 0, 1])
def test_days_meet_days_of_the_calendar(steady: Shop, zone: str, target: str, back: int, before: int) -> None:
    """Whole days, however long they are, on both sides of a change; there is no row outside of the range."""
    for count in (1, 2, 3):
        first = ZONES[zone] + before * DAY
        source = between(midnight(first, zone), midnight(first + count * DAY, zone))
        found = compared(steady, source, f'1d in "{zone}"', target)
        assert found == days_of(first, count, zone, back or count)


@pytest.mark.parametrize("zone", ZONES)
def test_weeks_meet_weeks_and_months_meet_months(steady: Shop, zone: str) -> None:
    """Also where as many days earlier would not be the month before."""
    monday = ZONES[zone] - ZONES[zone].weekday() * DAY
    ends = [midnight(monday + 7 * i * DAY, zone) for i in (-1, 0, 1)]
    found = compared(steady, between(ends[1], ends[2]), f'week in "{zone}"', "previous")
    assert found == [(ends[1], (ends[2] - ends[1]) // HALF, (ends[1] - ends[0]) // HALF)]
    months = [midnight(dt.date(2025, m, 1), zone) for m in (9, 10, 11)]
    found = compared(steady, between(months[1], months[2]), f'month in "{zone}"', "previous")
    assert found == [(months[1], (months[2] - months[1]) // HALF, (months[1] - months[0]) // HALF)]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hours", [1, 6])
def test_hours_of_the_clock_on_the_wall_meet_those_as_many_before(steady: Shop, zone: str, hours: int) -> None:
    """The other side ends where this one begins, and every one of its rows is in a bucket."""
    start, end = midnight(ZONES[zone], zone), midnight(ZONES[zone] + DAY, zone)
    found = compared(steady, between(start, end), f'{hours}h in "{zone}"', "previous")
    assert [row[0] for row in found] == sorted({row[0] for row in found})
    assert all(start <= row[0] < end for row in found)
    assert sum(row[1] for row in found) == (end - start) // HALF
    regular = [row[2] for row in found]
    assert regular == [2 * hours] * len(found)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("target", ["day", "week", "previous"])
def test_hours_never_lie_outside_of_the_range(steady: Shop, zone: str, target: str) -> None:
    """A day of 25 hours has one more than the day it is compared with, and the other way round."""
    for day in (ZONES[zone] + i * DAY for i in (0, 1, 7)):
        start, end = midnight(day, zone), midnight(day + DAY, zone)
        found = compared(steady, between(start, end), f'1h in "{zone}"', target)
        assert all(start <= row[0] < end for row in found)
        assert sum(row[1] for row in found) == (end - start) // HALF


@pytest.mark.parametrize("days", [2, 7, 11])
def test_the_last_days_up_to_now_are_cut_at_the_same_time_of_the_day(steady: Shop, days: int) -> None:
    """The first and the last day are parts; the range before ends at the time of the day at which this one begins.

    Eleven days before noon of the fifth of November the clock showed an hour more: one more hour of that first day.
    """
    zone = "Europe/Berlin"
    text = f'from errors last {days}d | make-series n=count() every 1d in "{zone}" | compare to previous'
    found = steady.rows(text)
    wall = NOW.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    since = (NOW - days * DAY).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    ends = [(at - days * DAY).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for at in (since, wall)]
    rows: list[dict[str, Any]] = steady.errors
    assert len(found) == days + 1
    assert [r["n.previous"] for r in found] == [
        sum(
            max(ends[0], midnight(day, zone)) <= row["timestamp"] < min(ends[1], midnight(day + DAY, zone))
            for row in rows
        )
        for day in (since.date() + i * DAY - days * DAY for i in range(days + 1))
    ]


def test_ranges_of_pipelines_inside_move_alike(steady: Shop) -> None:
    """A range written inside a join is a day of the calendar earlier as well."""
    zone = "Europe/Berlin"
    start, end = midnight(ZONES[zone] + DAY, zone), midnight(ZONES[zone] + 2 * DAY, zone)
    inside = f"(from errors {between(start, end)} | summarize m=count() by level)"
    text = (
        f"from errors {between(start, end)} | join {inside} on level"
        f' | make-series n=count(), m=max(m) every 1d in "{zone}" | compare to day'
    )
    (row,) = steady.rows(text)
    assert (row["n"], row["n.previous"], row["m"], row["m.previous"]) == (48, 50, 48, 50)
