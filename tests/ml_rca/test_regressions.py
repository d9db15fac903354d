"""Which issues and transactions a release made worse."""

from __future__ import annotations

import numpy as np
import pytest

from ml.rca import Aspect, Counted, regressions
from ml.rca._regressions import durations_p_value, median_of, rates_p_value, shares_p_value

BINS = np.array([10.0, 20.0, 40.0, 80.0, 160.0, 320.0])


def counted(name: str, before: int, after: int, *, rate: bool = False) -> Counted:
    """Return an item out of a thousand requests before and as many after."""
    return Counted(name, name, before, after, 1_000.0, 1_000.0, rate=rate, key=f"key/{name}")


def test_an_issue_that_was_not_there_before_is_a_regression() -> None:
    """One as frequent as before is not, nor is one that became rarer."""
    found = regressions([counted("new", 0, 30), counted("same", 40, 44), counted("better", 60, 10)])
    assert [(one.id, one.aspect, one.key) for one in found] == [("new", Aspect.FAILURES, "key/new")]
    assert found[0].ratio == float("inf")


def test_events_of_a_stream_are_compared_by_their_rate() -> None:
    """Three times as many in three times the time are no more than before."""
    item = Counted("i", "i", 50, 150, 3_600.0, 10_800.0, rate=True)
    assert regressions([item]) == ()
    assert regressions([Counted("i", "i", 50, 150, 3_600.0, 3_600.0, rate=True)])[0].ratio == pytest.approx(3.0)


def test_longer_durations_are_found_though_nothing_fails() -> None:
    """The median is told before and after."""
    slow = Counted(
        "GET /cart", "GET /cart", 0, 0, 600.0, 600.0, bins=BINS,
        durations_before=np.array([50, 300, 200, 50, 0, 0.0]), durations_after=np.array([10, 50, 200, 300, 40, 0.0]),
    )  # fmt: skip
    (found,) = regressions([slow])
    assert found.aspect is Aspect.DURATION
    assert found.before == pytest.approx(10.0 + 10.0 * 250 / 300)
    assert found.after > 40.0


def test_a_difference_that_does_not_matter_is_not_told_however_certain_it_is() -> None:
    """A million requests make a tenth more significant."""
    small = Counted("i", "i", 50_000, 55_000, 1e6, 1e6)
    assert shares_p_value(small) < 1e-6
    assert regressions([small]) == ()


def test_of_a_thousand_that_did_not_change_hardly_any_is_told() -> None:
    """With a tenth of false discoveries allowed, noise alone gives none in most draws."""
    dice = np.random.default_rng(11)
    items = [counted(str(i), int(dice.poisson(20)), int(dice.poisson(20)), rate=True) for i in range(1_000)]
    assert len(regressions(items)) <= 2


def test_the_order_of_items_does_not_matter() -> None:
    """The most certain comes first."""
    items = [counted("a", 1, 20), counted("b", 1, 60), counted("c", 0, 9)]
    assert regressions(items) == regressions(items[::-1])
    assert regressions(items)[0].id == "b"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(0, 5, 0.5**5), (3, 3, 42 / 64), (0, 0, 1.0)],
)
def test_rates_of_equal_exposure_are_tosses_of_a_coin(before: int, after: int, expected: float) -> None:
    """At least `after` heads of all tosses."""
    assert rates_p_value(Counted("i", "i", before, after, 10.0, 10.0, rate=True)) == pytest.approx(expected)


def test_shares_are_tested_as_fisher_does() -> None:
    """The lady tasting tea: three of four right by chance in 17 of 70 ways (Fisher 1935)."""
    assert shares_p_value(Counted("tea", "tea", 1, 3, 4.0, 4.0)) == pytest.approx(17 / 70)


def test_durations_of_one_bin_say_nothing() -> None:
    """All ties: neither is longer."""
    same = np.array([0.0, 100.0, 0.0])
    assert durations_p_value(same, same) == 1.0
    assert np.isnan(median_of(np.zeros(3), BINS[:3]))
