"""What queries need of `ml`, as protocols, and the steps in the process made of implementations.

`queries` knows no detector; `server` puts one of each kind into the steps below and hands them to the runner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

import pyarrow as pa

from queries.frames import Operation
from queries.operations.causes import Cause, CauseQuestion, Causes, causes
from queries.operations.patterns import patterns
from queries.operations.series import Change, Judgement, NotEnough, Series, anomalies, changes

__all__ = [
    "AnomalyDetector",
    "Cause",
    "CauseFinder",
    "CauseQuestion",
    "Causes",
    "Change",
    "ChangeDetector",
    "Judgement",
    "NotEnough",
    "Series",
    "TemplateFinder",
    "anomalies_step",
    "changepoint_step",
    "patterns_step",
    "rca_step",
]


class TemplateFinder(Protocol):
    """Finds the templates of texts whose changing parts are masked already."""

    def __call__(self, texts: Sequence[str], counts: Sequence[int]) -> Sequence[str]:
        """Return the template of each text.

        Args:
            texts: all different, with `queries.masks.WILDCARD` for masked parts.
            counts: how many rows have each.
        """
        ...


class AnomalyDetector(Protocol):
    """Tells which values of a series were not to be expected."""

    def __call__(self, series: Series, season: str, sensitivity: float) -> Sequence[Judgement | None] | NotEnough:
        """Return a judgement for each bucket, None for one that cannot be judged.

        Args:
            series: in equal steps.
            season: `auto`, `none`, `hour`, `day` or `week`: the period the series repeats with.
            sensitivity: 1 is the usual; twice as much finds deviations half as big.
        """
        ...


class ChangeDetector(Protocol):
    """Tells when the level of a series changed."""

    def __call__(self, series: Series) -> Sequence[Change] | NotEnough:
        """Return the changes in order of time."""
        ...


class CauseFinder(Protocol):
    """Makes a root-cause analysis, for which it asks the store on behalf of the one who asked the query."""

    def __call__(self, question: CauseQuestion) -> Causes:
        """Return the possible causes, most probable first.

        It runs within `queries.frames.FRAME_RUN`, and stops asking when nobody wants the answer any more.

        Raises:
            UserError: what is asked about cannot be analysed.
        """
        ...


def anomalies_step(find: AnomalyDetector) -> Operation:
    """Return the step `anomalies`."""

    def step(inputs: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
        return anomalies(inputs[0], find, options)

    return step


def changepoint_step(find: ChangeDetector) -> Operation:
    """Return the step `changepoint`."""

    def step(inputs: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
        return changes(inputs[0], find, options)

    return step


def patterns_step(find: TemplateFinder) -> Operation:
    """Return the step `patterns`."""

    def step(inputs: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
        return patterns(inputs[0], find, cast("int", options["limit"]))

    return step


def rca_step(find: CauseFinder) -> Operation:
    """Return the step `rca`."""

    def step(_: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
        return causes(find, options)

    return step
