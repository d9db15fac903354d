"""Times: buckets, parts, zones, reading and writing.

Everything is UTC unless a zone is named. In a zone a day is from midnight to midnight there, 23 to 25 hours where clocks
change; hours of a bucket are those the clock on the wall shows; an hour that comes twice makes two buckets of an hour.
"""

# ruff: noqa: E501 - the table reads best with one declaration in one place
from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from queries.catalog import closest_names, did_you_mean
from queries.check.units import unit_class
from queries.functions.model import Arg, Bound, Build, Function, Want, always, like
from queries.types import FLOAT, INTEGER, STRING, TIME, Base, Missing, ValueType
from queries.values.calls import call
from queries.values.typed import Typed

MS_NS = 1_000_000
SECOND_NS = 1_000 * MS_NS
HOUR_NS = 3600 * SECOND_NS
DAY_NS = 24 * HOUR_NS
CALENDAR_UNITS = ("day", "week", "month", "quarter", "year")
"""Units of the calendar a bucket may have; weeks start on a Monday."""

_FIRST_MONDAY = 4
"""Day of 1970-01-05, counted from 1970-01-01."""

_NULLABLE_TIME = ValueType(Base.TIME, missing=Missing.NULL)


def instant(moment: dt.datetime) -> ir.Value:
    """Return an aware time as a value free of any server time zone."""
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    micros = (moment - epoch) // dt.timedelta(microseconds=1)
    return call("fromUnixTimestamp64Micro", TIME, micros, "UTC")


def bucket(time: ir.Value, every_ns: int, result: ValueType = TIME) -> ir.Value:
    """Return the start of the bucket of `every_ns` a time falls into; buckets count from 1970-01-01, weeks from a Monday.

    The usual widths use the function of their own, which the engine matches with the sorting key.
    """
    named = {HOUR_NS: "toStartOfHour", 60 * SECOND_NS: "toStartOfMinute", 300 * SECOND_NS: "toStartOfFiveMinutes"}
    if every_ns in named:
        return call(named[every_ns], result, time)
    if every_ns % (7 * DAY_NS) == 0:
        whole = call("toDateTime", TIME, time, "UTC")
        monday = call("toDateTime", TIME, "1970-01-05 00:00:00", "UTC")
        if result.nullable:
            # Where a time is missing the engine computes with 1970-01-01, which lies before the first Monday.
            whole = call("greatest", result, whole, monday)
        width = call("toIntervalSecond", INTEGER, every_ns // SECOND_NS)
        return call("toStartOfInterval", result, whole, width, monday)
    if every_ns % SECOND_NS == 0:
        return call("toStartOfInterval", result, time, call("toIntervalSecond", INTEGER, every_ns // SECOND_NS))
    if every_ns < MS_NS:
        raise ValueError("takes a width of at least 1ms for times")
    width = call("toIntervalMillisecond", INTEGER, every_ns // MS_NS)
    # What functions give may be times without fractions, such as buckets of hours, which the engine does not cut finer.
    fine = isinstance(time.op(), ops.Field) and result.precision >= 3
    return call("toStartOfInterval", result, time if fine else call("toDateTime64", result, time, 6, "UTC"), width)


@lru_cache(maxsize=256)
def checked_zone(name: str) -> str:
    """Return the name of a time zone of the IANA database.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        if re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", name) and ZoneInfo(name):
            return name
    except (KeyError, OSError, ValueError):
        pass
    near = did_you_mean(closest_names(name, sorted(available_timezones())))
    raise ValueError(f"knows no time zone called {name!r}{f' ({near})' if near else ''}")


def zoned_bucket(time: ir.Value, width: int | str, zone: str = "UTC", result: ValueType = TIME) -> ir.Value:
    """Return the start of the bucket a time falls into by the calendar and the clock of a zone, as a UTC time.

    Args:
        time: a time.
        width: one of `CALENDAR_UNITS`, or nanoseconds: whole days (counted from 1970-01-01) and weeks (from a Monday),
            hours that divide a day (counted from midnight), or what divides an hour.
        zone: name of a time zone.
        result: type of the result.

    Raises:
        ValueError: there is no such zone or width.
    """
    zone = checked_zone(zone)
    if isinstance(width, str):
        return _calendar(time, width, zone, result)
    if width % DAY_NS == 0:
        return _days(time, width // DAY_NS, zone, result)
    if width % HOUR_NS == 0 and DAY_NS % width == 0:
        hours = call("toIntervalHour", INTEGER, width // HOUR_NS)
        return _utc(call("toStartOfInterval", TIME, time, hours, zone), result)
    if HOUR_NS % width:
        raise ValueError("takes whole days, hours that divide a day, or a width that divides an hour in a time zone")
    if (900 * SECOND_NS) % width == 0:
        return bucket(time, width, result)  # every zone is some quarters of an hour away
    seconds = width // SECOND_NS
    ahead = call("timezoneOffset", INTEGER, call("toTimeZone", TIME, time, zone))
    local = call("toInt64", INTEGER, call("toUnixTimestamp", INTEGER, time)) + ahead
    return call("toDateTime", result, call("intDiv", INTEGER, local, seconds) * seconds - ahead, "UTC")


def _utc(local: ir.Value, result: ValueType) -> ir.Value:
    return call("toTimeZone", result, local, "UTC")


def _midnight(date: ir.Value, zone: str, result: ValueType) -> ir.Value:
    return _utc(call("toDateTime", TIME, date, zone), result)


def _calendar(time: ir.Value, unit: str, zone: str, result: ValueType) -> ir.Value:
    if unit == "day":
        return _utc(call("toStartOfDay", TIME, time, zone), result)
    names = {"week": "toMonday", "month": "toStartOfMonth", "quarter": "toStartOfQuarter", "year": "toStartOfYear"}
    return _midnight(call(names[unit], TIME, time, zone), zone, result)


def _days(time: ir.Value, days: int, zone: str, result: ValueType) -> ir.Value:
    if days in {1, 7}:
        return _calendar(time, "day" if days == 1 else "week", zone, result)
    shift = _FIRST_MONDAY if days % 7 == 0 else 0
    day = call("toInt64", INTEGER, call("toDate", TIME, time, zone)) - shift
    first = call("intDiv", INTEGER, day, days) * days + shift
    return _midnight(call("toDate", TIME, first), zone, result)


def _bin(bound: Bound) -> ir.Value:
    value, width, zone = bound.args[0], bound.args[1].constant, bound.arg(2)
    if not isinstance(width, str) and not width > 0:  # type: ignore[operator]
        raise ValueError("takes a width above 0")
    if value.type.base is Base.TIME:
        if not isinstance(width, str) and unit_class(bound.args[1].type.unit) != "duration":
            raise ValueError("takes a duration as the width of times, such as 5min or 1h")
        return _time_bin(value, width if isinstance(width, str) else int(width), bound)  # type: ignore[call-overload]
    if isinstance(width, str) or zone is not None:
        raise ValueError("takes calendar units and time zones for times only")
    return call("floor", value.type, value.value / width) * width


def _time_bin(time: Typed, width: int | str, bound: Bound) -> ir.Value:
    # An interval with an origin, which weeks have, throws at the 1970-01-01 that a null hides.
    hidden = time.type.nullable and not isinstance(width, str) and width % (7 * DAY_NS) == 0
    if isinstance(width, str) or bound.arg(2) is not None or hidden:
        return zoned_bucket(time.value, width, bound.text(2, "UTC"), time.type)
    return bucket(time.value, width, time.type)


def _ago(bound: Bound) -> ir.Value:
    return instant(bound.facts.now - dt.timedelta(microseconds=int(bound.number(0, 0)) // 1000))


def _now(bound: Bound) -> ir.Value:
    return instant(bound.facts.now)


def _part(name: str) -> Build:
    """Return the builder of a part of a time, in a zone if one is given."""

    def build(bound: Bound) -> ir.Value:
        time = bound.args[0].value
        if bound.arg(1) is not None:
            time = call("toTimeZone", TIME, time, checked_zone(bound.text(1)))
        return call(name, INTEGER, time)

    return build


_DIRECTIVES = {
    **dict.fromkeys("YmdHSjyIpabVuzGf%", ""),
    "M": "i",
    "B": "M",
    "A": "W",
}
"""Signs of `strftime` (C, Python) and what the engine calls those it knows under another."""


def engine_format(pattern: str) -> str:
    """Return the engine's words for a pattern of `strftime`.

    Raises:
        ValueError: it holds a sign that is not known.
    """

    def one(found: re.Match[str]) -> str:
        sign = found[1]
        if sign not in _DIRECTIVES:
            raise ValueError(f"does not know %{sign}; it knows {' '.join('%' + s for s in _DIRECTIVES)}")
        return f"%{_DIRECTIVES[sign] or sign}"

    return re.sub(r"%(.?)", one, pattern, flags=re.DOTALL)


def _format_time(bound: Bound) -> ir.Value:
    pattern = engine_format(bound.text(1))
    wide = call("toDateTime64", TIME, bound.args[0].value, 6, "UTC")
    return call("formatDateTime", STRING, wide, pattern, checked_zone(bound.text(2, "UTC")))


EPOCH_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 0.001}
_EPOCH_LOW, _EPOCH_HIGH = -2_208_988_800_000_000, 9_214_646_400_000_000
"""1900 and 2262 in microseconds from 1970: what times can be."""


def _totime(bound: Bound) -> ir.Value:
    item = bound.args[0]
    if item.type.base is Base.STRING:
        return call("parseDateTime64BestEffortOrNull", _NULLABLE_TIME, item.value, call("toUInt8", INTEGER, 6), "UTC")
    factor = EPOCH_UNITS[bound.text(1, "s")]
    micros = call("round", FLOAT, item.value * factor) if factor != 1 else item.value
    inside = (micros >= _EPOCH_LOW) & (micros < _EPOCH_HIGH)
    whole = call("toInt64", INTEGER, call("if", INTEGER, inside, micros, 0))
    return call("if", _NULLABLE_TIME, inside, call("fromUnixTimestamp64Micro", TIME, whole, "UTC"), ibis.null())


def _unix(bound: Bound) -> ir.Value:
    wide = call("toDateTime64", TIME, bound.args[0].value, 9, "UTC")
    nanos = call("toUnixTimestamp64Nano", INTEGER, wide)
    factor = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}[bound.text(1, "s")]
    # `intDiv` rounds towards zero, which is up before 1970.
    earlier = nanos - call("positiveModulo", INTEGER, nanos, factor)
    return nanos if factor == 1 else call("intDiv", INTEGER, earlier, factor)


def _bin_type(args: tuple[Typed, ...]) -> ValueType:
    return args[0].type


def _nullable_time(_: tuple[Typed, ...]) -> ValueType:
    return replace(TIME, missing=Missing.NULL)


_T = Arg("time", Want.TIME)
_ZONE = Arg("zone", Want.TEXT, optional=True)
_INT = like(INTEGER)
_UNIT = Arg("unit", Want.WORD, optional=True, words=tuple(EPOCH_UNITS))

TIME_FUNCTIONS = (
    Function("bin", (Arg("x", Want.NUMBER_OR_TIME), Arg("width", Want.WIDTH, words=CALENDAR_UNITS), _ZONE), _bin_type, _bin, "keeps the unit of x",
             'Start of the interval x falls into: bin(timestamp, 1h), bin(timestamp, month), bin(timestamp, 1d, "Europe/Berlin"), bin(span.duration, 100ms).',
             "from errors | summarize count() by bin(timestamp, 1h)",
             worked=(('bin(totime("2026-03-29T10:20:30Z"), 1h)', "2026-03-29T10:00:00Z"), ('bin(totime("2026-03-29T10:20:30Z"), 1d, "Europe/Berlin")', "2026-03-28T23:00:00Z"),
                     ('bin(totime("2026-03-29T10:20:30Z"), quarter)', "2026-01-01T00:00:00Z"), ("bin(17, 5)", "15"))),
    *(Function(name, (_T, _ZONE), _INT, _part(engine), "plain number", doc, f"summarize count() by {name}(timestamp)", worked=((f'{name}(totime("2026-10-25T23:30:05Z"))', first), (f'{name}(totime("2026-10-25T23:30:05Z"), "Europe/Berlin")', second)))
      for name, engine, doc, first, second in (
          ("minute_of_hour", "toMinute", "Minute, 0 to 59; in UTC or a zone.", "30", "30"),
          ("hour_of_day", "toHour", "Hour, 0 to 23; in UTC or a zone.", "23", "0"),
          ("day_of_week", "toDayOfWeek", "1 is Monday, 7 is Sunday; in UTC or a zone.", "7", "1"),
          ("day_of_month", "toDayOfMonth", "Day of the month, from 1; in UTC or a zone.", "25", "26"),
          ("day_of_year", "toDayOfYear", "Day of the year, from 1; in UTC or a zone.", "298", "299"),
          ("week_of_year", "toISOWeek", "Week of the year by ISO 8601, 1 to 53; in UTC or a zone.", "43", "44"),
          ("month", "toMonth", "Month, 1 to 12; in UTC or a zone.", "10", "10"),
          ("quarter", "toQuarter", "Quarter, 1 to 4; in UTC or a zone.", "4", "4"),
          ("year", "toYear", "Year; in UTC or a zone.", "2026", "2026"))),
    Function("format_time", (_T, Arg("pattern", Want.TEXT), _ZONE), like(STRING), _format_time, "text",
             "The time as text after a pattern of strftime (%Y %m %d %H %M %S %f %j %y %I %p %a %A %b %B %u %V %G %z), in UTC or a zone.",
             'summarize count() by format_time(timestamp, "%A")',
             worked=(('format_time(totime("2026-10-25T00:30:05Z"), "%Y-%m-%d %H:%M")', '"2026-10-25 00:30"'), ('format_time(totime("2026-10-25T00:30:05Z"), "%H:%M %z", "Europe/Berlin")', '"02:30 +0200"'))),
    Function("totime", (Arg("x", Want.NUMBER_OR_TEXT), _UNIT), _nullable_time, _totime, "time",
             "A text (ISO 8601 and similar, UTC unless it says so) or the seconds (or ms, us, ns) since 1970 as a time; null when it is none.", 'extend t = totime(tags["started"])',
             worked=(('totime("2026-01-02T03:04:05+01:00")', "2026-01-02T02:04:05Z"), ("totime(86400)", "1970-01-02T00:00:00Z"), ("totime(1500, ms)", "1970-01-01T00:00:01.500000Z"), ('totime("soon")', "null"))),
    Function("unix_time", (_T, _UNIT), _INT, _unix, "plain number", "Whole seconds (or ms, us, ns) since 1970.", "extend s = unix_time(timestamp)",
             worked=(('unix_time(totime("1970-01-02T00:00:00Z"))', "86400"), ('unix_time(totime("1970-01-01T00:00:01.5Z"), ms)', "1500"))),
    Function("now", (), always(TIME), _now, "time", "The time the query started.", "extend age = now() - timestamp", worked=(("now() - ago(1h)", "3600000ms"),)),
    Function("ago", (Arg("length", Want.DURATION),), always(TIME), _ago, "time", "That long before now.", "where timestamp > ago(2h)", worked=(("ago(1h) < now()", "true"),)),
)  # fmt: skip
