"""Funnels, sessions and retention against the same worked out row by row in Python."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.errors import QueryError
from queries.plan import PlanContext
from queries.run import Runner

NOW = dt.datetime.now(dt.UTC).replace(hour=12, minute=0, second=0, microsecond=0)
PAGES = ("/cart", "/pay", "/done", "/other")
Row = dict[str, Any]


def _visits(dice: random.Random, project: int) -> list[Row]:
    """Return visits of sixty people and of nobody; many at the very same time, some names beyond ASCII."""
    rows: list[Row] = []
    for number in range(900):
        who = dice.randrange(62)
        user = "" if who == 61 else f"id:{'é' if who % 9 == 0 else ''}{who}"
        seconds = dice.choice([dice.randrange(6 * 86_400), dice.randrange(0, 6 * 86_400, 3600)])
        rows.append(
            {
                "project_id": project,
                "event_id": f"{number:032x}",
                "timestamp": NOW - dt.timedelta(seconds=seconds + 1, microseconds=dice.choice([0, 0, 1, 250_001])),
                "transaction": dice.choice(PAGES),
                "release": dice.choice(["a@1", "a@2", ""]),
                "user": user,
                "payload": "{}",
            }
        )
    return rows


@dataclass
class Site:
    """Visits and a way to ask."""

    runner: Runner
    context: PlanContext
    visits: list[Row]

    def rows(self, text: str) -> list[Row]:
        """Run a text over the last week and return its rows."""
        return self.runner.run(f"from errors last 7d {text}", self.context).table.to_pylist()

    def by_user(self) -> dict[str, list[Row]]:
        """Return the visits of everybody who is somebody, in the order of time."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(self.visits, key=lambda r: r["timestamp"]):
            if row["user"]:
                found[row["user"]].append(row)
        return found


@pytest.fixture(scope="module")
def site(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Site:
    """Six days of visits."""
    project = new_project_id()
    visits = _visits(random.Random(11), project)
    event_store.insert_rows("errors", rows_of("errors", visits))
    context = PlanContext(now=NOW, projects={project: "web"})
    return Site(Runner(event_store, FixedClock(NOW)), context, visits)


def _reached(rows: list[Row], steps: list[str], within: dt.timedelta) -> int:
    """Return how many steps lie one after the other within a time: every chain is tried."""
    best = 0

    def follow(step: int, begun: dt.datetime, last: dt.datetime) -> None:
        nonlocal best
        best = max(best, step)
        if step == len(steps):
            return
        for row in rows:
            if last < row["timestamp"] <= begun + within and row["transaction"] == steps[step]:
                follow(step + 1, begun, row["timestamp"])

    for row in rows:
        if row["transaction"] == steps[0]:
            follow(1, row["timestamp"], row["timestamp"])
    return best


@pytest.mark.parametrize("within", [1, 12, 48])
@pytest.mark.parametrize("steps", [["/cart", "/pay", "/done"], ["/cart", "/cart"], ["/done", "/cart", "/pay", "/done"]])
def test_a_funnel_counts_who_gets_how_far(site: Site, steps: list[str], within: int) -> None:
    """Steps follow one another strictly, in any way that fits into the time."""
    searches = " -> ".join(f"`transaction:{step}`" for step in steps)
    rows = site.rows(f"| funnel {searches} by user within {within}h")
    levels = [_reached(own, steps, dt.timedelta(hours=within)) for own in site.by_user().values()]
    counts = [sum(level > i for level in levels) for i in range(len(steps))]
    assert [row["count"] for row in rows] == counts
    assert [row["step"] for row in rows] == list(range(1, len(steps) + 1))
    assert [row["search"] for row in rows] == [f"transaction:{step}" for step in steps]
    assert [row["rate"] for row in rows] == [count / counts[0] for count in counts]
    before = [counts[0], *counts]
    assert [row["from_previous"] for row in rows] == [
        None if b == 0 else c / b for c, b in zip(counts, before, strict=False)
    ]


def test_a_funnel_is_split_by_the_first_value_there_is(site: Site) -> None:
    """Of the rows that are steps; nothing known is a value of its own."""
    rows = site.rows("| funnel `transaction:/cart` -> `transaction:/pay` by user split release")
    wanted: dict[tuple[str | None, int], int] = defaultdict(int)
    for own in site.by_user().values():
        steps = [r for r in own if r["transaction"] in {"/cart", "/pay"}]
        known = [(r["timestamp"], r["release"]) for r in steps if r["release"]]
        split = min(known)[1] if known else None
        for level in range(1, _reached(own, ["/cart", "/pay"], dt.timedelta(days=9)) + 1):
            wanted[split, level] += 1
    assert {(r["release"], r["step"]): r["count"] for r in rows if r["count"]} == wanted


def test_a_funnel_nobody_enters_has_its_steps(site: Site) -> None:
    """With no people, and no shares."""
    rows = site.rows("| funnel `level:none` -> `level:never` by user")
    assert [(r["step"], r["count"], r["rate"]) for r in rows] == [(1, 0, None), (2, 0, None)]


def _runs(rows: list[Row], gap: dt.timedelta) -> list[list[dt.datetime]]:
    runs: list[list[dt.datetime]] = []
    for row in rows:
        if runs and row["timestamp"] - runs[-1][-1] <= gap:
            runs[-1].append(row["timestamp"])
        else:
            runs.append([row["timestamp"]])
    return runs


@pytest.mark.parametrize("gap", [1, 60, 3600, 90_000])
def test_sessions_end_with_a_pause_longer_than_the_gap(site: Site, gap: int) -> None:
    """A pause of exactly the gap does not end one; rows of nobody are none."""
    rows = site.rows(f"| sessions by user gap {gap}s | limit 2000")
    wanted = [
        (user, run[0], run[-1], (run[-1] - run[0]) // dt.timedelta(microseconds=1) * 1000, len(run))
        for user, own in site.by_user().items()
        for run in _runs(own, dt.timedelta(seconds=gap))
    ]
    found = [(r["user"], r["timestamp"], r["end"], r["duration"], r["count"]) for r in rows]
    assert sorted(found) == sorted(wanted)
    assert [r["timestamp"] for r in rows] == sorted((r["timestamp"] for r in rows), reverse=True)


def test_stages_follow_sessions(site: Site) -> None:
    """They have a time, so that a series of them can be made, and a duration."""
    wanted = [run for own in site.by_user().values() for run in _runs(own, dt.timedelta(hours=1))]
    row = site.rows("| sessions by user gap 1h | where count > 1 | summarize n=count(), longest=max(duration)")[0]
    longer = [run for run in wanted if len(run) > 1]
    assert row["n"] == len(longer) > 0
    assert row["longest"] == max((run[-1] - run[0]) // dt.timedelta(microseconds=1) * 1000 for run in longer)
    series = site.rows("| sessions by user gap 1h | make-series n=count() every 1d")
    assert sum(r["n"] for r in series) == len(wanted)


@pytest.mark.parametrize(("every", "days"), [("1d", 1), ("2d", 2), ("1w", 7)])
def test_retention_counts_who_comes_back(site: Site, every: str, days: int) -> None:
    """Every period up to the end of the range has a row, with nobody in it too."""
    length = dt.timedelta(days=days)
    zero = dt.datetime(1970, 1, 5 if days == 7 else 1, tzinfo=dt.UTC)

    def period(moment: dt.datetime) -> dt.datetime:
        return moment - (moment - zero) % length

    seen: dict[dt.datetime, list[set[dt.datetime]]] = defaultdict(list)
    for own in site.by_user().values():
        periods = {period(r["timestamp"]) for r in own}
        seen[min(periods)].append(periods)
    wanted = []
    for cohort, people in sorted(seen.items()):
        for number in itertools.count():
            start = cohort + number * length
            if start >= NOW:
                break
            back = sum(start in periods for periods in people)
            wanted.append((cohort, number, len(people), back, back / len(people)))
    rows = site.rows(f"| retention by user every {every}")
    assert [(r["cohort"], r["period"], r["size"], r["returned"], r["rate"]) for r in rows] == wanted


def test_nobody_is_no_row(site: Site) -> None:
    """An empty answer, not an error."""
    assert site.rows("level:none | sessions by user gap 1h") == []
    assert site.rows("level:none | retention by user every 1d") == []


def test_issues_and_spans_are_keys_too(site: Site) -> None:
    """An issue keeps its name; times of spans have nanoseconds."""
    found = site.runner.run("from errors last 7d | sessions by issue gap 1h", site.context)
    assert [c.name for c in found.columns] == ["issue", "timestamp", "end", "duration", "count"]
    assert [c.type for c in found.columns][3] == "duration"
    spans = site.runner.run("from spans | retention by trace every 1h", site.context)
    assert [c.name for c in spans.columns] == ["cohort", "period", "size", "returned", "rate"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("summarize n=count() by user | sessions by user gap 1h", "timestamp"),
        ("sessions by tags gap 1h", "people"),
        ("sessions by user gap 0s", "longer than nothing"),
        ("extend end=user | sessions by end gap 1h", "Two columns"),
        ("retention by user every 1s", "periods"),
        ("funnel `a` -> `b` by user within 0s", "some time"),
        ("funnel `a` -> `b` by user split step=level", "Two columns"),
        ("funnel " + " -> ".join(["`a`"] * 21) + " by user", "at most 20 steps"),
    ],
)
def test_what_cannot_be_asked_is_said(site: Site, text: str, message: str) -> None:
    """With a place."""
    with pytest.raises(QueryError, match=message) as caught:
        site.runner.plan(f"from errors last 7d | {text}", site.context)
    assert caught.value.span is not None
