"""When a report is due, and of which time it is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.errors import UserError
from engine.reports import Rhythm, ScheduleRow, ScheduleWanted

_DAYS = {Rhythm.DAILY: 1, Rhythm.WEEKLY: 7}


@dataclass(frozen=True, slots=True)
class Due:
    """A period that is over and has no report.

    Attributes:
        start: of the period.
        end: of the period; the moment the report is due.
        missed: further periods before it that got none, because nothing ran: they are said, not made up for.
    """

    start: datetime
    end: datetime
    missed: int = 0


def due(row: ScheduleRow, last: datetime | None, now: datetime) -> Due | None:
    """Return the last period of a schedule that is over; None when it has its report, or none is over yet.

    Args:
        row: the schedule; what ended before it was set is not due.
        last: end of the last period it has a report of.
        now: the time.
    """
    wanted = row.wanted
    end = _last_end(wanted, now)
    if not wanted.enabled or end <= row.changed_at or (last is not None and end <= last):
        return None
    missed, before = 0, _before(wanted, end)
    floor = max(row.changed_at, last) if last is not None else row.changed_at
    while before > floor:
        missed, before = missed + 1, _before(wanted, before)
    return Due(_before(wanted, end), end, missed)


def next_due(wanted: ScheduleWanted, now: datetime) -> datetime:
    """Return when the next report is due."""
    zone = zone_of(wanted.zone)
    day = _last_end(wanted, now).astimezone(zone).date() + timedelta(days=_DAYS[wanted.rhythm])
    return _moment(day, wanted, zone)


def zone_of(name: str) -> ZoneInfo:
    """Return a zone of the calendar.

    Raises:
        UserError: there is none of the name.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise UserError(
            f"There is no time zone {name[:60]!r}.", code="zone-unknown", hint="Write UTC or Europe/Berlin."
        ) from error


def _last_end(wanted: ScheduleWanted, now: datetime) -> datetime:
    """Return the last moment at or before now that the schedule names."""
    zone = zone_of(wanted.zone)
    day = now.astimezone(zone).date()
    if wanted.rhythm is Rhythm.WEEKLY:
        day -= timedelta(days=(day.weekday() - wanted.weekday) % 7)
    found = _moment(day, wanted, zone)
    return found if found <= now else _before(wanted, found)


def _before(wanted: ScheduleWanted, end: datetime) -> datetime:
    """Return the moment before one of a schedule: the same hour on the wall, also where clocks change."""
    zone = zone_of(wanted.zone)
    return _moment(end.astimezone(zone).date() - timedelta(days=_DAYS[wanted.rhythm]), wanted, zone)


def _moment(day: date, wanted: ScheduleWanted, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(wanted.hour), zone).astimezone(UTC)
