"""The plain-English reading of a query."""

from __future__ import annotations

import datetime as dt
from typing import assert_never

from queries import ast
from queries.catalog import DEFAULT_DATASET
from queries.printer import print_expression, print_search, print_stage

TimeRange = tuple[dt.datetime, dt.datetime]


def describe(query: ast.Query, time: TimeRange, environments: tuple[str, ...] = ()) -> str:
    """Return one sentence that says what the query answers, in these environments when there are some."""
    pipeline = query.pipeline
    source = pipeline.source
    names = " and ".join(n.name for n in source.names) if source is not None else DEFAULT_DATASET
    places = f" in {' or '.join(name or 'no environment' for name in environments)}" if environments else ""
    parts = [f"Reads {names}{places} {_range(source, time)}"]
    if pipeline.search is not None and pipeline.search.root is not None:
        parts.append(f"keeps {print_search(pipeline.search)}")
    elif not pipeline.stages:
        parts.append("shows the newest first")
    parts += [_stage(stage) for stage in pipeline.stages]
    return ", then ".join(parts) + "."


def _range(source: ast.Source | None, time: TimeRange) -> str:
    if source is not None and isinstance(source.time, ast.Last):
        return f"of the last {_length(source.time.duration.ns)}"
    start, end = (moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M") for moment in time)
    return f"from {start} to {end} UTC"


_LENGTHS = (
    ("week", 604_800_000_000_000),
    ("day", 86_400_000_000_000),
    ("hour", 3_600_000_000_000),
    ("minute", 60_000_000_000),
    ("second", 1_000_000_000),
    ("millisecond", 1_000_000),
)


def _length(ns: int) -> str:
    for word, size in _LENGTHS:
        if ns >= size and ns % size == 0:
            count = ns // size
            return word if count == 1 else f"{count} {word}s"
    return f"{ns} nanoseconds"


def _stage(stage: ast.Stage) -> str:
    match stage:
        case ast.Where():
            return f"keeps where {print_expression(stage.condition)}"
        case ast.Extend():
            return f"adds {_named(stage.items)}"
        case ast.Project():
            return f"shows {_named(stage.items)}"
        case ast.Summarize():
            return f"computes {_named(stage.aggregates)}{_by(stage.by)}"
        case ast.MakeSeries():
            return _series(stage)
        case ast.Sort():
            keys = [f"{print_expression(k.expr)}{' descending' if k.descending else ''}" for k in stage.keys]
            return f"sorts by {', '.join(keys)}"
        case ast.Limit():
            return f"keeps the first {stage.count}"
        case ast.Top():
            return _top(stage)
        case ast.Facets():
            what = _named(stage.fields) if stage.fields else "the usual fields"
            most = "most frequent values" if stage.count is None else f"{stage.count} most frequent values"
            return f"counts the {most} of {what}"
        case _:
            return f"applies {print_stage(stage)}"


def _named(items: tuple[ast.Named, ...]) -> str:
    shown = [print_expression(i.expr) if i.name is None else f"{print_expression(i.expr)} as {i.name}" for i in items]
    return ", ".join(shown)


def _by(keys: tuple[ast.Named, ...]) -> str:
    return f" for each {_named(keys)}" if keys else ""


def _series(stage: ast.MakeSeries) -> str:
    every = _every(stage.every)
    best = ""
    if stage.top is not None:
        rest = ", the rest as Other" if stage.top.other else ""
        best = f" (the top {stage.top.count} by {print_expression(stage.top.by)}{rest})"
    return f"computes {_named(stage.aggregates)}{every}{_by(stage.by)}{best}"


def _every(width: ast.Duration | ast.Calendar | None) -> str:
    match width:
        case None:
            return " over time"
        case ast.Duration():
            return f" every {_length(width.ns)}"
        case ast.Calendar():
            return f" every {width.value}"
        case _:
            assert_never(width)


def _top(stage: ast.Top) -> str:
    per = f" of each {_named(stage.per)}" if stage.per else ""
    rest = ", the rest as Other" if stage.other else ""
    kind = "highest" if stage.descending else "lowest"
    return f"keeps the {stage.count} with the {kind} {print_expression(stage.by)}{per}{rest}"
