"""The stages `anomalies` and `changepoint`: a detector looks at every series of the rows before.

A `make-series` before them is looked at as it is; rows are made a series of first. What decides is not here: the
steps are named after the stages, and `server` gives the runner the detectors of `ml` for them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from queries import ast
from queries.errors import NameProblem, QueryError, TypeProblem
from queries.plan.block import Block
from queries.plan.builder import Builder
from queries.plan.column_names import column_name
from queries.plan.grouping import make_series
from queries.plan.heatmap import as_series
from queries.printer import print_expression
from queries.types import BOOLEAN, FLOAT, Base, Missing, ValueType
from queries.values.calls import field_name

DEFAULT_SENSITIVITY = 1.0
_COUNTING = frozenset({"count", "count_if", "failure_count"})
"""Aggregates whose values are numbers of events."""


@dataclass(frozen=True, slots=True)
class _Series:
    """Rows that are one series or several: the column of times, those that tell series apart, that of the values."""

    block: Block
    columns: Mapping[str, ValueType]
    time: str
    keys: tuple[str, ...]
    value: str
    every_ns: int
    counts: bool

    def options(self) -> dict[str, object]:
        """Return what the step needs to know, as plain data."""
        names = list(self.columns)
        epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        start_ns, end_ns = ((m - epoch) // dt.timedelta(microseconds=1) * 1000 for m in self.block.time)
        return {
            "time": names.index(self.time),
            "keys": [names.index(key) for key in self.keys],
            "value": names.index(self.value),
            "start_ns": start_ns,
            "end_ns": end_ns,
            "every_ns": self.every_ns,
            "counts": self.counts,
        }


def anomalies(stage: ast.Anomalies, block: Block, builder: Builder) -> Block:
    """Return the rows with expected, low, high, score and anomaly of one of their columns.

    Raises:
        QueryError: it is not clear which column is meant, or the rows are no series and cannot be made one.
    """
    series = _series(stage.aggregate, block, builder, stage.span)
    season = stage.season or ast.Season.AUTO
    sensitivity = DEFAULT_SENSITIVITY if stage.sensitivity is None else float(stage.sensitivity)
    options = {**series.options(), "season": season.value, "sensitivity": sensitivity}
    number = replace(series.columns[series.value], base=Base.FLOAT, missing=Missing.NULL)
    made = {
        **dict.fromkeys(("expected", "low", "high"), number),
        "score": replace(FLOAT, missing=Missing.NULL),
        "anomaly": replace(BOOLEAN, missing=Missing.NULL),
    }
    found = builder.frame(series.block, "anomalies", options, _with(series, made, stage.span))
    return as_series(found, builder) if series.block.is_series else found


def changepoint(stage: ast.Changepoint, block: Block, builder: Builder) -> Block:
    """Return the rows with change, before, after and p_value of one of their columns.

    Raises:
        QueryError: it is not clear which column is meant, or the rows are no series and cannot be made one.
    """
    series = _series(stage.aggregate, block, builder, stage.span)
    number = replace(series.columns[series.value], base=Base.FLOAT, missing=Missing.NULL)
    made = {
        "change": replace(BOOLEAN, missing=Missing.NULL),
        **dict.fromkeys(("before", "after"), number),
        "p_value": replace(FLOAT, missing=Missing.NULL),
    }
    found = builder.frame(series.block, "changepoint", series.options(), _with(series, made, stage.span))
    return as_series(found, builder) if series.block.is_series else found


def _with(series: _Series, made: Mapping[str, ValueType], span: ast.Span) -> dict[str, ValueType]:
    taken = next((name for name in made if name in series.columns), None)
    if taken is not None:
        raise QueryError(f"There is a column called {taken} already.", span=span, suggestion="Give it another name.")
    return {**series.columns, **made}


def _series(aggregate: ast.Named | None, block: Block, builder: Builder, span: ast.Span) -> _Series:
    columns = builder.columns(block) if block.catalog is None else {}
    times = [name for name, type_ in columns.items() if type_.base is Base.TIME]
    if aggregate is None:
        given = not times or _is_made(block, builder)
    else:
        given = isinstance(aggregate.expr, ast.Name) or print_expression(aggregate.expr) in columns
    if block.catalog is None and given:
        return _given(aggregate, block, builder, times, span)
    named = aggregate or ast.Named(None, ast.Call("count"))
    made = make_series(ast.MakeSeries((named,), None, (), None, None, span=span), block, builder)
    counts = isinstance(named.expr, ast.Call) and named.expr.name in _COUNTING
    every_ns = made.grouping.series.every_ns if made.grouping is not None and made.grouping.series is not None else 0
    return _Series(made, builder.columns(made), "timestamp", (), column_name(named), every_ns, counts)


def _is_made(block: Block, builder: Builder) -> bool:
    """Whether a stage made the rows from others; rows as they were taken in are events, which are counted."""
    return block.is_series or block.grouping is not None or any(frame.block is block for frame in builder.frames)


def _given(
    aggregate: ast.Named | None, block: Block, builder: Builder, times: list[str], span: ast.Span
) -> _Series:  # fmt: skip
    """Return the series a stage made: `make-series`, or any whose columns are a time, keys and numbers."""
    columns = builder.columns(block)
    time = "timestamp" if "timestamp" in times else times[0] if len(times) == 1 else None
    if time is None:
        raise TypeProblem(
            "These rows have no time, so they are no series.",
            span=span,
            suggestion="make-series n=count() every 1h | anomalies",
        )
    grouped = _group_keys(block)
    numbers = [n for n, type_ in columns.items() if type_.is_number and n not in grouped]
    value = _value(aggregate, numbers, span)
    keys = tuple(n for n, type_ in columns.items() if n in grouped or not type_.is_number)
    keys = tuple(n for n in keys if n not in times and columns[n].base is not Base.ARRAY)
    fill = block.grouping.series if block.grouping is not None else None
    every_ns = fill.every_ns if fill is not None else 0
    return _Series(block, columns, time, keys, value, every_ns, _counts(value, builder))


def _group_keys(block: Block) -> frozenset[str]:
    grouping = block.grouping
    if grouping is None:
        return frozenset()
    own = {name: field_name(typed.value, grouping.table) for name, typed in block.columns.items()}
    return frozenset(name for name, inner in own.items() if inner in grouping.keys)


def _value(aggregate: ast.Named | None, numbers: list[str], span: ast.Span) -> str:
    if aggregate is not None:
        name = print_expression(aggregate.expr) if not isinstance(aggregate.expr, ast.Name) else aggregate.expr.name
        if name not in numbers:
            raise NameProblem(
                f"{name} is no number of this series.", span=span, suggestion=f"Numbers here: {', '.join(numbers)}."
            )
        return name
    if len(numbers) != 1:
        raise QueryError(
            f"The series has {'no numbers' if not numbers else 'several numbers'}; one is looked at.",
            span=span,
            suggestion=f"Name it: {numbers[0]}." if numbers else "make-series n=count() every 1h",
        )
    return numbers[0]


def _counts(value: str, builder: Builder) -> bool:
    """Whether a column of a series is a number of events, as far as the stage that made it tells."""
    stages = builder.prefix.stages
    last = stages[-1] if stages else None
    if not isinstance(last, ast.MakeSeries | ast.Summarize):
        return False
    made = {column_name(item): item.expr for item in last.aggregates}
    expr = made.get(value)
    return isinstance(expr, ast.Call) and expr.name in _COUNTING
