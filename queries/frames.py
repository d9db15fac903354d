"""Steps over Arrow tables in the process, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import pyarrow as pa

from queries.operations.combinations import combinations
from queries.operations.contrast import contrast
from queries.operations.histogram import heatmap, histogram
from queries.operations.influence import influence


@dataclass(frozen=True, slots=True)
class FrameRun:
    """The run of a step, for one that asks the store itself.

    Attributes:
        unwanted: done as soon as nobody waits for the step any more.
    """

    unwanted: Future[None]


FRAME_RUN: ContextVar[FrameRun | None] = ContextVar("amber_frame_run", default=None)
"""The run this thread works for; beside it are the variables of whoever asked the query."""

ASKING = frozenset({"rca"})
"""Operations that ask the store themselves: what they read is not known beforehand, so answers are not kept."""

Operation = Callable[[Sequence[pa.Table], Mapping[str, object]], pa.Table]


def fill_gaps(inputs: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
    """Fill nulls of a series from their neighbours of the same keys.

    ClickHouse's own INTERPOLATE carries the last value of one key over to the first buckets of the next.

    Args:
        inputs: one table, ordered by its keys, then by time in equal steps.
        options: `how` (`linear`: on the straight line between neighbours, ends stay null; `forward`: the last value),
            `keys` and `columns`, positions of the key columns and of the columns to fill.
    """
    (table,) = inputs
    keys = cast("list[int]", options["keys"])
    groups = list(zip(*(table.column(i).to_pylist() for i in keys), strict=True)) if keys else [()] * table.num_rows
    fill = _linear if options["how"] == "linear" else _forward
    for position in cast("list[int]", options["columns"]):
        column = table.column(position)
        kind = pa.float64() if options["how"] == "linear" else column.type
        filled = pa.array(fill(column.to_pylist(), groups), type=kind)
        table = table.set_column(position, table.schema.field(position).name, filled)
    return table


def _forward(values: list[Any], groups: list[tuple[Any, ...]]) -> list[Any]:
    result = list(values)
    for i in range(1, len(result)):
        if result[i] is None and groups[i] == groups[i - 1]:
            result[i] = result[i - 1]
    return result


def _linear(values: list[Any], groups: list[tuple[Any, ...]]) -> list[Any]:
    result: list[float | None] = [None if v is None else float(v) for v in values]
    last: int | None = None
    for i, value in enumerate(values):
        if last is not None and groups[last] != groups[i]:
            last = None
        if value is None:
            continue
        if last is not None:
            step = (value - values[last]) / (i - last)
            for gap in range(last + 1, i):
                result[gap] = values[last] + step * (gap - last)
        last = i
    return result


OPERATIONS: Mapping[str, Operation] = {
    "combinations": combinations,
    "contrast": contrast,
    "fill_gaps": fill_gaps,
    "heatmap": heatmap,
    "histogram": histogram,
    "influence": influence,
}
"""What a FrameStep may name."""
