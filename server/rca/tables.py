"""Answers of the store as arrays on the grid of an analysis. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

from ml import rca

pc: Any = compute
Floats = npt.NDArray[np.float64]
Key = tuple[str, ...]


def gridded(
    table: pa.Table, keys: Sequence[str], values: Sequence[str], grid: rca.Grid, *, most: int = 60
) -> dict[Key, Mapping[str, Floats]]:
    """Return the columns of a grouped answer as arrays on the grid, by the values of its keys.

    Args:
        table: with a column `at`, the begin of each bucket.
        keys: columns that name a line; null is the empty text.
        values: columns with numbers.
        grid: where the buckets lie; rows outside of it are left out.
        most: lines that are kept: those with most in the first of the values.

    Returns:
        Arrays of shape (grid.points,), NaN where the answer has no row.
    """
    if table.num_rows == 0:
        return {}
    lines: list[Key] = [()] * table.num_rows
    if keys:
        lines = list(zip(*(_texts(table.column(name)) for name in keys), strict=True))
    numbers: dict[Key, int] = {}
    row_line = np.fromiter((numbers.setdefault(line, len(numbers)) for line in lines), np.int64, len(lines))
    place = _places(table.column("at"), grid)
    inside = (place >= 0) & (place < grid.points)
    columns = {name: _floats(table.column(name)) for name in values}
    weight = np.bincount(row_line[inside], np.nan_to_num(columns[values[0]][inside]), len(numbers))
    kept = set(np.argsort(-weight, kind="stable")[:most].tolist())
    made: dict[Key, Mapping[str, Floats]] = {}
    order = np.argsort(row_line, kind="stable")
    bounds = np.searchsorted(row_line[order], np.arange(len(numbers) + 1))
    for line, number in numbers.items():
        if number not in kept:
            continue
        rows = order[bounds[number] : bounds[number + 1]]
        rows = rows[inside[rows]]
        made[line] = {name: _placed(column[rows], place[rows], grid.points) for name, column in columns.items()}
    return made


def zeroed(values: Floats, alive: int) -> Floats:
    """Return counts with 0 where there was no row, from a bucket on; before it nothing is known."""
    made = values.copy()
    made[alive:] = np.nan_to_num(made[alive:])
    return made


def first_alive(lines: Mapping[Key, Mapping[str, Floats]], value: str, points: int) -> int:
    """Return the first bucket any line has a value in; `points` for none."""
    found = [int(np.flatnonzero(known)[0]) for one in lines.values() if (known := np.isfinite(one[value])).any()]
    return min(found, default=points)


def shares(part: Floats, whole: Floats) -> Floats:
    """Return part of whole, NaN where there is no whole."""
    made = np.full(len(whole), np.nan)
    np.divide(np.nan_to_num(part), whole, out=made, where=np.nan_to_num(whole) > 0)
    return made


def _placed(values: Floats, place: npt.NDArray[np.int64], points: int) -> Floats:
    made = np.full(points, np.nan)
    made[place] = values
    return made


def _places(column: Any, grid: rca.Grid) -> npt.NDArray[np.int64]:
    stamps = pc.cast(column, pa.timestamp("ms", tz="UTC"), safe=False)
    ms = stamps.cast(pa.int64()).combine_chunks().to_numpy(zero_copy_only=False)
    made: npt.NDArray[np.int64] = np.floor((ms / 1000 - grid.start) / grid.step + 1e-6).astype(np.int64)
    return made


def _texts(column: Any) -> list[str]:
    return [str(one or "") for one in column.to_pylist()]


def _floats(column: Any) -> Floats:
    kind = column.type
    if pa.types.is_duration(kind):
        column = column.cast(pa.int64())
    made: Floats = column.cast(pa.float64(), safe=False).combine_chunks().to_numpy(zero_copy_only=False)
    return made
