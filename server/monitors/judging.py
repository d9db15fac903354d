"""Which runs of a monitor were missed or took too long, from its configuration and from what it told.

Pure: the same configuration, runs and window give the same answer, so that a repeated run of the job finds the same.
The rules are those of Sentry's developer documentation, "Check-Ins": a run is missed when nothing is told until
`checkin_margin` minutes after its time, and has timed out `max_runtime` minutes after its begin.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.monitors.schedules import INTERVAL, Schedule, occurrences

DEFAULT_MARGIN = timedelta(minutes=1)
DEFAULT_RUNTIME = timedelta(minutes=30)
"""Where the configuration does not say: Sentry's defaults."""

EARLY = timedelta(seconds=15)
"""How long before its time a run may begin: clocks differ."""

MOST_MISSED = 100
"""Of one monitor in one window: a schedule of every minute must not make thousands of rows after a pause."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """A monitor in one environment, as its newest configuration says.

    Attributes:
        known_since: when it told something first, as far as is known; what was before is nobody's miss.
        margin: how late a run may begin.
        max_runtime: how long it may take.
    """

    project_id: int
    slug: str
    environment: str
    schedule: Schedule
    known_since: datetime
    margin: timedelta = DEFAULT_MARGIN
    max_runtime: timedelta = DEFAULT_RUNTIME


@dataclass(frozen=True, slots=True)
class MonitorRun:
    """A run that was told of, or found missed before.

    Attributes:
        id: of its check-ins.
        began: the first that was told of it.
        is_open: whether nothing was told but that it is in progress.
    """

    id: str
    began: datetime
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """What is judged: runs whose last moment to be in time lies after `after`, and not after `until`."""

    after: datetime
    until: datetime

    def has(self, moment: datetime) -> bool:
        """Tell whether a moment lies in it."""
        return self.after < moment <= self.until


def missed_runs(monitor: Monitor, runs: Sequence[MonitorRun], window: Window) -> list[datetime]:
    """Return the times in a window at which a run should have begun and none did, at most `MOST_MISSED`.

    Args:
        monitor: what should have run.
        runs: of it, in any order: all that began since the window's begin less the margin, and of an interval the
            newest before too.
        window: what is judged.

    Raises:
        ScheduleError: the schedule cannot be read.
    """
    began = sorted(run.began for run in runs)
    find = _of_interval if monitor.schedule.kind == INTERVAL else _of_crontab
    found: list[datetime] = []
    for moment in find(monitor, began, window):
        found.append(moment)
        if len(found) == MOST_MISSED:
            break
    return found


def timed_out_runs(monitor: Monitor, runs: Sequence[MonitorRun], window: Window) -> list[tuple[MonitorRun, datetime]]:
    """Return the runs that should have ended in a window and did not, each with the time by which it should have."""
    ends = ((run, run.began + monitor.max_runtime) for run in runs if run.is_open)
    return sorted(((run, end) for run, end in ends if window.has(end)), key=lambda pair: (pair[1], pair[0].id))


def _of_crontab(monitor: Monitor, began: Sequence[datetime], window: Window) -> Iterator[datetime]:
    start = max(window.after - monitor.margin, monitor.known_since)
    for moment in occurrences(monitor.schedule, start - timedelta(seconds=1)):
        last = moment + monitor.margin
        if last > window.until:
            return
        if window.has(last) and moment > monitor.known_since and not _any(began, moment - EARLY, last):
            yield moment


def _of_interval(monitor: Monitor, began: Sequence[datetime], window: Window) -> Iterator[datetime]:
    """Yield what is missing between each run and the next; after the last one up to the end of the window."""
    for number, start in enumerate(began):
        following = began[number + 1] if number + 1 < len(began) else None
        for moment in occurrences(monitor.schedule, start):
            last = moment + monitor.margin
            if last > window.until or (following is not None and following <= last):
                break
            if window.has(last):
                yield moment


def _any(began: Sequence[datetime], least: datetime, most: datetime) -> bool:
    place = bisect_left(began, least)
    return place < len(began) and began[place] <= most
