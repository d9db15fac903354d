"""How much earlier the rows are that a text is compared with.

Without a calendar that is a length of time. For a series by the calendar or the clock of a zone a day earlier is a day
of that calendar, which has 23 to 25 hours where clocks change, and the range before is as many buckets earlier: edges
that are midnights stay midnights, and the bucket at a place meets the bucket at the same place.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable
from typing import TypeAlias
from zoneinfo import ZoneInfo

from queries import ast
from queries.errors import QueryError
from queries.plan.block import TimeRange
from queries.plan.series_time import bucket_starts, midnight, plain_width, zone_of

Earlier: TypeAlias = Callable[[dt.datetime], dt.datetime]
"""Tells of a moment of a text which one is meant on the other side."""

_DAY = dt.timedelta(days=1)
_DAYS = {ast.Period.DAY: 1, ast.Period.WEEK: 7}
_SLACK = (dt.timedelta(hours=3), dt.timedelta(days=4))
"""By how much as many buckets may be longer elsewhere: of less than a day where clocks change, of months in spring."""


def earlier_by(stage: ast.Compare, grouping: ast.Stage, time: TimeRange) -> Earlier:
    """Return how moments move to the other side of a comparison.

    Args:
        stage: the comparison.
        grouping: the stage that makes its groups.
        time: range of this side.

    Raises:
        QueryError: the other rows would be newer.
    """
    days, length = _distance(stage, time)
    if isinstance(grouping, ast.MakeSeries) and plain_width(grouping, time) is None:
        if stage.target is ast.Period.PREVIOUS:
            return _by_buckets(grouping, time)
        if days:
            return _by_days(days, zone_of(grouping))
    return lambda moment: moment - length


def _distance(stage: ast.Compare, time: TimeRange) -> tuple[int, dt.timedelta]:
    """Return how many whole days earlier the other rows are, 0 when it is no such number, and how long that is."""
    match stage.target:
        case ast.Period.PREVIOUS:
            return 0, time[1] - time[0]
        case ast.Period() as period:
            return _DAYS[period], _DAYS[period] * _DAY
        case ast.Duration(ns=ns) if ns > 0:
            length = dt.timedelta(microseconds=ns / 1000)
            return 0 if length % _DAY else length // _DAY, length
        case ast.Duration():
            raise QueryError("The other rows must be older.", span=stage.span, suggestion="compare to 1d ago")
        case _:
            return 0, dt.timedelta(0)


def _by_days(days: int, zone: ZoneInfo) -> Earlier:
    def earlier(moment: dt.datetime) -> dt.datetime:
        day = moment.astimezone(zone).date()
        then = day - days * _DAY
        return _placed(moment, (_start(day, zone), _start(then, zone), _start(then + _DAY, zone)), zone)

    return earlier


def _by_buckets(stage: ast.MakeSeries, time: TimeRange) -> Earlier:
    """Return a move by the least number of buckets after which the ranges do not overlap."""
    zone, starts = zone_of(stage), bucket_starts(stage, time)
    daily = starts[-1] - starts[-2] >= _DAY.total_seconds() - _SLACK[0].total_seconds()
    first = dt.datetime.fromtimestamp(starts[0], dt.UTC)
    before = first - dt.timedelta(seconds=starts[-1] - starts[0]) - _SLACK[daily]
    known = (*bucket_starts(stage, (before, first))[:-1], *starts)
    moments = [dt.datetime.fromtimestamp(start, dt.UTC) for start in known]
    here = len(moments) - len(starts)

    def by(number: int) -> Earlier:
        def earlier(moment: dt.datetime) -> dt.datetime:
            if not moments[here] <= moment <= moments[-1]:
                return moment - (moments[here] - moments[here - number])
            at = bisect_right(moments, moment) - 1
            if at == len(moments) - 1:
                return moments[at - number]
            places = (moments[at], moments[at - number], moments[at - number + 1])
            return _placed(moment, places, zone if daily else None)

        return earlier

    # By the clock on the wall: `last 7d` is an hour longer or shorter there when clocks change within it.
    ahead = [moment.astimezone(zone).utcoffset() or dt.timedelta(0) for moment in time]
    fewer = by(len(starts) - 2)
    if len(starts) > 2 and fewer(time[1]) - time[0] <= abs(ahead[1] - ahead[0]):
        return fewer
    return by(len(starts) - 1)


def _placed(
    moment: dt.datetime, places: tuple[dt.datetime, dt.datetime, dt.datetime], zone: ZoneInfo | None
) -> dt.datetime:
    """Return the moment as far into a stretch of time as another one is into its own.

    Args:
        moment: the other one.
        places: where its stretch starts, where the wanted one does, and where that ends.
        zone: whose clock tells how far, None for the time that has passed.
    """
    start, low, high = places
    if moment == start:
        return low
    if zone is None:
        return min(low + (moment - start), high)
    wall, began, begins = (m.astimezone(zone).replace(tzinfo=None) for m in (moment, start, low))
    found = (begins + (wall - began)).replace(tzinfo=zone, fold=moment.astimezone(zone).fold)
    return max(low, min(found.astimezone(dt.UTC), high))


def _start(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.fromtimestamp(midnight(day, zone), dt.UTC)
