"""Stages in plain English: what happens to the rows, as the middle of a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, assert_never

from queries import ast
from queries.english_search import read_search
from queries.printer_expressions import print_expression

ReadPipeline: TypeAlias = Callable[[ast.Pipeline], str]

_LENGTHS = (
    ("week", 604_800_000_000_000),
    ("day", 86_400_000_000_000),
    ("hour", 3_600_000_000_000),
    ("minute", 60_000_000_000),
    ("second", 1_000_000_000),
    ("millisecond", 1_000_000),
)


def read_length(ns: int) -> str:
    """Return a length of time in words: `2 hours`, and `hour` for one."""
    for word, size in _LENGTHS:
        if ns >= size and ns % size == 0:
            count = ns // size
            return word if count == 1 else f"{count} {word}s"
    return f"{ns} nanoseconds"


def read_stage(stage: ast.Stage, read_pipeline: ReadPipeline) -> str:
    """Return what a stage does; `read_pipeline` reads one in its parentheses."""
    match stage:
        case ast.Join():
            return _join(stage, read_pipeline)
        case ast.Union():
            return f"adds {' and '.join(_other(other, read_pipeline) for other in stage.others)}"
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
        case ast.Where(condition=ast.SearchExpr(search=ast.Search(root=root))) if root is not None:
            return f"keeps rows where {read_search(root)}"
        case ast.Where():
            return f"keeps rows where {print_expression(stage.condition)}"
        case ast.Extend():
            return f"adds {_named(stage.items)}"
        case ast.Project():
            return f"shows {_named(stage.items)}"
        case ast.Summarize():
            return f"computes {_named(stage.aggregates)}{_by(stage.by)}"
        case ast.MakeSeries():
            return _series(stage)
        case _:
            assert_never(stage)


def _rows(stage: ast.Sort | ast.Limit | ast.Top | ast.Distinct | ast.Sample | ast.Share | ast.Window) -> str:
    match stage:
        case ast.Sort():
            return f"sorts by {_order(stage.keys)}"
        case ast.Limit():
            return f"keeps the first {stage.count}"
        case ast.Top():
            return _top(stage)
        case ast.Distinct():
            return f"keeps each combination of {_named(stage.keys) if stage.keys else 'values'} once"
        case ast.Sample():
            size = f"{stage.size}" if isinstance(stage.size, int) else f"{_percent(stage.size)} of the"
            return f"looks at a random sample of {size} rows"
        case ast.Share():
            of = "the rows" if stage.of is None else print_expression(stage.of)
            return f"computes the share of {of}{f' within each {_named(stage.by)}' if stage.by else ''}"
        case ast.Window():
            call = print_expression(ast.Call(stage.function, stage.args))
            within = f" within each {_named(stage.by)}" if stage.by else ""
            return f"adds {call} over the rows in order of {_order(stage.sort)}{within} as {stage.name}"
        case _:
            assert_never(stage)


def _values(stage: ast.Histogram | ast.Heatmap | ast.Facets | ast.Cluster | ast.Patterns) -> str:
    match stage:
        case ast.Histogram():
            count = "" if stage.buckets is None else f" {stage.buckets}"
            width = " of growing width" if stage.log else ""
            return f"counts the rows in{count} intervals{width} of {_name(stage.value)}"
        case ast.Heatmap():
            every = " over time" if stage.every is None else f" for every {read_length(stage.every.ns)}"
            return f"counts the rows in intervals of {_name(stage.value)}{every}"
        case ast.Facets():
            what = _named(stage.fields) if stage.fields else "the usual fields"
            most = "most frequent values" if stage.count is None else f"{stage.count} most frequent values"
            return f"counts the {most} of {what}"
        case ast.Cluster():
            what = f" of {_named(stage.on)}" if stage.on else ""
            return f"finds the{_count(stage.count)} most frequent combinations of values{what}"
        case ast.Patterns():
            field = "the text" if stage.value is None else _name(stage.value)
            return f"finds the{_count(stage.count)} most frequent patterns of {field}"
        case _:
            assert_never(stage)


def _analysis(
    stage: ast.Compare | ast.Diff | ast.Anomalies | ast.Changepoint | ast.Rca | ast.Correlate | ast.Explain,
) -> str:
    match stage:
        case ast.Compare():
            return f"compares with {_target(stage.target)}{_change(stage.change)}"
        case ast.Diff():
            return _diff(stage)
        case ast.Anomalies():
            of = "" if stage.aggregate is None else f" of {_name(stage.aggregate)}"
            return f"marks values{of} that were not to be expected{_season(stage.season)}"
        case ast.Changepoint():
            of = "" if stage.aggregate is None else f" of {_name(stage.aggregate)}"
            return f"finds when the level{of} changed"
        case ast.Rca():
            return _rca(stage)
        case ast.Correlate():
            return f"finds which values of {_named(stage.fields)} move {_name(stage.aggregate)} most"
        case ast.Explain():
            return f"shows the {_EXPLAINED[stage.what]} instead of the answer"
        case _:
            assert_never(stage)


def _rca(stage: ast.Rca) -> str:
    of = "what went wrong" if stage.aggregate is None else f"the change of {_name(stage.aggregate)}"
    before = "" if stage.baseline is None else f", compared with the {read_length(stage.baseline.ns)} before"
    return f"ranks{_count(stage.count)} possible causes of {of}{before}"


_EXPLAINED = {
    ast.Explained.SQL: "SQL",
    ast.Explained.PLAN: "plan",
    ast.Explained.COST: "estimated cost",
    ast.Explained.ENGLISH: "plain reading",
}
_CHANGES = {
    ast.Change.DELTA: ", as a difference",
    ast.Change.RATIO: ", as a ratio",
    ast.Change.PCT: ", in percent",
    ast.Change.BOTH: ", as a difference and in percent",
}
_PERIODS = {
    ast.Period.PREVIOUS: "the time just before, as long",
    ast.Period.DAY: "the same time a day earlier",
    ast.Period.WEEK: "the same time a week earlier",
}


def _paths(stage: ast.Funnel | ast.Sessions | ast.Retention | ast.Trace) -> str:
    match stage:
        case ast.Funnel():
            steps = ", then ".join(_searched(step) for step in stage.steps)
            within = "" if stage.within is None else f" within {_a(stage.within)}"
            split = "" if stage.split is None else f", for each {_name(stage.split)}"
            return f"counts how many {_name(stage.by)} get how far: {steps}{within}{split}"
        case ast.Sessions():
            return f"joins the rows of each {_name(stage.by)} to sessions that end after {_a(stage.gap)} of silence"
        case ast.Retention():
            return f"counts how many {_name(stage.by)} come back in every later {read_length(stage.every.ns)}"
        case ast.Trace():
            steps = "".join(f" {_TRACE_OPS[step.op]} {_searched(step.search)}" for step in stage.steps)
            return f"finds traces with {_searched(stage.first)}{steps}"
        case _:
            assert_never(stage)


_TRACE_OPS = {
    ast.TraceOp.CHILD: "and, as its child,",
    ast.TraceOp.DESCENDANT: "and, anywhere below it,",
    ast.TraceOp.AND: "and also",
    ast.TraceOp.OR: "or",
    ast.TraceOp.NOT_BELOW: "and, nowhere below it,",
}


def _searched(search: ast.Search) -> str:
    return "any row" if search.root is None else f"rows where {read_search(search.root)}"


def _a(length: ast.Duration) -> str:
    text = read_length(length.ns)
    return text if text[0].isdigit() else f"1 {text}"


def _named(items: tuple[ast.Named, ...]) -> str:
    return ", ".join(f"{_name(i)} as {i.name}" if i.name is not None else _name(i) for i in items)


def _name(item: ast.Named) -> str:
    return print_expression(item.expr)


def _by(keys: tuple[ast.Named, ...]) -> str:
    return f" for each {_named(keys)}" if keys else ""


def _count(count: int | None) -> str:
    return "" if count is None else f" {count}"


def _order(keys: tuple[ast.SortKey, ...]) -> str:
    return ", ".join(f"{print_expression(key.expr)}{' descending' * key.descending}" for key in keys)


def _percent(size: ast.Percentage) -> str:
    return print_expression(size)


def _series(stage: ast.MakeSeries) -> str:
    best = ""
    if stage.top is not None:
        rest = ", the rest as Other" if stage.top.other else ""
        best = f" (the top {stage.top.count} by {print_expression(stage.top.by)}{rest})"
    zone = f" in {stage.zone} time" if stage.zone else ""
    fill = "" if stage.fill is None else f", {_FILLS[stage.fill]}"
    return f"computes {_named(stage.aggregates)}{_every(stage.every)}{zone}{_by(stage.by)}{best}{fill}"


_FILLS = {
    ast.Fill.ZERO: "gaps as 0",
    ast.Fill.NULL: "gaps as null",
    ast.Fill.LINEAR: "gaps filled along a line",
    ast.Fill.FORWARD: "gaps filled with the value before",
}


def _every(width: ast.Duration | ast.Calendar | None) -> str:
    match width:
        case None:
            return " over time"
        case ast.Duration():
            return f" every {read_length(width.ns)}"
        case ast.Calendar():
            return f" every {width.value}"
        case _:
            assert_never(width)


def _top(stage: ast.Top) -> str:
    per = f" of each {_named(stage.per)}" if stage.per else ""
    rest = ", the rest as Other" if stage.other else ""
    kind = "highest" if stage.descending else "lowest"
    return f"keeps the {stage.count} with the {kind} {print_expression(stage.by)}{per}{rest}"


_JOINS = {
    ast.JoinKind.INNER: "joins each row with those of",
    ast.JoinKind.LEFT: "adds to each row, where there are some, those of",
    ast.JoinKind.SEMI: "keeps rows that have one in",
    ast.JoinKind.ANTI: "keeps rows that have none in",
}


def _join(stage: ast.Join, read_pipeline: ReadPipeline) -> str:
    keys = " and ".join(_key(key) for key in stage.on)
    within = "" if stage.within is None else f" at most {_a(stage.within)} apart"
    return f"{_JOINS[stage.kind]} {_other(stage.other, read_pipeline)} by {keys}{within}"


def _key(key: ast.JoinKey) -> str:
    return key.left.name if key.left == key.right else f"{key.left.name} and {key.right.name}"


def _other(other: ast.Pipeline | ast.Name, read_pipeline: ReadPipeline) -> str:
    return other.name if isinstance(other, ast.Name) else f"({read_pipeline(other)})"


def _target(target: ast.CompareTarget) -> str:
    match target:
        case ast.Period():
            return _PERIODS[target]
        case ast.Duration():
            return f"the same time {_a(target)} earlier"
        case ast.Release():
            return f"release {print_expression(target.value)}"
        case ast.Search():
            return _searched(target)
        case _:
            assert_never(target)


def _change(change: ast.Change | None) -> str:
    return "" if change is None else _CHANGES[change]


def _diff(stage: ast.Diff) -> str:
    against = stage.against
    other = "the rest" if against is None else _target(against)
    fields = f" among {_named(stage.on)}" if stage.on else ""
    return f"finds the{_count(stage.count)} values{fields} that tell {_searched(stage.search)} from {other}"


def _season(season: ast.Season | None) -> str:
    match season:
        case None | ast.Season.AUTO:
            return ""
        case ast.Season.NONE:
            return ", without a season"
        case _:
            return f", given what each {season.value} is like"
