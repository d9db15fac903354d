"""The scorer of the Numenta Anomaly Benchmark, by its published rules.

Lavin and Ahmad, Evaluating Real-time Anomaly Detection Algorithms - the Numenta Anomaly Benchmark, ICMLA 2015, sections
II.B-D, and the version of them that makes the public scoreboard: the first 15 % of a series, at most 750 points, are
not scored; in a window the earliest detection counts, by a sigmoid of how early it is; every detection outside is a
false one, less bad shortly after a window; a missed window costs as much as a found one gains. The threshold is the one
that is best for the whole corpus. 0 is a detector that never alerts, 100 a perfect one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PROBATION: Final = 0.15
PROBATION_POINTS: Final = 5_000
"""Of longer series the probation is that of one of so many points: 750."""

_FAR: Final = 3.0
"""Widths of the window before, from which on a false detection costs all it can."""

_STEEP: Final = 5.0
_EARLIEST: Final = 2.0 / (1.0 + math.exp(-_STEEP)) - 1.0
"""The sigmoid at the left end of a window, by which it is divided there so that the earliest detection gains 1."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What an application makes of right and wrong detections; the weights of the standard profile."""

    hit: float = 1.0
    miss: float = 1.0
    false_alarm: float = 0.11


@dataclass(frozen=True, slots=True)
class Labelled:
    """A series of the corpus, scored.

    Attributes:
        scores: shape (points,); the higher, the more of an anomaly.
        windows: first and last position of each window, in order, not overlapping.
    """

    scores: Floats
    windows: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Points:
    """The points that are scored: their scores, what they gain or cost, the number of their window (-1: none)."""

    scores: Floats
    worth: Floats
    window: npt.NDArray[np.int64]


def probation(points: int) -> int:
    """Return how many points at the start of a series are not scored."""
    return int(min(PROBATION * points, PROBATION * PROBATION_POINTS))


def standing(series: Labelled, profile: Profile) -> Floats:
    """Return what a detection at each point would gain (in a window) or cost; shape (points,)."""
    points = len(series.scores)
    position = np.full(points, _FAR)
    weight = np.full(points, profile.false_alarm)
    for i, (first, last) in enumerate(series.windows):
        width = last - first + 1
        inside = np.arange(first, last + 1)
        position[inside] = -(last - inside + 1) / width
        weight[inside] = profile.hit / _EARLIEST
        end = series.windows[i + 1][0] if i + 1 < len(series.windows) else points
        after = np.arange(last + 1, end)
        position[after] = (after - last) / max(width - 1, 1)
    worth: Floats = _sigmoid(position) * weight
    return worth


def best_threshold(corpus: Iterable[Labelled], profile: Profile) -> float:
    """Return the threshold of the best sum of scores; infinite when it is best to be silent."""
    points = _joined(corpus, profile)
    order = np.argsort(-points.scores, kind="stable")
    best, threshold = 0.0, np.inf
    gained: dict[int, float] = {}
    total = 0.0
    scores, worth, window = points.scores[order], points.worth[order], points.window[order]
    for i in range(len(order)):
        number = int(window[i])
        if number < 0:
            total += float(worth[i])
        else:
            before = gained.get(number, -profile.miss)
            gained[number] = max(before, float(worth[i]))
            total += gained[number] - before
        last_of_its_score = i + 1 == len(order) or scores[i + 1] != scores[i]
        if last_of_its_score and total > best:
            best, threshold = total, float(scores[i])
    return threshold


def raw_score(series: Labelled, threshold: float, profile: Profile) -> float:
    """Return the score of one series, before it is normalised: at most the number of its windows."""
    points = _joined([series], profile)
    hit = points.scores >= threshold
    total = float(points.worth[hit & (points.window < 0)].sum())
    for number in np.unique(points.window[points.window >= 0]):
        found = points.worth[hit & (points.window == number)]
        total += float(found.max()) if found.size else -profile.miss
    return total


def normalised(raw: float, windows: int, profile: Profile) -> float:
    """Return the figure of the scoreboard: 0 for a detector that never alerts, 100 for a perfect one.

    Args:
        raw: sum of the scores of the series.
        windows: how many there are in all of them.
        profile: it was scored with.
    """
    silent, perfect = -windows * profile.miss, windows * profile.hit
    return 100.0 * (raw - silent) / (perfect - silent) if windows else 0.0


def read_profiles(document: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, Profile]:
    """Return the profiles of `config/profiles.json`.

    Raises:
        KeyError: one has no weights.
    """
    costs = {name: body["CostMatrix"] for name, body in document.items()}
    return {name: Profile(c["tpWeight"], c["fnWeight"], c["fpWeight"]) for name, c in costs.items()}


def _sigmoid(position: Floats) -> Floats:
    """Return 0.987 at the left end of a window (-1), 0 at the right one, -1 far behind it."""
    near = 2.0 / (1.0 + np.exp(_STEEP * np.minimum(position, _FAR))) - 1.0
    return np.where(position >= _FAR, -1.0, near)


def _joined(corpus: Iterable[Labelled], profile: Profile) -> _Points:
    scores, worth, windows, first_number = [np.zeros(0)], [np.zeros(0)], [np.zeros(0, np.int64)], 0
    for series in corpus:
        number = np.full(len(series.scores), -1, dtype=np.int64)
        for i, (first, last) in enumerate(series.windows):
            number[first : last + 1] = first_number + i
        first_number += len(series.windows)
        start = probation(len(series.scores))
        scores.append(series.scores[start:])
        worth.append(standing(series, profile)[start:])
        windows.append(number[start:])
    return _Points(np.concatenate(scores), np.concatenate(worth), np.concatenate(windows))
