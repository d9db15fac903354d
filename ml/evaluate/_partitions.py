"""Scores of a grouping against the true one.

Both are given as labels, one for each item; what the labels are does not matter, only which items share one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluate._intervals import SEED, interval_of_sums

Labels = Sequence[Hashable]
Floats = npt.NDArray[np.float64]
CHANCE_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that is made of sums over true groups.

    Attributes:
        parts: shape (true groups, sums): what each group adds.
        of_sums: gives figures, shape (rounds,), of sums, shape (rounds, sums).
    """

    parts: Floats
    of_sums: Callable[[Floats], Floats]

    @property
    def value(self) -> float:
        """The figure over all groups."""
        return float(self.of_sums(self.parts.sum(axis=0, keepdims=True))[0])

    def interval(self, seed: int = SEED) -> tuple[float, float]:
        """Return its 95 % interval; true groups are drawn, as their items stand or fall together."""
        return interval_of_sums(self.parts, self.of_sums, seed)


class Partition:
    """A predicted grouping beside the true one: how many items share a pair of labels."""

    def __init__(self, truth: Labels, predicted: Labels) -> None:
        if len(truth) != len(predicted):
            raise ValueError(f"{len(truth)} true labels, {len(predicted)} predicted ones")
        self.items = len(truth)
        both = Counter(zip(truth, predicted, strict=True))
        self._true_names = {name: i for i, name in enumerate(dict.fromkeys(truth))}
        names = {name: i for i, name in enumerate(dict.fromkeys(predicted))}
        self._true = np.array([self._true_names[t] for t, _ in both], dtype=np.int64)
        self._predicted = np.array([names[p] for _, p in both], dtype=np.int64)
        self._shared = np.fromiter(both.values(), dtype=np.float64, count=len(both))
        self._true_size = np.bincount(self._true, self._shared, len(self._true_names))
        self._size = np.bincount(self._predicted, self._shared, len(names))

    def grouping_accuracy(self) -> Figure:
        """Return GA: the share of items whose predicted group equals their true group as a set.

        Zhu et al., Tools and Benchmarks for Automated Log Parsing, ICSE-SEIP 2019, section III-B.
        """
        right = self._right() * self._true_size
        return Figure(np.column_stack([right, self._true_size]), _ratio)

    def grouping_f1(self) -> Figure:
        """Return FGA: the harmonic mean of the shares of predicted and of true groups that equal one of the other.

        Jiang et al., A Large-scale Evaluation for Log Parsing Techniques, ISSTA 2024, section 4.2. For its interval a
        predicted group belongs to the true ones it has items of, in proportion.
        """
        predicted = self._per_true(self._shared / self._size[self._predicted])
        right = self._right()
        return Figure(np.column_stack([2 * right, predicted + 1.0]), _ratio)

    def bcubed(self) -> tuple[Figure, Figure, Figure]:
        """Return B-cubed precision, recall and their harmonic mean.

        Of an item: the share of its predicted group that is of its true group, and the other way round; then the
        means over items. Bagga and Baldwin, Entity-based cross-document coreferencing, COLING-ACL 1998; Amigo et al.,
        A comparison of extrinsic clustering evaluation metrics, Information Retrieval 12, 2009.
        """
        precise = self._per_true(self._shared * self._shared / self._size[self._predicted])
        found = self._per_true(self._shared * self._shared / self._true_size[self._true])
        parts = np.column_stack([precise, found, self._true_size])
        return (
            Figure(parts[:, [0, 2]], _ratio),
            Figure(parts[:, [1, 2]], _ratio),
            Figure(parts, _harmonic),
        )

    def pairs(self) -> tuple[Figure, Figure]:
        """Return pairwise precision and recall: over all pairs of items with one predicted, one true label.

        No predicted pair is a precision of 1, no true one a recall of 1.
        """
        hits = self._per_true(self._shared * (self._shared - 1) / 2)
        # Each end of a predicted pair counts half of it.
        predicted = self._per_true(self._shared * (self._size[self._predicted] - 1) / 2)
        wanted = self._true_size * (self._true_size - 1) / 2
        return (
            Figure(np.column_stack([hits, predicted]), _ratio),
            Figure(np.column_stack([hits, wanted]), _ratio),
        )

    def _right(self) -> Floats:
        """Return 1 for true groups that are predicted as they are, else 0."""
        equal = (self._shared == self._size[self._predicted]) & (self._shared == self._true_size[self._true])
        return self._per_true(equal.astype(np.float64))

    def _per_true(self, values: Floats) -> Floats:
        return np.bincount(self._true, values, len(self._true_names)).astype(np.float64)


def by_chance(figure: Callable[[Partition], Figure], truth: Labels, predicted: Labels, seed: int = SEED) -> float:
    """Return what a figure is when the predicted labels are dealt to the items at random: same sizes, no knowledge."""
    dice = np.random.default_rng(seed)
    dealt = (dice.permutation(len(predicted)) for _ in range(CHANCE_ROUNDS))
    return float(np.mean([figure(Partition(truth, [predicted[i] for i in order])).value for order in dealt]))


def _ratio(sums: Floats) -> Floats:
    """Return the first sum by the second; 1 where there is nothing to be wrong about."""
    return np.divide(sums[:, 0], sums[:, 1], out=np.ones(len(sums)), where=sums[:, 1] > 0)


def _harmonic(sums: Floats) -> Floats:
    precision, recall = sums[:, 0] / sums[:, 2], sums[:, 1] / sums[:, 2]
    return 2 * precision * recall / (precision + recall)
