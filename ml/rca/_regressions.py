"""What a release made worse: each issue and transaction, before against after, with false discoveries held down.

Every item is tested by itself; of all that were tested those are told of which no more than a tenth are expected to be
chance (Benjamini and Hochberg, Controlling the false discovery rate, JRSS B 57, 1995). A difference also has to be
large enough to matter: with enough requests any difference is no chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from ml.rca._case import Floats

FALSE_DISCOVERIES: Final = 0.1
"""Share of what is told that may be chance."""

LEAST_RATIO: Final = 1.2
"""Of what is now to what was, for a difference to matter."""

LEAST_SHARE: Final = 0.005
"""By which a share of failures has to grow."""

_LEAST_EVENTS: Final = 3
_EXACT: Final = 2_000


class Aspect(StrEnum):
    """In what something became worse."""

    EVENTS = "events"
    FAILURES = "failures"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class Counted:
    """An issue or a transaction before and after.

    Attributes:
        id: of the issue, or name of the transaction.
        title: shown to readers.
        before: events, or requests that failed, before.
        after: the same after.
        exposed_before: what they are out of: requests, sessions, or seconds for events of a stream.
        exposed_after: the same after.
        node: service; may be empty.
        durations_before: how many requests took how long before, shape (bins,); empty when not known.
        durations_after: the same after, in the same bins.
        bins: upper end of each bin, ascending, in milliseconds.
        rate: whether `before` and `after` are events over time or requests (Poisson) rather than failed ones among
            requests (binomial).
        key: of evidence.
    """

    id: str
    title: str
    before: int
    after: int
    exposed_before: float
    exposed_after: float
    node: str = ""
    durations_before: Floats | None = None
    durations_after: Floats | None = None
    bins: Floats | None = None
    rate: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Regression:
    """One thing a release made worse.

    Attributes:
        id: of the item.
        title: of it.
        node: service; may be empty.
        aspect: in what.
        before: events for each unit of exposure, share that failed, or median in milliseconds.
        after: the same after.
        ratio: of the two; infinite when there was nothing before.
        p_value: of as much without a change.
        q_value: smallest share of chance among all that is told, were it told.
        key: of evidence.
    """

    id: str
    title: str
    node: str
    aspect: Aspect
    before: float
    after: float
    ratio: float
    p_value: float
    q_value: float
    key: str = ""


def regressions(items: Sequence[Counted], false_discoveries: float = FALSE_DISCOVERIES) -> tuple[Regression, ...]:
    """Return what became worse, the most certain and largest first.

    Args:
        items: of before and after a release; the order does not matter.
        false_discoveries: share of what is returned that may be chance.
    """
    tested = [one for item in sorted(items, key=lambda one: (one.id, one.node)) for one in _tested(item)]
    found = [one for one in _with_q_values(tested) if one.q_value <= false_discoveries and _matters(one)]
    return tuple(sorted(found, key=lambda one: (one.q_value, -one.ratio, one.id, one.aspect.value)))


def _tested(item: Counted) -> list[Regression]:
    found: list[Regression] = []
    if item.exposed_before > 0.0 and item.exposed_after > 0.0 and item.after >= _LEAST_EVENTS:
        before, after = item.before / item.exposed_before, item.after / item.exposed_after
        if item.rate:
            aspect, p_value = Aspect.EVENTS, rates_p_value(item)
        else:
            aspect, p_value = Aspect.FAILURES, shares_p_value(item)
        found.append(_regression(item, aspect, (before, after), p_value))
    if item.durations_before is not None and item.durations_after is not None and item.bins is not None:
        before, after = median_of(item.durations_before, item.bins), median_of(item.durations_after, item.bins)
        if not math.isnan(before) and not math.isnan(after):
            p_value = durations_p_value(item.durations_before, item.durations_after)
            found.append(_regression(item, Aspect.DURATION, (before, after), p_value))
    return found


def _regression(item: Counted, aspect: Aspect, levels: tuple[float, float], p_value: float) -> Regression:
    before, after = levels
    ratio = after / before if before > 0.0 else math.inf if after > 0.0 else 1.0
    return Regression(item.id, item.title, item.node, aspect, before, after, ratio, p_value, 1.0, item.key)


def _matters(one: Regression) -> bool:
    enough = one.aspect is not Aspect.FAILURES or one.after - one.before >= LEAST_SHARE
    return one.ratio >= LEAST_RATIO and enough


def _with_q_values(tested: Sequence[Regression]) -> list[Regression]:
    """Return the regressions with their q-values: the least `p * n / rank` of their own rank and all after it."""
    ordered = sorted(tested, key=lambda one: one.p_value)
    found: list[Regression] = []
    least = 1.0
    for rank in range(len(ordered), 0, -1):
        one = ordered[rank - 1]
        least = min(least, one.p_value * len(ordered) / rank)
        found.append(
            Regression(
                one.id, one.title, one.node, one.aspect, one.before, one.after, one.ratio, one.p_value, least, one.key
            )
        )
    return found


def rates_p_value(item: Counted) -> float:
    """Return the probability of at least so many events after, were they as frequent as before.

    Given their number in all, those after are binomial (Przyborowski and Wilenski, Homogeneity of results in testing
    samples from Poisson series, Biometrika 31, 1940).
    """
    share = item.exposed_after / (item.exposed_before + item.exposed_after)
    return _binomial_tail(item.before + item.after, share, item.after)


def shares_p_value(item: Counted) -> float:
    """Return the probability of at least so many failures after, were they as probable as before.

    Given all failures, those after are hypergeometric (Fisher's exact test); of many, its normal approximation.
    """
    before, after = round(item.exposed_before), round(item.exposed_after)
    failed, whole = item.before + item.after, before + after
    if failed > _EXACT:
        mean = failed * after / whole
        spread = math.sqrt(mean * (before / whole) * (whole - failed) / max(1, whole - 1))
        return 0.5 * math.erfc((item.after - 0.5 - mean) / (spread * math.sqrt(2.0))) if spread > 0.0 else 1.0
    top = min(failed, after)
    logs = [_log_choose(after, k) + _log_choose(before, failed - k) for k in range(item.after, top + 1)]
    return min(1.0, sum(math.exp(one - _log_choose(whole, failed)) for one in logs))


def durations_p_value(before: Floats, after: Floats) -> float:
    """Return the probability of durations as long after, were they drawn as before: one-sided rank sum test.

    With many equal ones, as those of one bin are (Mann and Whitney 1947; the correction for ties as in Lehmann,
    Nonparametrics, 1975, chapter 1).

    Args:
        before: how many there are of each bin, shape (bins,).
        after: the same after.
    """
    first, second = float(before.sum()), float(after.sum())
    whole = first + second
    if first < 1.0 or second < 1.0 or whole < 3.0:
        return 1.0
    both = before + after
    below = np.concatenate([[0.0], np.cumsum(before)[:-1]])
    # How many pairs of one after and one before have the longer one after; ties count half.
    wins = float((after * (below + before / 2.0)).sum())
    ties = float((both**3 - both).sum())
    variance = first * second / 12.0 * (whole + 1.0 - ties / (whole * (whole - 1.0)))
    if variance <= 0.0:
        return 1.0
    return 0.5 * math.erfc((wins - first * second / 2.0) / math.sqrt(2.0 * variance))


def median_of(counts: Floats, bins: Floats) -> float:
    """Return the median of what is counted in bins, taken to be even within each; NaN of nothing.

    Args:
        counts: of each bin, shape (bins,).
        bins: upper end of each, ascending; the first one begins at 0.
    """
    total = float(counts.sum())
    if total <= 0.0:
        return float("nan")
    sums = np.cumsum(counts)
    place = int(np.searchsorted(sums, total / 2.0))
    low = float(bins[place - 1]) if place else 0.0
    inside = (total / 2.0 - (float(sums[place - 1]) if place else 0.0)) / float(counts[place])
    return low + (float(bins[place]) - low) * inside


def _binomial_tail(total: int, share: float, least: int) -> float:
    """Return the probability of at least so many of a total that are each counted with a probability."""
    if least <= 0 or share >= 1.0:
        return 1.0
    if total > _EXACT:
        spread = math.sqrt(total * share * (1.0 - share))
        return 0.5 * math.erfc((least - 0.5 - total * share) / (spread * math.sqrt(2.0)))
    logs = [
        _log_choose(total, k) + k * math.log(share) + (total - k) * math.log1p(-share) for k in range(least, total + 1)
    ]
    return min(1.0, sum(math.exp(one) for one in logs))


def _log_choose(n: int, k: int) -> float:
    if k < 0 or k > n:
        return -math.inf
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
