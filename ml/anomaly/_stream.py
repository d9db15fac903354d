"""The detector: what a series is expected to be, how novel what it does is, how improbable both are; point by point.

Two opinions are asked. The first is how far the value, and the mean of the last few values, is from what the time of
the day or of the week lets expect, in spreads of noise, or of Poisson's distribution where they count few events. The
second is how far the last values are from anything the series did before. Each is told as a probability by the tail of
the series itself, and the logarithms are added, so that one opinion alone has to be very sure. An alert takes a
deviation that is large by itself, too. One configuration is used for every series.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.anomaly._novelty import CodeBook
from ml.anomaly._profile import Profile
from ml.anomaly._protocol import Verdicts
from ml.anomaly._rare import deviation
from ml.anomaly._tail import Tail

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LASTING: Final = (1, 6, 24)
"""Values over whose mean a deviation is looked for: spikes, steps, slow drifts."""

MOST_DEVIATION: Final = 12.0
"""Spreads one value counts in a mean at most: a single spike is no lasting deviation."""

NOVELTY: Final = 1.5
"""Weight of the second opinion beside the first: it is asked once, the first three times."""

SURE: Final = 5.5
"""Score of an alert.

This and the three below were set with the open series and made ones in view: see docs/explanation/anomaly.md.
"""

CERTAIN: Final = 8.0
"""Score of an urgent alert, for those who want few and right ones."""

LARGE: Final = 8.0
"""Spreads a deviation takes for an alert, by itself or as a mean: what is rare need not matter."""

QUIET: Final = 120
"""Points without a deviation after which an incident is over."""

WORSE: Final = 2.0
"""By how much the score of an incident grows until it is told again: a hundred times as improbable."""

BAND: Final = 4.0
"""Spreads of the band of the usual."""


@dataclass(slots=True)
class Incident:
    """What was said of each series of late.

    Attributes:
        peak: shape (series,); highest score that was said.
        quiet: shape (series,); points since there was something to say.
    """

    peak: Floats
    quiet: Floats

    @classmethod
    def of(cls, series: int) -> Incident:
        """Return that of so many series of which nothing was said."""
        return cls(np.zeros(series), np.full(series, float(QUIET)))

    def records(self, score: Floats) -> Flags:
        """Return which scores are higher than any said since things were quiet, and say them."""
        new: Flags = score > self.peak
        self.quiet = np.where(new, 0.0, self.quiet + 1.0)
        self.peak = np.where(new, score, np.where(self.quiet >= QUIET, 0.0, self.peak))
        return new

    def alerts(self, score: Floats, sure: float) -> Flags:
        """Return which scores begin an incident, or say that one is much worse, and say them."""
        hot = score >= sure
        self.peak = np.where(self.quiet >= QUIET, 0.0, self.peak)
        new: Flags = hot & ((score > self.peak + WORSE) | ((score >= CERTAIN) & (self.peak < CERTAIN)))
        self.peak = np.where(new, score, self.peak)
        self.quiet = np.where(hot, 0.0, self.quiet + 1.0)
        return new


@dataclass(slots=True)
class State:
    """What is known of each series.

    Attributes:
        counts: shape (series,); whether the values are numbers of events.
        profile: what is expected.
        last: shape (series, longest of `LASTING`); the last deviations, the newest last, NaN where missing.
        tails: of the mean of one, six and twenty-four deviations.
        book: windows seen.
        novelty: tail of the distances.
        news: what was told of late.
        incident: what was alerted of late.
    """

    counts: Flags
    profile: Profile
    last: Floats
    single: Tail
    short: Tail
    long: Tail
    book: CodeBook
    novelty: Tail
    news: Incident
    incident: Incident


@dataclass(frozen=True, slots=True)
class StreamDetector:
    """See `ml.anomaly._protocol.Detector`."""

    sure: float = SURE

    def start(self, every_s: Floats, counts: Flags) -> State:
        """Return the state of series of which nothing is known."""
        n = len(every_s)
        return State(
            counts.astype(np.bool_), Profile.of(every_s), np.full((n, max(LASTING)), np.nan),
            Tail.of(n), Tail.of(n), Tail.of(n), CodeBook.of(n), Tail.of(n), Incident.of(n), Incident.of(n),
        )  # fmt: skip

    def update(self, state: State, times: Floats, values: Floats) -> tuple[State, Verdicts]:
        """Return the state after a point of each series, and what is said of the points."""
        known = state.profile.seen > 0.0
        expected, spread = state.profile.update(times, values)
        off = np.where(known, deviation(values, expected, spread, state.counts), np.nan)
        state.last = np.column_stack([state.last[:, 1:], off])
        far = [_lasting(state.last, length) for length in LASTING]
        tails = (state.single, state.short, state.long)
        surprise = np.max([tail.update(size) for tail, size in zip(tails, far, strict=True)], axis=0)
        score = surprise + NOVELTY * state.novelty.update(state.book.update(values))
        told = np.where(state.news.records(score), score, 0.0)
        large = np.max([np.nan_to_num(size) for size in far], axis=0) >= LARGE
        alert = state.incident.alerts(np.where(large, score, 0.0), self.sure)
        expected = np.where(known, expected, np.nan)
        low = expected - BAND * spread
        low = np.where(state.counts, np.maximum(low, 0.0), low)
        return state, Verdicts(expected, low, expected + BAND * spread, score, told, alert, alert & (score >= CERTAIN))


def _lasting(last: Floats, length: int) -> Floats:
    """Return the size of the sum of the last deviations, by the root of their number; NaN without the newest."""
    if length == 1:
        return np.abs(last[:, -1])
    part = last[:, -length:]
    there = np.isfinite(part)
    total = np.where(there, np.clip(part, -MOST_DEVIATION, MOST_DEVIATION), 0.0).sum(axis=1)
    number = there.sum(axis=1)
    enough = there[:, -1] & (2 * number >= length)
    return np.where(enough, np.abs(total) / np.sqrt(np.maximum(number, 1)), np.nan)
