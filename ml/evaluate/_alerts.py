"""Alerts of detectors on many series at once, and what share of them is right."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.anomaly import StreamDetector, run
from ml.evaluate._intervals import SEED, interval_of_sums

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SIGMAS: Final = 3.0
WINDOW: Final = 288
"""Values over which the simple baseline takes its mean and deviation: a day of five minutes."""

DEALS: Final = 20


@dataclass(frozen=True, slots=True)
class Batch:
    """Series in one table; shorter ones end in NaN.

    Attributes:
        every_s: shape (series,); seconds between values.
        counts: shape (series,); whether the values are numbers of events.
        times: shape (series, points); seconds since 1970.
        values: the same; NaN where missing.
    """

    every_s: Floats
    counts: Flags
    times: Floats
    values: Floats


@dataclass(frozen=True, slots=True)
class Judged:
    """What a detector said; both of shape (series, points).

    Attributes:
        told: score of a point that says something new, else 0.
        alerts: at the thresholds that were frozen.
        urgent: those of them that are next to certain.
    """

    told: Floats
    alerts: Flags
    urgent: Flags


def judged(batch: Batch) -> Judged:
    """Return what the detector of the product says, point by point, in its one configuration."""
    told = np.zeros(batch.values.shape)
    alerts, urgent = np.zeros(told.shape, dtype=np.bool_), np.zeros(told.shape, dtype=np.bool_)
    verdicts = run(StreamDetector(), batch.every_s, batch.counts, (batch.times, batch.values))
    for place, verdict in enumerate(verdicts):
        told[:, place], alerts[:, place], urgent[:, place] = verdict.told, verdict.alert, verdict.urgent
    return Judged(told, alerts, urgent)


def three_sigma(batch: Batch) -> Judged:
    """Return what everybody begins with: deviations from the mean of the last day above three standard deviations.

    The first point of a stretch of them alerts.
    """
    there = np.isfinite(batch.values)
    value = np.where(there, batch.values, 0.0)
    # Sums of squares around the first value lose less of the digits than around zero.
    value -= np.where(there, value[:, :1], 0.0)
    sums = [np.cumsum(np.pad(part, ((0, 0), (1, 0))), axis=1) for part in (there * 1.0, value, value * value)]
    places = np.arange(value.shape[1])
    start = np.maximum(places - WINDOW, 0)
    number, total, squares = (part[:, places] - part[:, start] for part in sums)
    number = np.maximum(number, 1.0)
    mean = total / number
    sigma = np.sqrt(np.maximum(squares / number - mean * mean, 0.0))
    enough = there & (places >= WINDOW // 4)
    score = np.divide(np.abs(value - mean), sigma, out=np.zeros_like(value), where=enough & (sigma > 0.0))
    over = score > SIGMAS
    begun = over & ~np.pad(over, ((0, 0), (1, 0)))[:, :-1]
    return Judged(score, begun, begun)


@dataclass(frozen=True, slots=True)
class Tally:
    """What alerts were worth, by series; every array of shape (series,).

    Attributes:
        right: alerts within the truth.
        wrong: alerts outside.
        found: true stretches with an alert.
        wanted: true stretches.
        days: days that were scored.
    """

    right: Floats
    wrong: Floats
    found: Floats
    wanted: Floats
    days: Floats

    def of(self, rows: Flags) -> Tally:
        """Return that of some series."""
        return Tally(self.right[rows], self.wrong[rows], self.found[rows], self.wanted[rows], self.days[rows])

    def values(self) -> list[float]:
        """Return precision, recall and false alerts per series and day."""
        return [float(_ratio(parts.sum(axis=0, keepdims=True), nothing)[0]) for _, parts, nothing, _ in self._parts()]

    def figures(self) -> list[tuple[str, float, tuple[float, float], int]]:
        """Return the same with their names, intervals and the numbers of items.

        Series are drawn for the interval: alerts of one stand or fall together.
        """
        return [
            (name, value, interval_of_sums(parts, partial(_ratio, nothing=nothing)), number)
            for value, (name, parts, nothing, number) in zip(self.values(), self._parts(), strict=True)
        ]

    def _parts(self) -> list[tuple[str, Floats, float, int]]:
        """Return of each figure what series add to both of its sums, its value without anything, and its items."""
        alerts = self.right + self.wrong
        return [
            ("precision", np.column_stack([self.right, alerts]), 1.0, int(alerts.sum())),
            ("recall", np.column_stack([self.found, self.wanted]), 1.0, int(self.wanted.sum())),
            ("false_alerts_per_series_day", np.column_stack([self.wrong, self.days]), 0.0, len(alerts)),
        ]


def tally(alerts: Flags, truth: list[list[tuple[int, int]]], scored: list[tuple[int, int]], days: Floats) -> Tally:
    """Return what alerts are worth.

    An alert is right within a true stretch, wrong outside of all; no alert is credited to points it did not name.

    Args:
        alerts: shape (series, points).
        truth: first and last point of the true stretches of each series.
        scored: first scored point of each series and the one after the last.
        days: scored days of each series.
    """
    made = np.zeros((len(alerts), 4))
    for row, ((first, end), stretches) in enumerate(zip(scored, truth, strict=True)):
        inside = np.zeros(alerts.shape[1], dtype=np.bool_)
        for begin, last in stretches:
            inside[begin : last + 1] = True
        inside, said = inside[first:end], alerts[row, first:end]
        within = [alerts[row, max(begin, first) : last + 1].any() for begin, last in stretches if last >= first]
        made[row] = (said & inside).sum(), (said & ~inside).sum(), sum(within), len(within)
    right, wrong, found, wanted = made.T
    return Tally(right, wrong, found, wanted, days)


def by_chance(alerts: Flags, scored: list[tuple[int, int]], seed: int = SEED) -> list[Flags]:
    """Return deals of as many alerts of each series to any of its scored points."""
    dice = np.random.default_rng(seed)
    deals = []
    for _ in range(DEALS):
        dealt = np.zeros_like(alerts)
        for row, (first, end) in enumerate(scored):
            dealt[row, first:end] = dice.permutation(alerts[row, first:end])
        deals.append(dealt)
    return deals


def _ratio(sums: Floats, nothing: float) -> Floats:
    share: Floats = np.divide(sums[:, 0], sums[:, 1], out=np.full(len(sums), nothing), where=sums[:, 1] > 0.0)
    return share
