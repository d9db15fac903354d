"""make-series by the calendar and the clock of a time zone, against buckets made with pandas or by hand."""

# ruff: noqa: E501 - texts read best on one line each
from __future__ import annotations

import datetime as dt
import itertools
import random
from collections import Counter
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.ast import MakeSeries
from queries.errors import QueryError
from queries.parser import parse
from queries.plan import PlanContext
from queries.plan.series_time import bucket_starts
from queries.run import Runner
from tests.queries_compile.conftest import NOW, Shop

Row = dict[str, Any]
BERLIN = ZoneInfo("Europe/Berlin")
UTC = dt.UTC


def starts(every: str, start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    """Return the starts of the buckets of a range, and the end of the last."""
    (stage,) = parse(f"from errors | make-series n=count() every {every}").pipeline.stages
    assert isinstance(stage, MakeSeries)
    return [dt.datetime.fromtimestamp(s, UTC) for s in bucket_starts(stage, (start, end))]


def at(text: str) -> dt.datetime:
    """Return a time in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_days_in_a_zone_are_23_and_25_hours_long_where_clocks_change() -> None:
    """Berlin goes forward on 2026-03-29 and back on 2026-10-25."""
    spring = starts('1d in "Europe/Berlin"', at("2026-03-28T12:00"), at("2026-03-31"))
    assert spring == [
        at("2026-03-27T23:00"),
        at("2026-03-28T23:00"),
        at("2026-03-29T22:00"),
        at("2026-03-30T22:00"),
        at("2026-03-31T22:00"),
    ]
    autumn = starts('day in "Europe/Berlin"', at("2026-10-24T12:00"), at("2026-10-26T12:00"))
    assert [(b - a) // dt.timedelta(hours=1) for a, b in itertools.pairwise(autumn)] == [24, 25, 24]


@pytest.mark.parametrize(("unit", "rule"), [("month", "MS"), ("quarter", "QS"), ("year", "YS"), ("week", "W-MON")])
def test_units_of_the_calendar_begin_where_pandas_has_them(unit: str, rule: str) -> None:
    """Over three years, in a zone that changes its clocks; weeks begin on a Monday."""
    begin, end = pd.Timestamp("2024-02-11", tz=BERLIN), pd.Timestamp("2027-01-10", tz=BERLIN)
    found = starts(f'{unit} in "Europe/Berlin"', begin.to_pydatetime(), end.to_pydatetime())
    days = pd.date_range("2023-12-01", "2028-02-01", freq=rule, tz=BERLIN)
    first = days[days <= begin][-1]
    last = days[days >= end][0]
    assert found == [d.to_pydatetime() for d in days[(days >= first) & (days <= last)]]


@pytest.mark.parametrize(
    "zone",
    [
        "Asia/Kolkata",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Europe/Berlin",
        "America/Havana",
        "Africa/Cairo",
        "Pacific/Apia",
    ],
)
@pytest.mark.parametrize("every", ["1h", "6h", "2h", "1d", "3d", "week"])
def test_buckets_cover_a_year_without_gap_or_overlap(zone: str, every: str) -> None:
    """They begin at full units of the clock on the wall, wherever that clock shows one."""
    begin, end = at("2026-01-01T05:17"), at("2026-12-30T11:00")
    found = starts(f'{every} in "{zone}"', begin, end)
    assert found[0] <= begin < found[1]
    assert found[-2] < end <= found[-1]
    assert found == sorted(set(found))
    walls = [moment.astimezone(ZoneInfo(zone)) for moment in found]
    minutes = {"1h": 60, "6h": 360, "2h": 120}.get(every, 24 * 60)
    odd = [w for w in walls if (w.hour * 60 + w.minute) % minutes]
    assert len(odd) <= 2  # where a midnight or a full hour is skipped


def test_a_zone_nobody_knows_is_refused_with_a_near_one() -> None:
    """So is a width that the clock on the wall does not divide into."""
    with pytest.raises(QueryError, match=r"no time zone called 'Europe/Berln'.*Europe/Berlin"):
        starts('1d in "Europe/Berln"', at("2026-01-01"), at("2026-01-02"))
    with pytest.raises(QueryError, match="hours that divide a day"):
        starts('7h in "Europe/Berlin"', at("2026-01-01"), at("2026-01-02"))
    with pytest.raises(QueryError, match="at most 10000 buckets"):
        starts('1h in "Europe/Berlin"', at("2020-01-01"), at("2026-01-02"))


@pytest.fixture(scope="module")
def changes(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Shop:
    """Rows around the two changes of clocks in Berlin before now."""
    dice = random.Random(5)
    project = new_project_id()
    year = NOW.year if (NOW.month, NOW.day) > (11, 1) else NOW.year - 1
    days = [last_sunday(year, 3), last_sunday(year, 10)]
    rows = [
        {
            "project_id": project,
            "event_id": f"{i:032x}",
            "timestamp": dt.datetime.combine(days[i % 2], dt.time(), UTC) + dt.timedelta(hours=dice.uniform(-60, 60)),
            "fingerprint": 1,
            "level": dice.choice(["é", "", "fatal"]),
            "retention_days": 10_000,
            "payload": "{}",
        }
        for i in range(600)
    ]
    event_store.insert_rows("errors", rows_of("errors", rows))
    projects = {project: "web"}
    return Shop(Runner(event_store, FixedClock(NOW)), PlanContext(now=NOW, projects=projects), projects, 0, rows)


def last_sunday(year: int, month: int) -> dt.date:
    """Return the last Sunday of March or October."""
    return max(dt.date(year, month, d) for d in range(25, 32) if dt.date(year, month, d).weekday() == 6)


def around(shop: Shop, autumn: int) -> tuple[str, dt.datetime, dt.datetime]:
    """Return the range of five days around a change, as text and as times."""
    rows = [r["timestamp"] for r in shop.errors]
    day = sorted({last_sunday(rows[0].year, month) for month in (3, 10)})[autumn]
    start, end = (dt.datetime.combine(day, dt.time(), UTC) + dt.timedelta(days=d) for d in (-3, 3))
    return f"between {start:%Y-%m-%dT%H:%M:%SZ} and {end:%Y-%m-%dT%H:%M:%SZ}", start, end


@pytest.mark.parametrize("autumn", [0, 1])
@pytest.mark.parametrize(("every", "frequency"), [("1d", "D"), ("day", "D"), ("1h", "h")])
def test_counts_by_local_time_agree_with_pandas(changes: Shop, autumn: int, every: str, frequency: str) -> None:
    """No bucket is missing, none comes twice, and none is counted in two, also where clocks change."""
    text, start, end = around(changes, autumn)
    found = changes.rows(f'from errors {text} | make-series n=count() every {every} in "Europe/Berlin"')
    times = pd.Series([r["timestamp"] for r in changes.errors if start <= r["timestamp"] < end]).dt.tz_convert(BERLIN)
    first, last = pd.Timestamp(start).tz_convert(BERLIN), pd.Timestamp(end).tz_convert(BERLIN)
    if frequency == "h":
        times, first, last = times.dt.tz_convert(UTC), first.tz_convert(UTC), last.tz_convert(UTC)
    wanted = Counter(
        times.dt.floor(frequency, ambiguous=True).dt.tz_convert(UTC) if frequency == "D" else times.dt.floor("h")
    )
    buckets = pd.date_range(first.floor(frequency), last - pd.Timedelta(1), freq=frequency)
    assert [r["timestamp"] for r in found] == [b.tz_convert(UTC).to_pydatetime() for b in buckets]
    assert {r["timestamp"]: r["n"] for r in found if r["n"]} == {k.to_pydatetime(): n for k, n in wanted.items()}


@pytest.mark.parametrize("autumn", [0, 1])
def test_six_hours_on_the_wall_are_five_or_seven_where_clocks_change(changes: Shop, autumn: int) -> None:
    """Every row is counted once, in the bucket whose hours the clock showed."""
    text, start, end = around(changes, autumn)
    found = changes.rows(f'from errors {text} | make-series n=count() every 6h in "Europe/Berlin"')
    inside = [r["timestamp"] for r in changes.errors if start <= r["timestamp"] < end]
    wanted = Counter((t.astimezone(BERLIN).date(), t.astimezone(BERLIN).hour // 6) for t in inside)
    walls = [(r["timestamp"].astimezone(BERLIN), r["n"]) for r in found]
    assert {(w.date(), w.hour // 6): n for w, n in walls if n} == wanted
    lengths = {b["timestamp"] - a["timestamp"] for a, b in itertools.pairwise(found)}
    assert lengths == {dt.timedelta(hours=6), dt.timedelta(hours=7 if autumn else 5)}


def test_each_key_has_all_buckets(changes: Shop) -> None:
    """Null is a key; empty buckets are 0, or null where that is asked for."""
    text, start, end = around(changes, 1)
    rows = [r for r in changes.errors if start <= r["timestamp"] < end]
    found = pd.DataFrame(
        changes.rows(f'from errors {text} | make-series n=count() every 1h in "Asia/Kolkata" by level')
    )
    assert found.groupby("level", dropna=False).size().tolist() == [145] * len({r["level"] for r in rows})
    assert {str(t.minute) for t in found["timestamp"]} == {"30"}
    counts: Counter[Any] = Counter()
    for level, n in zip(found["level"].replace({float("nan"): None}), found["n"], strict=True):
        counts[level] += n
    assert counts == Counter(r["level"] or None for r in rows)
    nulls = changes.rows(f'from errors {text} | make-series n=count() every 1h in "Asia/Kolkata" fill null')
    assert {r["n"] for r in nulls if r["n"] is None} == {None}
    assert sum(r["n"] or 0 for r in nulls) == len(rows)


def test_the_best_groups_and_the_rest_make_the_whole(changes: Shop) -> None:
    """`top … other` by calendar days."""
    text, start, end = around(changes, 0)
    rows = [r for r in changes.errors if start <= r["timestamp"] < end]
    found = changes.rows(
        f'from errors {text} | make-series n=count() every day in "Europe/Berlin" by level top 1 by count() other'
    )
    best, most = Counter(r["level"] or None for r in rows).most_common(1)[0]
    totals: Counter[Any] = Counter()
    for row in found:
        totals[row["level"]] += row["n"]
    assert totals == {best: most, "Other": len(rows) - most}


def test_stages_after_a_calendar_see_its_times(changes: Shop) -> None:
    """Filters, order, windows and fills work on the starts of the buckets."""
    text, _start, _end = around(changes, 1)
    plain = changes.rows(f'from errors {text} | make-series n=count() every day in "Europe/Berlin"')
    later = changes.rows(
        f'from errors {text} | make-series n=count() every day in "Europe/Berlin" | where n > 0 | window d = delta(n) sort timestamp | sort timestamp desc'
    )
    kept = [r for r in plain if r["n"]]
    assert [r["timestamp"] for r in later] == [r["timestamp"] for r in reversed(kept)]
    deltas = [None, *(b["n"] - a["n"] for a, b in itertools.pairwise(kept))]
    assert [r["d"] for r in reversed(later)] == deltas
    filled = changes.rows(
        f'from errors {text} level:none | make-series m=max(http.status_code) every day in "Europe/Berlin" fill forward'
    )
    assert [r["timestamp"] for r in filled] == [r["timestamp"] for r in plain]


def test_buckets_partly_outside_of_the_range_are_said(changes: Shop) -> None:
    """A range of whole days has none."""
    partly = changes.ask("from errors last 40d | make-series n=count() every month")
    assert any("partly in the range" in w for w in partly.warnings)
    whole = changes.ask("from errors between 2026-01-01 and 2026-01-31 | make-series n=count() every month")
    assert not any("partly" in w for w in whole.warnings)
    assert [r["timestamp"] for r in whole.table.to_pylist()] == [at("2026-01-01")]


def test_days_and_weeks_of_utc_need_no_zone(changes: Shop) -> None:
    """`every week` is `every 7d`: both begin on Mondays."""
    text, _, _ = around(changes, 0)
    by_week = changes.rows(f"from errors {text} | make-series n=count() every week")
    assert by_week == changes.rows(f"from errors {text} | make-series n=count() every 7d")
    assert all(r["timestamp"].weekday() == 0 for r in by_week)
    assert changes.rows(f"from errors {text} | make-series n=count() every day") == changes.rows(
        f"from errors {text} | make-series n=count() every 1d"
    )


def test_a_series_of_nothing_has_its_buckets(changes: Shop) -> None:
    """Without keys they are all there, with keys there is no series."""
    text, _start, _end = around(changes, 1)
    empty = changes.rows(f'from errors {text} level:none | make-series n=count() every day in "Europe/Berlin"')
    assert len(empty) == 7
    assert {r["n"] for r in empty} == {0}
    assert (
        changes.rows(f'from errors {text} level:none | make-series n=count() every day in "Europe/Berlin" by level')
        == []
    )
