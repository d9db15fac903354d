"""What a series was expected to be: a robust level, a robust shape of its season, a robust spread around both.

The level is a running median, the season the median of the same phase in other periods after the level is taken off
(the classical decomposition, with medians in the place of means), the spread the median of absolute deviations
(Hampel, The influence curve and its role in robust estimation, JASA 69, 1974). Few events in a bucket are judged by
Poisson's distribution, or by the negative binomial where they vary more than that.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, median
from typing import Final

from ml.anomaly._counts import CountModel, usual_counts
from ml.anomaly._local import local_level, local_spreads, local_width
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

_CURVE_LEFT: Final = 0.75
"""The wide way is left out where the local one leaves at most this part of what it leaves: it misses a curve."""

_DENSE: Final = 1.0
"""From this median on the counts near a bucket tell a level of their own."""

_UNLIKELY: Final = 3.0


@dataclass(frozen=True, slots=True)
class _Baseline:
    """Expected values, the deviations from them, and how far off the former may be."""

    expected: list[float]
    rest: list[float | None]
    doubt: list[float]


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
        width = local_width(len(held))
        if period is None and width is not None and median(held) >= _DENSE:
            return _nearby_events(series.values, width, usual_score(2 * len(held)) / sensitivity)
        return _few_events(series.values, period, threshold)
    return _many(baseline(series.values, period), series, sensitivity)


def usual_score(values: int) -> float:
    """Return the least score of an anomaly among so many values."""
    return max(USUAL_SCORE, -NormalDist().inv_cdf(FALSE_ALARMS / values / 2))


def baseline(values: Values, period: int | None) -> list[_Baseline]:
    """Return what was to be expected of each bucket, in one or two ways.

    The wide way has a level over a whole season, or a quarter of the series: it finds what lasts for hours. The local
    one follows slow curves, which are no news, and finds what overlaps the usual spread of a day. Where a curve is most
    of what the wide way leaves, it is none; where the windows are alike, the local way says nothing new.
    """
    flat, trend = without_trend(values)
    wide = period or max(MIN_BUCKETS + 5, len(values) // 4)
    shape = seasonal(flat, period) if period else [0.0] * len(values)
    bare: Values = [None if v is None else v - s for v, s in zip(flat, shape, strict=True)]
    narrow = local_width(len(present(values)))
    seasons = 3 if period and len(values) >= 6 * period else 1
    levels = [(rolling_median(bare if period else flat, seasons * wide), [0.0] * len(values))]
    if narrow is not None and wide > narrow:
        levels.append(local_level(bare, narrow))
    found = []
    for level, doubt in levels:
        expected = [t + a + b for t, a, b in zip(trend, level, shape, strict=True)]
        rest = [None if v is None else v - e for v, e in zip(values, expected, strict=True)]
        found.append(_Baseline(expected, rest, doubt))
    left = [_usual_deviation(base.rest) for base in found]
    return found[1:] if left[-1] < _CURVE_LEFT * left[0] else found


def _usual_deviation(rest: Values) -> float:
    """Return the mean deviation without the largest tenth, in which an incident lies; a curve is seen in the rest."""
    sizes = sorted(map(abs, present(rest)))
    return fmean(sizes[: max(1, len(sizes) * 9 // 10)])


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


def _many(bases: Sequence[_Baseline], series: Series, sensitivity: float) -> list[Judgement | None]:
    largest = max(map(abs, present(series.values)))
    # Each way of looking is a chance of its own to be wrong.
    threshold = usual_score(len(present(series.values)) * len(bases)) / sensitivity
    judged: list[Judgement | None] = [None] * len(series.values)
    for base in bases:
        spreads = local_spreads(base.rest, largest)
        for place, (value, expected, sigma) in enumerate(zip(series.values, base.expected, spreads, strict=True)):
            if value is None:
                continue
            doubt = base.doubt[place]
            # Counts vary at least as Poisson's do, however alike the ones seen so far are.
            scale = max(sigma, max(expected, 1.0) ** 0.5) if series.counts else sigma
            reach = threshold * scale + doubt
            low = max(0.0, expected - reach) if series.counts else expected - reach
            score = max(0.0, abs(value - expected) - doubt) / scale if scale else 0.0
            before = judged[place]
            if before is None or score > before.score:
                judged[place] = Judgement(expected, low, expected + reach, score, score > threshold)
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


def _nearby_events(values: Values, width: int, threshold: float) -> list[Judgement | None]:
    """Judge by the number of events usual in the whole and by that usual nearby; by the latter alone on a curve."""
    near, whole = _near_events(values, width, threshold), _few_events(values, None, threshold)
    left = [
        _usual_deviation(
            [None if v is None or j is None else v - j.expected for v, j in zip(values, found, strict=True)]
        )
        for found in (near, whole)
    ]
    if left[0] < _CURVE_LEFT * left[1]:
        return near
    return [max((a, b), key=lambda one: one.score) if a and b else None for a, b in zip(near, whole, strict=True)]


def _near_events(values: Values, width: int, threshold: float) -> list[Judgement | None]:
    """Judge each bucket by the number of events that is usual near it, where no season tells.

    On Anscombe's scale the noise of counts is even, so that the median there tells which counts are usual; their mean,
    over a window, is the level. The variance is that of all usual counts around their levels.
    """
    even = [None if v is None else 2.0 * math.sqrt(v + 0.375) for v in values]
    level, _ = local_level(even, width)
    rest = [None if v is None else v - e for v, e in zip(even, level, strict=True)]
    sigma = max(1.0, spread(present(rest), max(map(abs, present(even)))))
    usual = [
        v if v is not None and r is not None and abs(r) <= _UNLIKELY * sigma else None
        for v, r in zip(values, rest, strict=True)
    ]
    means = [max((e / 2.0) ** 2 - 0.375, 0.0) for e in level]
    bias = fmean([v for v in usual if v is not None] or [0.0]) / max(
        fmean([m for v, m in zip(usual, means, strict=True) if v is not None] or [1.0]), 1e-9
    )
    means = [max(m * bias, 0.5 / width) for m in means]
    kept = [(v, m) for v, m in zip(usual, means, strict=True) if v is not None]
    dispersion = max(1.0, math.fsum((v - m) ** 2 for v, m in kept) / max(math.fsum(m for _, m in kept), 1e-9))
    wide = dispersion * (1.0 + 1.0 / width)
    known: dict[tuple[float, float], Judgement] = {}
    judged: list[Judgement | None] = []
    for value, exact in zip(values, means, strict=True):
        if value is None:
            judged.append(None)
            continue
        mean = float(f"{exact:.2g}")  # nearer than it is known, and many buckets share it
        if (mean, value) not in known:
            model = CountModel(mean, mean * wide)
            score = model.score(round(value))
            low, high = model.bounds(threshold)
            known[mean, value] = Judgement(mean, float(low), float(high), score, score > threshold)
        judged.append(known[mean, value])
    return judged
