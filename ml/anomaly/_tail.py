"""How improbable a deviation is, told from the largest ones a series had before; many series at a time.

Deviations of real series have tails of their own: what is one in a million for one happens daily in another. The tail
is fitted to the largest deviations so far: beyond the k-th largest it falls as a power whose exponent is the mean of
their logarithms (Hill, A simple general approach to inference about the tail of a distribution, Annals of Statistics 3,
1975), and a larger deviation has the probability that power gives (Weissman, Estimation of parameters and large
quantiles based on the k largest observations, JASA 73, 1978).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

KEPT: Final = 20
"""Largest deviations the tail is fitted to."""

WARM: Final = 50
"""Deviations that have to be seen before one is judged."""

HALF_LIFE: Final = 4_000
"""Points after which a large deviation counts half: two weeks of five minutes."""

_PRIOR_EXPONENT: Final = 0.3
_PRIOR_WEIGHT: Final = 10.0
"""The exponent is that of a tail with a few moments until the series tells better: so many deviations' worth."""

_LEAST_PART: Final = 1e-3
"""A tail reaches down to this part of its largest deviation: zeros have no logarithm."""

_MOST_GROWTH: Final = 2.0
"""An incident enters the tail by at most this times the largest before, so that it does not hide the next one."""

MOST_SCORE: Final = 20.0


@dataclass(slots=True)
class Tail:
    """The largest deviations of each series.

    Attributes:
        top: shape (series, kept), in no order; zero where fewer were seen.
        seen: shape (series,); deviations there were, older ones counting less.
    """

    top: Floats
    seen: Floats

    @classmethod
    def of(cls, series: int) -> Tail:
        """Return the tails of so many series of which nothing is known."""
        return cls(np.zeros((series, KEPT)), np.zeros(series))

    def update(self, sizes: Floats) -> Floats:
        """Return -log10 of the probability of each deviation, and learn them.

        Args:
            sizes: shape (series,), not negative; NaN where there is none, whose score is 0.
        """
        there = np.isfinite(sizes)
        size = np.where(there, sizes, 0.0)
        largest, smallest = self.top.max(axis=1), self.top.min(axis=1)
        edge = np.maximum(smallest, largest * _LEAST_PART)
        judged = there & (self.seen > WARM) & (edge > 0.0) & (size > edge)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(np.maximum(self.top, edge[:, None]) / edge[:, None])
            exponent = (logs.sum(axis=1) + _PRIOR_EXPONENT * _PRIOR_WEIGHT) / (KEPT + _PRIOR_WEIGHT)
            rare = np.log10(np.maximum(self.seen, KEPT) / KEPT) + np.log10(size / edge) / exponent
        score = np.where(judged, np.minimum(rare, MOST_SCORE), 0.0)
        self._learn(there, size, largest)
        return score

    def _learn(self, there: npt.NDArray[np.bool_], size: Floats, largest: Floats) -> None:
        fading = 0.5 ** (1.0 / HALF_LIFE)
        self.top[there] *= fading
        warm = self.seen > WARM
        self.seen[there] = self.seen[there] * fading + 1.0
        taken = np.where(warm & (largest > 0.0), np.minimum(size, largest * _MOST_GROWTH), size)
        place = self.top.argmin(axis=1)
        rows = np.flatnonzero(there & (taken > self.top[np.arange(len(place)), place]))
        self.top[rows, place[rows]] = taken[rows]
