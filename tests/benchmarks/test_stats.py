"""The arithmetic behind every number of the performance page."""

import pytest

from benchmarks import stats


def test_the_median_ratio_of_equal_series_is_one_with_a_closed_interval():
    """Two equal series give 1.0, and no resample of whole pairs can give anything else."""
    ratio = stats.ratio_of_medians([4.0] * 30, [4.0] * 30)
    assert (ratio.value, ratio.low, ratio.high, ratio.pairs) == (1.0, 1.0, 1.0, 30)


def test_the_interval_holds_the_ratio_and_is_the_same_every_time():
    """The interval contains the point estimate and depends on the measurements alone."""
    ours = [10 + n % 5 for n in range(40)]
    base = [9 + n % 4 for n in range(40)]
    first, second = stats.ratio_of_medians(ours, base), stats.ratio_of_medians(ours, base)
    assert first == second
    assert first.low <= first.value <= first.high
    assert first.low < first.high


def test_a_common_disturbance_cancels_because_pairs_are_resampled_whole():
    """When both sides of a pair slow down together the ratio stays what it was."""
    base = [1.0, 1.0, 8.0, 1.0, 9.0, 1.0, 1.0]
    ratio = stats.ratio_of_medians([2 * value for value in base], base)
    assert ratio.value == ratio.low == ratio.high == 2.0


@pytest.mark.parametrize(("ours", "base"), [([], []), ([1.0], [1.0, 2.0])])
def test_series_that_are_no_pairs_are_refused(ours, base):
    """A ratio of nothing, or of series of different length, is an error."""
    with pytest.raises(ValueError, match="same number"):
        stats.ratio_of_medians(ours, base)


def test_interleaving_alternates_who_goes_first_and_drops_the_warm_up():
    """Sides run in turn, the first of a pair changes, warm-up rounds are not in the series."""
    calls: list[str] = []

    def side(name: str):
        def run() -> float:
            calls.append(name)
            return float(len(calls))

        return run

    ours, base = stats.interleave(side("a"), side("b"), pairs=3, warm_up=1)
    assert calls == ["a", "b", "a", "b", "b", "a", "a", "b"]
    assert ours == [3.0, 6.0, 7.0]
    assert base == [4.0, 5.0, 8.0]


def test_percentiles_interpolate_and_need_a_value():
    """The P95 of 0..100 is 95; of nothing it is an error."""
    assert stats.percentile(range(101), 0.95) == 95.0
    assert stats.spread([3.0, 1.0, 2.0]) == stats.Spread(median=2.0, p95=2.9, p99=2.98, largest=3.0, count=3)
    with pytest.raises(ValueError, match="at least one"):
        stats.median([])
