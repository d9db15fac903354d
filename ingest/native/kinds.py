"""Values of native lines as their columns want them: one converter for each kind of column.

Each raises ValueError with what is expected; the reader adds the name of the member.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from engine.schema import Kind
from ingest.normalise.times import time_ns
from ingest.normalise.values import number, text

MAX_TEXT_CHARS = 65_536
MAX_ELEMENTS = 10_000

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|m|min|h|d)\s*")
_NS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": 10**9,
    "m": 60 * 10**9,
    "min": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86_400 * 10**9,
}
_NS_OF_TIME = {Kind.TIME_NANO: 1, Kind.TIME_MICRO: 1_000, Kind.TIME_MILLI: 1_000_000, Kind.NULLABLE_TIME: 1_000_000}
_MAX_SECONDS = 10**11
"""Larger numbers are no seconds: milliseconds, microseconds or nanoseconds, by their size."""

Converter = Callable[[Any], Any]


def duration_ns(value: object) -> int:
    """Return a duration in nanoseconds: a number of them, or a text with a unit such as `120ms`."""
    if isinstance(value, str):
        found = _DURATION.fullmatch(value)
        if found is None:
            raise ValueError("expected nanoseconds, or a text with a unit such as '120ms'")
        return _whole(int(Decimal(found[1]) * _NS[found[2]]), 0, 2**63 - 1)
    return _whole(value, 0, 2**63 - 1)


def moment_ns(value: object) -> int:
    """Return a time in nanoseconds since the epoch.

    Text is RFC 3339; a number is seconds, or milliseconds, microseconds or nanoseconds when it is too large for seconds
    after 1970 (from 10^11, 10^14 and 10^17 on).
    """
    amount = value if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None
    if amount is not None and amount >= _MAX_SECONDS:
        scale = 10**6 if amount < 10**14 else 10**3 if amount < 10**17 else 1
        found = int(amount) * scale
        if found < 2**63:
            return found
    else:
        sent = time_ns(value)
        if sent is not None:
            return sent
    raise ValueError("expected a time: RFC 3339, or seconds since 1970")


def converter(kind: Kind) -> Converter:
    """Return what turns a JSON value into a value of a column."""
    return _CONVERTERS[kind]


def empty_of(kind: Kind) -> Any:
    """Return what stands in a column nobody gave a value for."""
    return _EMPTY[kind]


def _text(value: object) -> str:
    if isinstance(value, dict | list):
        raise ValueError("expected a text")  # noqa: TRY004 - the one error of converters
    return text(value)[:MAX_TEXT_CHARS].replace("\0", "\ufffd")


def _whole(value: object, least: int, most: int) -> int:
    amount = number(value)
    found = value if isinstance(value, int) and not isinstance(value, bool) else None
    if found is None and amount is not None and amount == int(amount):
        found = int(Decimal(str(value)))
    if found is None or not least <= found <= most:
        raise ValueError(f"expected a whole number from {least} to {most}")
    return found


def _natural(bits: int) -> Converter:
    return lambda value: _whole(value, 0, 2**bits - 1)


def _float(value: object) -> float:
    amount = number(value)
    if amount is None:
        raise ValueError("expected a number")
    return amount


def _bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise ValueError("expected true or false")


def _time(kind: Kind) -> Converter:
    return lambda value: moment_ns(value) // _NS_OF_TIME[kind]


def _optional(convert: Converter) -> Converter:
    return lambda value: None if value is None else convert(value)


def _list(convert: Converter) -> Converter:
    def read(value: object) -> list[Any]:
        if not isinstance(value, list) or len(value) > MAX_ELEMENTS:
            raise ValueError(f"expected a list of at most {MAX_ELEMENTS} elements")
        return [convert(element) for element in value]

    return read


def _map(convert: Converter) -> Converter:
    def read(value: object) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueError("expected an object")  # noqa: TRY004 - the one error of converters
        return {str(key)[:200]: convert(one) for key, one in value.items() if one is not None}

    return read


_CONVERTERS: dict[Kind, Converter] = {
    Kind.STRING: _text,
    Kind.SYMBOL: _text,
    Kind.UINT8: _natural(8),
    Kind.UINT16: _natural(16),
    Kind.UINT32: _natural(32),
    Kind.UINT64: _natural(64),
    Kind.INT32: lambda value: _whole(value, -(2**31), 2**31 - 1),
    Kind.FLOAT64: _float,
    Kind.BOOL: _bool,
    Kind.NULLABLE_BOOL: _optional(_bool),
    Kind.NULLABLE_UINT16: _optional(_natural(16)),
    Kind.NULLABLE_FLOAT64: _optional(_float),
    Kind.TIME_MILLI: _time(Kind.TIME_MILLI),
    Kind.TIME_MICRO: _time(Kind.TIME_MICRO),
    Kind.TIME_NANO: _time(Kind.TIME_NANO),
    Kind.NULLABLE_TIME: _optional(_time(Kind.NULLABLE_TIME)),
    Kind.STRINGS: _list(_text),
    Kind.SYMBOLS: _list(_text),
    Kind.UINT8S: _list(_natural(8)),
    Kind.UINT32S: _list(_natural(32)),
    Kind.UINT64S: _list(_natural(64)),
    Kind.FLOAT64S: _list(_float),
    Kind.BOOLS: _list(_bool),
    Kind.STRING_MAP: _map(lambda value: text(value)[:MAX_TEXT_CHARS]),
    Kind.NUMBER_MAP: _map(_float),
}

TAKEN = frozenset(_CONVERTERS)
"""Kinds of columns a line may fill."""

_EMPTY: dict[Kind, Any] = {
    **dict.fromkeys((Kind.STRING, Kind.SYMBOL), ""),
    **dict.fromkeys((Kind.UINT8, Kind.UINT16, Kind.UINT32, Kind.UINT64, Kind.INT32), 0),
    **dict.fromkeys((Kind.TIME_MILLI, Kind.TIME_MICRO, Kind.TIME_NANO), 0),
    **dict.fromkeys((Kind.NULLABLE_BOOL, Kind.NULLABLE_UINT16, Kind.NULLABLE_FLOAT64, Kind.NULLABLE_TIME), None),
    **dict.fromkeys((Kind.STRINGS, Kind.SYMBOLS, Kind.UINT8S, Kind.UINT32S, Kind.UINT64S, Kind.FLOAT64S), ()),
    Kind.BOOLS: (),
    Kind.FLOAT64: 0.0,
    Kind.BOOL: False,
    Kind.STRING_MAP: {},
    Kind.NUMBER_MAP: {},
}
