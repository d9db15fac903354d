"""Lengths of time, sizes, shares and times as canonical text."""

from __future__ import annotations

import datetime as dt

from queries.search.numbers import BYTES_IN, digits_of, percent_digits

_MINUTE = 60 * 10**9
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_SECOND = 10**9
_MILLISECOND = 10**6

_UNITS = (("d", _DAY), ("h", _HOUR), ("min", _MINUTE), ("s", _SECOND))
_SIZES = tuple(
    (unit, int(BYTES_IN[unit])) for unit in ("pib", "pb", "tib", "tb", "gib", "gb", "mib", "mb", "kib", "kb")
)


def print_duration(ns: int) -> str:
    """Return nanoseconds with the largest unit that divides them; a single day stays `24h`."""
    if ns == 0:
        return "0s"
    for unit, length in _UNITS:
        if ns % length == 0 and ns >= (2 * length if unit == "d" else length):
            return f"{ns // length}{unit}"
    whole, rest = divmod(ns, _MILLISECOND)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".") + "ms"


def print_relative(ns: int) -> str:
    """Return an offset from now with its sign, in the units a relative date of the search language takes."""
    sign, amount = ("+", ns) if ns > 0 else ("-", -ns)
    for unit, length in (("d", _DAY), ("h", _HOUR), ("m", _MINUTE)):
        if amount % length == 0 and (amount >= 2 * length or unit != "d"):
            return f"{sign}{amount // length}{unit}"
    return sign + print_duration(amount)


def print_size(amount: float) -> str:
    """Return bytes with the largest unit that divides them."""
    for unit, length in _SIZES:
        if amount >= length and amount % length == 0:
            return f"{int(amount) // length}{unit}"
    return f"{digits_of(amount)}bytes"


def print_percentage(ratio: float) -> str:
    """Return a share in percent."""
    return f"{percent_digits(ratio)}%"


def print_instant(at: dt.datetime, *, whole_day: bool) -> str:
    """Return a day, or a time in UTC."""
    utc = at.astimezone(dt.UTC).replace(tzinfo=None)
    return utc.date().isoformat() if whole_day else f"{utc.isoformat()}Z"
