"""Rules for single values: numbers, lengths of time, sizes, dates, text, regular expressions."""

from __future__ import annotations

import datetime as dt
import re

from queries.search.numbers import BYTES_IN, MULTIPLIER, NANOSECONDS_IN, too_large
from queries.search.reader import NUMERIC, Reader
from queries.search.tokens import (
    BooleanValue,
    DateValue,
    DurationValue,
    NumberValue,
    PercentageValue,
    RegexValue,
    RelativeDateValue,
    SizeValue,
    TextValue,
)

MAX_REGEX = 256

_NUMBER = re.compile(rf"(-?{NUMERIC})([kmbKMB]?)")
_DURATION = re.compile(rf"({NUMERIC})(ms|s|min|m|hr|h|day|d|wk|w)")
_SIZE = re.compile(rf"({NUMERIC})(bit|bytes|[kmgtpezy]i?b|b)", re.IGNORECASE)
_PERCENTAGE = re.compile(rf"({NUMERIC})%")
_BOOLEAN = re.compile(r"true|false|[01]", re.IGNORECASE)
_DATE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:T([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6}+)?))?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_RELATIVE = re.compile(r"([+-])([0-9]{1,100}+)([wdhm])")

RELATIVE_UNITS = {
    "w": dt.timedelta(weeks=1),
    "d": dt.timedelta(days=1),
    "h": dt.timedelta(hours=1),
    "m": dt.timedelta(minutes=1),
}


def read_number(reader: Reader, position: int) -> NumberValue | None:
    """Read `-12.5k`; a comma or `]` may follow, because lists hold numbers too."""
    match = reader.match(_NUMBER, position)
    if match is None or not (reader.ends_value(match.end()) or reader.at(match.end()) in ",]"):
        return None
    if too_large(match[1], MULTIPLIER[match[2].lower()]):
        return None
    return NumberValue(match[1], match[2] or None, position, match.end())


def read_duration(reader: Reader, position: int) -> DurationValue | None:
    """Read `1.5s`."""
    match = reader.match(_DURATION, position)
    if match is None or not reader.ends_value(match.end()) or too_large(match[1], NANOSECONDS_IN[match[2]]):
        return None
    return DurationValue(match[1], match[2], position, match.end())


def read_size(reader: Reader, position: int) -> SizeValue | None:
    """Read `3kib`; units in any case."""
    match = reader.match(_SIZE, position)
    if match is None or not reader.ends_value(match.end()) or too_large(match[1], BYTES_IN[match[2].lower()]):
        return None
    return SizeValue(match[1], match[2], position, match.end())


def read_percentage(reader: Reader, position: int) -> PercentageValue | None:
    """Read `5%`."""
    match = reader.match(_PERCENTAGE, position)
    return None if match is None or too_large(match[1]) else PercentageValue(match[1], position, match.end())


def read_boolean(reader: Reader, position: int) -> BooleanValue | None:
    """Read `true`, `false`, `1` or `0`."""
    match = reader.match(_BOOLEAN, position)
    if match is None or not reader.ends_value(match.end()):
        return None
    return BooleanValue(match[0], position, match.end())


def parse_instant(date: str, time: str | None, zone: str | None) -> dt.datetime | None:
    """Return the UTC time of ISO parts, or None when there is no such day, hour or zone."""
    offset = "+00:00" if zone in {None, "Z"} else str(zone)
    try:
        return dt.datetime.fromisoformat(f"{date}T{time or '00:00:00'}{offset}").astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def read_date(reader: Reader, position: int) -> DateValue | None:
    """Read `2026-03-01` or `2026-03-01T10:00:00.5+02:00`."""
    match = reader.match(_DATE, position)
    if match is None or not reader.ends_value(match.end()):
        return None
    at = parse_instant(match[1], match[2], match[3])
    if at is None:
        return None
    return DateValue(match[0], match[1], match[2], match[3], at, position, match.end())


def shift(now: dt.datetime, token: RelativeDateValue) -> dt.datetime | None:
    """Return the time a relative date means, or None when it is outside the calendar."""
    try:
        amount = RELATIVE_UNITS[token.unit] * int(token.value)
        return now - amount if token.sign == "-" else now + amount
    except OverflowError:
        return None


def read_relative_date(reader: Reader, position: int) -> RelativeDateValue | None:
    """Read `-24h` or `+7d`."""
    match = reader.match(_RELATIVE, position)
    if match is None or not reader.ends_value(match.end()):
        return None
    token = RelativeDateValue(match[2], match[1], match[3], position, match.end())
    return None if shift(reader.now, token) is None else token


def read_quoted(reader: Reader, position: int) -> TextValue | None:
    """Read `"text"`; a backslash keeps a quote inside."""
    match = reader.match(reader.classes.quoted, position)
    return None if match is None else TextValue(match[1], True, position, match.end())


def read_text(reader: Reader, position: int) -> TextValue:
    """Read quoted text, or whatever stands up to the next blank or parenthesis, possibly nothing."""
    quoted = read_quoted(reader, position)
    if quoted is not None:
        return quoted
    match = reader.match(reader.classes.value, position)
    end = match.end() if match else position
    return TextValue(reader.text[position:end], False, position, end)


def read_regex(reader: Reader, position: int) -> RegexValue | None:
    """Read `//pattern//`, where the closing `//` is the first one that a value may end after."""
    text = reader.text
    if not text.startswith("//", position, reader.end):
        return None
    searched_from = reader.regex_close_searched_from
    if searched_from is not None and position >= searched_from:
        return None
    close = text.find("//", position + 2, reader.end)
    while close >= 0 and not reader.ends_value(close + 2):
        close = text.find("//", close + 1, reader.end)
    if close < 0:
        reader.regex_close_searched_from = position
        return None
    return RegexValue(text[position + 2 : close], position, close + 2)
