"""Stages as canonical text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, assert_never

from queries import ast
from queries.lexer import quote_string
from queries.printer_expressions import print_expression, print_named
from queries.printer_values import print_duration, print_percentage

PrintPipeline: TypeAlias = Callable[[ast.Pipeline], str]


def print_stage(stage: ast.Stage, print_pipeline: PrintPipeline) -> str:
    """Return the text of a stage; `print_pipeline` gives that of a pipeline in its parentheses."""
    match stage:
        case ast.Join():
            return _join(stage, print_pipeline)
        case ast.Union():
            return f"union {', '.join(_other(other, print_pipeline) for other in stage.others)}"
        case ast.Where() | ast.Extend() | ast.Project() | ast.Summarize() | ast.MakeSeries():
            return _columns(stage)
        case ast.Sort() | ast.Limit() | ast.Top() | ast.Distinct() | ast.Sample() | ast.Share() | ast.Window():
            return _rows(stage)
        case ast.Funnel() | ast.Sessions() | ast.Retention() | ast.Trace():
            return _paths(stage)
        case ast.Histogram() | ast.Heatmap() | ast.Facets() | ast.Cluster() | ast.Patterns():
            return _values(stage)
        case _:
            return _analysis(stage)


def _columns(stage: ast.Where | ast.Extend | ast.Project | ast.Summarize | ast.MakeSeries) -> str:
    match stage:
        case ast.Where():
            return f"{stage.keyword} {print_expression(stage.condition)}"
        case ast.Extend():
            return f"extend {_items(stage.items)}"
        case ast.Project():
            return f"project {_items(stage.items)}"
        case ast.Summarize():
            return f"summarize {_items(stage.aggregates)}{_by(stage.by)}"
        case ast.MakeSeries():
            return _make_series(stage)
        case _:
            assert_never(stage)


def _rows(stage: ast.Sort | ast.Limit | ast.Top | ast.Distinct | ast.Sample | ast.Share | ast.Window) -> str:
    match stage:
        case ast.Sort():
            return f"sort {_sort_keys(stage.keys)}"
        case ast.Limit():
            return f"limit {stage.count}"
        case ast.Top():
            return _top(stage)
        case ast.Distinct():
            return f"distinct{_fields('', stage.keys)}"
        case ast.Sample():
            size = str(stage.size) if isinstance(stage.size, int) else print_percentage(stage.size.ratio)
            return f"sample {size}{_optional(' seed', stage.seed or None)}"
        case ast.Share():
            of = f" of {print_expression(stage.of)}" if stage.of is not None else ""
            return f"share{of}{_by(stage.by)}"
        case ast.Window():
            made = ast.Named(stage.name, ast.Call(stage.function, stage.args))
            return f"window {print_named(made)}{_by(stage.by)} sort {_sort_keys(stage.sort)}"
        case _:
            assert_never(stage)


def _values(stage: ast.Histogram | ast.Heatmap | ast.Facets | ast.Cluster | ast.Patterns) -> str:
    match stage:
        case ast.Histogram():
            return f"histogram {print_named(stage.value)}{_optional(' buckets', stage.buckets)}{' log' * stage.log}"
        case ast.Heatmap():
            return f"heatmap {print_named(stage.value)}{_length(' every', stage.every)}"
        case ast.Facets():
            return f"facets{_fields('', stage.fields)}{_optional(' top', stage.count)}"
        case ast.Cluster():
            return f"cluster{_fields(' on', stage.on)}{_optional(' limit', stage.count)}"
        case ast.Patterns():
            field = "" if stage.value is None else f" {print_named(stage.value)}"
            return f"patterns{field}{_optional(' limit', stage.count)}"
        case _:
            assert_never(stage)


def _analysis(
    stage: ast.Compare | ast.Diff | ast.Anomalies | ast.Changepoint | ast.Rca | ast.Correlate | ast.Explain,
) -> str:
    match stage:
        case ast.Compare():
            return f"compare to {_compare_target(stage.target)}{_word(' as', stage.change)}"
        case ast.Diff():
            return _diff(stage)
        case ast.Anomalies() | ast.Changepoint():
            return _detector(stage)
        case ast.Rca():
            aggregate = "" if stage.aggregate is None else f" {print_named(stage.aggregate)}"
            return f"rca{aggregate}{_length(' baseline', stage.baseline)}{_optional(' limit', stage.count)}"
        case ast.Correlate():
            return f"correlate {print_named(stage.aggregate)} with {_items(stage.fields)}"
        case ast.Explain():
            return f"explain {stage.what.value}"
        case _:
            assert_never(stage)


def _paths(stage: ast.Funnel | ast.Sessions | ast.Retention | ast.Trace) -> str:
    match stage:
        case ast.Funnel():
            steps = " -> ".join(map(_search, stage.steps))
            split = f" split {print_named(stage.split)}" if stage.split is not None else ""
            return f"funnel {steps} by {print_named(stage.by)}{_length(' within', stage.within)}{split}"
        case ast.Sessions():
            return f"sessions by {print_named(stage.by)} gap {print_duration(stage.gap.ns)}"
        case ast.Retention():
            return f"retention by {print_named(stage.by)} every {print_duration(stage.every.ns)}"
        case ast.Trace():
            steps = "".join(f" {step.op.value} {_search(step.search)}" for step in stage.steps)
            return f"trace {_search(stage.first)}{steps}"
        case _:
            assert_never(stage)


def _join(stage: ast.Join, print_pipeline: PrintPipeline) -> str:
    kinds = {kind.value for kind in ast.JoinKind}
    named_like_one = isinstance(stage.other, ast.Name) and stage.other.name in kinds
    kind = f"{stage.kind.value} " if stage.kind is not ast.JoinKind.INNER or named_like_one else ""
    keys = ", ".join(map(_join_key, stage.on))
    other = _other(stage.other, print_pipeline)
    return f"join {kind}{other} on {keys}{_length(' within', stage.within)}"


def _join_key(key: ast.JoinKey) -> str:
    left, right = print_expression(key.left), print_expression(key.right)
    return left if key.left == key.right else f"{left} = {right}"


def _other(other: ast.Pipeline | ast.Name, print_pipeline: PrintPipeline) -> str:
    return other.name if isinstance(other, ast.Name) else f"({print_pipeline(other)})"


def _compare_target(target: ast.CompareTarget) -> str:
    match target:
        case ast.Period():
            return target.value
        case ast.Duration():
            return f"{print_duration(target.ns)} ago"
        case ast.Release():
            return f"release {print_expression(target.value)}"
        case ast.Search():
            return _search(target)
        case _:
            assert_never(target)


def _diff(stage: ast.Diff) -> str:
    against = stage.against
    other = "" if against is None else f" vs {against.value if isinstance(against, ast.Period) else _search(against)}"
    return f"diff {_search(stage.search)}{other}{_fields(' on', stage.on)}{_optional(' limit', stage.count)}"


def _detector(stage: ast.Anomalies | ast.Changepoint) -> str:
    aggregate = f" {print_named(stage.aggregate)}" if stage.aggregate is not None else ""
    if isinstance(stage, ast.Changepoint):
        return f"changepoint{aggregate}"
    sensitivity = "" if stage.sensitivity is None else f" sensitivity {_number(stage.sensitivity)}"
    return f"anomalies{aggregate}{_word(' season', stage.season)}{sensitivity}"


def _number(value: float) -> str:
    return print_expression(ast.Number(value))


def _search(search: ast.Search) -> str:
    return print_expression(ast.SearchExpr(search))


def _items(items: tuple[ast.Named, ...]) -> str:
    return ", ".join(map(print_named, items))


def _by(keys: tuple[ast.Named, ...]) -> str:
    return f" by {_items(keys)}" if keys else ""


def _fields(word: str, fields: tuple[ast.Named, ...]) -> str:
    return f"{word} {_items(fields)}" if fields else ""


def _optional(word: str, count: int | None) -> str:
    return "" if count is None else f"{word} {count}"


def _length(word: str, length: ast.Duration | None) -> str:
    return "" if length is None else f"{word} {print_duration(length.ns)}"


def _word(word: str, choice: ast.Change | ast.Season | None) -> str:
    return "" if choice is None else f"{word} {choice.value}"


def _sort_keys(keys: tuple[ast.SortKey, ...]) -> str:
    return ", ".join(print_expression(key.expr) + " desc" * key.descending for key in keys)


def _make_series(stage: ast.MakeSeries) -> str:
    text = f"make-series {_items(stage.aggregates)}"
    match stage.every:
        case ast.Duration():
            text += f" every {print_duration(stage.every.ns)}"
        case ast.Calendar():
            text += f" every {stage.every.value}"
        case None:
            pass
        case _:
            assert_never(stage.every)
    if stage.zone:
        text += f" in {quote_string(stage.zone)}"
    text += _by(stage.by)
    if stage.top is not None:
        text += f" top {stage.top.count} by {print_expression(stage.top.by)}{' other' * stage.top.other}"
    return text if stage.fill is None else f"{text} fill {stage.fill.value}"


def _top(stage: ast.Top) -> str:
    per = f" per {_items(stage.per)}" if stage.per else ""
    order = "" if stage.descending else " asc"
    return f"top {stage.count}{per} by {print_expression(stage.by)}{order}{' other' * stage.other}"
