"""Tails of the number of events: exact for few of them, where the normal distribution is wrong."""

from __future__ import annotations

import math
from statistics import NormalDist
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
