"""The times of an analysis: what is bad, what it is compared with, and the steps its series have. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from engine.errors import UserError
from ml import rca

Times = tuple[datetime, datetime]
STEPS_S: Final = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 86_400)
MOST_POINTS: Final = 480
"""Points of a series: half a minute of an hour and its baseline, and few enough for fifty services."""

LEAST_WINDOW: Final = timedelta(minutes=1)
MOST_WINDOW: Final = timedelta(days=31)
_BASELINES: Final = 6
"""The baseline is so many times as long as the window ..."""

_LEAST_STEPS: Final = 5
_LEAST_BASELINE: Final = timedelta(hours=2)
_MOST_BASELINE: Final = timedelta(days=14)
CHANGES_BEFORE: Final = timedelta(hours=24)
"""Changes so long before the window are looked at."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The times of an analysis, whole steps since 1970; ranges hold their start and not their end.

    Attributes:
        window: what is bad.
        baseline: when all was well; it ends where the window starts.
        step_s: width of a bucket, in seconds.
    """

    window: Times
    baseline: Times
    step_s: int

    @property
    def whole(self) -> Times:
        """Baseline and window."""
        return self.baseline[0], self.window[1]

    @property
    def grid(self) -> rca.Grid:
        """The buckets of every series."""
        start, end = (one.timestamp() for one in self.whole)
        return rca.Grid(start, self.step_s, round((end - start) / self.step_s))

    def around(self, part: float) -> Times:
        """Return a part of the baseline and as large a part of the window, where the one becomes the other.

        Args:
            part: 0 to 1; five steps on each side are the least.
        """
        (first, middle), end = self.baseline, self.window[1]
        least = timedelta(seconds=_LEAST_STEPS * self.step_s)
        before, after = max((middle - first) * part, least), max((end - middle) * part, least)
        start = _floor(max(first, middle - before), self.step_s)
        return start, _ceiling(min(end, middle + after), self.step_s)

    @property
    def looked_back(self) -> Times:
        """Where changes are looked for."""
        return min(self.baseline[0], self.window[0] - CHANGES_BEFORE), self.window[1]


def frame_of(window: Times, baseline: timedelta | None = None) -> Frame:
    """Return the times of an analysis.

    Args:
        window: what is bad; widened to whole steps.
        baseline: how long before it is compared with; None for six times as long, two hours at least.

    Raises:
        UserError: the window or the baseline is too short or too long.
    """
    start, end = window
    length = end - start
    if not LEAST_WINDOW <= length <= MOST_WINDOW:
        raise UserError(
            "The window of an analysis is a minute long at least and 31 days at most.",
            code="rca-window-invalid",
            hint="Choose the time in which it was bad, such as range=1h, or start and end.",
        )
    before = baseline or min(max(_BASELINES * length, _LEAST_BASELINE), _MOST_BASELINE)
    if not LEAST_WINDOW <= before <= 3 * MOST_WINDOW:
        raise UserError("The baseline is a minute long at least and 93 days at most.", code="rca-window-invalid")
    step = _step(length + before)
    first, last = _floor(start, step), _ceiling(end, step)
    return Frame((first, last), (_floor(first - before, step), first), step)


def _step(length: timedelta) -> int:
    seconds = length.total_seconds()
    return next((step for step in STEPS_S if seconds / step <= MOST_POINTS), STEPS_S[-1])


def _floor(at: datetime, step: int) -> datetime:
    return datetime.fromtimestamp(at.timestamp() // step * step, UTC)


def _ceiling(at: datetime, step: int) -> datetime:
    return datetime.fromtimestamp(-(-at.timestamp() // step) * step, UTC)


def seconds_of(times: Times) -> rca.Range:
    """Return a range of time as `ml.rca` counts it."""
    return rca.Range(times[0].timestamp(), times[1].timestamp())


def moment(seconds: float) -> datetime:
    """Return seconds since 1970 as a time."""
    return datetime.fromtimestamp(seconds, UTC)
