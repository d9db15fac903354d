"""Anomalies: the Numenta Anomaly Benchmark, every category below `nab/data`, and faults injected into made series.

One detector in one configuration is run over everything, point by point; it is not told where a series comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.evaluate._alerts import Batch, Judged, Tally, by_chance, judged, tally, three_sigma
from ml.evaluate._faults import EVERY_S, GRACE, KNOWN_DAYS, PER_DAY, SCORED_DAYS, START_S, Made, made_series
from ml.evaluate._intervals import SEED, interval_of_sums
from ml.evaluate._nab import Labelled, Profile, best_threshold, normalised, probation, raw_score
from ml.evaluate._nab_data import NabSeries, read_corpus, standard_profile
from ml.evaluate._rows import Row

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

TASK: Final = "anomaly"
NAB: Final = "nab"
INJECTED: Final = "injected"
BASELINE: Final = "3-sigma"
MADE: Final = 100
"""Series with injected faults."""

_DAY_S: Final = 86_400.0


def anomaly(data: Path) -> Iterator[Row]:
    """Yield the rows of the whole benchmark, of each category, and of injected faults; each with the baseline's.

    Args:
        data: the folder of labelled data.

    Raises:
        DamagedData: a series or the windows cannot be read.
    """
    corpus = read_corpus(data)
    if corpus:
        yield from score_nab(corpus, standard_profile(data))
        yield from score_injected(made_series(SEED, MADE))


def score_nab(corpus: Sequence[NabSeries], profile: Profile) -> Iterator[Row]:
    """Yield the rows of the benchmark: the scoreboard's figure, and precision and recall of alerts."""
    batch = as_batch(corpus)
    mine = judged(batch)
    yield from _nab_rows(corpus, mine, profile, NAB)
    categories = np.array([series.category for series in corpus])
    for category in sorted(set(categories.tolist())):
        # The threshold is that of the whole corpus, as on the scoreboard.
        yield from _nab_rows(corpus, mine, profile, f"{NAB}/{category}", categories == category)
    yield from _nab_rows(corpus, three_sigma(batch), profile, f"{NAB}/{BASELINE}")


def as_batch(corpus: Sequence[NabSeries]) -> Batch:
    """Return the series in one table."""
    longest = max(len(series.values) for series in corpus)
    times, values = np.zeros((len(corpus), longest)), np.full((len(corpus), longest), np.nan)
    for row, series in enumerate(corpus):
        times[row, : len(series.times)] = series.times
        values[row, : len(series.values)] = series.values
    every = [float(np.median(np.diff(series.times))) if len(series.times) > 1 else 1.0 for series in corpus]
    return Batch(np.maximum(every, 1.0), np.zeros(len(corpus), dtype=np.bool_), times, values)


def _nab_rows(
    corpus: Sequence[NabSeries], said: Judged, profile: Profile, name: str, only: Flags | None = None
) -> Iterator[Row]:
    """Yield the rows of a set of series.

    Args:
        corpus: all series, over which the threshold is found.
        said: of all series.
        profile: the standard one.
        name: of the set.
        only: which series the set has; all without.
    """
    chosen = np.ones(len(corpus), dtype=np.bool_) if only is None else only
    ways = (("nab_standard", said.told), ("nab_standard_frozen", said.alerts.astype(np.float64)))
    for metric, scores in ways:
        everything = [Labelled(scores[row, : len(series.values)], series.windows) for row, series in enumerate(corpus)]
        part = [labelled for labelled, taken in zip(everything, chosen, strict=True) if taken]
        if any(labelled.windows for labelled in part):
            frozen = metric == "nab_standard_frozen"
            threshold = 1.0 if frozen else best_threshold(everything, profile)
            yield _nab_row((name, metric), part, threshold, profile)
    scored = [(probation(len(series.values)), len(series.values)) for series in corpus]
    days = np.array(
        [(s.times[end - 1] - s.times[first]) / _DAY_S for s, (first, end) in zip(corpus, scored, strict=True)]
    )
    truth = [[*series.windows] for series in corpus]
    for alerts, suffix in ((said.urgent, ""), (said.alerts, "_all")):
        ours = tally(alerts, truth, scored, days).of(chosen)
        deals = [tally(dealt, truth, scored, days).of(chosen) for dealt in by_chance(alerts, scored)]
        for row in _alert_rows(name, ours, deals):
            yield replace(row, metric=row.metric + suffix)


def _nab_row(named: tuple[str, str], part: Sequence[Labelled], threshold: float, profile: Profile) -> Row:
    """Return a figure of the scoreboard, its interval by drawing series, and what the same scores by chance reach."""
    name, metric = named
    raw = np.array([raw_score(labelled, threshold, profile) for labelled in part])
    windows = np.array([len(labelled.windows) for labelled in part])

    def figure(sums: Floats) -> Floats:
        return np.array([normalised(float(total), int(number), profile) for total, number in sums])

    value = float(figure(np.array([[raw.sum(), windows.sum()]]))[0])
    low, high = interval_of_sums(np.column_stack([raw, windows]), figure)
    dice = np.random.default_rng(SEED)
    dealt = [sum(raw_score(_shuffled(one, dice), threshold, profile) for one in part) for _ in range(5)]
    chance = normalised(float(np.mean(dealt)), int(windows.sum()), profile)
    return Row(TASK, name, metric, value, low, high, chance, int(windows.sum()))


def _shuffled(series: Labelled, dice: np.random.Generator) -> Labelled:
    first = probation(len(series.scores))
    return Labelled(np.concatenate([series.scores[:first], dice.permutation(series.scores[first:])]), series.windows)


def score_injected(series: Sequence[Made]) -> Iterator[Row]:
    """Yield precision, recall and false alerts of injected faults, the recall of each kind of fault, the baseline's."""
    points = len(series[0].values)
    times = np.tile(START_S + EVERY_S * np.arange(points), (len(series), 1))
    counts = np.array([one.counts for one in series])
    batch = Batch(np.full(len(series), EVERY_S), counts, times, np.array([one.values for one in series]))
    said = judged(batch)
    yield from _injected_rows(INJECTED, series, said.alerts)
    for kind in sorted({fault.kind for one in series for fault in one.faults}):
        ours, deals = _injected(series, said.alerts, kind)
        yield from (row for row in _alert_rows(f"{INJECTED}/{kind}", ours, deals) if row.metric == "recall")
    yield from _injected_rows(f"{INJECTED}/{BASELINE}", series, three_sigma(batch).alerts)


def _injected_rows(name: str, series: Sequence[Made], alerts: Flags) -> Iterator[Row]:
    yield from _alert_rows(name, *_injected(series, alerts))


def _injected(series: Sequence[Made], alerts: Flags, kind: str = "") -> tuple[Tally, list[Tally]]:
    """Return what alerts are worth, and what as many are by chance; of one kind of fault, or of all."""
    end = len(series[0].values)
    truth = [[(f.first, min(f.last + GRACE, end - 1)) for f in one.faults if kind in ("", f.kind)] for one in series]
    scored = [(KNOWN_DAYS * PER_DAY, end)] * len(series)
    days = np.full(len(series), float(SCORED_DAYS))
    return tally(alerts, truth, scored, days), [tally(deal, truth, scored, days) for deal in by_chance(alerts, scored)]


def _alert_rows(name: str, ours: Tally, deals: Sequence[Tally]) -> Iterator[Row]:
    chance = np.mean([deal.values() for deal in deals], axis=0)
    for (metric, value, (low, high), number), by_luck in zip(ours.figures(), chance, strict=True):
        if number:  # without alerts there is no precision, without windows no recall
            yield Row(TASK, name, metric, value, low, high, float(by_luck), number)
