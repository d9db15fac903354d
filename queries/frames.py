"""Steps over Arrow tables in the process, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pyarrow as pa

Operation = Callable[[Sequence[pa.Table], Mapping[str, object]], pa.Table]


def interpolate(inputs: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
    """Fill nulls of a series on the straight line between their neighbours; ends stay null.

    Args:
        inputs: one table, ordered by its keys, then by time in equal steps.
        options: `keys` and `columns`, positions of the key columns and of the columns to fill.
    """
    (table,) = inputs
    keys = cast("list[int]", options["keys"])
    groups = list(zip(*(table.column(i).to_pylist() for i in keys), strict=True)) if keys else [()] * table.num_rows
    for position in cast("list[int]", options["columns"]):
        filled = _filled(table.column(position).to_pylist(), groups)
        name = table.schema.field(position).name
        table = table.set_column(position, name, pa.array(filled, type=pa.float64()))
    return table


def _filled(values: list[Any], groups: list[tuple[Any, ...]]) -> list[float | None]:
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


OPERATIONS: Mapping[str, Operation] = {"interpolate": interpolate}
"""What a FrameStep may name."""
