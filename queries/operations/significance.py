"""Tests of 2x2 tables and the correction for making many of them. Plain Python; counts are exact."""

from __future__ import annotations

import math
from collections.abc import Sequence

LEAST_EXPECTED = 5.0
"""Below this expected count the chi-square approximation is poor and Fisher's exact test is made instead."""

_TIE = 1e-7


def log_likelihood_ratio(here: int, here_total: int, there: int, there_total: int) -> float:
    """Return G² = 2 Σ O ln(O/E) of the table (has the value or not) x (first or second set).

    Dunning, Accurate Methods for the Statistics of Surprise and Coincidence, Computational Linguistics 19(1), 1993.
    """
    total = here_total + there_total
    having = here + there
    cells = (
        (here, here_total, having),
        (there, there_total, having),
        (here_total - here, here_total, total - having),
        (there_total - there, there_total, total - having),
    )
    found = math.fsum(o * math.log(o * total / (row * column)) for o, row, column in cells if o)
    return max(0.0, 2.0 * found)


def table_p_value(here: int, here_total: int, there: int, there_total: int) -> float:
    """Return how probable a difference of shares as big as this is when both sets are alike, two-sided.

    By the chi-square distribution of G² with one degree of freedom, whose tail is erfc(√(G²/2)); where a cell of the
    table is expected to hold fewer than five, by Fisher's exact test.
    """
    total = here_total + there_total
    having = here + there
    least = min(here_total, there_total) * min(having, total - having) / total
    if least < LEAST_EXPECTED:
        return fisher_p_value(here, here_total, there, there_total)
    return math.erfc(math.sqrt(log_likelihood_ratio(here, here_total, there, there_total) / 2.0))


def fisher_p_value(here: int, here_total: int, there: int, there_total: int) -> float:
    """Return the two-sided p-value of Fisher's exact test: the sum over all tables not more probable than this one."""
    having = here + there
    total = here_total + there_total
    first, last = max(0, having - there_total), min(having, here_total)
    logs = [_log_choose(here_total, k) + _log_choose(there_total, having - k) for k in range(first, last + 1)]
    whole = _log_choose(total, having)
    limit = logs[here - first] + _TIE
    return min(1.0, math.fsum(math.exp(value - whole) for value in logs if value <= limit))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number: those of at most q have at most q false ones among them.

    Benjamini and Hochberg, Controlling the False Discovery Rate, Journal of the Royal Statistical Society B 57, 1995.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    result = [0.0] * len(p_values)
    least = 1.0
    for rank in range(len(order), 0, -1):
        place = order[rank - 1]
        least = min(least, p_values[place] * len(order) / rank)
        result[place] = least
    return result
