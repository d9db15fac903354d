"""How far every series of a case is from its baseline, in robust standard deviations.

As in BARO (Pham et al., BARO: robust root cause analysis for microservices, FSE 2024) the centre is the median and the
spread a quantile range, so that earlier faults within the baseline do little harm. The spread has a floor: a part of
the larger of the centre and the value itself, without which a flat series would be infinitely far away. A deviation
can therefore not be larger than `CAP`, and does not depend on units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.rca._case import Case, Direction, Floats, Series, Signal

Bools = npt.NDArray[np.bool_]

FLOOR: Final = 0.05
"""Standard deviation every series has at least, as a part of its size."""

CAP: Final = 1.0 / FLOOR
MIN_BASELINE: Final = 8
"""Values a baseline needs for a spread to mean something."""

_IQR: Final = 1.349
"""Width of the middle half of a normal distribution, in standard deviations."""

_NINETY_FIVE: Final = 1.645
_RARE_SHARE: Final = 0.002
"""Share of failures that is taken for possible where none was seen; also the noise of shares that are exact."""

_WAYS: Final = {
    Signal.LATENCY: Direction.UP,
    Signal.ERRORS: Direction.UP,
    Signal.RESOURCE: Direction.UP,
    Signal.TRAFFIC: Direction.EITHER,
    Signal.LOG: Direction.EITHER,
    Signal.METRIC: Direction.EITHER,
}


@dataclass(frozen=True, slots=True)
class Measures:
    """The series of a case, measured.

    Attributes:
        series: in an order that does not depend on that of the case.
        values: shape (series, points).
        centre: median of each within the baseline, shape (series,); NaN where the baseline is too short.
        up: deviations upwards, shape (series, points); NaN where a value or the baseline is missing.
        down: deviations downwards, positive where a value is below the centre.
        baseline: which points are of the baseline, shape (points,).
        window: which points are of the window.
    """

    series: tuple[Series, ...]
    values: Floats
    centre: Floats
    up: Floats
    down: Floats
    baseline: Bools
    window: Bools

    def bad(self, place: int, direction: Direction | None = None) -> Floats:
        """Return the deviations of one series in the direction that is bad for its signal, or in a chosen one."""
        way = direction or _WAYS[self.series[place].signal]
        if way is Direction.EITHER:
            both: Floats = np.maximum(self.up[place], self.down[place])
            return both
        found: Floats = (self.up if way is Direction.UP else self.down)[place]
        return found


def measure(case: Case) -> Measures:
    """Return the measures of the series of a case.

    Raises:
        ValueError: a series has another length than the grid.
    """
    series = tuple(sorted(case.series, key=lambda one: (one.node, one.signal, one.name, one.peer, one.key)))
    points = case.grid.points if case.grid else 0
    if any(len(one.values) != points for one in series):
        wrong = next(one for one in series if len(one.values) != points)
        message = f"the series {wrong.node} {wrong.signal} {wrong.name} has {len(wrong.values)} values, not {points}"
        raise ValueError(message)
    times = case.grid.times() if case.grid else np.zeros(0)
    window = (times >= case.window.start) & (times < case.window.end)
    baseline = (times >= case.baseline.start) & (times < case.baseline.end) & ~window
    values = np.array([one.values for one in series], dtype=np.float64).reshape(len(series), points)
    values = np.where(np.isfinite(values), values, np.nan)
    low, quarter, centre, three, high = _quantiles(values[:, baseline])
    wide = (three - quarter) / _IQR
    exact = _exact_noise(series, values, centre)
    size = np.maximum(np.abs(centre)[:, None], np.abs(values))
    least = np.maximum(np.hypot(FLOOR * size, exact), np.finfo(np.float64).tiny)
    apart = values - centre[:, None]
    above = np.maximum(wide, (high - centre) / _NINETY_FIVE)[:, None]
    below = np.maximum(wide, (centre - low) / _NINETY_FIVE)[:, None]
    return Measures(
        series, values, centre, apart / np.hypot(above, least), -apart / np.hypot(below, least), baseline, window
    )


def _quantiles(values: Floats) -> Floats:
    """Return the quantiles .05, .25, .5, .75, .95 of each row, shape (5, rows); NaN of rows with too few values."""
    found = np.full((5, len(values)), np.nan)
    for i, row in enumerate(values):
        there = row[~np.isnan(row)]
        if len(there) >= MIN_BASELINE:
            found[:, i] = np.quantile(there, (0.05, 0.25, 0.5, 0.75, 0.95))
    return found


def _exact_noise(series: tuple[Series, ...], values: Floats, centre: Floats) -> Floats:
    """Return the standard deviation that counting alone gives, shape (series, points).

    That of shares is of the binomial distribution, given how many requests there were, of counts by Poisson's.
    """
    noise = np.zeros_like(values)
    traffic = {one.node: values[i] for i, one in enumerate(series) if one.signal is Signal.TRAFFIC and not one.peer}
    for i, one in enumerate(series):
        if one.signal is not Signal.ERRORS or np.isnan(centre[i]):
            continue
        if is_share(one, values[i]):
            usual = min(max(float(centre[i]), _RARE_SHARE), 0.5)
            asked = np.nan_to_num(traffic.get(one.node, np.full(values.shape[1], np.nan)), nan=np.inf)
            chance = usual * (1.0 - usual) / np.maximum(asked, 1.0)
            noise[i] = np.hypot(_RARE_SHARE, np.sqrt(chance))
        else:
            noise[i] = np.sqrt(max(float(centre[i]), 1.0)) if _is_count(one, values[i]) else 0.0
    return noise


def is_share(one: Series, values: Floats) -> bool:
    """Return whether a series of errors is of shares of 1: its unit says so, or it has none and could be."""
    there = values[~np.isnan(values)]
    return one.unit == "share" or (not one.unit and bool(np.all((there >= 0.0) & (there <= 1.0))))


def _is_count(one: Series, values: Floats) -> bool:
    there = values[~np.isnan(values)]
    return one.unit == "count" or (not one.unit and bool(np.all((there >= 0.0) & (there == np.floor(there)))))


def contrast(measures: Measures, place: int, way: Direction, hot: slice, cold: slice) -> float:
    """Return how far a series is off while it was bad, from its baseline and from what it was just before.

    The smaller of the two counts: what was already off before it began is no part of it. Of the points of the bad time
    the upper half is averaged, for not all of them need to be bad.

    Args:
        measures: of all series.
        place: of the series.
        way: up or down.
        hot: points of the bad time.
        cold: points just before it; may be empty.

    Returns:
        A number of standard deviations; NaN when it cannot be told.
    """
    deviations = (measures.up if way is Direction.UP else measures.down)[place]
    during = deviations[hot]
    during = during[~np.isnan(during)]
    if not len(during):
        return float("nan")
    before = deviations[cold]
    before = before[~np.isnan(before)]
    shifted = during - max(float(np.median(before)), 0.0) if len(before) else during
    upper = np.sort(np.minimum(during, shifted))[len(during) // 2 :]
    return float(np.mean(upper))
