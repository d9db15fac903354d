"""What is to be reached, and what others reached: shown beside every figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ml.evaluate._rows import Row


class Over(StrEnum):
    """What of the sets of a task a goal is about."""

    EACH = "each"
    MEAN = "mean"
    WORST = "worst"


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal.

    Attributes:
        task: of the rows it is about.
        metric: of the rows.
        over: every set, their mean, or the worst of them.
        bound: what is to be reached.
        baseline: what is known of others, in words.
        at_most: whether less is better.
    """

    task: str
    metric: str
    over: Over
    bound: float
    baseline: str
    at_most: bool = False

    def met(self, value: float) -> bool:
        """Return whether a value is good enough."""
        return value <= self.bound if self.at_most else value >= self.bound

    def values(self, rows: Iterable[Row]) -> list[float]:
        """Return the values the goal is about: those of whole sets, not of their parts."""
        found = [row.value for row in rows if (row.task, row.metric) == (self.task, self.metric) and "/" not in row.set]
        if not found or self.over is Over.EACH:
            return found
        worst = max if self.at_most else min
        return [sum(found) / len(found) if self.over is Over.MEAN else worst(found)]


GOALS: Final[Sequence[Goal]] = (
    Goal(
        "templates", "GA", Over.MEAN, 0.90, "tuned per system: Brain .983, Drain .865, Spell .793; Drain3 untuned .773"
    ),
    Goal("templates", "GA", Over.WORST, 0.75, "Drain3 untuned .017"),
    Goal("root-cause", "bcubed_f1", Over.EACH, 0.90, "hash of in-app frames .776; type and first frame .877"),
    Goal("root-cause", "pair_precision", Over.EACH, 0.95, "hash of in-app frames .98; type and three frames .94"),
    Goal("root-cause", "pair_recall", Over.EACH, 0.45, "hash of in-app frames .12; type and three frames .51"),
    Goal("root-cause", "auc", Over.EACH, 0.95, "best simple similarity .938; published .89-.93"),
    Goal("signature", "same_group", Over.EACH, 0.97, "ClusterFuzz's own answers are the truth"),
    Goal("invariance", "same_group", Over.EACH, 0.98, "an exact hash fails on most shifts"),
    Goal("invariance", "false_merge", Over.EACH, 0.01, "-", at_most=True),
    Goal("suspect-commit", "mrr", Over.EACH, 0.30, "blame of stack lines .21; Fonte, with coverage, .53"),
    Goal("suspect-commit", "acc@5", Over.EACH, 0.40, "blame of stack lines .24"),
    Goal("suspect-commit", "acc@1_in_release", Over.EACH, 0.60, "-"),
)
"""The goals, frozen before anything was scored; published figures and those of simple code on the same data."""
