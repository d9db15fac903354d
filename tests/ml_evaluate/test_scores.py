"""Scores against computations that follow their definitions, item by item and pair by pair."""

from __future__ import annotations

import itertools
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.evaluate import (
    Partition,
    auc,
    by_chance,
    chance_of_rank,
    interval,
    interval_of_counts,
    interval_of_sums,
    reciprocal_ranks,
    within,
)

LABELS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abcd")), min_size=1, max_size=25)
RANKS = st.lists(st.none() | st.integers(1, 9), min_size=1, max_size=20)


def groups(labels: list[object]) -> list[frozenset[int]]:
    """The group of each item, as the set of items in it."""
    return [frozenset(j for j, other in enumerate(labels) if other == label) for label in labels]


def approx(value: float) -> object:
    """The value but for rounding."""
    return pytest.approx(value, abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(LABELS)
def test_scores_of_groupings_are_those_of_their_definitions(labels: list[tuple[int, str]]) -> None:
    """GA, FGA, B-cubed and pairs of any two groupings."""
    truth, predicted = [t for t, _ in labels], [p for _, p in labels]
    items = range(len(labels))
    right, found = groups(list(truth)), groups(list(predicted))
    partition = Partition(truth, predicted)
    assert partition.grouping_accuracy().value == approx(statistics.mean(right[i] == found[i] for i in items))
    hits = len(set(right) & set(found))
    shares = hits / len(set(found)), hits / len(set(right))
    fga = 2 * shares[0] * shares[1] / sum(shares) if hits else 0.0
    assert partition.grouping_f1().value == approx(fga)
    precision = statistics.mean(len(right[i] & found[i]) / len(found[i]) for i in items)
    recall = statistics.mean(len(right[i] & found[i]) / len(right[i]) for i in items)
    wanted = (precision, recall, 2 * precision * recall / (precision + recall))
    assert tuple(score.value for score in partition.bcubed()) == tuple(map(approx, wanted))
    pairs = list(itertools.combinations(items, 2))
    same = {(i, j) for i, j in pairs if truth[i] == truth[j]}
    said = {(i, j) for i, j in pairs if predicted[i] == predicted[j]}
    expected = (len(same & said) / len(said) if said else 1.0, len(same & said) / len(same) if same else 1.0)
    assert tuple(score.value for score in partition.pairs()) == tuple(map(approx, expected))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=25))
def test_the_area_under_the_curve_is_how_often_a_positive_scores_higher(items: list[tuple[bool, int, int]]) -> None:
    """Ties count half; an item that counts twice is two items."""
    each = [(positive, score) for positive, score, count in items for _ in range(count)]
    pairs = [(p, n) for kind, p in each if kind for other, n in each if not other]
    wanted = statistics.mean(1.0 if p > n else 0.5 if p == n else 0.0 for p, n in pairs) if pairs else 0.5
    positive, scores, counts = zip(*items, strict=True)
    assert auc(positive, scores, np.array(counts, dtype=np.float64)) == approx(wanted)
    assert auc([p for p, _ in each], [s for _, s in each]) == approx(wanted)


@given(RANKS, st.integers(1, 6))
def test_ranks_are_scored_by_the_first_right_answer(ranks: list[int | None], k: int) -> None:
    """No right answer is zero."""
    assert reciprocal_ranks(ranks).mean() == approx(statistics.mean(1 / rank if rank else 0 for rank in ranks))
    assert within(ranks, k).mean() == approx(sum(rank in range(1, k + 1) for rank in ranks) / len(ranks))


@given(st.integers(1, 6), st.data())
def test_chance_of_a_list_is_the_mean_over_all_its_orders(total: int, data: st.DataObject) -> None:
    """Of all the places its right answers can have."""
    right = data.draw(st.integers(1, total))
    firsts = [min(places) + 1 for places in itertools.combinations(range(total), right)]
    assert chance_of_rank([total], [right]) == approx(statistics.mean(1 / first for first in firsts))
    k = data.draw(st.integers(1, total))
    assert chance_of_rank([total], [right], k) == approx(statistics.mean(first <= k for first in firsts))


def test_an_interval_holds_its_figure_and_narrows_with_more_items() -> None:
    """Twice the same for a seed; wider where lines of a group stand together."""
    few, many = [0.0, 1.0] * 20, [0.0, 1.0] * 500
    low, high = interval(few, seed=3)
    assert 0.3 < low < 0.5 < high < 0.7
    assert interval(few, seed=3) == (low, high)
    narrow = interval(many)
    assert narrow[1] - narrow[0] < high - low
    in_groups = np.array([[float(i % 2) * 50, 50.0] for i in range(20)])
    wide = interval_of_sums(in_groups, lambda sums: sums[:, 0] / sums[:, 1])
    assert wide[1] - wide[0] > narrow[1] - narrow[0]
    values = np.array(few)
    assert interval_of_counts(40, lambda counts: float((counts * values).sum() / counts.sum()))[0] == pytest.approx(
        low, abs=0.1
    )


def test_intervals_of_groupings_are_over_true_groups() -> None:
    """One wrong group of two is half of what can be drawn, however many items it has."""
    truth = ["a"] * 98 + ["b"] * 2
    accuracy = Partition(truth, [*"a" * 98, "x", "y"]).grouping_accuracy()
    assert accuracy.value == 0.98
    assert accuracy.interval() == (0.0, 1.0)


def test_chance_knows_the_sizes_only() -> None:
    """All in one group is right by chance where that is the truth; fine groups are not."""
    assert by_chance(Partition.grouping_accuracy, [1] * 9, [2] * 9) == 1.0
    truth = [i // 5 for i in range(100)]
    assert by_chance(Partition.grouping_accuracy, truth, truth) < 0.05
    with pytest.raises(ValueError, match="2 true labels"):
        Partition([1, 2], [1])
