"""Rows of jobs, as the rest of Amber sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

SKEW = timedelta(minutes=5)
"""By how much the clocks of two processes may differ without one of them thinking the other's was set back."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job that runs now and then.

    Attributes:
        every_s: seconds from the begin of a run to that of the next.
        next_due: when it is to run next.
        last_result: what the last run that went well said of itself.
        last_error: why the last run failed; empty when it did not.
        failures: runs that failed since the last that did not.
        holder: the process that runs it; empty for none.
        lease_until: until when the holder has it unless it renews the lease.
    """

    name: str
    every_s: int
    next_due: datetime
    last_started: datetime | None = None
    last_finished: datetime | None = None
    last_result: str = ""
    last_error: str = ""
    failures: int = 0
    holder: str = ""
    lease_until: datetime | None = None

    def running(self, now: datetime) -> bool:
        """Return whether somebody has it at `now`."""
        return self.lease_until is not None and self.lease_until > now

    def is_due(self, now: datetime) -> bool:
        """Return whether its time has come, or lies so far ahead that the clock must have been set back.

        The next run is never planned for later than the job's own pause from now; one that seems to be, was planned by
        a clock that was ahead, or when the pause was longer.
        """
        return self.next_due <= now or self.next_due > now + timedelta(seconds=self.every_s) + SKEW


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a run of a job ended.

    Attributes:
        next_due: when it is to run next.
        result: what it did, in a few words.
        error: why it failed; empty when it did not.
    """

    next_due: datetime
    result: str
    error: str = ""
