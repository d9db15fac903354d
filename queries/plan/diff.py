"""The stage `diff`: which values of which fields and tags tell two sets of rows apart.

One statement counts every value on both sides (`queries.plan.attributes`); the ranking is a step in the process.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import ibis.expr.types as ir
from sqlglot import expressions as exp

from engine.schema import Unit
from queries import ast
from queries.errors import QueryError, TypeProblem
from queries.operations.contrast import LEAST_SUPPORT
from queries.plan.attributes import ALL_ROWS, Attributes, by_value, tested_rows
from queries.plan.block import Block, Derived, Order
from queries.plan.builder import Builder
from queries.plan.expressions import compile_expr
from queries.plan.facet_counts import column_at
from queries.plan.facet_fields import chosen_fields
from queries.plan.grouping import ungrouped
from queries.plan.render import aliased, render, table_alias
from queries.plan.searches import predicate
from queries.types import FLOAT, INTEGER, NULLABLE_STRING, STRING, TIME, Missing
from queries.values.calls import aggregate, call, derived_table
from queries.values.typed import Typed

DEFAULT_LIMIT = 20
MAX_LIMIT = 1_000
MAX_FIELDS = 50

_SHARE = replace(FLOAT, unit=Unit.RATIO)
COLUMNS = {
    "field": STRING,
    "value": NULLABLE_STRING,
    "count": INTEGER,
    "other_count": INTEGER,
    "share": _SHARE,
    "other_share": _SHARE,
    "difference": _SHARE,
    "lift": replace(FLOAT, missing=Missing.NULL),
    "score": FLOAT,
    "p_value": FLOAT,
}


def diff(stage: ast.Diff, block: Block, builder: Builder) -> Block:
    """Return the values that are more frequent in one of two sets of rows than in the other, most telling first.

    Raises:
        QueryError: too many fields or rows, or nothing to look at.
        TypeProblem: a field has no single values, or the rows have no time and are compared with earlier ones.
    """
    limit = DEFAULT_LIMIT if stage.count is None else stage.count
    if not 1 <= limit <= MAX_LIMIT or len(stage.on) > MAX_FIELDS:
        raise QueryError(f"diff shows 1 to {MAX_LIMIT} values of at most {MAX_FIELDS} fields.", span=stage.span)
    rows, here, there = _sides(stage, block, builder)
    tested_rows(rows, builder, "diff")
    fields, tags = chosen_fields(stage.on, rows, builder, stage.span)
    # What the searches themselves name differs by definition, so it is looked at only when asked for.
    named = frozenset() if stage.on else _keys(stage.search) | _keys(stage.against)
    looked_at = Attributes(
        [field for field in fields if field.label not in named], tags, named | {f.label for f in fields}
    )
    if not looked_at.fields and not tags:
        raise QueryError("There is no field to look at.", span=stage.span, suggestion="diff … on level, release")
    measures = {
        name: Typed(aggregate("count", INTEGER, where=side), INTEGER)
        for name, side in (("here", here), ("there", there))
    }
    rows = replace(rows, where=(*rows.where, here | there))
    counted = _supported(by_value(rows, looked_at, measures, builder), builder)
    return builder.frame(counted, "contrast", {"limit": limit}, COLUMNS)


def _sides(stage: ast.Diff, block: Block, builder: Builder) -> tuple[Block, ir.Value, ir.Value]:
    """Return the rows of both sets, and the conditions of each; a row both searches find is in the first."""
    if stage.against is ast.Period.PREVIOUS:
        return _periods(stage, block, builder)
    rows = ungrouped(block, builder)
    here = _condition(stage.search, rows, builder)
    if isinstance(stage.against, ast.Search):
        return rows, here, _condition(stage.against, rows, builder) & ~here
    return rows, here, ~here


def _condition(search: ast.Search, rows: Block, builder: Builder) -> ir.Value:
    return predicate(search, builder.scope(rows), compile_expr)


def _periods(stage: ast.Diff, block: Block, builder: Builder) -> tuple[Block, ir.Value, ir.Value]:
    """Return the rows the search finds in the range and in the one as long before it."""
    start, end = block.time
    source = builder.prefix.source
    if source is not None and any(name.name in builder.pipelines for name in source.names):
        raise QueryError(
            "A name bound by `let` brings its own time range, so there is none before it.",
            span=stage.span,
            suggestion="Start with a data set: from errors | …",
        )
    names = (ast.Name("errors"),) if source is None else source.names
    both = ast.Between(ast.Instant(start - (end - start)), ast.Instant(end))
    rows = ungrouped(builder.compile(replace(builder.prefix, source=ast.Source(names, both)), builder), builder)
    time = builder.scope(rows).facts.special.get("time")
    if time is None:
        raise TypeProblem("`vs previous` needs the rows' timestamp, which is not there any more.", span=stage.span)
    rows = replace(rows, where=(*rows.where, _condition(stage.search, rows, builder)))
    micros = (start - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
    late = time.value >= call("fromUnixTimestamp64Micro", TIME, micros, "UTC")
    return rows, late, ~late


def _keys(search: object) -> frozenset[str]:
    """Return the fields and tags a search names."""
    if not isinstance(search, ast.Search) or search.root is None:
        return frozenset()
    found: set[str] = set()
    nodes: list[ast.SearchNode] = [search.root]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.And | ast.Or):
            nodes += node.terms
        elif isinstance(node, ast.Filter | ast.Has) and isinstance(node.key, ast.Key | ast.TagKey):
            found.add(node.key.name)
    return frozenset(found)


def _supported(counted: Block, builder: Builder) -> Block:
    """Return the counts worth a test with the sums of their fields, and at least one row of each field."""
    inner = builder.alias()

    def at(name: str) -> exp.Column:
        return column_at(inner, name)

    both = exp.Add(this=at("here"), expression=at("there"))
    order = exp.Order(expressions=[exp.Ordered(this=both, desc=True), exp.Ordered(this=at("value"))])
    first = exp.Window(
        this=exp.Anonymous(this="row_number", expressions=[]), partition_by=[at("field")], order=order, over="OVER"
    )
    sums = [_sum_of_field(inner, name) for name in ("here", "there")]
    rendered = render(counted, [(name, typed.value) for name, typed in counted.columns.items()])
    select = exp.Select(
        expressions=[
            *(aliased(at(name), name) for name in ("field", "value", "here", "there")),
            *(aliased(tree, f"sum_{name}") for name, tree in zip(("here", "there"), sums, strict=True)),
            aliased(first, "place"),
        ],
        from_=exp.From(this=exp.Subquery(this=rendered, alias=table_alias(inner))),
    )
    types = {
        "field": STRING,
        "value": NULLABLE_STRING,
        **dict.fromkeys(("here", "there", "sum_here", "sum_there", "place"), INTEGER),
    }
    alias = builder.alias()
    table = derived_table(types, alias)
    columns = {name: Typed(table[name], type_) for name, type_ in types.items()}
    has_all = table["field"] == ALL_ROWS
    enough = (table["here"] + table["there"] >= LEAST_SUPPORT) | (table["place"] == 1) | has_all
    order_by = (
        Order(has_all, descending=True),
        Order(table["here"] + table["there"], descending=True),
        Order(table["field"], descending=False),
        Order(table["value"], descending=False),
    )
    shown = tuple(name for name in types if name != "place")
    return Block(
        Derived(alias, select), table, None, counted.time, columns=columns, shown=shown, where=(enough,), order=order_by
    )


def _sum_of_field(alias: str, name: str) -> exp.Window:
    return exp.Window(
        this=exp.Anonymous(this="sum", expressions=[column_at(alias, name)]),
        partition_by=[column_at(alias, "field")],
        over="OVER",
    )
