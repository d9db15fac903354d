"""What a series was expected to be: a robust level, a robust shape of its season, a robust spread around both.

The level is a running median, the season the median of the same phase in other periods after the level is taken off
(the classical decomposition, with medians in the place of means), the spread the median of absolute deviations
(Hampel, The influence curve and its role in robust estimation, JASA 69, 1974). Few events in a bucket are judged by
Poisson's distribution, or by the negative binomial where they vary more than that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, median
from typing import Final

from ml.anomaly._counts import CountModel, usual_counts
from ml.anomaly._robust import Values, present, rolling_median, slope, spread
from ml.anomaly._season import MIN_SEASONS, found_period, period_of, seasonal
from queries.detectors import Judgement, NotEnough, Series

MIN_BUCKETS: Final = 20
"""Fewer values show no spread."""

USUAL_SCORE: Final = 4.0
"""Least score of an anomaly at sensitivity 1; longer series need more, so that chance makes one in 20 of them."""

FALSE_ALARMS: Final = 0.05
FEW_EVENTS: Final = 10.0
"""Below this many events in a bucket the distribution of counts is taken; above, the normal one with its variance."""

_TREND_LEFT: Final = 0.35
"""A trend is taken off when it leaves at most this part of the spread; a step leaves a half."""


@dataclass(frozen=True, slots=True)
class _Baseline:
    """Expected values and the deviations from them, with the period they were made with."""

    expected: list[float]
    rest: list[float | None]
    period: int | None


def find_anomalies(series: Series, season: str, sensitivity: float) -> Sequence[Judgement | None] | NotEnough:
    """Return a judgement for each bucket that has a value; see `queries.detectors.AnomalyDetector`."""
    held = present(series.values)
    if len(held) < MIN_BUCKETS:
        return NotEnough(f"There are fewer than {MIN_BUCKETS} whole buckets with a value, too few to tell anomalies")
    period: int | None = None
    if season == "auto":
        period = found_period(without_trend(series.values)[0], series.every_s)
    elif season != "none":
        period = period_of(season, series.every_s, len(series.values))
        if period is None:
            return NotEnough(f"A season of one {season} needs {MIN_SEASONS} of them, in buckets that divide it,")
    threshold = usual_score(len(held)) / sensitivity
    if series.counts and median(held) < FEW_EVENTS:
        return _few_events(series.values, period, threshold)
    return _many(baseline(series.values, period), series, threshold)


def usual_score(values: int) -> float:
    """Return the least score of an anomaly among so many values."""
    return max(USUAL_SCORE, -NormalDist().inv_cdf(FALSE_ALARMS / values / 2))


def baseline(values: Values, period: int | None) -> _Baseline:
    """Return what was to be expected of each bucket."""
    flat, trend = without_trend(values)
    width = period or max(MIN_BUCKETS + 5, len(values) // 4)
    level = rolling_median(flat, width)
    shape = seasonal(flat, period) if period else [0.0] * len(values)
    expected = [t + a + b for t, a, b in zip(trend, level, shape, strict=True)]
    rest = [None if v is None else v - e for v, e in zip(values, expected, strict=True)]
    return _Baseline(expected, rest, period)


def without_trend(values: Values) -> tuple[Values, list[float]]:
    """Return the values and a straight line that was taken off, zeros when the series follows none.

    Near the ends a running median lags behind a trend, which would look like a deviation or a season.
    """
    steep = slope(values)
    held = present(values)
    largest = max(map(abs, held))
    middle = median(held)
    flat = [None if v is None else v - steep * i for i, v in enumerate(values)]
    left = present(flat)
    centre = median(left)
    before = spread([v - middle for v in held], largest)
    if spread([v - centre for v in left], largest) > _TREND_LEFT * before:
        return values, [0.0] * len(values)
    return flat, [steep * i for i in range(len(values))]


def _many(base: _Baseline, series: Series, threshold: float) -> list[Judgement | None]:
    largest = max(map(abs, present(series.values)))
    sigma = spread(present(base.rest), largest)
    judged: list[Judgement | None] = []
    for value, expected in zip(series.values, base.expected, strict=True):
        if value is None:
            judged.append(None)
            continue
        # Counts vary at least as Poisson's do, however alike the ones seen so far are.
        scale = max(sigma, max(expected, 1.0) ** 0.5) if series.counts else sigma
        reach = threshold * scale
        low = max(0.0, expected - reach) if series.counts else expected - reach
        score = abs(value - expected) / scale if scale else 0.0
        judged.append(Judgement(expected, low, expected + reach, score, score > threshold))
    return judged


def _few_events(values: Values, period: int | None, threshold: float) -> list[Judgement | None]:
    """Judge each bucket by the usual number of events, of the same phase where there is a season."""
    groups: dict[int, list[float]] = defaultdict(list)
    for position, value in enumerate(values):
        if value is not None:
            groups[position % (period or 1)].append(value)
    means, dispersion = usual_counts(groups)
    judged: list[Judgement | None] = []
    known: dict[tuple[int, float], Judgement] = {}
    for position, value in enumerate(values):
        phase = position % (period or 1)
        if value is None or len(groups[phase]) < MIN_SEASONS:
            judged.append(None)
            continue
        if (phase, value) not in known:
            # A mean of few buckets is not certain, which makes the next one vary more.
            wide = dispersion * (1.0 + 1.0 / len(groups[phase]))
            model = CountModel(means[phase], means[phase] * wide)
            score = model.score(round(value))
            low, high = model.bounds(threshold)
            known[phase, value] = Judgement(means[phase], float(low), float(high), score, score > threshold)
        judged.append(known[phase, value])
    return judged
