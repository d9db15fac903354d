"""Blocks as SQLGlot trees."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import ibis.expr.types as ir
from sqlglot import expressions as exp

from engine.schema import TABLES
from queries.passes.prune_columns import LATE
from queries.plan.block import Block, Derived, Grouping, Scan, SeriesFill
from queries.plan.series_time import bucket_start
from queries.types import INTEGER
from queries.values.calls import derived_table, field_name, translate
from queries.values.late import Late

REAL = "__real"
FINAL_ENGINES = ("ReplacingMergeTree",)
"""Engines whose rows are only right after merging versions."""


def render(block: Block, outputs: Iterable[tuple[str, ir.Value | Late]]) -> exp.Select:
    """Return the SELECT of a block with these outputs, `(name, value)` in order.

    Late ones follow the others, and are made by the pass `prune_columns` where something reads them: the builder has to
    be told that the statement is wide.
    """
    given = list(outputs)
    grouping = block.grouping
    items = [(name, value) for name, value in given if not isinstance(value, Late)]
    late = [(name, partial(_translated, value)) for name, value in given if isinstance(value, Late)]
    assert not late or grouping is None
    own = _own_names(grouping, items)
    select = exp.Select()
    if late:
        select.meta[LATE] = late
    for name, value in items:
        tree = _over_groups(translate(value), grouping, frozenset() if name in own else own)
        select.append("expressions", aliased(tree, name))
    select.set("from_", exp.From(this=_source(block.source)))
    if block.where:
        select.set("where", exp.Where(this=_all([translate(condition) for condition in block.where])))
    if grouping is not None:
        keys = [
            exp.column(key, quoted=True) if key in own else translate(grouping.values[key]) for key in grouping.keys
        ]
        if keys:
            select.set("group", exp.Group(expressions=keys))
        having = [_over_groups(translate(condition), grouping, own) for condition in block.having]
        if having:
            select.set("having", exp.Having(this=_all(having)))
    select = _tail(select, block, own)
    if grouping is not None and grouping.series is not None and (len(grouping.keys) > 1 or grouping.series.starts):
        return _around_series(select, items, grouping, grouping.series)
    return select


def _translated(value: Late) -> exp.Expr:
    return translate(value.get())


def _all(conditions: list[exp.Expr]) -> exp.Expr:
    tree = _inside_and(conditions[0]) if len(conditions) > 1 else conditions[0]
    for condition in conditions[1:]:
        tree = exp.And(this=tree, expression=_inside_and(condition))
    return tree


def _inside_and(condition: exp.Expr) -> exp.Expr:
    return exp.Paren(this=condition) if isinstance(condition, exp.Or) else condition


def _tail(select: exp.Select, block: Block, own: frozenset[str]) -> exp.Select:
    grouping = block.grouping
    if grouping is not None and grouping.series is not None:
        _fill_gaps(select, grouping)
    elif block.order:
        keys = [
            exp.Ordered(this=_over_groups(translate(o.value), grouping, own), desc=o.descending, nulls_first=False)
            for o in block.order
        ]
        select.set("order", exp.Order(expressions=keys))
    if block.limit_by is not None:
        count, values = block.limit_by
        by = [_closed(_over_groups(translate(v), grouping, own)) for v in values]
        limit = exp.Limit(expression=exp.Literal.number(count), expressions=by)
        select.set("limit", limit)
    if block.limit is not None:
        select.set("limit", exp.Limit(expression=exp.Literal.number(block.limit)))
    return select


def _closed(value: exp.Expr) -> exp.Expr:
    """Return a value of `LIMIT … BY` in parentheses unless it needs none: comparisons cannot be read there."""
    return value if isinstance(value, exp.Column | exp.Anonymous | exp.Paren) else exp.Paren(this=value)


def _own_names(grouping: Grouping | None, items: list[tuple[str, ir.Value]]) -> frozenset[str]:
    """Return the group outputs that are selected as they are, under their own name."""
    if grouping is None:
        return frozenset()
    names = set()
    for name, value in items:
        if field_name(value, grouping.table) == name:
            names.add(name)
    return frozenset(names)


def _over_groups(tree: exp.Expr, grouping: Grouping | None, own: frozenset[str]) -> exp.Expr:
    """Replace columns of the grouping's outputs: by their alias where it is selected, else by their expression."""
    if grouping is None:
        return tree
    table = grouping.table.op().name

    def replaced(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.table == table:
            if node.name in own:
                return exp.column(node.name, quoted=True)
            return translate(grouping.values[node.name])
        return node

    return tree.transform(replaced, copy=False)


def _source(source: Scan | Derived) -> exp.Expr:
    if isinstance(source, Derived):
        # A stage may ask the same rows twice: each place has a tree of its own, of which it keeps what it reads.
        query = source.query if source.query.parent is None else source.query.copy()
        return exp.Subquery(this=query, alias=table_alias(source.alias))
    return physical(source.catalog.table.name, source.alias)


def physical(table: str, alias: str) -> exp.Expr:
    """Return a scan of a physical table; FINAL where the engine keeps old versions of rows."""
    scan = exp.Table(this=exp.to_identifier(table, quoted=True), alias=table_alias(alias))
    return exp.Final(this=scan) if TABLES[table].engine.startswith(FINAL_ENGINES) else scan


def aliased(value: exp.Expr, name: str) -> exp.Alias:
    """Return `value AS "name"`."""
    return exp.Alias(this=value, alias=exp.to_identifier(name, quoted=True))


def table_alias(alias: str) -> exp.TableAlias:
    """Return the alias of a table."""
    return exp.TableAlias(this=exp.to_identifier(alias, quoted=True))


def _fill_gaps(select: exp.Select, grouping: Grouping) -> None:
    """Order a series by its keys, then time, and let the engine add the empty buckets of every combination of keys."""
    series = grouping.series
    assert series is not None
    keys = [
        exp.Ordered(this=exp.column(key, quoted=True), nulls_first=False)
        for key in grouping.keys
        if key != series.bucket
    ]
    if series.starts:
        ends = (exp.Literal.number(number) for number in (series.start_ns, series.end_ns, 1))
        fill = exp.WithFill(**dict(zip(("from_", "to", "step"), ends, strict=True)))
    else:
        fill = exp.WithFill(
            from_=_moment(series.start_ns, series.every_ns),
            to=_moment(series.end_ns, series.every_ns),
            step=_step(series.every_ns),
        )
    bucket = exp.Ordered(this=exp.column(series.bucket, quoted=True), nulls_first=False, with_fill=fill)
    select.set("order", exp.Order(expressions=[*keys, bucket]))


def _around_series(
    select: exp.Select, items: list[tuple[str, ir.Value]], grouping: Grouping, series: SeriesFill
) -> exp.Select:
    """Drop the series the engine invents when there is no row at all, one of empty keys; give numbers their times.

    A column that is true for every real group leads the order. Empty buckets inherit it from their group; with no
    group to inherit from it is false. Without keys, the empty buckets are the series, and stay.
    """
    keyed = len(grouping.keys) > 1
    order = select.args["order"]
    keys = [key.copy() for key in order.expressions]
    table = "series"
    if keyed:
        real = exp.GT(this=exp.Anonymous(this="count", expressions=[]), expression=exp.Literal.number(0))
        select.append("expressions", aliased(real, REAL))
        first = exp.Ordered(this=exp.column(REAL, quoted=True), nulls_first=False)
        order.set("expressions", [first, *order.expressions])
    limit = select.args.get("limit")
    select.set("limit", None)
    keys[-1].set("with_fill", None)
    for key in keys:
        key.this.set("table", exp.to_identifier(table, quoted=True))
    outputs: list[exp.Expr] = []
    for name, value in items:
        column: exp.Expr = exp.column(name, table=table, quoted=True)
        if series.starts and field_name(value, grouping.table) == series.bucket:
            number: Any = derived_table({name: INTEGER}, table)[name]
            column = translate(bucket_start(number, series.starts))
        outputs.append(aliased(column, name))
    return exp.Select(
        expressions=outputs,
        from_=exp.From(this=exp.Subquery(this=select, alias=table_alias(table))),
        where=exp.Where(this=exp.column(REAL, table=table, quoted=True)) if keyed else None,
        order=exp.Order(expressions=keys),
        limit=limit,
    )


def _moment(at_ns: int, every_ns: int) -> exp.Expr:
    zone = exp.Literal.string("UTC")
    if every_ns % 1_000_000_000 == 0:
        return exp.Anonymous(this="toDateTime", expressions=[exp.Literal.number(at_ns // 1_000_000_000), zone])
    return exp.Anonymous(this="fromUnixTimestamp64Milli", expressions=[exp.Literal.number(at_ns // 1_000_000), zone])


def _step(every_ns: int) -> exp.Expr:
    if every_ns % 1_000_000_000 == 0:
        return exp.Anonymous(this="toIntervalSecond", expressions=[exp.Literal.number(every_ns // 1_000_000_000)])
    return exp.Anonymous(this="toIntervalMillisecond", expressions=[exp.Literal.number(every_ns // 1_000_000)])
