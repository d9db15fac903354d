"""Tails of the number of events: exact for few of them, where the normal distribution is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist, fmean, median
from typing import Final

_NORMAL: Final = NormalDist()
_POISSON_LIKE: Final = 1.0 + 1e-9
LEAST_P: Final = 1e-300


class CountModel:
    """Poisson's distribution of a mean, or the negative binomial of that mean and a larger variance.

    Args:
        mean: above 0.
        variance: of the counts; that of Poisson's, the mean, at least.
    """

    def __init__(self, mean: float, variance: float) -> None:
        self._mean = mean
        wide = variance / mean
        # Size and probability of the negative binomial: mean = r(1-p)/p, variance = mean/p.
        self._p = 1.0 / wide if wide > _POISSON_LIKE else 1.0
        self._r = mean / (wide - 1.0) if wide > _POISSON_LIKE else 0.0

    def _log_pmf(self, k: int) -> float:
        if self._p == 1.0:
            return k * math.log(self._mean) - self._mean - math.lgamma(k + 1)
        return (
            math.lgamma(k + self._r)
            - math.lgamma(self._r)
            - math.lgamma(k + 1)
            + self._r * math.log(self._p)
            + k * math.log1p(-self._p)
        )

    def _ratio(self, k: int) -> float:
        """Return pmf(k + 1) / pmf(k)."""
        if self._p == 1.0:
            return self._mean / (k + 1)
        return (k + self._r) / (k + 1) * (1.0 - self._p)

    def below(self, k: int) -> float:
        """Return the probability of k or fewer."""
        return min(1.0, math.fsum(math.exp(self._log_pmf(i)) for i in range(k + 1)))

    def above(self, k: int) -> float:
        """Return the probability of k or more, exact in the far tail too."""
        if k <= self._mean:
            return max(0.0, 1.0 - (self.below(k - 1) if k > 0 else 0.0))
        term = math.exp(self._log_pmf(k))
        total, i = term, k
        while term > total * 1e-17 and term > 0.0:
            term *= self._ratio(i)
            total += term
            i += 1
        return min(1.0, total)

    def score(self, k: int) -> float:
        """Return how many standard deviations of a normal distribution are as improbable as this count."""
        tail = self.above(k) if k > self._mean else self.below(k)
        return max(0.0, -_NORMAL.inv_cdf(min(0.5, max(tail, LEAST_P))))

    def bounds(self, threshold: float) -> tuple[int, int]:
        """Return the smallest and the largest count whose score is not above a threshold."""
        low = high = max(0, round(self._mean))
        while low > 0 and self.score(low - 1) <= threshold:
            low -= 1
        while self.score(high + 1) <= threshold:
            high += 1
        return low, high


OUTLIER: Final = 3.0
"""Counts of a higher score take no part in what is usual."""

_ROUNDS: Final = 12
_UPPER_TENTH: Final = 0.9


def usual_counts(groups: Mapping[int, Sequence[float]]) -> tuple[dict[int, float], float]:
    """Return the mean of each group and the variance in means, of the counts that are usual for both.

    What is usual is found from inside: from the middle of each group and the variance of Poisson's, taking in what
    these make likely, until nothing changes. A minority of unusual buckets, however many events they hold, is not
    taken in, while counts that really vary more widen the variance from round to round.

    Args:
        groups: numbers of events by phase; none is empty.
    """
    dispersion = 1.0
    means: dict[int, float] = {}
    for _ in range(_ROUNDS):
        means = {phase: _usual_mean(counts, dispersion) for phase, counts in groups.items()}
        squares = expected = 0.0
        for phase, counts in groups.items():
            kept = _likely(counts, means[phase], dispersion)
            squares += math.fsum((count - means[phase]) ** 2 for count in kept)
            expected += means[phase] * len(kept)
        wider = max(1.0, squares / expected) if expected else 1.0  # nothing is usual for counts that lie apart
        if abs(wider - dispersion) < 1e-3:
            break
        dispersion = wider
    return means, dispersion


def _usual_mean(counts: Sequence[float], dispersion: float) -> float:
    """Return the mean of the likely counts; half an event is added (Jeffreys' prior), so that it is never 0."""
    lower = sorted(counts)[: max(1, int(len(counts) * _UPPER_TENTH))]
    mean = max(median(counts) or fmean(lower), 0.5 / len(counts))
    for _ in range(_ROUNDS):
        kept = _likely(counts, mean, dispersion)
        better = (math.fsum(kept) + 0.5) / len(kept) if kept else mean
        if abs(better - mean) <= 1e-9 * mean:
            break
        mean = better
    return mean


def _likely(counts: Sequence[float], mean: float, dispersion: float) -> list[float]:
    model = CountModel(mean, mean * dispersion)
    usual = {count for count in set(counts) if model.score(round(count)) <= OUTLIER}
    return [count for count in counts if count in usual]
