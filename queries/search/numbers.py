"""Digits with units as exact numbers, and back to digits.

Decimal arithmetic keeps `3.3s` at 3 300 000 000 ns and `7%` at 0.07; binary floats would be off in the last digit and a
printed query would then read differently from the one that was typed.
"""

from __future__ import annotations

from decimal import Context, Decimal, localcontext

MILLISECONDS_IN = {
    "ms": Decimal(1),
    "s": Decimal(1_000),
    "min": Decimal(60_000),
    "m": Decimal(60_000),
    "hr": Decimal(3_600_000),
    "h": Decimal(3_600_000),
    "day": Decimal(86_400_000),
    "d": Decimal(86_400_000),
    "wk": Decimal(604_800_000),
    "w": Decimal(604_800_000),
}
"""Milliseconds in one unit of time."""

BYTES_IN = {
    "bit": Decimal("0.125"),
    "b": Decimal(1),
    "bytes": Decimal(1),
    **{f"{prefix}b": Decimal(1000) ** power for power, prefix in enumerate("kmgtpezy", start=1)},
    **{f"{prefix}ib": Decimal(1024) ** power for power, prefix in enumerate("kmgtpezy", start=1)},
}
"""Bytes in one unit of data."""

MULTIPLIER = {"": Decimal(1), "k": Decimal(1_000), "m": Decimal(1_000_000), "b": Decimal(1_000_000_000)}
"""What the shorthand after a number multiplies by."""

PERCENT = Decimal("0.01")
"""The share one percent is."""

NANOSECONDS_IN_MILLISECOND = 1_000_000

MAX_QUANTITY = 10**60
"""Numbers, nanoseconds and bytes beyond this are text: nobody measured them, and floats would lose their way."""

_SURELY_SMALL_DIGITS = 25
_EXACT = Context(prec=700)


def exact(digits: str, factor: Decimal = Decimal(1)) -> int | float:
    """Return `digits` times `factor`: an int when it is whole, else the nearest float."""
    with localcontext(_EXACT):
        return plain(Decimal(digits) * factor)


def too_large(digits: str, factor: Decimal = Decimal(1)) -> bool:
    """Return whether a quantity is beyond what the language measures."""
    if len(digits) <= _SURELY_SMALL_DIGITS:
        return False
    with localcontext(_EXACT):
        return Decimal(digits) * factor > MAX_QUANTITY


def plain(value: Decimal) -> int | float:
    """Return a decimal as int when it is whole, else as float."""
    return int(value) if value == value.to_integral_value() else float(value)


def scaled(digits: str, shorthand: str | None) -> int | float:
    """Return a number with its k, m or b applied."""
    return exact(digits, MULTIPLIER[(shorthand or "").lower()])


NANOSECONDS_IN = {unit: length * NANOSECONDS_IN_MILLISECOND for unit, length in MILLISECONDS_IN.items()}
"""Nanoseconds in one unit of time."""


def nanoseconds(digits: str, unit: str) -> int:
    """Return a length of time in whole nanoseconds."""
    with localcontext(_EXACT):
        return int((Decimal(digits) * NANOSECONDS_IN[unit]).to_integral_value())


def digits_of(value: float) -> str:
    """Return a number without exponent, so that reading it gives the same number."""
    if isinstance(value, int) or not value:
        return str(int(value))  # zero has no sign
    with localcontext(_EXACT):
        text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent_digits(ratio: float) -> str:
    """Return the digits before the percent sign of a share."""
    with localcontext(_EXACT):
        text = format(Decimal(repr(ratio)) * 100, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
