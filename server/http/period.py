"""Time ranges and looks: from the parameters of a request to what a question needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from engine.errors import UserError
from queries.plan.model import DEFAULT_RANGE
from server.http.documents.common import Look, Period

_RANGE = re.compile(r"(\d{1,6})(s|m|min|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = timedelta(days=3653)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
TimeRange = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a request looks at.

    Attributes:
        projects: slugs or numbers as given; empty for all visible ones.
        environments: as given; empty for all.
        time_range: half-open.
    """

    projects: tuple[str | int, ...]
    environments: tuple[str, ...]
    time_range: TimeRange


def range_length(text: str) -> timedelta:
    """Return the length of a `range` parameter such as `24h`.

    Raises:
        UserError: it is none, zero or longer than ten years.
    """
    found = _RANGE.fullmatch(text)
    length = timedelta(seconds=int(found[1]) * _SECONDS[found[2]]) if found else timedelta(0)
    if not timedelta(0) < length <= _LONGEST:
        raise _wrong("`range` must be a length of time such as 15m, 24h or 7d, at most ten years.")
    return length


def given_range(length: str | None, start: datetime | None, end: datetime | None, now: datetime) -> TimeRange | None:
    """Return the range of a request's parameters, None when it has none.

    Raises:
        UserError: they contradict each other, have no zone, or the start is not before the end.
    """
    if length is None:
        return _absolute(start, end, now)
    if start is not None:
        raise _wrong("Give `range`, or `start` and `end`, not both.")
    until = _checked(end, "end") if end is not None else now
    return max(until - range_length(length), _EARLIEST), until


def _absolute(start: datetime | None, end: datetime | None, now: datetime) -> TimeRange | None:
    if start is None and end is None:
        return None
    until = _checked(end, "end") if end is not None else now
    begin = _checked(start, "start") if start is not None else max(until - DEFAULT_RANGE, _EARLIEST)
    if begin >= until:
        raise _wrong("`start` must be before `end`.")
    return begin, until


def _checked(moment: datetime, name: str) -> datetime:
    if moment.tzinfo is None:
        raise _wrong(f"`{name}` needs a zone, such as Z.")
    if not _EARLIEST <= moment <= _LATEST:
        raise _wrong(f"`{name}` must lie between 1970 and 2200.")
    return moment.astimezone(UTC)


def _wrong(message: str) -> UserError:
    return UserError(message, code="time-range-invalid", hint="For example range=24h, or start=2026-03-01T00:00:00Z.")


def period_of(period: Period, now: datetime, default: TimeRange | None = None) -> TimeRange:
    """Return the range that is meant: the given one, else `default`, else the last 24 hours."""
    found = given_range(period.range, period.start, period.end, now)
    return found or default or (now - DEFAULT_RANGE, now)


def scope_of(look: Look, now: datetime, default: TimeRange | None = None) -> Scope:
    """Return what a request looks at."""
    return Scope(tuple(look.project or ()), tuple(look.environment or ()), period_of(look, now, default))
