"""When the check-ins of a monitor are an issue, and when it is over: failures and good runs in a row.

Pure. The rules are those of Sentry's documentation ("Set Up Crons", issue thresholds): `failure_issue_threshold`
failures in a row begin an incident, each further failure belongs to it, and `recovery_threshold` good runs in a row end
it. Failures are runs that said so, that were missed, and that took too long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

OK = "ok"
FAILED = ("error", "missed", "timeout")
ENDED = (OK, *FAILED)
"""Statuses of runs that are over; those in progress are neither good nor bad."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How many in a row make an issue, and how many resolve it; 1 where the configuration does not say."""

    failures: int = 1
    recoveries: int = 1


@dataclass(frozen=True, slots=True)
class CheckIn:
    """How a run ended.

    Attributes:
        id: of the run.
        at: when it was said, or when it should have been.
        status: one of `ENDED`.
        accepted: when it came.
        trace_id: of the run, or empty.
    """

    id: str
    at: datetime
    status: str
    accepted: datetime
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A check-in that belongs to an incident.

    Attributes:
        in_a_row: the failures without a good run between them, up to this one, the oldest first.
        last_ok: the last good run before them, None when none is known.
    """

    check_in: CheckIn
    in_a_row: tuple[CheckIn, ...]
    last_ok: datetime | None

    def reason(self) -> str:
        """Return what failed, in words: "2 missed, 1 error"."""
        counts = Counter(one.status for one in self.in_a_row)
        return ", ".join(f"{counts[status]} {status}" for status in FAILED if counts[status])


@dataclass(frozen=True, slots=True)
class Standing:
    """What the check-ins of a monitor come to.

    Attributes:
        failures: those that belong to incidents, in order.
        failing: whether an incident is going on; None when the check-ins do not tell.
        recovered_at: when there were enough good runs in a row for the last time, None for never.
    """

    failures: tuple[Failure, ...]
    failing: bool | None
    recovered_at: datetime | None


def standing(check_ins: Iterable[CheckIn], thresholds: Thresholds) -> Standing:
    """Judge the check-ins of one monitor in one environment, in any order.

    Of a run that is told to have ended more than once the first counts: one that timed out stays so.
    """
    failing: bool | None = None
    recovered_at: datetime | None = None
    last_ok: datetime | None = None
    good = 0
    bad: list[CheckIn] = []
    failures: list[Failure] = []
    for one in _ended(check_ins):
        if one.status == OK:
            good, bad, last_ok = good + 1, [], one.at
            if good == thresholds.recoveries:
                failing, recovered_at = False, one.at
            continue
        good = 0
        bad.append(one)
        failing = True if len(bad) >= thresholds.failures else failing
        if failing:
            failures.append(Failure(one, tuple(bad), last_ok))
    return Standing(tuple(failures), failing, recovered_at)


def _ended(check_ins: Iterable[CheckIn]) -> Sequence[CheckIn]:
    """Return the first end of each run, in the order of time."""
    first: dict[str, CheckIn] = {}
    for one in sorted(check_ins, key=lambda one: (one.at, one.id, one.status)):
        first.setdefault(one.id, one)
    return list(first.values())
