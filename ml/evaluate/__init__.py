"""Evaluation on labelled data: tasks that score what the rest of `ml` does, and the scores they use."""

from __future__ import annotations

from ml.evaluate._goals import GOALS, Goal, Over
from ml.evaluate._intervals import SEED, interval, interval_of_counts, interval_of_sums
from ml.evaluate._partitions import Figure, Partition, by_chance
from ml.evaluate._rankings import auc, chance_of_rank, reciprocal_ranks, within
from ml.evaluate._rows import DamagedData, NothingToEvaluate, Row, Task
from ml.evaluate._run import chosen_tasks, evaluate

__all__ = [
    "GOALS",
    "SEED",
    "DamagedData",
    "Figure",
    "Goal",
    "NothingToEvaluate",
    "Over",
    "Partition",
    "Row",
    "Task",
    "auc",
    "by_chance",
    "chance_of_rank",
    "chosen_tasks",
    "evaluate",
    "interval",
    "interval_of_counts",
    "interval_of_sums",
    "reciprocal_ranks",
    "within",
]
