"""Anomalies and changes of level in made series of which the truth is known."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.anomaly import find_anomalies, find_changes
from ml.anomaly._counts import CountModel
from queries.detectors import Change, Judgement, NotEnough, Series

HOUR = 3_600.0


def judged(values: list[float | None], season: str = "auto", *, every_s: float = HOUR, counts: bool = False, sensitivity: float = 1.0) -> list[Judgement | None]:  # fmt: skip
    answer = find_anomalies(Series(values, every_s, 0.0, counts), season, sensitivity)
    assert not isinstance(answer, NotEnough)
    assert len(answer) == len(values)
    return list(answer)


def flagged(
    values: list[float | None], season: str = "auto", *, counts: bool = False, sensitivity: float = 1.0
) -> list[int]:
    answer = judged(values, season, counts=counts, sensitivity=sensitivity)
    return [i for i, one in enumerate(answer) if one is not None and one.anomaly]


def changes(values: list[float | None], *, counts: bool = False) -> list[Change]:
    answer = find_changes(Series(values, HOUR, 0.0, counts))
    assert not isinstance(answer, NotEnough)
    return list(answer)


def noise(seed: int, n: int, level: float = 100.0, sigma: float = 5.0) -> list[float]:
    dice = random.Random(seed)
    return [dice.gauss(level, sigma) for _ in range(n)]


def daily(seed: int, days: int, sigma: float = 4.0) -> list[float]:
    dice = random.Random(seed)
    return [200 + 100 * math.sin(h / 24 * 2 * math.pi) + dice.gauss(0, sigma) for h in range(24 * days)]


def poisson(dice: random.Random, mean: float) -> float:
    limit, k, product = math.exp(-mean), 0, dice.random()
    while product > limit:
        k += 1
        product *= dice.random()
    return float(k)


@given(st.floats(-1e12, 1e12), st.integers(20, 300), st.sampled_from(["auto", "none"]))
@settings(max_examples=25, deadline=None)
def test_a_constant_series_has_neither_anomalies_nor_changes(value: float, n: int, season: str) -> None:
    """Whatever the constant."""
    assert flagged([value] * n, season) == []
    assert changes([value] * n) == []


@given(st.integers(0, 10**6), st.integers(0, 199), st.sampled_from([1.0, -1.0]))
@settings(max_examples=60, deadline=None)
def test_an_injected_spike_is_found(seed: int, place: int, sign: float) -> None:
    """Up or down, anywhere, of ten times the noise; and it is the highest score."""
    values = noise(seed, 200)
    values[place] = 100 + sign * 60
    assert place in flagged(values)
    scores = [one.score if one else 0.0 for one in judged(list(values))]
    assert max(range(200), key=scores.__getitem__) == place


@given(st.integers(0, 10**6), st.sampled_from([1e-6, 1e-3, 7.0, 1e6]))
@settings(max_examples=40, deadline=None)
def test_findings_do_not_depend_on_the_unit(seed: int, factor: float) -> None:
    """Milliseconds or hours: the same buckets, the same scores; bounds in the unit of the values."""
    values = noise(seed, 120)
    values[60] += 50
    one, other = judged(list(values)), judged([v * factor for v in values])
    for a, b in zip(one, other, strict=True):
        assert a is not None
        assert b is not None
        assert a.anomaly == b.anomaly
        assert b.score == pytest.approx(a.score, rel=1e-6)
        assert b.high == pytest.approx(a.high * factor)
    values = noise(seed, 60) + noise(seed + 1, 60, 150)
    assert [c.position for c in changes(list(values))] == [c.position for c in changes([v * factor for v in values])]


def test_noise_raises_few_alarms() -> None:
    """Normal noise of 60 series: about one bucket in 20 series, and one change in 20."""
    series = [noise(seed, 300) for seed in range(60)]
    assert sum(len(flagged(list(values))) for values in series) <= 8
    assert sum(len(changes(list(values))) for values in series) <= 6


def test_noise_that_lasts_raises_few_changes() -> None:
    """A series whose noise goes on from bucket to bucket wanders; its level does not change."""
    found = 0
    for seed in range(60):
        dice, value, values = random.Random(seed), 0.0, []
        for _ in range(300):
            value = 0.5 * value + dice.gauss(0, 1)
            values.append(value)
        found += bool(changes(list(values)))
    assert found <= 12


def test_a_season_is_expected_and_a_deviation_from_it_is_not() -> None:
    """A value that is usual at noon and not at midnight is found only against the season."""
    values = daily(1, 14)
    assert flagged(list(values)) == []
    values[24 * 7 + 18] = 200.0
    assert flagged(list(values)) == [24 * 7 + 18]
    assert flagged(list(values), "day") == [24 * 7 + 18]
    assert flagged(list(values), "none") == []


def test_a_week_is_found_where_days_differ() -> None:
    """Quiet week-ends are no anomalies once there are enough weeks."""
    dice = random.Random(4)
    values = [(20 if h // 24 % 7 > 4 else 100) + dice.gauss(0, 2) for h in range(24 * 7 * 5)]
    assert flagged(list(values)) == []
    values[24 * 7 * 2 + 30] = 25
    assert flagged(list(values)) == [24 * 7 * 2 + 30]


@pytest.mark.parametrize("season", ["hour", "day", "week"])
def test_a_season_without_enough_data_is_not_guessed(season: str) -> None:
    """Two days say nothing about a day, hours nothing about a season of one hour."""
    answer = find_anomalies(Series(daily(1, 2), HOUR, 0.0), season, 1.0)
    assert isinstance(answer, NotEnough)
    assert season in answer.reason


def test_short_series_are_said_to_be_short() -> None:
    """Also when what is there is mostly missing."""
    few: list[float | None] = [1.0] * 19
    assert isinstance(find_anomalies(Series(few, HOUR, 0.0), "auto", 1.0), NotEnough)
    assert isinstance(find_anomalies(Series([*few, *[None] * 50], HOUR, 0.0), "auto", 1.0), NotEnough)
    assert isinstance(find_changes(Series(few, HOUR, 0.0)), NotEnough)
    assert isinstance(find_changes(Series([], HOUR, 0.0)), NotEnough)


def test_missing_values_are_neither_judged_nor_zero() -> None:
    """The same findings around a gap; a spike beside it is found."""
    values: list[float | None] = list(noise(3, 200))
    values[50:80] = [None] * 30
    values[81] = 180.0
    answer = judged(values)
    assert answer[50:80] == [None] * 30
    assert flagged(values) == [81]
    shifted: list[float | None] = [*noise(1, 60), *[None] * 30, *noise(2, 60, 150)]
    assert [c.position for c in changes(shifted)] == [90]


def test_a_trend_is_expected() -> None:
    """A steady rise has no anomalies, not at its ends either; a fall back to its start has one."""
    values = [10.0 * i + v for i, v in enumerate(noise(6, 200))]
    assert flagged(list(values)) == []
    values[150] = 100.0
    assert flagged(list(values)) == [150]


def test_rare_events_are_judged_by_their_chance() -> None:
    """Sparse counts: one or two are no anomaly, eight at once are; the chance is exact."""
    dice = random.Random(11)
    values: list[float | None] = [poisson(dice, 0.3) for _ in range(300)]
    assert flagged(values, counts=True) == []
    values[200] = 9.0
    assert flagged(values, counts=True) == [200]
    assert flagged([0.0] * 50, counts=True) == []
    assert flagged([*[0.0] * 50, 1.0], counts=True) == []
    assert flagged([*[0.0] * 50, 20.0], counts=True) == [50]


@pytest.mark.parametrize(("usual", "bad"), [(3.0, 25.0), (9.0, 34.0), (11.0, 40.0)])
def test_a_lasting_incident_does_not_become_the_usual(usual: float, bad: float) -> None:
    """The last twelve hours of a week, and a fifth of a day, are found nearly whole: they do not widen the bounds."""
    for whole, last in ((168, 12), (60, 12)):
        dice = random.Random(whole)
        values = [poisson(dice, usual) for _ in range(whole - last)] + [poisson(dice, bad) for _ in range(last)]
        found = flagged(list(values), "none", counts=True)
        assert len([i for i in found if i >= whole - last]) >= last - 3
        assert len([i for i in found if i < whole - last]) <= 1


def test_counts_that_vary_more_than_chance_raise_few_alarms() -> None:
    """Bursts of their own size, five times the variance of Poisson's: the variance is learnt."""
    dice = random.Random(13)
    alarms = 0
    for _ in range(6):
        values = [poisson(dice, dice.gammavariate(2.0, 4.0)) for _ in range(200)]
        alarms += len(flagged(list(values), "none", counts=True))
    assert alarms <= 6


def test_counts_raise_few_alarms() -> None:
    """Poisson noise of many levels."""
    dice = random.Random(12)
    alarms = sum(
        len(flagged([poisson(dice, mean) for _ in range(200)], counts=True))
        for mean in (0.1, 1, 4, 9, 30)
        for _ in range(20)
    )
    assert alarms <= 20


def test_sensitivity_moves_the_bounds() -> None:
    """Twice as sensitive, bounds half as wide."""
    values = list(noise(5, 100))
    one, two = judged(values)[50], judged(values, sensitivity=2.0)[50]
    assert one is not None
    assert two is not None
    assert two.high - two.expected == pytest.approx((one.high - one.expected) / 2)


def test_count_models_are_the_distributions_of_the_books() -> None:
    """Poisson of mean 2, the negative binomial of size 3 and p = 1/2, and the far tail."""
    poisson_2 = CountModel(2.0, 2.0)
    assert poisson_2.below(1) == pytest.approx(3 * math.exp(-2))
    assert poisson_2.above(2) == pytest.approx(1 - 3 * math.exp(-2))
    negative = CountModel(3.0, 6.0)
    assert negative.below(0) == pytest.approx(1 / 8)
    assert negative.below(1) == pytest.approx(1 / 8 + 3 / 16)
    assert poisson_2.above(100) == pytest.approx(math.exp(100 * math.log(2) - 2 - math.lgamma(101)), rel=0.05)
    low, high = CountModel(4.0, 4.0).bounds(3.0)
    assert CountModel(4.0, 4.0).score(high) <= 3.0 < CountModel(4.0, 4.0).score(high + 1)
    assert low == 0


@pytest.mark.parametrize("level", [110.0, 60.0, 300.0])
def test_a_step_is_found_where_it_is(level: float) -> None:
    """Within two buckets, with the medians of both sides and a small p-value."""
    (change,) = changes([*noise(1, 80), *noise(2, 70, level)])
    assert abs(change.position - 80) <= 2
    assert change.before == pytest.approx(100, abs=3)
    assert change.after == pytest.approx(level, abs=3)
    assert change.p_value < 1e-6


def test_several_changes_and_none_for_a_spike_or_a_season() -> None:
    """Up and down again; a spike is no level; a daily rhythm neither, its rise for good is."""
    found = changes([*noise(1, 60), *noise(2, 30, 140), *noise(3, 60)])
    assert [round(c.position / 5) * 5 for c in found] == [60, 90]
    spike: list[float | None] = list(noise(4, 100))
    spike[50] = 500.0
    assert changes(spike) == []
    assert changes([*[0.0] * 90, 1.0, *[0.0] * 5]) == []
    assert changes([*[0.0] * 90, 1.0, *[0.0] * 5], counts=True) == []
    assert [c.position for c in changes([*[0.0] * 50, *[1.0] * 50])] == [50]
    assert changes(list(daily(3, 10))) == []
    risen = [v + (80 if i >= 24 * 6 else 0) for i, v in enumerate(daily(3, 12))]
    assert [abs(c.position - 24 * 6) <= 6 for c in changes(list(risen))] == [True]


def test_counts_that_begin_to_come_more_often_have_changed() -> None:
    """Errors at one an hour, then four."""
    dice = random.Random(2)
    (change,) = changes([*(poisson(dice, 1) for _ in range(100)), *(poisson(dice, 4) for _ in range(60))], counts=True)
    assert abs(change.position - 100) <= 5


def test_long_series_are_cut_at_the_best_place() -> None:
    """Longer than the places tried at first."""
    values = [*noise(1, 2500), *noise(2, 2000, 108)]
    (change,) = changes(list(values))
    assert abs(change.position - 2500) <= 5


@pytest.mark.parametrize("find", [lambda v: find_anomalies(Series(v, HOUR, 0.0), "auto", 1.0), lambda v: find_changes(Series(v, HOUR, 0.0))])  # fmt: skip
def test_the_same_series_has_the_same_findings(find: Callable[[list[float]], object]) -> None:
    """Nothing is drawn by chance."""
    values = daily(9, 10)
    assert find(values) == find(list(values))


def day_curve(bucket: int, per_day: int) -> float:
    """Return the share of a usual day: 0.2 at three at night, 1.8 in the afternoon."""
    return 1.0 + 0.8 * math.sin((bucket / per_day - 0.375) * 2 * math.pi)


def two_days(seed: int) -> list[float | None]:
    """Return two days in buckets of five minutes: too short for a season, with a curve far wider than its noise."""
    dice = random.Random(seed)
    return [200 * day_curve(i, 288) + dice.gauss(0, 8) for i in range(576)]


def test_an_incident_within_the_usual_spread_of_a_day_is_found_by_its_place() -> None:
    """At night, six buckets with a value that is usual by day: no season tells, the values nearby do."""
    alarms = 0
    for seed in range(4):
        values = two_days(seed)
        alarms += len(flagged(list(values)))
        for i in range(330, 336):
            values[i] = (values[i] or 0.0) + 100.0
        found = flagged(values)
        assert {i for i in found if 330 <= i < 336} == set(range(330, 336))
        assert len(found) <= 8
        assert max(v or 0.0 for v in values[330:336]) < 300
    assert alarms <= 4


def test_counts_nearby_are_judged_by_their_own_level() -> None:
    """Two days of few events with a curve: fifteen at night are an incident, fifteen by day are not."""
    found_all, alarms = 0, 0
    for seed in range(4):
        dice = random.Random(seed)
        values: list[float | None] = [poisson(dice, 6 * day_curve(i, 96)) for i in range(192)]
        alarms += len(flagged(list(values), counts=True))
        values[106] = 15.0
        found_all += 106 in flagged(values, counts=True)
    assert found_all >= 3
    assert alarms <= 2


@given(st.integers(0, 10**6), st.floats(-1e4, 1e4), st.sampled_from([0.01, 3.0, 500.0]))
@settings(max_examples=15, deadline=None)
def test_moving_and_stretching_a_series_changes_no_finding(seed: int, moved: float, factor: float) -> None:
    """The level and the unit are not what is unusual."""
    values = noise(seed, 150)
    values[70] += 45
    assert flagged([v * factor + moved * factor for v in values]) == flagged(list(values))


@given(st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_a_mirrored_series_has_mirrored_scores(seed: int) -> None:
    """Up and down are alike for values that are no counts."""
    values = noise(seed, 120)
    up, down = judged(list(values)), judged([-v for v in values])
    for one, other in zip(up, down, strict=True):
        assert one is not None
        assert other is not None
        assert other.score == pytest.approx(one.score, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("counts", [False, True])
def test_a_new_level_is_one_change_and_not_endless_anomalies(counts: bool) -> None:
    """A few buckets at the step at most; from there on the new level is the usual one."""
    for seed in range(4):
        dice = random.Random(seed)
        if counts:
            values = [poisson(dice, 2 if i < 150 else 9) for i in range(300)]
        else:
            values = [dice.gauss(100 if i < 150 else 160, 5) for i in range(300)]
        found = flagged(list(values), counts=counts)
        assert len(found) <= 3
        assert [c.position for c in changes(list(values), counts=counts)] == pytest.approx([150], abs=4)


def test_a_series_of_almost_nothing_but_zeros_has_few_anomalies() -> None:
    """One event an hour in ten; five at once are news."""
    dice = random.Random(5)
    values: list[float | None] = [poisson(dice, 0.1) for _ in range(300)]
    assert flagged(values, counts=True) == []
    values[200] = 5.0
    assert flagged(values, counts=True) == [200]


def test_a_level_goes_on_over_a_gap_and_to_the_ends() -> None:
    """Missing buckets have one, and a slow curve is followed to its last bucket without alarms."""
    values = two_days(9)
    values[200:240] = [None] * 40
    assert len(flagged(values)) <= 2
    assert [i for i, one in enumerate(judged(values)) if one is None] == list(range(200, 240))
