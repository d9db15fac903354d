"""Buckets of a series by the calendar and the clock of a time zone, whose lengths differ.

A day is from midnight to midnight there, 23 to 25 hours where clocks change; weeks start on a Monday; hours are those
the clock on the wall shows. The starts are computed here, from Python's copy of the IANA database, and bound to the
statement: a row falls into the last bucket that starts before it, and buckets are numbered, so that the engine adds the
empty ones by their numbers.

    SELECT toDateTime(starts[bucket + 1], 'UTC') AS "timestamp", n FROM (
        SELECT transform(roundDown(toUnixTimestamp(t.timestamp), starts), starts, numbers, 0) AS bucket, count() AS n
        FROM … GROUP BY bucket ORDER BY bucket WITH FILL FROM 0 TO 31 STEP 1
    )
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo, available_timezones

import ibis
import ibis.expr.types as ir

from queries import ast
from queries.catalog import closest_names, did_you_mean
from queries.errors import QueryError, TypeProblem
from queries.functions.times import checked_zone
from queries.plan.block import SeriesFill, TimeRange
from queries.types import INTEGER, STRING, TIME, Base, ValueType
from queries.values.calls import call, mapping, variable
from queries.values.typed import Typed

NICE_WIDTHS_S = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10800,
    21600,
    43200,
    86400,
    172800,
    604800,
)
TARGET_BUCKETS = 100
MAX_BUCKETS = 10_000
SECOND_NS = 1_000_000_000
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
HOUR_S, DAY_S = 3_600, 86_400
_WHOLE = ValueType(Base.ARRAY, element=Base.INTEGER)
_EPOCH = dt.date(1970, 1, 1)
_MONTHS = {ast.Calendar.MONTH: 1, ast.Calendar.QUARTER: 3, ast.Calendar.YEAR: 12}


def nice_width(time: TimeRange) -> int:
    """Return a width in seconds that cuts a range into about a hundred buckets."""
    seconds = (time[1] - time[0]) / dt.timedelta(seconds=1)
    return next((w for w in NICE_WIDTHS_S if seconds / w <= TARGET_BUCKETS), NICE_WIDTHS_S[-1])


def series_fill(stage: ast.MakeSeries, time: TimeRange) -> SeriesFill:
    """Return the buckets of a series over a range.

    Raises:
        QueryError: there are too many, they are too short, or the zone or width is none.
    """
    every_ns = plain_width(stage, time)
    if every_ns is None:
        starts = bucket_starts(stage, time)
        return SeriesFill("", 0, len(starts) - 1, 0, stage.fill, starts)
    start_ns, end_ns = ((moment - EPOCH) // dt.timedelta(microseconds=1) * 1000 for moment in time)
    if every_ns < 1_000_000 or (end_ns - start_ns) / every_ns > MAX_BUCKETS:
        raise QueryError(
            f"A series has at most {MAX_BUCKETS} buckets, and none is shorter than a millisecond.",
            span=stage.span,
            suggestion="Use longer buckets or a shorter range.",
        )
    offset = 4 * DAY_S * SECOND_NS if every_ns % (7 * DAY_S * SECOND_NS) == 0 else 0
    first = (start_ns - offset) // every_ns * every_ns + offset
    return SeriesFill("", first, end_ns, every_ns, stage.fill)


def is_partial(stage: ast.MakeSeries, fill: SeriesFill, time: TimeRange) -> bool:
    """Return whether a bucket of the calendar lies partly outside of the range: some of its rows are not counted."""
    if not isinstance(stage.every, ast.Calendar):
        return False
    if fill.starts:
        return fill.starts[0] < time[0].timestamp() or fill.starts[-1] > time[1].timestamp()
    return fill.start_ns < time[0].timestamp() * SECOND_NS or (fill.end_ns - fill.start_ns) % fill.every_ns != 0


def plain_width(stage: ast.MakeSeries, time: TimeRange) -> int | None:
    """Return the width of a series' buckets in nanoseconds where all are equally long; None for those of a calendar.

    Days and weeks of UTC are plain, and so are widths that divide the quarter of an hour by which zones differ.
    """
    utc = stage.zone in {"", "UTC"}
    match stage.every:
        case None:
            width = nice_width(time) * SECOND_NS
            return width if utc or 900 * SECOND_NS % width == 0 else None
        case ast.Duration(ns=ns) if utc or 900 * SECOND_NS % ns == 0:
            return ns
        case ast.Calendar.DAY if utc:
            return DAY_S * SECOND_NS
        case ast.Calendar.WEEK if utc:
            return 7 * DAY_S * SECOND_NS
        case _:
            return None


def bucket_starts(stage: ast.MakeSeries, time: TimeRange) -> tuple[int, ...]:
    """Return the starts of the buckets that touch a range, in seconds since 1970, and where the last one ends.

    Args:
        stage: of the series.
        time: half-open range.

    Raises:
        QueryError: there is no such zone or width, or there are too many buckets.
    """
    zone = zone_of(stage)
    low, high = (int(moment.timestamp()) + (moment.microsecond > 0) * at for at, moment in enumerate(time))
    starts: list[int] = []
    for start in _starts(stage, zone, low, nice_width(time)):
        if starts and start == starts[-1]:
            continue
        if start <= low:
            starts.clear()
        starts.append(start)
        if start >= high:
            return tuple(starts)
        if len(starts) > MAX_BUCKETS:
            break
    raise QueryError(
        f"A series has at most {MAX_BUCKETS} buckets.",
        span=stage.span,
        suggestion="Use longer buckets or a shorter range.",
    )


def zone_of(stage: ast.MakeSeries) -> ZoneInfo:
    """Return the time zone of a series, UTC when it names none.

    Raises:
        TypeProblem: there is no such zone.
    """
    name = stage.zone or "UTC"
    try:
        return ZoneInfo(checked_zone(name))
    except ValueError:
        near = did_you_mean(closest_names(name, sorted(available_timezones())))
        raise TypeProblem(
            f"There is no time zone called {name!r}.", span=stage.span, suggestion=near or 'Write "Europe/Berlin".'
        ) from None


def _starts(stage: ast.MakeSeries, zone: ZoneInfo, low: int, default_s: int) -> Iterator[int]:
    """Yield starts without end, the first at or before `low`."""
    day = dt.datetime.fromtimestamp(low, zone).date()
    if isinstance(stage.every, ast.Calendar) and stage.every in _MONTHS:
        return _months(day, _MONTHS[stage.every], zone)
    match stage.every:
        case ast.Calendar.DAY:
            width = DAY_S
        case ast.Calendar.WEEK:
            width = 7 * DAY_S
        case ast.Duration(ns=ns) if ns % SECOND_NS == 0 and ns > 0:
            width = ns // SECOND_NS
        case None:
            width = default_s
        case _:
            width = 0
    if width and width % DAY_S == 0:
        return _days(day, width // DAY_S, zone)
    if width > HOUR_S and DAY_S % width == 0 and width % HOUR_S == 0:
        return _hours(day, width, zone)
    if width and HOUR_S % width == 0:
        return _steps(low, width, zone)
    raise QueryError(
        "In a time zone a bucket is some whole days, hours that divide a day, or what divides an hour.",
        span=stage.span,
        suggestion="Write every 6h or every 15min.",
    )


def midnight(day: dt.date, zone: ZoneInfo, seconds: int = 0) -> int:
    """Return when the clock of a zone first shows a time of a day; when it is skipped, when it would have come."""
    wall = dt.datetime.combine(day, dt.time()) + dt.timedelta(seconds=seconds)
    return int(wall.replace(tzinfo=zone).timestamp())


def _months(day: dt.date, length: int, zone: ZoneInfo) -> Iterator[int]:
    number = (day.year * 12 + day.month - 1) // length * length
    while number < 12 * dt.MAXYEAR:
        yield midnight(dt.date(number // 12, number % 12 + 1, 1), zone)
        number += length


def _days(day: dt.date, length: int, zone: ZoneInfo) -> Iterator[int]:
    """Yield every `length` days, counted from 1970-01-01, weeks from a Monday."""
    monday = 4 if length % 7 == 0 else 0
    number = ((day - _EPOCH).days - monday) // length * length + monday
    while True:
        yield midnight(_EPOCH + dt.timedelta(days=number), zone)
        number += length


def _hours(day: dt.date, width: int, zone: ZoneInfo) -> Iterator[int]:
    latest = 0
    while True:
        for seconds in range(0, DAY_S, width):
            start = midnight(day, zone, seconds)
            if start > latest:  # a time that is skipped may come after the next one
                latest = start
                yield start
        day += dt.timedelta(days=1)


def _steps(low: int, width: int, zone: ZoneInfo) -> Iterator[int]:
    """Yield steps of the clock on the wall; one that is cut short where clocks change is a bucket, too."""
    at = low - (low + _offset(low, zone)) % width
    while True:
        ahead = _offset(at, zone)
        # Clocks change at most once a day: with the same offset a day later all steps until then are whole.
        if (at + ahead) % width == 0 and ahead == _offset(at + DAY_S, zone):
            yield from range(at, at + DAY_S, width)
            at += DAY_S
            continue
        yield at
        at += width - (at + ahead) % width


def _offset(at: int, zone: ZoneInfo) -> int:
    ahead = dt.datetime.fromtimestamp(at, zone).utcoffset()
    return 0 if ahead is None else int(ahead.total_seconds())


def _bound(numbers: list[int]) -> ir.Value:
    """Return an array that travels as one text: a statement with thousands of literals takes long to read."""
    text = variable("number", STRING)
    parts = call("splitByChar", ValueType(Base.ARRAY, element=Base.STRING), ",", ",".join(map(str, numbers)))
    return mapping("arrayMap", _WHOLE, call("toUInt32", INTEGER, text), (text,), parts)


def bucket_number(time: ir.Value, starts: tuple[int, ...]) -> ir.Value:
    """Return which bucket a time falls into, from 0.

    Args:
        time: a time within the range of the buckets.
        starts: of the buckets, and where the last one ends.
    """
    array = _bound(list(starts[:-1]))
    start = call("roundDown", INTEGER, call("toUnixTimestamp", INTEGER, time), array)
    return call("transform", INTEGER, start, array, _bound(list(range(len(starts) - 1))), call("toUInt32", INTEGER, 0))


def bucket_start(number: ir.IntegerValue, starts: tuple[int, ...]) -> ir.Value:
    """Return when a bucket starts, from its number."""
    seconds = call("arrayElement", INTEGER, _bound(list(starts[:-1])), number + 1)
    return call("toDateTime", TIME, seconds, "UTC")


def moved(bucket: Typed, earlier: SeriesFill, later: SeriesFill) -> tuple[Typed, ir.BooleanValue | None]:
    """Return the buckets of one series as those of another at the same place, and which of them have such a place.

    Args:
        bucket: starts of the buckets of the earlier series.
        earlier: how the one is filled.
        later: how the other is.
    """
    if not later.starts:
        away = later.start_ns - earlier.start_ns
        if away % SECOND_NS == 0:
            return replace(bucket, value=bucket.value + ibis.interval(seconds=away // SECOND_NS)), None
        return replace(bucket, value=bucket.value + ibis.interval(milliseconds=away // 10**6)), None
    number = bucket_number(bucket.value, earlier.starts)
    beyond = len(earlier.starts) > len(later.starts)
    return replace(bucket, value=bucket_start(number, later.starts)), (
        number < len(later.starts) - 1 if beyond else None
    )
