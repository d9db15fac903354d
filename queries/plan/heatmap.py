"""The stage `heatmap`: a histogram for each bucket of time, all with the same bounds."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from queries import ast
from queries.errors import QueryError, TypeProblem
from queries.functions.scalars import bucket
from queries.operations.histogram import Scale
from queries.plan.block import Block
from queries.plan.builder import Builder
from queries.plan.grouping import ungrouped
from queries.plan.histogram import TARGET_BUCKETS, bound_columns, in_buckets, numeric
from queries.plan.series_time import NICE_WIDTHS_S, SECOND_NS
from queries.types import Base, ValueType
from queries.values.typed import Typed

TARGET_TIMES = 60
MAX_TIMES = 1_000


def heatmap(stage: ast.Heatmap, block: Block, builder: Builder) -> Block:
    """Return rows of timestamp, low, high (not included) and count, one for each cell, empty ones too.

    Raises:
        QueryError: too many buckets of time.
        TypeProblem: the field is no number, or the rows have no time.
    """
    rows = ungrouped(block, builder)
    time = builder.scope(rows).facts.special.get("time")
    if time is None:
        raise TypeProblem("heatmap needs the rows' timestamp, which is not there any more.", span=stage.span)
    every_ns = _width(stage, rows)
    value = numeric(stage.value, rows, builder)
    moment = ValueType(Base.TIME, precision=0 if every_ns % SECOND_NS == 0 else 3)
    start = Typed(bucket(time.value, every_ns, time.type), moment)
    shape = (Scale.NICE, TARGET_BUCKETS)
    counted = in_buckets(rows, value, {"timestamp": start}, builder, shape)
    first_ns, end_ns = _range(rows, every_ns)
    options = {
        "scale": shape[0].value,
        "buckets": shape[1],
        "first_ns": first_ns,
        "end_ns": end_ns,
        "every_ns": every_ns,
    }
    made = builder.frame(counted, "heatmap", options, {"timestamp": moment, **bound_columns(value.type)})
    return as_series(made, builder)


def as_series(block: Block, builder: Builder) -> Block:
    """Return the rows of the last step in the process as those of a series, which the default limit does not cut."""
    made = replace(block, is_series=True)
    builder.frames[-1] = replace(builder.frames[-1], block=made)
    return made


def _width(stage: ast.Heatmap, rows: Block) -> int:
    start_ns, end_ns = _nanoseconds(rows)
    if stage.every is not None:
        every_ns = stage.every.ns
    else:
        seconds = (end_ns - start_ns) / SECOND_NS
        every_ns = next((w for w in NICE_WIDTHS_S if seconds / w <= TARGET_TIMES), NICE_WIDTHS_S[-1]) * SECOND_NS
        every_ns *= max(1, -(-(end_ns - start_ns) // (every_ns * MAX_TIMES)))
    if every_ns < SECOND_NS // 1000 or (end_ns - start_ns) / every_ns > MAX_TIMES:
        raise QueryError(
            f"A heatmap has at most {MAX_TIMES} buckets of time, and none is shorter than a millisecond.",
            span=stage.span,
            suggestion="Use longer buckets or a shorter range.",
        )
    return every_ns


def _nanoseconds(rows: Block) -> tuple[int, int]:
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    start, end = ((moment - epoch) // dt.timedelta(microseconds=1) * 1000 for moment in rows.time)
    return start, end


def _range(rows: Block, every_ns: int) -> tuple[int, int]:
    """Return the start of the first bucket and the end of the range; weeks begin on Mondays."""
    start_ns, end_ns = _nanoseconds(rows)
    offset = 4 * 86_400 * SECOND_NS if every_ns % (7 * 86_400 * SECOND_NS) == 0 else 0
    return (start_ns - offset) // every_ns * every_ns + offset, end_ns
