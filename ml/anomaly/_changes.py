"""When the level of a series changed.

The series is cut into stretches of constant level so that the sum of squares within them plus a penalty for each cut
is least, by PELT (Killick, Fearnhead and Eckley, Optimal detection of changepoints with a linear computational cost,
JASA 107, 2012). The noise is measured by differences of neighbours, which levels do not touch; the penalty is that of
the modified BIC, 3 σ² ln n (Zhang and Siegmund 2007), widened for noise that goes on from bucket to bucket. A season is
taken off first, spikes are taken out (Hampel's filter), counts are put on the scale on which their noise is even
(Anscombe's).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from statistics import median
from typing import Final

from ml.anomaly._robust import MAD_TO_SIGMA, ROUNDING, Values, present, rolling_median, spread
from ml.anomaly._season import found_period, seasonal
from queries.detectors import Change, NotEnough, Series

MIN_BUCKETS: Final = 20
MIN_STRETCH: Final = 5
"""Buckets of a level: a shorter one is a spike."""

MOST_P_VALUE: Final = 0.05
_SPIKE: Final = 4.0
_NINE_TENTHS: Final = 0.789
"""Root mean square of the smaller nine tenths of standard normal deviations: √(1 - 2·1.645·φ(1.645)/0.9)."""

_POISSON_NOISE: Final = 1.0
"""Standard deviation of Poisson's counts on Anscombe's scale; real counts are never more even than chance."""

_MAX_CUTS: Final = 600
"""Places a cut is tried at first; in longer series it is then moved to the best place between two of them."""


def find_changes(series: Series) -> Sequence[Change] | NotEnough:
    """Return the changes of level; see `queries.detectors.ChangeDetector`."""
    positions = [i for i, value in enumerate(series.values) if value is not None]
    if len(positions) < MIN_BUCKETS:
        return NotEnough(f"There are fewer than {MIN_BUCKETS} whole buckets with a value, too few to tell changes")
    held = present(series.values)
    even = _even_noise(series)
    sigma = _noise(even, _POISSON_NOISE if series.counts else 0.0)
    if sigma == 0.0:
        return []
    cuts = _confirmed(even, _cuts(even, sigma), sigma)
    if cuts:
        cuts = _confirmed(even, _cuts(even, sigma * math.sqrt(_persistence(even, cuts))), sigma)
    found: list[Change] = []
    edges = [0, *cuts, len(even)]
    lasting = sigma * math.sqrt(_persistence(even, cuts))
    for before, cut, after in zip(edges, edges[1:], edges[2:], strict=False):
        p_value = _p_value(even, (before, cut, after), lasting)
        found.append(Change(positions[cut], median(held[before:cut]), median(held[cut:after]), p_value))
    return found


def _even_noise(series: Series) -> list[float]:
    """Return the values without season and spikes, missing ones left out."""
    values: Values = series.values
    if series.counts:
        values = [None if v is None else 2.0 * math.sqrt(v + 0.375) for v in values]
    period = found_period(values, series.every_s)
    shape = seasonal(values, period) if period else [0.0] * len(values)
    flat = present([None if v is None else v - s for v, s in zip(values, shape, strict=True)])
    level = rolling_median(flat, 2 * MIN_STRETCH - 1)
    rest = [v - e for v, e in zip(flat, level, strict=True)]
    reach = _SPIKE * spread(rest, max(map(abs, flat)))
    return [e if abs(r) > reach else e + r for e, r in zip(level, rest, strict=True)]


def _noise(values: Sequence[float], least: float) -> float:
    """Return the standard deviation of the noise, by the differences of neighbours, of which a few are the changes.

    The larger one of two measures, of which each is too small for some values of few different sizes: the median, and
    the root mean square of the smaller nine tenths.
    """
    steps = sorted(abs(b - a) for a, b in pairwise(values))
    by_median = median(steps) * MAD_TO_SIGMA
    small = steps[: max(1, len(steps) * 9 // 10)]
    by_square = math.sqrt(sum(s * s for s in small) / len(small)) / _NINE_TENTHS
    return max(by_median / math.sqrt(2.0), by_square / math.sqrt(2.0), max(map(abs, values)) * ROUNDING, least)


class _Costs:
    """Sums of squares within stretches, by running sums."""

    def __init__(self, values: Sequence[float]) -> None:
        centre = median(values)
        moved = [v - centre for v in values]
        self._sums = [0.0, *accumulate(moved)]
        self._squares = [0.0, *accumulate(v * v for v in moved)]

    def __call__(self, first: int, last: int) -> float:
        total = self._sums[last] - self._sums[first]
        return max(0.0, self._squares[last] - self._squares[first] - total * total / (last - first))


def _cuts(values: Sequence[float], sigma: float) -> list[int]:
    """Return where stretches of constant level begin, but for the first."""
    cost = _Costs(values)
    penalty = 3.0 * math.log(len(values)) * sigma * sigma
    step = max(1, -(-len(values) // _MAX_CUTS))
    ends = [*range(step, len(values), step), len(values)]
    best = {0: -penalty}
    previous: dict[int, int] = {}
    open_cuts = [0]
    for end in ends:
        tried = [(best[cut] + cost(cut, end) + penalty, cut) for cut in open_cuts if end - cut >= MIN_STRETCH]
        if tried:
            best[end], previous[end] = min(tried)
            # A cut that is worse by the penalty now is worse for ever (Killick et al., theorem 3.1).
            worse = {cut for total, cut in tried if total - penalty > best[end]}
            open_cuts = [cut for cut in open_cuts if cut not in worse]
            open_cuts.append(end)
    found: list[int] = []
    place = previous.get(len(values), 0)
    while place > 0:
        found.append(place)
        place = previous[place]
    return _moved(cost, sorted(found), len(values), step)


def _moved(cost: _Costs, cuts: list[int], length: int, step: int) -> list[int]:
    """Return the cuts at the best places near them."""
    edges = [0, *cuts, length]
    for i in range(1, len(edges) - 1):
        first, last = edges[i - 1] + MIN_STRETCH, edges[i + 1] - MIN_STRETCH
        near = range(max(first, edges[i] - step), min(last, edges[i] + step) + 1)
        costs = [(cost(edges[i - 1], cut) + cost(cut, edges[i + 1]), cut) for cut in near]
        edges[i] = min(costs)[1] if costs else edges[i]
    return edges[1:-1]


def _confirmed(values: Sequence[float], cuts: list[int], sigma: float) -> list[int]:
    """Return the cuts that are no chance; the least certain is taken away first, then its neighbours looked at anew."""
    kept = list(cuts)
    while kept:
        edges = [0, *kept, len(values)]
        lasting = sigma * math.sqrt(_persistence(values, kept))
        worst, place = max((_p_value(values, edges[i - 1 : i + 2], lasting), i) for i in range(1, len(edges) - 1))
        if worst <= MOST_P_VALUE:
            return kept
        kept.pop(place - 1)
    return kept


def _persistence(values: Sequence[float], cuts: list[int]) -> float:
    """Return by what factor noise that goes on from bucket to bucket makes means vary more: (1 + r) / (1 - r)."""
    edges = [0, *cuts, len(values)]
    rest: list[float] = []
    for first, last in pairwise(edges):
        centre = sum(values[first:last]) / (last - first)
        rest += [v - centre for v in values[first:last]]
    whole = sum(r * r for r in rest)
    again = sum(a * b for a, b in pairwise(rest)) / whole if whole else 0.0
    again = min(max(again, 0.0), 0.9)
    return (1.0 + again) / (1.0 - again)


def _p_value(values: Sequence[float], edges: Sequence[int], sigma: float) -> float:
    """Return how probable such a difference is without a change, given that the best of all places was chosen.

    The likelihood ratio of two levels against one by the chi-square distribution of one degree of freedom, times the
    number of places (Bonferroni).
    """
    before, cut, after = edges
    first, second = cut - before, after - cut
    step = sum(values[cut:after]) / second - sum(values[before:cut]) / first
    ratio = first * second / (first + second) * (step / sigma) ** 2
    return min(1.0, math.erfc(math.sqrt(ratio / 2.0)) * len(values))
