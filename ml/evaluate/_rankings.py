"""Scores of rankings: where the right answer stands, and how well scores tell pairs apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def reciprocal_ranks(ranks: Sequence[int | None]) -> Floats:
    """Return 1 / rank of the first right answer of each question, 0 where none was given; MRR is their mean.

    Args:
        ranks: from 1 on; None where the right answer is not in the list.
    """
    return np.array([0.0 if rank is None else 1.0 / rank for rank in ranks], dtype=np.float64)


def within(ranks: Sequence[int | None], k: int) -> Floats:
    """Return 1 for questions whose right answer is among the first k, else 0; Acc@k is their mean."""
    return np.array([rank is not None and rank <= k for rank in ranks], dtype=np.float64)


def auc(
    positive: Sequence[bool] | npt.NDArray[np.bool_], scores: Sequence[float] | Floats, counts: Floats | None = None
) -> float:
    """Return the area under the ROC curve: how often a positive scores above a negative, ties counting half.

    The Mann-Whitney statistic (Hanley and McNeil, Radiology 143, 1982). 0.5 when one kind is missing.

    Args:
        positive: of each item.
        scores: higher for what is thought positive.
        counts: how often each item counts, once unless given.
    """
    is_positive = np.asarray(positive, dtype=np.bool_)
    weights = np.ones(len(is_positive)) if counts is None else np.asarray(counts, dtype=np.float64)
    _, place = np.unique(np.asarray(scores, dtype=np.float64), return_inverse=True)
    wins = np.bincount(place, weights * is_positive)
    losses = np.bincount(place, weights * ~is_positive, len(wins))
    pairs = wins.sum() * losses.sum()
    below = np.cumsum(losses) - losses
    return float((wins * (below + losses / 2)).sum() / pairs) if pairs else 0.5


def chance_of_rank(candidates: Sequence[int], right: Sequence[int], k: int | None = None) -> float:
    """Return the MRR, or Acc@k, of lists in random order.

    Args:
        candidates: length of each list.
        right: how many of each list are right.
        k: for Acc@k; MRR without.
    """
    return float(np.mean([_chance(n, r, k) for n, r in zip(candidates, right, strict=True)])) if candidates else 0.0


def _chance(total: int, right: int, k: int | None) -> float:
    """Return the expected score of one list: over the place of its first right answer."""
    expected, none_yet = 0.0, 1.0
    for rank in range(1, (total if k is None else min(k, total)) + 1):
        left = total - rank + 1
        here = none_yet * min(right, left) / left
        expected += here / rank if k is None else here
        none_yet -= here
    return expected
