"""Stages that make groups: summarize and make-series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import ibis.expr.types as ir

from queries import ast
from queries.ast import Fill
from queries.catalog import ASSIGNEE
from queries.errors import QueryError, TypeProblem
from queries.functions.scalars import bucket
from queries.plan.block import Block, Grouping, Order
from queries.plan.builder import Builder
from queries.plan.column_names import column_name
from queries.plan.estimates import with_intervals
from queries.plan.expressions import compile_expr
from queries.plan.fills import filled_series
from queries.plan.names import unique_names
from queries.plan.render import render
from queries.plan.scope import Scope
from queries.plan.searches import group_condition, holds_aggregate
from queries.plan.series_time import bucket_number, is_partial, series_fill
from queries.plan.virtual import may_be_empty, slug
from queries.printer import print_expression
from queries.types import STRING, Base, Missing, ValueType
from queries.values.calls import call, derived_table, looks_at_all
from queries.values.typed import Typed, as_null, zero_of

MAX_TOP = 50
OTHER = "Other"
SECOND_NS = 1_000_000_000


def summarize(stage: ast.Summarize, block: Block, builder: Builder) -> Block:
    """Return the block grouped by the keys, with the aggregates as columns."""
    rows = ungrouped(block, builder)
    scope = builder.scope(rows, aggregates=True)
    keys = group_keys(stage.by, builder.scope(rows))
    made = with_intervals(_aggregates(stage.aggregates, scope, keys), stage.aggregates, rows, builder)
    grouped = group(rows, keys, made, builder)
    return settle_pending(grouped, builder, by=bool(stage.by))


def ungrouped(block: Block, builder: Builder) -> Block:
    """Return a block of rows in no order, around one that groups or is cut."""
    loose = builder.loose(block)
    if loose.grouping is not None:
        loose = builder.wrap(loose)
    return replace(loose, order=())


def group_keys(named: Sequence[ast.Named], scope: Scope) -> dict[str, Typed]:
    """Return what keys after `by` stand for, by the names of their columns.

    Raises:
        TypeProblem: rows cannot be told apart by one.
    """
    keys: dict[str, Typed] = {}
    for item in named:
        made = compile_expr(item.expr, scope)
        if may_be_empty(made):
            what, field = ("assignee", "assigned") if made.virtual == ASSIGNEE else (made.virtual, made.virtual)
            raise TypeProblem(f"The {what} is known per issue.", span=item.span, suggestion=f"any({field}) … by issue")
        if made.type.base is Base.MAP:
            raise TypeProblem("Cannot group by a map.", span=item.span, suggestion='Name a key: tags["region"].')
        keys[column_name(item)] = one_zero(made)
    return keys


def one_zero(key: Typed) -> Typed:
    """Return a key for which 0.0 and -0.0 are one: they are equal, but the engine groups by their bytes."""
    if key.type.base is not Base.FLOAT:
        return key
    value: Any = key.value
    return replace(key, value=value + 0.0)


def _aggregates(named: Sequence[ast.Named], scope: Scope, keys: Mapping[str, Typed]) -> dict[str, Typed]:
    made: dict[str, Typed] = {}
    for item in named:
        value = compile_expr(item.expr, scope)
        if not value.aggregate and not value.is_constant:
            raise TypeProblem(
                f"{print_expression(item.expr)} is no aggregate.",
                span=item.span,
                suggestion="Use count(), sum(x), any(x) … or move it behind `by`.",
            )
        name = column_name(item)
        if name in made or name in keys:
            raise QueryError(
                f"Two columns are called {name}.", span=item.span, suggestion="Give one another name: n = …"
            )
        made[name] = value
    return made


def group(rows: Block, keys: Mapping[str, Typed], made: Mapping[str, Typed], builder: Builder) -> Block:
    """Return `rows` grouped: keys first, then aggregates."""
    columns = {**keys, **made}
    alias = builder.alias()
    names = unique_names(columns, ())
    table = derived_table({names[name]: typed.type for name, typed in columns.items()}, alias)
    grouping = Grouping(
        table=table,
        keys=tuple(names[name] for name in keys),
        values={names[name]: typed.value for name, typed in columns.items()},
        before=rows,
    )
    shown = {name: Typed(table[names[name]], typed.type, virtual=typed.virtual) for name, typed in columns.items()}
    # A filter on groups goes around those whose values compare them all, or the total would be that of what is left.
    sealed = any(looks_at_all(typed.value) for typed in made.values())
    return replace(
        rows, catalog=None, columns=shown, shown=tuple(shown), grouping=grouping, sealed=sealed, is_series=False
    )


def settle_pending(block: Block, builder: Builder, *, by: bool) -> Block:
    """Return the block with the waiting filters on aggregates put on its groups.

    Raises:
        QueryError: a filter on rows stands beside one on aggregates in an OR and there are no keys to make groups.
    """
    if not block.pending:
        return block
    if block.sealed:
        raise QueryError(
            "A filter on an aggregate would drop groups before they are compared with one another.",
            span=block.pending[0].span,
            suggestion="Name the aggregate in summarize, and filter by the name: | where n > 1.",
        )
    if not by and any(isinstance(node, ast.Or) and not _all_aggregates(node) for node in block.pending):
        raise QueryError(
            "A filter on rows and one on aggregates can only stand in one OR when there are groups.",
            span=block.pending[0].span,
            suggestion="Add `by` and the keys of the groups.",
        )
    scope = builder.scope(block, aggregates=True)
    found = [group_condition(node, scope, compile_expr) for node in block.pending]
    return replace(block, having=(*block.having, *found), pending=())


def _all_aggregates(node: ast.SearchNode) -> bool:
    if isinstance(node, ast.And | ast.Or):
        return all(_all_aggregates(term) for term in node.terms)
    return holds_aggregate(node)


_BUCKET = "timestamp"
"""What the starts of a series' buckets are called."""


def make_series(stage: ast.MakeSeries, block: Block, builder: Builder) -> Block:
    """Return one row per time bucket and keys, without gaps."""
    rows = ungrouped(block, builder)
    fill = series_fill(stage, rows.time)
    if is_partial(stage, fill, rows.time):
        builder.notes.add("Buckets at the ends of the series are only partly in the range of time.")
    width_s = fill.mean_s
    scope = builder.scope(rows, aggregates=True, window_seconds=width_s)
    time = scope.facts.special.get("time")
    if time is None:
        raise TypeProblem("make-series needs the rows' timestamp, which is not there any more.", span=stage.span)
    keys = group_keys(stage.by, builder.scope(rows))
    if stage.top is not None:
        named = {item.name: item.expr for item in stage.aggregates if item.name is not None}
        best = named_aggregate(stage.top.by, named)
        rows, keys = keep_top(stage.top.count, best, rows, keys, builder, other=stage.top.other)
    value = bucket_number(time.value, fill.starts) if fill.starts else bucket(time.value, fill.every_ns, time.type)
    start = Typed(value, ValueType(Base.TIME, precision=0 if fill.every_ns % SECOND_NS == 0 else 3))
    _check_series_keys(stage, keys, start)
    plain = with_intervals(
        _aggregates(stage.aggregates, scope, {_BUCKET: start, **keys}), stage.aggregates, rows, builder
    )
    made = {name: _filled(typed, stage.fill) for name, typed in plain.items()}
    grouped = group(rows, {_BUCKET: start, **keys}, made, builder)
    assert grouped.grouping is not None
    series = replace(fill, bucket=grouped.grouping.keys[0])
    grouped = replace(grouped, grouping=replace(grouped.grouping, series=series))
    return filled_series(replace(settle_pending(grouped, builder, by=True), sealed=True, is_series=True), builder)


def _check_series_keys(stage: ast.MakeSeries, keys: Mapping[str, Typed], start: Typed) -> None:
    """Refuse the series' own buckets as a key: every row of one group would lie in one bucket.

    Raises:
        QueryError: a key has the name of the buckets or is the buckets.
    """
    for item in stage.by:
        name = column_name(item)
        if name == _BUCKET or keys[name].value.equals(start.value):
            raise QueryError(
                f"The rows of a series are of one time each already: {print_expression(item.expr)} cannot be a key.",
                span=item.span,
                suggestion="Leave it out, or group by another part of the time: hour_of_day(timestamp).",
            )


def named_aggregate(expr: ast.Expr, named: Mapping[str, ast.Expr]) -> ast.Expr:
    """Return what groups are ranked by, an aggregate of the stage for its name: `n=count() … top 5 by n`."""
    match expr:
        case ast.Name(quoted=False) if expr.name in named:
            return named[expr.name]
        case ast.Unary():
            return replace(expr, operand=named_aggregate(expr.operand, named))
        case ast.Binary():
            left, right = named_aggregate(expr.left, named), named_aggregate(expr.right, named)
            return replace(expr, left=left, right=right)
        case _:
            return expr


def _filled(typed: Typed, fill: Fill | None) -> Typed:
    """Give an aggregate the type whose default, which empty buckets get, is what `fill` asks for."""
    if fill is Fill.ZERO and typed.type.nullable and typed.type.is_number:
        value = call("ifNull", replace(typed.type, missing=Missing.NEVER), typed.value, zero_of(typed.type))
        return replace(typed, value=value, type=replace(typed.type, missing=Missing.NEVER))
    lists = typed.type.base in {Base.ARRAY, Base.MAP}  # an empty bucket holds an empty one, they have no null
    if fill in {Fill.NULL, Fill.FORWARD, Fill.LINEAR} and not typed.type.nullable and not lists:
        nullable = replace(typed.type, missing=Missing.NULL)
        return replace(typed, value=call("toNullable", nullable, typed.value), type=nullable)
    return typed


def keep_top(
    count: int, by: ast.Expr, rows: Block, keys: Mapping[str, Typed], builder: Builder, *, other: bool
) -> tuple[Block, dict[str, Typed]]:  # fmt: skip
    """Return rows and keys with only the `count` best groups; with `other`, the rest as one group of that name.

    Raises:
        QueryError: there are no keys, or more than the allowed number of groups is asked for.
    """
    if not keys:
        raise QueryError("top needs keys to choose among.", span=by.span, suggestion="Add `by` and a field.")
    if count > MAX_TOP:
        raise QueryError(f"top takes at most {MAX_TOP}.", span=by.span)
    value = compile_expr(by, builder.scope(rows, aggregates=True))
    if not value.aggregate:
        raise TypeProblem("top … by needs an aggregate here.", span=by.span, suggestion="top 5 by count()")
    plain = [value for typed in keys.values() for value in never_null(typed)]
    made = {f"k{i}": Typed(v, STRING) for i, v in enumerate(plain)}
    best = group(rows, made, {"best": value}, builder)
    order = (
        Order(best.columns["best"].value, descending=True),
        *(Order(best.columns[k].value, descending=False) for k in made),
    )
    best = replace(best, order=order, limit=count, pending=())
    chosen = builder.in_query(plain, render(best, [(k, best.columns[k].value) for k in made]))
    builder.tops.append(len(builder.nested) - 1)
    if not other:
        return replace(rows, where=(*rows.where, chosen)), dict(keys)
    return rows, {name: or_other(typed, chosen) for name, typed in keys.items()}


def never_null(typed: Typed) -> list[ir.Value]:
    """Return values that stand for a key without NULL, which IN would drop: its text, and whether there is one."""
    if not typed.type.nullable:
        return [typed.value]
    text = call("toString", STRING, typed.value)
    return [call("ifNull", STRING, text, ""), typed.value.isnull()]


def or_other(typed: Typed, chosen: ir.Value) -> Typed:
    """Return a key that is itself among the chosen groups and the word for the rest elsewhere."""
    if typed.virtual == "issue":
        # No issue has the number 0; the short id shown for it is the word for the rest.
        return replace(typed, value=call("if", typed.type, chosen, typed.value, call("toUInt64", typed.type, 0)))
    if typed.virtual:
        typed = slug(typed)
    elif typed.type.base is not Base.STRING:
        text = as_null(typed)
        typed = Typed(call("toString", STRING, text.value), replace(STRING, missing=text.type.missing))
    return replace(typed, value=call("if", typed.type, chosen, typed.value, OTHER))
