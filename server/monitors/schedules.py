"""When a monitored job should run: crontab lines and intervals, as the configuration of a monitor writes them.

Crontab lines follow Debian's cron where the clocks change (cronsim): a job of a given hour that the change leaves out
runs right after it, one of an hour that comes twice runs once. Intervals count from the run before (Sentry's developer
documentation, "Check-Ins": the schedule is relative to the last check-in).
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

CRONTAB, INTERVAL = "crontab", "interval"

_ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIELDS = 5
_MAX_CHARS = 200
_MAX_COUNT = 100_000
_EXACT = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_MONTHS = {"month": 1, "year": 12}
_DAYS = {"day": 1, "week": 7}


class ScheduleError(ValueError):
    """The schedule cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something should run.

    Attributes:
        kind: `crontab` or `interval`.
        text: a crontab line of five fields or an alias such as `@daily`; or a number and a unit, `10 minute`.
        timezone: name of the zone the clock of the schedule shows; empty for UTC.
    """

    kind: str
    text: str
    timezone: str = ""


def occurrences(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Yield the times after one at which something should run, in UTC, in order; ends when there are no more.

    Args:
        schedule: a crontab's times do not depend on `after`, an interval's begin there.
        after: with a zone.

    Raises:
        ScheduleError: the schedule or its zone cannot be read.
    """
    zone = _zone(schedule.timezone)
    if schedule.kind == CRONTAB:
        return _crontab(_line(schedule.text), after.astimezone(zone))
    if schedule.kind == INTERVAL:
        count, unit = _interval(schedule.text)
        return _steps(after.astimezone(zone), count, unit)
    raise ScheduleError(f"{schedule.kind[:40]!r} is no kind of schedule: crontab or interval")


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    if name in {"", "UTC"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # not there, no name of a zone, a name that is a folder
        raise ScheduleError(f"there is no time zone {name[:64]!r}") from error


def _line(text: str) -> str:
    line = _ALIASES.get(text.strip().lower(), text.strip())
    if len(line) > _MAX_CHARS or len(line.split()) != _FIELDS:
        raise ScheduleError("a crontab line has five fields")
    return line


def _crontab(line: str, after: datetime) -> Iterator[datetime]:
    try:
        found = CronSim(line, after)
    except (CronSimError, ValueError, AssertionError) as error:  # it asserts on odd ranges such as `L/2`
        raise ScheduleError(f"{line!r} is no crontab line: {error}") from error
    return (moment.astimezone(UTC) for moment in found)


def _interval(text: str) -> tuple[int, str]:
    number, _, unit = text.strip().lower().partition(" ")
    unit = unit.strip().removesuffix("s")
    known = unit in _EXACT or unit in _MONTHS or unit in _DAYS
    if not known or not number.isascii() or not number.isdigit() or not 0 < int(number[:9]) <= _MAX_COUNT:
        raise ScheduleError(f"{text[:40]!r} is no interval: a number and minute, hour, day, week, month or year")
    return int(number[:9]), unit


def _steps(after: datetime, count: int, unit: str) -> Iterator[datetime]:
    """Yield the moments of an interval; days and longer keep the time of day when the clocks change."""
    step = 0
    while True:
        step += count
        try:
            if unit in _EXACT:
                yield (after.astimezone(UTC) + step * _EXACT[unit]).astimezone(UTC)
            elif unit in _DAYS:
                yield (after + timedelta(days=step * _DAYS[unit])).astimezone(UTC)
            else:
                yield _months_later(after, step * _MONTHS[unit]).astimezone(UTC)
        except (OverflowError, ValueError):  # beyond the year 9999
            return


def _months_later(moment: datetime, months: int) -> datetime:
    """Return the same day and time some months later, or the last day of a month that is shorter."""
    year, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + year, month + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)
