"""When it began, and whether anything is wrong at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.rca._case import Case, Direction, Floats, Signal
from ml.rca._measure import Bools, Measures

MOST_P_VALUE: Final = 0.05
"""Nothing is called wrong that is this probable without a fault."""

_USUAL: Final = 2.0
"""Deviation below which a bucket speaks against being part of the bad time, in standard deviations."""

_MOST: Final = 8.0
"""Deviation above which a bucket says no more: one bucket alone is not to make a bad time of its neighbours."""

_NEAR: Final = 3.0
"""Begins whose log likelihood is less than this below the best one's are possible: about 95 % of them."""

_WORST: Final = 3
"""Series of many that tell when it was."""

_STOOD: Final = 0.25
"""A series that is off for all but this part of the time around the window was so before."""

_TAIL: Final = 0.1
BEFORE: Final = 5
"""Points looked at just before it began."""


@dataclass(frozen=True, slots=True)
class BadTime:
    """The stretch of points that is bad.

    Attributes:
        hot: its points.
        cold: a few points just before it; may be empty.
        earliest: first point at which it may have begun.
        latest: last one.
    """

    hot: slice
    cold: slice
    earliest: int
    latest: int


def symptom_series(case: Case, measures: Measures) -> list[int]:
    """Return the places of the series the symptom is about; those of all nodes when it names none."""
    wanted = case.symptom
    found = [
        i
        for i, one in enumerate(measures.series)
        if not np.isnan(measures.centre[i]) and not one.peer and wanted.node in {"", one.node}
    ]
    if not wanted.node:
        return [i for i in found if measures.series[i].signal is not Signal.TRAFFIC]
    found = [i for i in found if measures.series[i].signal is wanted.signal]
    named = [i for i in found if measures.series[i].name == wanted.name]
    return named if wanted.name and named else found


def tracks(case: Case, measures: Measures, places: list[int]) -> Floats:
    """Return the deviation of each chosen series in the direction of the symptom, shape (places, points)."""
    way = case.symptom.direction
    chosen = None if way is Direction.EITHER or not case.symptom.node else way
    return np.array([measures.bad(i, chosen) for i in places]).reshape(len(places), measures.values.shape[1])


def p_value(measures: Measures, deviations: Floats) -> float:
    """Return the probability that a window of this length is as far off as this one without a fault.

    Two points in succession count, the smaller of them: a single spike is nothing. What is usual is learnt from the
    baseline, its tail taken for exponential above the upper tenth (as extremes of most series are, Coles, An
    Introduction to Statistical Modeling of Extreme Values, 2001, chapter 4); the number of pairs that were looked at
    and of series is counted in (Bonferroni).

    Args:
        measures: of all series.
        deviations: of the series looked at, shape (places, points).
    """
    found = 1.0
    for row in deviations:
        usual, seen = _pairs(row, measures.baseline), _pairs(row, measures.window)
        if len(usual) and len(seen):
            found = min(found, float(len(seen)) * _beyond(usual, float(seen.max())))
    return min(1.0, found * len(deviations))


def _pairs(row: Floats, where: Bools) -> Floats:
    """Return the smaller deviation of each two points in succession; of single points where there is but one."""
    places = np.flatnonzero(where & ~np.isnan(row))
    if len(places) < 2:
        return row[places]
    return np.minimum(row[places[:-1]], row[places[1:]])


def _beyond(usual: Floats, seen: float) -> float:
    """Return how probable a value at least as large is, given usual ones."""
    edge = float(np.quantile(usual, 1.0 - _TAIL))
    if seen <= edge:
        return float(np.mean(usual >= seen))
    excess = usual[usual > edge] - edge
    # A tail that a few values show may be longer: by one standard error of its mean.
    mean = max(float(excess.mean()) if len(excess) else 0.0, 0.5) * (1.0 + 1.0 / np.sqrt(max(1, len(excess))))
    return _TAIL * float(np.exp(-(seen - edge) / mean))


def bad_time(measures: Measures, deviations: Floats) -> BadTime | None:
    """Return the bad time within the window, or None when no point is bad.

    It is the stretch with the largest sum of deviations, less what is usual: the likeliest one when bad points are
    drawn from a shifted distribution (the cumulative sum of Page, Continuous inspection schemes, 1954). A stretch that
    begins with the window goes on before it as long as points are bad.
    """
    track = _track(measures, deviations)
    allowed = np.flatnonzero(measures.window)
    if not len(allowed) or np.all(np.isnan(track[allowed])):
        return None
    first, last = int(allowed[0]), int(allowed[-1]) + 1
    while first > 0 and not measures.baseline[first - 1] and track[first - 1] > _USUAL:
        first -= 1
    gains = np.nan_to_num(np.clip(track[first:last], -_MOST, _MOST) - _USUAL, nan=0.0)
    sums = np.concatenate([[0.0], np.cumsum(gains)])
    lowest = np.minimum.accumulate(sums)
    end = int(np.argmax(sums - lowest))
    if end == 0:
        return None
    start = int(np.argmin(sums[:end]))
    possible = np.flatnonzero(sums[:end] <= sums[start] + _NEAR)
    near = possible[np.abs(possible - start) <= max(1, end - start)]
    begin = first + start
    within = np.flatnonzero(measures.window[:begin])
    cold_from = max(begin - BEFORE, int(within[0])) if len(within) else max(0, begin - BEFORE)
    return BadTime(
        hot=slice(begin, first + end),
        cold=slice(cold_from, begin),
        earliest=first + int(near[0]),
        latest=first + int(near[-1]),
    )


def _track(measures: Measures, deviations: Floats) -> Floats:
    """Return one deviation for each point: of the one series, or of the worst few of many.

    Of many, each counts from where it stood around the window: what has been off for long would hide the rest.
    """
    if len(deviations) == 1:
        found: Floats = deviations[0]
        return found
    window = np.flatnonzero(measures.window)
    around = deviations[:, max(0, int(window[0]) - len(window)) : int(window[-1]) + 1] if len(window) else deviations
    filled = np.nan_to_num(deviations, nan=0.0)
    stood = np.maximum(np.quantile(np.nan_to_num(around, nan=0.0), _STOOD, axis=1), 0.0)
    worst = np.sort(np.maximum(filled - stood[:, None], 0.0), axis=0)[-_WORST:].mean(axis=0)
    usual = worst[measures.baseline]
    if not len(usual):
        return np.asarray(worst, dtype=np.float64)
    spread = max(float(np.quantile(usual, 0.95) - np.median(usual)) / 1.645, 0.5)
    return np.asarray((worst - np.median(usual)) / spread, dtype=np.float64)
