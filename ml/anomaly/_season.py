"""The period a series repeats with, and what each phase of it adds to the level."""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean, median
from typing import Final

from ml.anomaly._robust import Values, rolling_median

SECONDS: Final = {"hour": 3_600, "day": 86_400, "week": 604_800}
MIN_SEASONS: Final = 3
"""Periods a series must cover: with two, neither can be told to be the unusual one."""

MIN_PHASES: Final = 4
"""Buckets of a period, fewer show no shape."""

WORTH: Final = 0.8
"""A season found by itself leaves at most this part of the spread."""


ODD_SHARE: Final = 0.02
"""Part of the buckets that may deviate without being part of the shape."""


def period_of(season: str, every_s: float, buckets: int) -> int | None:
    """Return the length of a named season in buckets; None when the series is too short or the buckets do not fit."""
    period = SECONDS[season] / every_s
    if abs(period - round(period)) > 1e-6 or round(period) < MIN_PHASES or round(period) * MIN_SEASONS > buckets:
        return None
    return round(period)


def seasonal(values: Values, period: int) -> list[float]:
    """Return what the phase of each bucket adds to the level: the median of the same phase in the other periods.

    The bucket itself is left out, so that it does not explain itself. Phases without another value add nothing.
    """
    level = rolling_median(values, period)
    phases: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for position, value in enumerate(values):
        if value is not None:
            phases[position % period].append((position, value - level[position]))
    shape = [0.0] * len(values)
    for position in range(len(values)):
        others = [rest for other, rest in phases[position % period] if other != position]
        shape[position] = median(others) if others else 0.0
    return shape


def found_period(values: Values, every_s: float) -> int | None:
    """Return the period that explains the series best, or None when none explains enough.

    A season has to explain what the running level of the same width leaves, so that a trend is none.
    """
    found: list[tuple[float, int]] = []
    for season in SECONDS:
        period = period_of(season, every_s, len(values))
        if period is None:
            continue
        level, shape = rolling_median(values, period), seasonal(values, period)
        left = _left(values, [a + b for a, b in zip(level, shape, strict=True)])
        if left < WORTH * _left(values, level):
            found.append((left, period))
    return min(found)[1] if found else None


def _left(values: Values, expected: list[float]) -> float:
    """Return the mean deviation from what was expected, the largest ones left out: a few may be anomalies."""
    rest = sorted(abs(v - e) for v, e in zip(values, expected, strict=True) if v is not None)
    rest = rest[: len(rest) - int(len(rest) * ODD_SHARE)]
    return fmean(rest) if rest else 0.0
