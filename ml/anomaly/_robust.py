"""Medians and robust spreads of values of which some are missing."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Sequence
from statistics import fmean, median
from typing import Final

MAD_TO_SIGMA: Final = 1.482602218505602
"""1 / Φ⁻¹(3/4): the median of absolute deviations of a normal distribution times this is its standard deviation."""

ROUNDING: Final = 1e-9
"""Differences smaller than this part of the largest value are noise of floats."""

Values = Sequence[float | None]


def present(values: Values) -> list[float]:
    """Return the values that are there."""
    return [value for value in values if value is not None]


def spread(deviations: Sequence[float], largest: float) -> float:
    """Return a robust standard deviation of deviations, never quite zero.

    When more than half of them are equal the median says nothing, and the root mean square is taken instead: one spike
    among n equal values is then √n of them away.

    Args:
        deviations: around zero; at least one.
        largest: largest value there is, of which the rounding of floats is a part.
    """
    mad = median(map(abs, deviations)) * MAD_TO_SIGMA
    floor = largest * ROUNDING
    if mad <= floor:
        mad = math.sqrt(fmean(d * d for d in deviations))
    return max(mad, floor)


def rolling_median(values: Values, width: int) -> list[float]:
    """Return the median of the `width` buckets around each bucket; at the ends of the first or last `width`.

    A stretch without any value has the median of all.
    """
    whole = median(present(values) or [0.0])
    width = min(width, len(values))
    window = sorted(present(values[:width]))
    result: list[float] = []
    first = 0
    for position in range(len(values)):
        wanted = min(max(position - width // 2, 0), len(values) - width)
        while first < wanted:
            gone, new = values[first], values[first + width]
            if gone is not None:
                window.pop(bisect_left(window, gone))
            if new is not None:
                insort(window, new)
            first += 1
        result.append(_middle(window) if window else whole)
    return result


def _middle(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def slope(values: Values) -> float:
    """Return a robust slope per bucket: the median of slopes between buckets half the series apart.

    A thinned-out Theil-Sen estimate (Sen, Estimates of the regression coefficient based on Kendall's tau, 1968).
    """
    half = len(values) // 2
    pairs = [(values[i], values[i + half]) for i in range(len(values) - half)]
    slopes = [(b - a) / half for a, b in pairs if a is not None and b is not None] if half else []
    return median(slopes) if slopes else 0.0
