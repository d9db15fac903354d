"""Times without rounding: seconds as a number or digits, or RFC 3339 with any number of fraction digits."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
MIN_DRIFT_NS = 55 * 60 * SECOND_NS
_MAX_SECONDS = 9_200_000_000
"""Nanoseconds of later times do not fit into 64 bits (the year 2261)."""

_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,30}))?\s*(Z|z|UTC|[+-]\d{2}:?\d{2})?",
)


def time_ns(value: object) -> int | None:
    """Return a timestamp as nanoseconds since the epoch, or None when it is none.

    Numbers are seconds. Text without a zone is UTC. Digits below a nanosecond are cut off.
    """
    if isinstance(value, str):
        return _text_ns(value.strip())
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value * SECOND_NS if 0 <= value < _MAX_SECONDS else None
    if isinstance(value, float):
        value = Decimal(repr(value))
    return _decimal_ns(value) if isinstance(value, Decimal) else None


def _decimal_ns(value: Decimal) -> int | None:
    # The comparison comes first: scaling a number such as 1e999999 would allocate a megabyte of digits.
    if not value.is_finite() or not 0 <= value < _MAX_SECONDS:
        return None
    return int(value.scaleb(9))


def _text_ns(value: str) -> int | None:
    match = _RFC3339.fullmatch(value)
    if match is None:
        try:
            return _decimal_ns(Decimal(value)) if len(value) <= 40 else None
        except InvalidOperation:
            return None
    date, clock, fraction, zone = match.groups()
    offset = "+00:00" if zone is None or zone in {"Z", "z", "UTC"} else zone
    seconds = _seconds(f"{date}T{clock}{offset}")
    return None if seconds is None else seconds * SECOND_NS + int((fraction or "0")[:9].ljust(9, "0"))


@lru_cache(maxsize=4096)
def _seconds(moment: str) -> int | None:
    """Return a time in whole seconds; what arrives together was written within a few of them."""
    try:
        whole = datetime.fromisoformat(moment)
    except ValueError:
        return None
    seconds = int((whole - _EPOCH).total_seconds())
    return seconds if 0 <= seconds < _MAX_SECONDS else None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def drift_ns(sent_at: object, received_ns: int) -> int:
    """Return what brings the times of a client whose clock is wrong to ours, 0 when it is right enough.

    A client writes `sent_at` when it sends; how far that lies from the arrival is how wrong its clock is. Less than 55
    minutes are left alone, as by Relay: a slow network and a request that was tried again look the same. What is
    no text is no time a client wrote.
    """
    sent = time_ns(sent_at) if isinstance(sent_at, str) else None
    if sent is None or abs(received_ns - sent) < MIN_DRIFT_NS:
        return 0
    return received_ns - sent


def clamp_ns(time: int, received_ns: int, retention_days: int, drift: int = 0) -> tuple[int, str]:
    """Return a time moved into the accepted window, and the remark that says so (empty when nothing was done).

    `drift` is what `drift_ns` gave; it is added first. The window reaches from 30 days before arrival to one day after
    it. For rows with a retention of 30 days or less it starts later: at its very start they would be dropped at once.
    """
    time += drift
    back_days = max(0, min(30, retention_days - 1))
    earliest = received_ns - back_days * DAY_NS
    if time < earliest:
        return earliest, "timestamp:past"
    latest = received_ns + DAY_NS
    if time > latest:
        return latest, "timestamp:future"
    return time, "timestamp:drifted" if drift else ""
