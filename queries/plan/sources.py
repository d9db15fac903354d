"""`from`: data sets, unions of them, and names bound by `let`; and the time range they are read over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from sqlglot import expressions as exp

from engine.schema import promoted_column
from queries import ast
from queries.catalog import DEFAULT_DATASET, Catalog, FieldInfo, catalog
from queries.check.literals import check_range
from queries.errors import NameProblem, QueryError
from queries.plan.block import Block, Derived, Scan, TimeRange
from queries.plan.builder import Builder, unique_names
from queries.plan.render import render
from queries.plan.scope import attribute_of
from queries.types import FLOAT, NULLABLE_STRING, STRING, Base, Missing, ValueType
from queries.values.calls import call, derived_table, physical_table
from queries.values.typed import Typed, as_null, constant

LATER_DATASETS = frozenset({"logs", "metrics", "profiles", "replays", "sessions", "check_ins", "feedback", "changes"})
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
    return _union([name.name for name in source.names], blocks, builder)


def _named(name: ast.Name, time: ast.TimeRange | None, builder: Builder, compile_pipeline: CompilePipeline) -> Block:
    bound = builder.pipelines.get(name.name)
    if bound is not None:
        if time is not None:
            raise QueryError(f"{name.name} brings its own time range.", span=time.span)
        return builder.wrap(compile_pipeline(bound, builder))
    if name.name in LATER_DATASETS:
        raise QueryError(f"The dataset {name.name} is not available yet.", span=name.span, code="query-not-available")
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
            found = context.time_range or (context.now - context.default_range, context.now)
        case ast.Last():
            found = (_moment(ast.RelativeInstant(written.duration.ns, written.span), context.now)[0], context.now)
        case ast.Between():
            found = (_moment(written.start, context.now)[0], _moment(written.end, context.now)[1])
        case ast.At():
            found = _moment(written.instant, context.now)
            if not written.instant.whole_day:
                hour = found[0].replace(minute=0, second=0, microsecond=0)
                found = (hour, hour + dt.timedelta(hours=1))
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


def _moment(moment: ast.Instant | ast.RelativeInstant, now: dt.datetime) -> TimeRange:
    if isinstance(moment, ast.RelativeInstant):
        try:
            at = now - _span(abs(moment.ns))
        except OverflowError:
            raise QueryError("This time lies too far back.", span=moment.span) from None
        return at, at
    start = moment.at.replace(tzinfo=dt.UTC) if moment.at.tzinfo is None else moment.at.astimezone(dt.UTC)
    return start, start + dt.timedelta(days=1) if moment.whole_day else start


def _union(names: list[str], blocks: list[Block], builder: Builder) -> Block:
    """Return the rows of several sources by column name, the source as `dataset`; absent columns are null."""
    offered = [offered(block) for block in blocks]
    types: dict[str, ValueType] = {"dataset": STRING}
    for fields in offered:
        for name in fields:
            types.setdefault(name, _merged([f[name].type for f in offered if name in f]))
            types[name] = (
                replace(types[name], missing=Missing.NULL) if types[name].base is not Base.MAP else types[name]
            )
    sql_names = unique_names(types, ())
    builder.wide = True
    selects = [_member(names[i], blocks[i], offered[i], types, sql_names) for i in range(len(blocks))]
    query: exp.Query = selects[0]
    for select in selects[1:]:
        query = exp.Union(this=query, expression=select, distinct=False)
    alias = builder.alias()
    table = derived_table({sql_names[n]: t for n, t in types.items()}, alias)
    virtual = {n: f[n].virtual for f in offered for n in f}
    columns = {n: Typed(table[sql_names[n]], t, virtual=virtual.get(n, "")) for n, t in types.items()}
    time = (min(b.time[0] for b in blocks), max(b.time[1] for b in blocks))
    shown = (
        "dataset",
        *dict.fromkeys(n for b in blocks for n in (b.shown or (b.catalog.defaults if b.catalog else ()))),
    )
    return Block(Derived(alias, query), table, None, time, columns=columns, shown=shown)


def offered(block: Block) -> dict[str, Typed]:
    """Return everything a block can give another by name: columns made, and fields with single values."""
    fields: dict[str, Typed] = {}
    if block.catalog is not None:
        for info in _distinct(block.catalog):
            if info.type.base not in {Base.MAP, Base.ARRAY}:
                fields[info.name] = attribute_of(info, block.table).typed
    fields.update(block.columns)
    return fields


def _distinct(found: Catalog) -> list[FieldInfo]:
    return list({info.name: info for info in found.fields.values()}.values())


def _merged(types: list[ValueType]) -> ValueType:
    bases = {t.base for t in types}
    if len(bases) > 1:
        return NULLABLE_STRING
    return types[0]


def _member(
    dataset: str, block: Block, fields: dict[str, Typed], types: dict[str, ValueType], sql_names: dict[str, str]
) -> exp.Select:
    outputs = []
    for name, wanted in types.items():
        if name == "dataset":
            outputs.append((sql_names[name], constant(dataset)))
        elif name not in fields:
            outputs.append((sql_names[name], constant(None)))
        else:
            given = as_null(fields[name])
            value = given.value
            if given.type.base is not wanted.base:
                value = call("toString", NULLABLE_STRING, value)
            outputs.append((sql_names[name], value))
    return render(block, outputs)
