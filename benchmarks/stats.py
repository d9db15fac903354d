"""Medians, percentiles, interleaved pairs and the bootstrap interval of a ratio.

Two things are compared by running them in turn, never one after the other: a shared machine drifts over seconds, and
whatever slows one side down for a while then slows both. Which side goes first alternates, so that neither always
finds the other's caches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Ratio:
    """Our median over the base's, with the interval a paired bootstrap gives at `LEVEL`.

    Attributes:
        value: ratio of the medians.
        low: lower end of the interval.
        high: upper end of the interval.
        pairs: how many pairs were measured.
    """

    value: float
    low: float
    high: float
    pairs: int


@dataclass(frozen=True, slots=True)
class Spread:
    """What a series of measurements looks like, in the unit it was measured in."""

    median: float
    p95: float
    p99: float
    largest: float
    count: int


def median(values: Sequence[float]) -> float:
    """Return the median; ValueError when there are no values."""
    return percentile(values, 0.5)


def percentile(values: Sequence[float], q: float) -> float:
    """Return the q-quantile (0..1), linearly interpolated; ValueError when there are no values."""
    if not len(values):
        raise ValueError("a percentile needs at least one value")
    return float(np.quantile(np.asarray(values, dtype=np.float64), q))


def spread(values: Sequence[float]) -> Spread:
    """Return median, P95, P99 and maximum; ValueError when there are no values."""
    return Spread(
        median=median(values),
        p95=percentile(values, 0.95),
        p99=percentile(values, 0.99),
        largest=max(values),
        count=len(values),
    )


def ratio_of_medians(ours: Sequence[float], base: Sequence[float], *, seed: int = 7, draws: int = 4000) -> Ratio:
    """Return median(ours) / median(base) with a percentile bootstrap interval that resamples whole pairs.

    Args:
        ours: measurements of the thing under test.
        base: measurements of the thing it is compared with; `base[i]` was taken next to `ours[i]`.
        seed: of the resampling, so that the same measurements give the same interval.
        draws: number of resamples.
    """
    if len(ours) != len(base) or not len(ours):
        raise ValueError("a ratio needs the same number of measurements on both sides, and at least one")
    a, b = np.asarray(ours, dtype=np.float64), np.asarray(base, dtype=np.float64)
    picks = np.random.default_rng(seed).integers(0, len(a), size=(draws, len(a)))
    ratios = np.median(a[picks], axis=1) / np.median(b[picks], axis=1)
    low, high = np.quantile(ratios, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Ratio(value=float(np.median(a) / np.median(b)), low=float(low), high=float(high), pairs=len(a))


def interleave(
    ours: Callable[[], float], base: Callable[[], float], *, pairs: int, warm_up: int = 1
) -> tuple[list[float], list[float]]:
    """Measure both sides `pairs` times in turn, after `warm_up` unmeasured rounds, and return both series.

    Each callable runs its side once and returns what it measured.
    """
    for _ in range(warm_up):
        ours()
        base()
    first, second = [], []
    for index in range(pairs):
        if index % 2:
            b = base()
            a = ours()
        else:
            a = ours()
            b = base()
        first.append(a)
        second.append(b)
    return first, second
