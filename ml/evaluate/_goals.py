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
        of: the one set it is about; all sets without.
    """

    task: str
    metric: str
    over: Over
    bound: float
    baseline: str
    at_most: bool = False
    of: str = ""

    def met(self, value: float) -> bool:
        """Return whether a value is good enough."""
        return value <= self.bound if self.at_most else value >= self.bound

    def values(self, rows: Iterable[Row]) -> list[float]:
        """Return the values the goal is about: those of whole sets, not of their parts, unless it names one."""
        about = [row for row in rows if (row.task, row.metric) == (self.task, self.metric)]
        found = [row.value for row in about if (row.set == self.of if self.of else "/" not in row.set)]
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
    Goal(
        "anomaly", "nab_standard", Over.EACH, 58.0, "ARTime 74.9, HTM 70.1, windowed Gaussian 39.6, random 11", of="nab"
    ),
    Goal("anomaly", "precision", Over.EACH, 0.80, "3-sigma .19", of="nab"),
    Goal("anomaly", "recall", Over.EACH, 0.35, "-", of="nab"),
    Goal("anomaly", "precision", Over.EACH, 0.95, "3-sigma: see its row", of="injected"),
    Goal("anomaly", "recall", Over.EACH, 0.85, "3-sigma: see its row", of="injected"),
    Goal("anomaly", "false_alerts_per_series_day", Over.EACH, 0.05, "3-sigma 2.3", at_most=True, of="injected"),
    Goal("rca-metrics", "ac@1", Over.MEAN, 0.65, "PetShop: walks of the graph .57-.83; one-liners .29-.54"),
    Goal("rca-metrics", "ac@3", Over.MEAN, 0.90, "PetShop: walks of the graph .57-1.0"),
    Goal("rca-metrics", "specificity", Over.MEAN, 0.90, "PetShop: walks blame on .4-.8 of normal data for latency"),
    Goal("rca-traces", "as@1", Over.EACH, 0.50, "Nezha with all signals .87-.93, next best .20-.41; metrics alone .48"),
    Goal("rca-traces", "as@3", Over.EACH, 0.75, "-"),
    Goal("rca-chaos", "ac@1", Over.EACH, 0.70, "-"),
    Goal("rca-chaos", "ac@3", Over.EACH, 0.90, "-"),
    Goal("rca-chaos", "specificity", Over.EACH, 0.90, "-"),
    Goal("rca-chaos", "seconds_p95", Over.EACH, 10.0, "-", at_most=True),
)
"""The goals, frozen before anything was scored; published figures and those of simple code on the same data."""
