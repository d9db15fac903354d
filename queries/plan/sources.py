"""`from`: data sets, unions of them, and names bound by `let`; and the time range they are read over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from engine.schema import promoted_column
from queries import ast
from queries.catalog import DEFAULT_DATASET, catalog
from queries.check.literals import check_range
from queries.errors import NameProblem, QueryError
from queries.plan.block import Block, Scan, TimeRange
from queries.plan.builder import Builder
from queries.plan.union import united
from queries.types import FLOAT
from queries.values.calls import physical_table
from queries.values.typed import Typed

CompilePipeline = Callable[[ast.Pipeline, Builder], Block]


def open_source(source: ast.Source | None, builder: Builder, compile_pipeline: CompilePipeline) -> Block:
    """Return the block of a pipeline's source; the default data set when it names none.

    Raises:
        NameProblem: there is no such data set or name.
        QueryError: the time range is empty, or given to a name that has its own.
    """
    if source is None:
        return scan(DEFAULT_DATASET, time_range(None, builder), builder)
    blocks = [_named(name, source.time, builder, compile_pipeline) for name in source.names]
    if len(blocks) == 1:
        return blocks[0]
    return united([(name.name, block) for name, block in zip(source.names, blocks, strict=True)], builder)


def _named(name: ast.Name, time: ast.TimeRange | None, builder: Builder, compile_pipeline: CompilePipeline) -> Block:
    bound = builder.pipelines.get(name.name)
    if bound is not None:
        if time is not None:
            raise QueryError(f"{name.name} brings its own time range.", span=time.span)
        return builder.wrap(compile_pipeline(bound, builder))
    try:
        return scan(name.name, time_range(time, builder), builder)
    except NameProblem as problem:
        raise NameProblem(problem.message, span=name.span, suggestion=problem.suggestion) from None


def scan(dataset: str, time: TimeRange, builder: Builder) -> Block:
    """Return a block that reads a data set."""
    table_name = catalog(dataset).table.name
    promoted = builder.context.promoted.get(dataset) or builder.context.promoted.get(table_name) or ()
    found = catalog(dataset, tuple(promoted))
    alias = builder.alias()
    table = physical_table(found.table, alias, tuple((key, promoted_column(key)) for key in found.promoted))
    builder.scans.append((alias, found.table, time))
    block = Block(Scan(alias, found, time), table, found, time)
    if found.dataset.condition:
        block = replace(block, where=(table[found.dataset.condition],))
    if found.table.name in builder.context.weighted:
        block = replace(block, weight=Typed(table["sample_weight"], FLOAT))
    return block


def time_range(written: ast.TimeRange | None, builder: Builder) -> TimeRange:
    """Return the half-open range: the text's, else the request's, else the default before now.

    Raises:
        QueryError: it ends before it starts.
    """
    context = builder.context
    match written:
        case None:
            now = builder.asked_at
            found = context.time_range or builder.moved((now - context.default_range, now))
        case ast.Last():
            since = _moment(ast.RelativeInstant(written.duration.ns, written.span), builder)[0]
            found = builder.moved((since, builder.asked_at))
        case ast.Between():
            found = builder.moved((_moment(written.start, builder)[0], _moment(written.end, builder)[1]))
        case ast.At():
            found = _moment(written.instant, builder)
            if not written.instant.whole_day:
                hour = found[0].replace(minute=0, second=0, microsecond=0)
                found = (hour, hour + dt.timedelta(hours=1))
            found = builder.moved(found)
    if found[0] >= found[1]:
        span = None if written is None else written.span
        raise QueryError("The time range is empty: it ends before it starts.", span=span, code="query-empty-range")
    check_range(found, None if written is None else written.span)
    return found


def _span(ns: int) -> dt.timedelta:
    try:
        return dt.timedelta(microseconds=ns // 1000)
    except OverflowError:
        raise QueryError("This time range is too long.") from None


def _moment(moment: ast.Instant | ast.RelativeInstant, builder: Builder) -> TimeRange:
    if isinstance(moment, ast.RelativeInstant):
        try:
            at = builder.asked_at - _span(abs(moment.ns))
        except OverflowError:
            raise QueryError("This time lies too far back.", span=moment.span) from None
        return at, at
    start = moment.at.replace(tzinfo=dt.UTC) if moment.at.tzinfo is None else moment.at.astimezone(dt.UTC)
    return start, start + dt.timedelta(days=1) if moment.whole_day else start
