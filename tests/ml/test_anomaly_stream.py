"""The streaming detector in made series of which the truth is known."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.anomaly import State, StreamDetector, Verdicts, as_bytes, from_bytes, run
from ml.anomaly._novelty import WINDOW, CodeBook
from ml.anomaly._rare import deviation
from ml.anomaly._tail import KEPT, Tail

Floats = npt.NDArray[np.float64]
EVERY_S = 1_800.0
PER_DAY = 48
START_S = 1_767_571_200.0


def judge(values: Floats, *, counts: bool = False) -> list[Verdicts]:
    """The verdicts on series, shape (series, points), of half hours."""
    series, points = values.shape
    times = np.tile(START_S + EVERY_S * np.arange(points), (series, 1))
    return list(run(StreamDetector(), np.full(series, EVERY_S), np.full(series, counts), (times, values)))


def alerts(values: Floats, *, counts: bool = False) -> list[list[int]]:
    """The points of each series that alert."""
    said = np.array([verdict.alert for verdict in judge(values, counts=counts)]).T
    return [np.flatnonzero(row).tolist() for row in said]


def daily(seed: int, days: int) -> Floats:
    """A day of 100 to 300 with noise of 4."""
    points = np.arange(days * PER_DAY)
    return 200 + 100 * np.sin(2 * np.pi * points / PER_DAY) + np.random.default_rng(seed).normal(0, 4, len(points))


def within(found: Sequence[int], first: int, last: int) -> bool:
    return any(first <= place <= last for place in found)


def test_faults_of_a_daily_series_are_found_and_the_day_is_none() -> None:
    """A spike, a value that is usual at another time of the day, a lasting step, a slow drift; and nothing."""
    plain = np.array([daily(seed, 14) for seed in range(6)])
    place = 12 * PER_DAY + 12  # the middle of the day's highest hours
    plain[1, place : place + 2] += 80
    plain[2, place : place + 3] = 150.0
    plain[3, place : place + 20] += 60
    plain[4, place : place + 30] += np.linspace(0, 120, 30)
    found = alerts(plain)
    assert found[0] == []
    assert found[5] == []
    assert within(found[1], place, place + 1)
    assert within(found[2], place, place + 2)
    assert within(found[3], place, place + 19)
    assert within(found[4], place, place + 31)  # at the latest when it ends


def test_few_events_are_judged_by_their_chance() -> None:
    """One error an hour is no news; twenty at once are, and so are four hours of four."""
    dice = np.random.default_rng(3)
    values = dice.poisson(0.3, (6, 14 * PER_DAY)).astype(np.float64)
    place = 12 * PER_DAY
    values[0, place] = 20
    values[1, place : place + 8] = 4
    found = alerts(values, counts=True)
    assert within(found[0], place, place)
    assert within(found[1], place, place + 7)
    assert sum(map(len, found[2:])) <= 1


def test_a_series_that_stands_still_alerts_when_it_moves() -> None:
    """Its spread is none, which is no reason to divide by it."""
    values = np.full((2, 8 * PER_DAY), 7.0)
    values[1, 6 * PER_DAY :] = 9.0
    with np.errstate(all="raise", under="ignore"):
        found = alerts(values)
    assert found[0] == []
    assert within(found[1], 6 * PER_DAY, 6 * PER_DAY + 3)
    verdict = judge(values)[-1]
    assert np.isfinite(verdict.expected).all()


def test_missing_values_are_neither_judged_nor_learnt() -> None:
    """A gap of two days says nothing, and what follows it is judged as if the gap were not."""
    values = np.array([daily(8, 13), daily(8, 13)])
    gap = slice(9 * PER_DAY, 11 * PER_DAY)
    values[1, gap] = np.nan
    said = judge(values)
    assert all(v.score[1] == 0.0 and not v.alert[1] for v in said[gap])
    assert not any(v.alert[1] for v in said)
    state = StreamDetector().start(np.full(1, EVERY_S), np.zeros(1, dtype=np.bool_))
    before = as_bytes(state.profile)
    state, _ = StreamDetector().update(state, np.array([START_S]), np.array([np.nan]))
    assert as_bytes(state.profile) == before


@given(st.integers(60, 150), st.integers(0, 10**6))
@settings(max_examples=3, deadline=None)
def test_a_verdict_uses_nothing_later_than_its_point(cut: int, seed: int) -> None:
    """Whatever comes after; and no series has a say in another's verdict."""
    dice = np.random.default_rng(seed)
    one = dice.normal(100, 5, (3, 160))
    other = one.copy()
    other[:, cut:] = dice.normal(1e6, 1e5, (3, 160 - cut))
    alone = judge(one[1:2])
    for a, b, c in zip(judge(one)[:cut], judge(other)[:cut], alone[:cut], strict=True):
        np.testing.assert_array_equal(a.score, b.score)
        np.testing.assert_array_equal(a.score[1:2], c.score)


@given(st.integers(1, 119))
@settings(max_examples=3, deadline=None)
def test_a_state_that_was_stored_goes_on_as_if_it_had_not_been(cut: int) -> None:
    """Bytes without code in them, at any point."""
    values = np.random.default_rng(cut).normal(10, 1, (2, 120))
    times = START_S + EVERY_S * np.arange(120)
    detector = StreamDetector()
    ways = []
    for stored in (False, True):
        state = detector.start(np.full(2, EVERY_S), np.array([True, False]))
        for place in range(120):
            state, verdict = detector.update(state, np.full(2, times[place]), values[:, place])
            if stored and place == cut:
                state = from_bytes(State, as_bytes(state))
        ways.append(verdict.score)
    np.testing.assert_array_equal(ways[0], ways[1])


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04", as_bytes(Tail.of(3)), b"\x93NUMPY"])
def test_bytes_that_are_no_state_are_refused(body: bytes) -> None:
    """Also those of another state."""
    with pytest.raises(ValueError, match="no state of State"):
        from_bytes(State, body)


def test_an_incident_is_told_once_until_it_gets_worse() -> None:
    """A step of hours is one alert or two, not one for every point."""
    values = np.random.default_rng(2).normal(100, 2, (1, 12 * PER_DAY))
    values[0, 10 * PER_DAY : 11 * PER_DAY] += 40
    found = alerts(values)[0]
    assert 1 <= len(found) <= 3


def test_a_tail_tells_probabilities() -> None:
    """Of a power law, whose exponent it has to find: a thousandth of the deviations scores 3 or more, give or take."""
    dice = np.random.default_rng(1)
    tail, above = Tail.of(400), 0
    for step in range(800):
        score = tail.update(dice.pareto(3.0, 400) + 1.0)
        above += int((score >= 3.0).sum()) if step >= 400 else 0
    assert 0.3e-3 < above / (400 * 400) < 3e-3


def test_a_tail_learns_an_incident_slowly() -> None:
    """What is ten times as large as anything before stays improbable when it comes again."""
    tail = Tail.of(1)
    sizes = np.abs(np.random.default_rng(4).normal(0, 1, 500))
    for size in [*sizes, 40.0]:
        tail.update(np.array([size]))
    assert tail.top.shape == (1, KEPT)
    assert tail.update(np.array([40.0]))[0] > 4.0
    assert tail.update(np.array([np.nan]))[0] == 0.0


def test_what_was_seen_before_is_not_novel() -> None:
    """The second round of a pattern has a neighbour at no distance; a new shape has none near, a gap no distance."""
    book = CodeBook.of(1)
    pattern = [1.0, 5.0, 2.0, 8.0, 3.0, 9.0, 4.0]
    first = [float(book.update(np.array([value]))[0]) for value in pattern * 2 + [1.0, 5.0]]
    assert first[-3:] == [0.0, 0.0, 0.0]
    assert book.update(np.array([50.0]))[0] > 10.0
    book.update(np.array([np.nan]))
    after = [float(book.update(np.array([value]))[0]) for value in pattern[:WINDOW]]
    assert np.isnan(after[:-1]).all()
    assert after[-1] == 0.0


@pytest.mark.parametrize(("value", "mean", "low", "high"), [(0.0, 0.2, -0.5, 0.5), (5.0, 0.2, 4.5, 5.5), (0.0, 9.0, -4.5, -3.0), (12.0, 2.0, 4.2, 5.2), (150.0, 100.0, 4.9, 5.1)])  # fmt: skip
def test_counts_are_as_far_off_as_they_are_improbable(value: float, mean: float, low: float, high: float) -> None:
    """By Poisson's distribution, in deviations of a normal one."""
    found = deviation(np.array([value]), np.array([mean]), np.array([1e-3]), np.array([True]))[0]
    assert low <= found <= high
