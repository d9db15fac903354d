"""The job that finds runs nobody told of and writes their check-ins: `missed` and `timeout`.

What it knows of monitors it asks in Discover, and what it finds goes the way of everybody's check-ins, under ids made
of monitor and time: what was found before, even by another process, makes no second row.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.errors import CapacityError
from engine.snapshot import SnapshotReader
from ingest.edge import Edge
from ingest.hexids import row_id
from ingest.limits import IngestLimits
from ingest.native.own import submit_own
from ingest.sink import ShardedSink
from queries.plan import PlanContext
from queries.result import Result
from queries.run import Runner
from server.compose import Installation
from server.jobs import Job, JobRun
from server.monitors.judging import (
    DEFAULT_MARGIN,
    DEFAULT_RUNTIME,
    Monitor,
    MonitorRun,
    Window,
    missed_runs,
    timed_out_runs,
)
from server.monitors.schedules import Schedule, ScheduleError
from server.pipeline import backlog

NAME = "check-ins"
EVERY = timedelta(minutes=1)
HEARD_DAYS = 35
"""A monitor that has told nothing for so long is gone; monthly jobs are not."""

SHORT_PAUSE = timedelta(minutes=5)
"""After a longer pause nobody could tell us anything: what fell into it is not judged."""

SETTLING = timedelta(seconds=10)
"""What was accepted so long ago can be asked for, when nothing waits in the pipeline."""

_MOST_RUNS = 50_000
_PRODUCER = "jobs"
_MONITORS = (
    f"from check_ins last {HEARD_DAYS}d has:schedule status:[in_progress, ok, error]"
    " | summarize first=min(timestamp), last=max(timestamp) by project=project_id, monitor, environment,"
    " schedule_type=schedule.type, schedule, timezone, checkin_margin, max_runtime | limit 50000"
)

_Key = tuple[int, str, str]
Ask = Callable[[str], Result]
Submit = Callable[[int, Sequence[Mapping[str, Any]]], int]


class CheckInJob:
    """Finds what was missed since it looked last.

    Args:
        ask: answers a Discover text over all projects.
        submit: stores lines of `check_ins` of a project.
        since: the end of what was judged before; None when nobody knows.
    """

    def __init__(self, ask: Ask, submit: Submit, since: datetime | None = None) -> None:
        self._ask = ask
        self._submit = submit
        self._judged = since
        self._ran: datetime | None = None

    def run(self, now: datetime, waiting: timedelta, *, stopping: Callable[[], bool]) -> str:
        """Judge what became due and return what was found, in words.

        Args:
            now: the time.
            waiting: for how long the oldest record waits in the pipeline; what came after it is not known yet.
            stopping: whether to end soon.

        Raises:
            CapacityError: there are more runs than can be looked at.
        """
        until = now - SETTLING - waiting
        paused = self._ran is not None and now - self._ran > SHORT_PAUSE
        window = Window(until if self._judged is None or paused else self._judged, until)
        self._ran = now
        if window.until > window.after:
            found = self._find(window, stopping)
            if stopping():
                return "stopped before its end"
        else:
            found = ""
        self._judged = max(window.after, until)
        return found

    def _find(self, window: Window, stopping: Callable[[], bool]) -> str:
        monitors = _monitors(self._ask(_MONITORS).table.to_pylist())
        if not monitors:
            return ""
        runs = self._runs(monitors, window)
        missed = late = 0
        unreadable: list[str] = []
        for key, (monitor, last) in monitors.items():
            if stopping():
                break
            known = runs.get(key) or [MonitorRun("", last)]
            try:
                times = missed_runs(monitor, known, window)
            except ScheduleError as error:
                unreadable.append(f"{monitor.slug}: {error}")
                times = []
            ended = timed_out_runs(monitor, known, window)
            lines = [missed_line(monitor, moment) for moment in times]
            lines += [timeout_line(monitor, run, end) for run, end in ended]
            self._submit(monitor.project_id, lines)
            missed, late = missed + len(times), late + len(ended)
        told = f"{missed} missed, {late} timed out, of {len(monitors)} monitors"
        return told + (f"; unreadable: {'; '.join(unreadable[:3])}" if unreadable else "")

    def _runs(self, monitors: Mapping[_Key, tuple[Monitor, datetime]], window: Window) -> dict[_Key, list[MonitorRun]]:
        longest = max(monitor.margin + monitor.max_runtime for monitor, _ in monitors.values())
        hours = math.ceil((longest + (window.until - window.after)) / timedelta(hours=1)) + 1
        text = (
            f"from check_ins last {min(hours, 24 * HEARD_DAYS)}h | summarize began=min(timestamp), n=count(),"
            " going=count_if(`status:in_progress`) by project=project_id, monitor, environment, id"
            f" | limit {_MOST_RUNS}"
        )
        rows = self._ask(text).table.to_pylist()
        if len(rows) >= _MOST_RUNS:
            raise CapacityError(
                f"More than {_MOST_RUNS} runs of jobs in {hours} hours; missed ones are not looked for."
            )
        found: dict[_Key, list[MonitorRun]] = defaultdict(list)
        for row in rows:
            run = MonitorRun(row["id"], _utc(row["began"]), row["n"] == row["going"])
            found[_key(row)].append(run)
        return found


def _monitors(rows: Sequence[Mapping[str, Any]]) -> dict[_Key, tuple[Monitor, datetime]]:
    """Return each monitor with its newest configuration, and when it told something last."""
    first: dict[_Key, datetime] = {}
    newest: dict[_Key, tuple[datetime, Mapping[str, Any]]] = {}
    for row in rows:
        key = _key(row)
        first[key] = min(first.get(key, _utc(row["first"])), _utc(row["first"]))
        if key not in newest or newest[key][0] < _utc(row["last"]):
            newest[key] = _utc(row["last"]), row
    return {key: (_monitor(key, row, first[key]), last) for key, (last, row) in newest.items()}


def _key(row: Mapping[str, Any]) -> _Key:
    """Return which monitor a row is about; what is empty is null in answers."""
    return row["project"], row["monitor"], row["environment"] or ""


def _monitor(key: _Key, row: Mapping[str, Any], first: datetime) -> Monitor:
    margin, runtime = int(row["checkin_margin"] or 0), int(row["max_runtime"] or 0)
    return Monitor(
        *key,
        Schedule(row["schedule_type"] or "", row["schedule"], row["timezone"] or ""),
        first,
        min(timedelta(minutes=margin), timedelta(days=HEARD_DAYS)) if margin else DEFAULT_MARGIN,
        min(timedelta(minutes=runtime), timedelta(days=HEARD_DAYS)) if runtime else DEFAULT_RUNTIME,
    )


def missed_line(monitor: Monitor, moment: datetime) -> dict[str, Any]:
    """Return the check-in of a run that should have begun at a moment."""
    name = row_id("missed", monitor.project_id, monitor.slug, monitor.environment, int(moment.timestamp()))
    return {**_line(monitor), "id": name, "timestamp": moment.isoformat(), "status": "missed"}


def timeout_line(monitor: Monitor, run: MonitorRun, end: datetime) -> dict[str, Any]:
    """Return the check-in of a run that should have ended by a moment; it is one more of the same run."""
    return {
        **_line(monitor),
        "id": run.id,
        "timestamp": end.isoformat(),
        "status": "timeout",
        "duration": f"{int(monitor.max_runtime.total_seconds())}s",
    }


def _line(monitor: Monitor) -> dict[str, Any]:
    return {
        "monitor": monitor.slug,
        "environment": monitor.environment,
        "schedule.type": monitor.schedule.kind,
        "schedule": monitor.schedule.text,
        "timezone": monitor.schedule.timezone,
        "checkin_margin": int(monitor.margin.total_seconds() // 60),
        "max_runtime": int(monitor.max_runtime.total_seconds() // 60),
        "sdk.name": "amber",
    }


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def check_in_job(installation: Installation) -> Job:
    """Return the job of an installation."""
    clock, metadata = installation.clock, installation.metadata
    runner = Runner(installation.store, clock)

    def ask(text: str) -> Result:
        projects = {project.id: project.slug for project in metadata.projects()}
        return runner.run(text, PlanContext(now=clock.now(), projects=projects), query_class="dashboard", fresh=True)

    def submit(project_id: int, lines: Sequence[Mapping[str, Any]]) -> int:
        if not lines:
            return 0
        with own_edge(installation) as edge:
            return submit_own(edge, project_id, "check_ins", lines)

    work: list[CheckInJob] = []

    def run(state: JobRun) -> str:
        if not work:
            ended = next((row.last_finished for row in metadata.jobs() if row.name == NAME), None)
            recent = ended is not None and clock.now() - ended <= SHORT_PAUSE
            work.append(CheckInJob(ask, submit, ended - SETTLING if ended is not None and recent else None))
        behind = backlog(installation.data)
        waiting = timedelta(seconds=max(behind.raw_age_s, behind.ready_age_s))
        return work[0].run(clock.now(), waiting, stopping=lambda: state.stopping)

    return Job(NAME, EVERY, run)


@contextmanager
def own_edge(installation: Installation) -> Iterator[Edge]:
    """Give the way into the raw spool for what this process makes itself, for the length of a block."""
    settings, data = installation.settings, installation.data
    sink = ShardedSink(
        data.raw_root / _PRODUCER,
        settings.normalisers or 1,
        disk_budget_bytes=settings.spool_budget,
        keys=data.spool_keys,
    )
    edge = Edge(sink, SnapshotReader(data.config_snapshot), IngestLimits(), clock=installation.clock)
    try:
        yield edge
    finally:
        edge.close()
        sink.close()
