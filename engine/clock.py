"""Time as a dependency: everything that asks "what time is it" is handed a clock."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> datetime:
        """Return the current time as an aware datetime in UTC."""
        ...

    def now_ns(self) -> int:
        """Return the current time in nanoseconds since 1970-01-01T00:00:00Z."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the current time as an aware datetime in UTC."""
        return datetime.now(UTC)

    def now_ns(self) -> int:
        """Return the current time in nanoseconds since 1970-01-01T00:00:00Z."""
        return time.time_ns()


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands still, for tests and reproducible reports.

    Attributes:
        at: the time it shows; must be aware.
    """

    at: datetime

    def now(self) -> datetime:
        """Return the fixed time in UTC."""
        return self.at.astimezone(UTC)

    def now_ns(self) -> int:
        """Return the fixed time in nanoseconds since 1970-01-01T00:00:00Z."""
        return (self.at - _EPOCH) // timedelta(microseconds=1) * 1000
