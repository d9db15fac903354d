"""The shape of what an evaluation says, and of what makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import UserError


class NothingToEvaluate(UserError):
    """A folder holds none of the labelled data that any chosen task reads."""

    code = "nothing-to-evaluate"


class DamagedData(UserError):
    """A file of labelled data cannot be read as what it should be."""

    code = "damaged-data"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure with what is needed to judge it.

    Attributes:
        task: `templates`, `root-cause`, `signature`, `invariance`, `suspect-commit`, `anomaly`, `rca-metrics`, ...
        set: what was scored: a system, a file, a seed; `WHOLE/PART` is a part of another set, which no goal is about.
        metric: `GA`, `FGA`, `bcubed_f1`, `pair_precision`, ...; shares of 1 but for `nab_...`, points of 100, and
            names that end in a unit.
        value: the figure.
        low: lower end of its 95 % interval.
        high: upper end.
        chance: what an answer that knows nothing but the sizes of groups, or guesses, would reach.
        n: number of items the figure is about.
    """

    task: str
    set: str
    metric: str
    value: float
    low: float
    high: float
    chance: float
    n: int


Task = Callable[[Path], Iterable[Row]]
"""Scores what it finds below a folder laid out as docs/how-to/evaluate.md says; nothing found, no rows.

A task may raise `DamagedData`. It must give the same rows for the same folder: what is drawn is drawn with fixed seeds.
"""
