"""Runs of monitored jobs nobody told of: what the schedule says, what is judged, and what the job writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.native.own import submit_own
from queries.plan import PlanContext
from queries.run import Runner
from server.monitors import (
    Monitor,
    MonitorRun,
    Schedule,
    ScheduleError,
    Window,
    missed_runs,
    occurrences,
    timed_out_runs,
)
from server.monitors.job import SHORT_PAUSE, CheckInJob
from tests.ingest.helpers import NOW_NS, processed, snapshot
from tests.ingest.sites import Site

NOW = datetime.fromtimestamp(NOW_NS / 1e9, UTC)
MINUTE = timedelta(minutes=1)
LONG_AGO = NOW - timedelta(days=30)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def monitor(kind: str, text: str, timezone: str = "", **more: Any) -> Monitor:
    return Monitor(1, "nightly", "prod", Schedule(kind, text, timezone), **{"known_since": LONG_AGO, **more})


def runs(*began: datetime) -> list[MonitorRun]:
    return [MonitorRun(f"{number:032x}", moment) for number, moment in enumerate(began)]


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        (Schedule("crontab", "*/20 3 * * *"), "2026-05-01T00:00", ["2026-05-01T03:00", "2026-05-01T03:20"]),
        (Schedule("crontab", "@daily"), "2026-05-01T00:00", ["2026-05-02T00:00", "2026-05-03T00:00"]),
        (Schedule("crontab", "0 9 * * MON", "Europe/Berlin"), "2026-05-01T00:00", ["2026-05-04T07:00"]),
        # On 2026-03-29 the clocks of Berlin go from 2 to 3, on 2026-10-25 from 3 to 2.
        (
            Schedule("crontab", "30 2 * * *", "Europe/Berlin"),
            "2026-03-28T12:00",
            ["2026-03-29T01:00", "2026-03-30T00:30"],
        ),
        (
            Schedule("crontab", "30 2 * * *", "Europe/Berlin"),
            "2026-10-24T12:00",
            ["2026-10-25T00:30", "2026-10-26T01:30"],
        ),
        (Schedule("interval", "10 minute"), "2026-05-01T00:03", ["2026-05-01T00:13", "2026-05-01T00:23"]),
        (Schedule("interval", "1 month"), "2026-01-31T06:00", ["2026-02-28T06:00", "2026-03-31T06:00"]),
        (Schedule("interval", "1 day", "Europe/Berlin"), "2026-03-28T11:00", ["2026-03-29T10:00"]),
        (Schedule("interval", "2 weeks"), "2026-05-01T00:00", ["2026-05-15T00:00"]),
    ],
)
def test_a_schedule_says_when(schedule: Schedule, after: str, expected: list[str]) -> None:
    """Also where the clocks change: each day's job is due once."""
    found = islice(occurrences(schedule, at(after)), len(expected))
    assert list(found) == [at(text) for text in expected]


@pytest.mark.parametrize(
    "schedule",
    [
        Schedule("crontab", "every day"),
        Schedule("crontab", "61 * * * *"),
        Schedule("crontab", "0 0 30 2 *"),
        Schedule("crontab", "0 0 L/2 * *,LW/1 #"),
        Schedule("crontab", "* * * * * *"),
        Schedule("interval", "0 minute"),
        Schedule("interval", "10 fortnight"),
        Schedule("interval", "minute"),
        Schedule("rrule", "FREQ=DAILY"),
        Schedule("crontab", "@daily", "Mars/Olympus"),
        Schedule("crontab", "@daily", "../../etc/passwd"),
    ],
)
def test_what_is_no_schedule_is_told(schedule: Schedule) -> None:
    with pytest.raises(ScheduleError):
        next(occurrences(schedule, NOW))


@given(st.text(alphabet="0123456789*/,-#LWMON ", max_size=30))
def test_any_line_is_a_schedule_or_refused(text: str) -> None:
    """What clients send is read without a fault, and times only go forward."""
    try:
        found = list(islice(occurrences(Schedule("crontab", text), NOW), 3))
    except ScheduleError:
        return
    assert found == sorted(set(found))
    assert all(moment > NOW for moment in found)


def test_a_run_that_did_not_begin_is_missed_after_its_margin() -> None:
    """Neither before the margin is over, nor when it began a little early, nor before the monitor was known."""
    hourly = monitor("crontab", "0 * * * *", margin=timedelta(minutes=5))
    hour = NOW.replace(minute=0)
    told = runs(hour - timedelta(hours=2), hour - timedelta(hours=1, seconds=10))
    window = Window(hour - timedelta(hours=3), hour + timedelta(minutes=5))
    assert missed_runs(hourly, told, window) == [hour - timedelta(hours=3), hour]
    assert missed_runs(hourly, told, Window(hour - timedelta(hours=2), hour + timedelta(minutes=4))) == []
    assert missed_runs(hourly, [*told, *runs(hour + timedelta(minutes=4))], window) == [hour - timedelta(hours=3)]
    new = monitor("crontab", "0 * * * *", margin=timedelta(minutes=5), known_since=hour - timedelta(hours=2))
    assert missed_runs(new, told, window) == [hour]


def test_an_interval_counts_from_the_run_before() -> None:
    """A missed run is itself one: the next is due an interval later."""
    often = monitor("interval", "10 minute", margin=2 * MINUTE)
    told = runs(NOW - 63 * MINUTE, NOW - 54 * MINUTE, NOW - 22 * MINUTE)
    window = Window(NOW - 90 * MINUTE, NOW)
    due = [NOW - minutes * MINUTE for minutes in (44, 34, 12, 2)]
    assert missed_runs(often, told, window) == due
    assert missed_runs(often, [*told, *runs(*due)], window) == []


@given(
    st.lists(st.integers(0, 300), max_size=20, unique=True),
    st.lists(st.integers(1, 299), max_size=4, unique=True),
    st.sampled_from([("crontab", "*/7 * * * *"), ("interval", "7 minute"), ("crontab", "3,50 * * * *")]),
)
def test_it_makes_no_difference_how_often_the_job_looks(
    began: list[int], cuts: list[int], kind: tuple[str, str]
) -> None:
    """Windows side by side find what one window finds, when what was found before counts as a run."""
    start = NOW - timedelta(minutes=300)
    watched = monitor(*kind)
    told = runs(*(start + minutes * MINUTE for minutes in sorted(began)))
    whole = missed_runs(watched, told, Window(start, NOW))
    ends = [start, *(start + cut * MINUTE for cut in sorted(cuts)), NOW]
    found: list[datetime] = []
    for after, until in pairwise(ends):
        known = [run for run in told if run.began <= until] + runs(*found)
        found += missed_runs(watched, known, Window(after, until))
    assert found == whole


def test_a_run_that_does_not_end_times_out_once() -> None:
    """By its greatest duration after its begin; one that ended does not."""
    watched = monitor("crontab", "@daily", max_runtime=30 * MINUTE)
    hanging = MonitorRun("a" * 32, NOW - 30 * MINUTE, is_open=True)
    ended = MonitorRun("b" * 32, NOW - 30 * MINUTE)
    assert timed_out_runs(watched, [hanging, ended], Window(NOW - MINUTE, NOW)) == [(hanging, NOW)]
    assert timed_out_runs(watched, [hanging], Window(NOW, NOW + MINUTE)) == []


def check_in(project: int, status: str, when: datetime, run: int, **more: Any) -> dict[str, Any]:
    return {
        "project_id": project,
        "id": f"{run:032x}",
        "timestamp": when,
        "monitor": "nightly",
        "status": status,
        "environment": "prod",
        "schedule_type": "crontab",
        "schedule": "*/10 * * * *",
        "checkin_margin": 2,
        "max_runtime": 15,
        "payload": "{}",
        **more,
    }


def test_the_job_writes_missed_and_hanging_runs_once(event_store: Any, rows_of: Any, tmp_path: Path) -> None:
    """Found in the store, written by the way of all check-ins; a second look, or another process, adds no row."""
    project = 846_001
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    due = now - timedelta(minutes=now.minute % 10 + 20)
    stored = [
        check_in(project, "in_progress", due, 1),
        check_in(project, "in_progress", due - 10 * MINUTE, 2),
        check_in(project, "ok", due - 9 * MINUTE, 2),
    ]
    event_store.insert_rows("check_ins", rows_of("check_ins", stored))
    runner = Runner(event_store)
    site = Site(tmp_path, snapshot(project_id=project))
    site.clock.at_ns = int(now.timestamp() * 1e9)

    def ask(text: str) -> Any:
        return runner.run(text, PlanContext(now=now, projects={project: "shop"}), query_class="dashboard", fresh=True)

    def submit(project_id: int, lines: Sequence[Any]) -> int:
        return submit_own(site.edge, project_id, "check_ins", lines)

    for _ in range(2):  # two processes that know nothing of each other
        job = CheckInJob(ask, submit, due)
        told = job.run(now, timedelta(0), stopping=lambda: False)
        assert told.endswith("1 timed out, of 1 monitors")
        assert job.run(now, timedelta(0), stopping=lambda: False) == "", "nothing became due since"
    rows = processed(*site.records(), config=snapshot(project_id=project)).rows["check_ins"]
    site.close()
    found = {(row["status"], datetime.fromtimestamp(row["timestamp"] / 1000, UTC)) for row in rows}
    assert len(rows) == len(found)
    assert ("timeout", due + 15 * MINUTE) in found
    assert ("missed", due + 10 * MINUTE) in found
    hanging = next(row for row in rows if row["status"] == "timeout")
    assert (hanging["id"], hanging["duration_ns"]) == (f"{1:032x}", 15 * 60 * 10**9)
    assert {(row["monitor"], row["environment"], row["schedule"]) for row in rows} == {
        ("nightly", "prod", "*/10 * * * *")
    }


def test_what_fell_into_a_pause_or_waits_in_the_pipeline_is_not_judged() -> None:
    """Nobody could tell us anything then, or has told it and it is not stored yet."""
    asked: list[str] = []

    class Nothing:
        class table:  # noqa: N801 - as a result has it
            @staticmethod
            def to_pylist() -> list[Any]:
                return []

    def ask(text: str) -> Any:
        asked.append(text)
        return Nothing()

    job = CheckInJob(ask, lambda _project, lines: len(lines))
    job.run(NOW, timedelta(0), stopping=lambda: False)
    assert not asked, "nobody knows what was before"
    job.run(NOW + MINUTE, 2 * MINUTE, stopping=lambda: False)
    assert not asked, "what came in the last two minutes is not stored yet"
    job.run(NOW + 2 * MINUTE, timedelta(0), stopping=lambda: False)
    assert len(asked) == 1
    job.run(NOW + 3 * MINUTE + SHORT_PAUSE, timedelta(0), stopping=lambda: False)
    assert len(asked) == 1
