"""Root cause from metrics and a call graph: PetShop, every scenario and split below `petshop`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from ml.evaluate._intervals import interval
from ml.evaluate._rows import Row
from ml.evaluate.tasks.rca_cases import LabelledCase, by_set, outcome, rank_rows
from ml.evaluate.tasks.rca_petshop import petshop_halves, petshop_issues, petshop_normal

TASK: Final = "rca-metrics"


def rca_metrics(data: Path) -> Iterator[Row]:
    """Yield how often the node at fault is the first, or among the first three, and how often nobody is blamed.

    `specificity` is over windows as long as an issue, cut from normal metrics one after the other, `specificity_halves`
    over normal metrics cut in two as the authors of the data do. Chance blames somebody in one of two.

    Args:
        data: the folder of labelled data.

    Raises:
        DamagedData: a file cannot be read.
    """
    yield from rank_rows(TASK, "ac", [outcome(one) for one in petshop_issues(data)])
    yield from _specificity("specificity", petshop_normal(data))
    yield from _specificity("specificity_halves", petshop_halves(data))


def _specificity(metric: str, cases: Iterable[LabelledCase]) -> Iterator[Row]:
    for name, chosen in by_set([outcome(one) for one in cases]).items():
        right = [float(not one.blamed) for one in chosen]
        yield Row(TASK, name, metric, float(np.mean(right)), *interval(right), 0.5, len(right))
