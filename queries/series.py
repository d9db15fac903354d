"""The text of the chart that belongs above the answer to a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from engine.schema import DATASETS, TABLES
from queries import ast
from queries.errors import SyntaxProblem
from queries.functions import is_aggregate
from queries.parser import parse
from queries.plan.column_names import column_name
from queries.printer import print_query
from queries.stage_kinds import is_analysis

MAX_LINES = 8
"""Lines of a chart by keys."""

TIME = "timestamp"

_COUNT = ast.Named("n", ast.Call("count"))
_NOT_PLOTTED = frozenset({"any", "first_seen", "last_seen", "latest_event", "make_set", "timeline", "topk"})
"""Aggregates whose values are no numbers, or none that mean something per bucket."""


def series_text(text: str, every: str | None = None) -> str | None:
    """Return the text whose answer is the chart above the answer to `text`.

    Rows are counted; groups keep their aggregates and keys, the best eight of them; a series is its own chart. What
    only orders or cuts the rows shown has no part in it.

    Args:
        text: a Discover text.
        every: width of a bucket as the language writes it (`5min`); chosen by the range when None.

    Returns:
        The text, or None when the rows have no time: `from issues`, or a union with such a source; and for what is
        explained instead of answered.

    Raises:
        SyntaxProblem: the text is not a query, or `every` no duration.
    """
    query = parse(text)
    width = None if every is None else _width(every)
    lets = {let.name: let.value for let in query.lets}
    if not _has_time(query.pipeline, lets):
        return None
    stages = query.pipeline.stages
    if any(isinstance(stage, ast.Explain) for stage in stages):
        return None
    first = next((i for i, stage in enumerate(stages) if _groups(stage)), len(stages))
    before = _rows_only(stages[:first])
    if before is None:
        return None
    grouping = stages[first] if first < len(stages) else None
    match grouping:
        case ast.MakeSeries():
            made = grouping if width is None or grouping.every is not None else replace(grouping, every=width)
            series: tuple[ast.Stage, ...] = (made, *stages[first + 1 :])
        case ast.Summarize():
            series = (_series_of(grouping, stages[first + 1 :], width),)
        case ast.Anomalies() | ast.Changepoint():
            series = stages[first:]
        case _:
            series = (ast.MakeSeries((_COUNT,), width),)
    return print_query(replace(query, pipeline=replace(query.pipeline, stages=(*before, *series))))


def _width(every: str) -> ast.Duration:
    stage = parse(f"from errors | make-series count() every {every}").pipeline.stages[-1]
    if (
        not isinstance(stage, ast.MakeSeries)
        or not isinstance(stage.every, ast.Duration)
        or stage.by
        or stage.fill
        or stage.top
    ):
        raise SyntaxProblem(f"{every!r} is not a duration.", suggestion="Write one such as 5min or 1h.")
    return stage.every


def _groups(stage: ast.Stage) -> bool:
    made = ast.Summarize | ast.MakeSeries | ast.Distinct | ast.Anomalies | ast.Changepoint
    return isinstance(stage, made) or is_analysis(stage)


def _has_time(pipeline: ast.Pipeline, lets: Mapping[str, ast.Pipeline | ast.Expr]) -> bool:
    if pipeline.source is None:
        return True
    return all(_source_has_time(name.name, lets) for name in pipeline.source.names)


def _source_has_time(name: str, lets: Mapping[str, ast.Pipeline | ast.Expr]) -> bool:
    bound = lets.get(name)
    if isinstance(bound, ast.Pipeline):
        return _has_time(bound, lets) and all(_keeps_time(stage) for stage in bound.stages)
    return name in DATASETS and TABLES[DATASETS[name].table].time_column is not None


def _keeps_time(stage: ast.Stage) -> bool:
    match stage:
        case ast.Summarize():
            return any(column_name(item) == TIME for item in stage.by)
        case ast.Project():
            return any(column_name(item) == TIME for item in stage.items)
        case ast.Distinct():
            return any(column_name(item) == TIME for item in stage.keys)
        case _:
            return not is_analysis(stage)


def _rows_only(stages: Sequence[ast.Stage]) -> tuple[ast.Stage, ...] | None:
    """Return the stages that say which rows there are and what they hold, None when one of them drops the time."""
    kept: list[ast.Stage] = []
    for stage in stages:
        match stage:
            case ast.Sort() | ast.Limit() | ast.Top():
                pass
            case ast.Project():
                # A chart needs the time, which may not be among the columns shown.
                if any(column_name(item) == TIME and not _is(item.expr, TIME) for item in stage.items):
                    return None
                made = tuple(
                    replace(item, name=column_name(item))
                    for item in stage.items
                    if not _is(item.expr, column_name(item))
                )
                kept += [ast.Extend(made)] if made else []
            case _:
                kept.append(stage)
    return tuple(kept)


def _is(expr: ast.Expr, name: str) -> bool:
    return isinstance(expr, ast.Name) and expr.name == name


def _series_of(stage: ast.Summarize, after: Sequence[ast.Stage], width: ast.Duration | None) -> ast.MakeSeries:
    plotted = tuple(item for item in stage.aggregates if not _unplotted(item.expr)) or (_COUNT,)
    keys = tuple(item for item in stage.by if not _is_time(item))
    if not keys:
        return ast.MakeSeries(plotted, width)
    by, count = _best(plotted, after)
    return ast.MakeSeries(plotted, width, keys, ast.SeriesTop(min(count, MAX_LINES), by))


def _unplotted(expr: ast.Expr) -> bool:
    if not isinstance(expr, ast.Call):
        return False
    base = expr.name.lower().removesuffix("_if")
    return base in _NOT_PLOTTED or (base in {"min", "max"} and any(_is(arg, TIME) for arg in expr.args))


def _is_time(item: ast.Named) -> bool:
    """Whether a key is the time or a bucket of it: what the series is over anyway."""
    match item.expr:
        case ast.Name(name=name):
            return name == TIME
        case ast.Call(args=(ast.Name(name="timestamp"), *_)):
            return True
        case _:
            return False


def _best(plotted: Sequence[ast.Named], after: Sequence[ast.Stage]) -> tuple[ast.Expr, int]:
    """Return what the lines are ranked by, and how many there are: what the answer is ordered by and cut to."""
    by: ast.Expr = plotted[0].expr
    count = MAX_LINES
    named = {column_name(item): item.expr for item in plotted}
    meaning = partial(_meaning, named=named)
    for stage in after:
        match stage:
            case ast.Sort(keys=(ast.SortKey(expr=expr, descending=True), *_)):
                by = meaning(expr) or by
            case ast.Top(count=n, by=expr, descending=True, per=()):
                by, count = meaning(expr) or by, min(count, n)
            case ast.Limit(count=n):
                count = min(count, n)
            case ast.Extend() | ast.Project() | ast.Summarize():
                break
            case _:
                pass
    return by, max(count, 1)


def _meaning(expr: ast.Expr, named: Mapping[str, ast.Expr]) -> ast.Expr | None:
    """Return an aggregate that a later stage names, or None when it names none that is plotted."""
    if isinstance(expr, ast.Name):
        return named.get(expr.name)
    return expr if isinstance(expr, ast.Call) and is_aggregate(expr.name) and not _unplotted(expr) else None
