"""Buckets of numbers: from the counts of bucket numbers to gapless rows with bounds.

The bounds are computed here as the statement computes them (`queries.plan.histogram`), operation by operation in
64-bit floats, so a value equal to a bound is in the bucket that begins with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, cast

import pyarrow as pa


class Scale(Enum):
    """How the bounds of buckets lie."""

    NICE = "nice"
    EQUAL = "equal"
    LOG = "log"


SUB_STEPS = (1.0, 2.0, 5.0)
"""Buckets of a decade begin at these multiples of a power of ten."""

NO_MORE_THAN_ZERO = -(2**31)
"""The number of the bucket of a logarithmic scale that holds what has no logarithm."""

Bounds = Callable[[int], tuple[float | None, float | None]]


def histogram(inputs: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
    """Return rows of low, high and count, without gaps; values without a bucket stand last, with null bounds.

    Args:
        inputs: one table of bucket, count, and what the bounds are computed from: `lo`, `a` and `b`; whole widths of
            whole numbers are `a` alone.
        options: `scale` and `buckets`.
    """
    (table,) = inputs
    rows = table.to_pylist()
    counts = {row["bucket"]: row["count"] for row in rows}
    bounds = _bounds(rows, options)
    numbers = [*_gapless(counts), *([None] if None in counts else [])]
    made = [(*_of(bounds, number), counts.get(number, 0)) for number in numbers]
    return _table(made, ("low", "high", "count"))


def heatmap(inputs: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
    """Return rows of timestamp, low, high and count: every bucket of values for every bucket of time.

    Args:
        inputs: one table as for `histogram`, with a column `timestamp`.
        options: those of `histogram`; `first_ns`, `end_ns` and `every_ns`: the buckets of time.
    """
    (table,) = inputs
    rows = table.to_pylist()
    bounds = _bounds(rows, options)
    counts = {(row["timestamp"], row["bucket"]): row["count"] for row in rows}
    buckets = _gapless({bucket: 1 for _, bucket in counts})
    if any(bucket is None for _, bucket in counts):
        buckets.append(None)
    first, end, every = (cast("int", options[name]) for name in ("first_ns", "end_ns", "every_ns"))
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    made = []
    for start in range(first, end, every) if rows else ():
        moment = epoch + dt.timedelta(microseconds=start // 1000)
        made += [(moment, *_of(bounds, number), counts.get((moment, number), 0)) for number in buckets]
    return _table(made, ("timestamp", "low", "high", "count"))


def _gapless(counts: Mapping[int | None, int]) -> list[int | None]:
    held = [number for number in counts if number is not None and number != NO_MORE_THAN_ZERO]
    below: list[int | None] = [NO_MORE_THAN_ZERO] if NO_MORE_THAN_ZERO in counts else []
    return [*below, *range(min(held), max(held) + 1)] if held else below


def _of(bounds: Bounds, number: int | None) -> tuple[float | None, float | None]:
    return (None, None) if number is None else bounds(number)


def _bounds(rows: list[dict[str, Any]], options: Mapping[str, object]) -> Bounds:
    if not rows:
        return lambda _: (None, None)
    lo, a, b = (float(rows[0].get(name, default) or 0.0) for name, default in (("lo", 0.0), ("a", 0.0), ("b", 1.0)))
    match Scale(options["scale"]):
        case Scale.LOG:
            return _log_bounds
        case Scale.EQUAL:
            buckets = cast("int", options["buckets"])
            return lambda i: (lo + (a - lo) * i / buckets, lo + (a - lo) * (i + 1) / buckets)
        case Scale.NICE:
            return lambda i: (i * a / b, (i + 1) * a / b)


def _log_bounds(number: int) -> tuple[float | None, float | None]:
    if number == NO_MORE_THAN_ZERO:
        return None, 0.0
    return log_bound(number), log_bound(number + 1)


def log_bound(number: int) -> float:
    """Return where a bucket of a logarithmic scale begins: 1, 2, 5, 10, 20 … for 0, 1, 2, 3, 4 …."""
    decade, step = divmod(number, len(SUB_STEPS))
    if decade < 0:
        return SUB_STEPS[step] / 10.0**-decade
    return SUB_STEPS[step] * 10.0**decade


def _table(rows: list[tuple[Any, ...]], names: tuple[str, ...]) -> pa.Table:
    types = {"timestamp": pa.timestamp("ms", tz="UTC"), "low": pa.float64(), "high": pa.float64(), "count": pa.int64()}
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table(
        {name: pa.array(list(values), type=types[name]) for name, values in zip(names, columns, strict=True)}
    )
