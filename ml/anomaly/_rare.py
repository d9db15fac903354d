"""How far values are from what was expected, in standard deviations; exact where they count few events."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FEW: Final = 10.0
"""Below this many expected events their chance is summed; above, the normal distribution is near enough."""

_TERMS: Final = 64
"""Counts of few events are below this, or as improbable as can be told."""


def deviation(values: Floats, expected: Floats, spread: Floats, counts: npt.NDArray[np.bool_]) -> Floats:
    """Return signed deviations; shape (series,), NaN where the value is missing.

    Args:
        values: shape (series,).
        expected: of each value.
        spread: of the noise.
        counts: numbers of events vary at least as Poisson's distribution does.
    """
    mean = np.maximum(expected, 1e-3)
    poisson = np.sqrt(np.maximum(mean, 1.0))
    wide = np.where(counts, np.maximum(spread, poisson), spread)
    found = np.divide(values - expected, wide, out=np.zeros_like(values), where=wide > 0.0)
    few = counts & (mean < FEW) & np.isfinite(values)
    if few.any():
        # Counts that vary more than Poisson's are brought to its scale.
        extra = np.maximum(spread[few] / poisson[few], 1.0)
        found[few] = _exact(values[few], mean[few]) / extra
    return np.where(np.isfinite(values), found, np.nan)


def _exact(values: Floats, means: Floats) -> Floats:
    """Return how many deviations of a normal distribution are as improbable as so many events or more, or so few."""
    count = np.clip(np.round(values), 0, _TERMS)[:, None]
    k = np.arange(2.0 * _TERMS)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(k[1:]))])
    pmf = np.exp(k * np.log(means)[:, None] - means[:, None] - log_factorial)
    below, at, above = (np.where(part, pmf, 0.0).sum(axis=1) for part in (k < count, k == count, k > count))
    # The middle of the step, so that the usual count is no deviation.
    high, low = above + at / 2.0, below + at / 2.0
    return np.where(count[:, 0] > means, _normal(high), -_normal(low))


def _normal(tail: Floats) -> Floats:
    """Return the deviation whose upper tail this is, not below 0, by Abramowitz and Stegun 26.2.23 (to 5e-4)."""
    t = np.sqrt(-2.0 * np.log(np.clip(tail, 1e-300, 0.5)))
    over = 2.515517 + 0.802853 * t + 0.010328 * t * t
    under = 1.0 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t**3
    return np.maximum(t - over / under, 0.0)
