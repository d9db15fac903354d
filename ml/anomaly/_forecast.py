"""What the next hour of a count was to be expected to be, from the hours before: the band an escalation leaves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from ml.anomaly._baseline import FEW_EVENTS
from ml.anomaly._counts import CountModel, usual_counts
from ml.anomaly._robust import spread
from queries.detectors import NotEnough

MIN_HOURS: Final = 24
"""With less than a day no hour of the day has been seen twice."""

DAY: Final = 24
_PHASE_DAYS: Final = 3
_SCORE: Final = 5.0
"""Standard deviations above the expected: once in 3.5 million hours by chance, once in two weeks for 10 000 series."""


@dataclass(frozen=True, slots=True)
class Band:
    """What an hour was to be expected to count, and the most that is still usual."""

    expected: float
    upper: float


def forecast(history: Sequence[float]) -> Band | NotEnough:
    """Return the band of the hour that follows a history of hourly counts, the oldest first.

    The level is that of all hours, or that of the same hour of the day or one next to it where it is higher, so that
    a daily peak is no news, early or late. What was unusual in the history widens nothing.
    """
    if len(history) < MIN_HOURS:
        return NotEnough(f"There are fewer than {MIN_HOURS} hours before it")
    bands = [_band(history)]
    if len(history) >= _PHASE_DAYS * DAY:
        near = (len(history) + shift for shift in (-1, 0, 1))
        bands += [_band([*history[place % DAY :: DAY]]) for place in near]
    return max(bands, key=lambda band: band.upper)


def _band(counts: Sequence[float]) -> Band:
    middle = median(counts)
    if middle < FEW_EVENTS:
        means, dispersion = usual_counts({0: counts})
        mean = means[0]
        # A mean of few hours is not certain, which makes the next one vary more.
        model = CountModel(mean, mean * dispersion * (1.0 + 1.0 / len(counts)))
        return Band(mean, float(model.bounds(_SCORE)[1]))
    sigma = max(spread([count - middle for count in counts], max(counts)), math.sqrt(middle))
    return Band(middle, middle + _SCORE * sigma * math.sqrt(1.0 + 1.0 / len(counts)))
