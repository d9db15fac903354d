"""The stage `top`: the best rows or groups, per key if wanted, with the rest as one group if wanted."""

from __future__ import annotations

from dataclasses import replace

import ibis.expr.types as ir

from queries import ast
from queries.errors import QueryError
from queries.plan.block import Block, Order
from queries.plan.builder import Builder
from queries.plan.column_names import column_name
from queries.plan.expressions import compile_expr
from queries.plan.grouping import OTHER, group, never_null, or_other
from queries.plan.orders import no_place, sortable, with_order
from queries.plan.render import render
from queries.values.calls import field_name
from queries.values.typed import Typed, certain, constant


def top(stage: ast.Top, block: Block, builder: Builder) -> Block:
    """Return the best rows; `other` adds one group with everything else, computed from the rows themselves.

    Raises:
        QueryError: `other` does not follow a grouping directly, or stands together with `per`.
    """
    loose = builder.loose(block)
    if stage.other:
        return _with_other(stage, loose, builder)
    by = _best_first(stage, loose, builder)
    if not stage.per:
        return replace(loose, order=(by,), limit=stage.count)
    scope = builder.scope(loose)
    named = {column_name(item): compile_expr(item.expr, scope) for item in stage.per}
    made = {name: typed for name, typed in named.items() if name not in loose.columns}
    kept = loose.with_columns(made) if loose.catalog is None else loose
    per = tuple(no_place(typed) for typed in named.values())
    order = (*(Order(value, descending=False) for value in per), by)
    if loose.grouping is not None:
        # Which of equals are kept is no matter of chance: groups among equals come by their keys.
        order = with_order(replace(kept, order=order, limit_by=None), builder).order
    return replace(kept, order=order, limit_by=(stage.count, per))


def _best_first(stage: ast.Top, block: Block, builder: Builder) -> Order:
    scope = builder.scope(block, aggregates=block.grouping is not None)
    return Order(sortable(stage.by, compile_expr(stage.by, scope)), stage.descending)


def _with_other(stage: ast.Top, block: Block, builder: Builder) -> Block:
    grouping = block.grouping
    plain = grouping is not None and all(_own(column, block) for column in block.columns.values())
    if grouping is None or not grouping.keys or stage.per or not plain or block.having:
        raise QueryError(
            "top … other directly follows a summarize with keys, and has no `per`.",
            span=stage.span,
            suggestion="summarize n=count() by error.type | top 5 by n other",
        )
    keyed = {n: c for n, c in block.columns.items() if c.value.get_name() in grouping.keys}
    ties = tuple(Order(column.value, descending=False) for column in keyed.values())
    best = replace(block, order=(_best_first(stage, block, builder), *ties), limit=stage.count)
    named = [value for column in keyed.values() for value in never_null(column)]
    query = render(best, [(f"k{i}", value) for i, value in enumerate(named)])
    over_rows = {n: replace(c, value=grouping.values[c.value.get_name()]) for n, c in block.columns.items()}
    chosen = builder.in_query([value for name in keyed for value in never_null(over_rows[name])], query)
    builder.tops.append(len(builder.nested) - 1)
    keys = {name: or_other(over_rows[name], chosen) for name in keyed}
    made = {name: typed for name, typed in over_rows.items() if name not in keyed}
    regrouped = group(grouping.before, keys, made, builder)
    last = Order(_is_other(next(iter(regrouped.columns.values()))), descending=False)
    return replace(regrouped, order=(last, _best_first(stage, regrouped, builder)))


def _own(column: Typed, block: Block) -> bool:
    """Whether a column is an output of the grouping as it is."""
    assert block.grouping is not None
    return field_name(column.value, block.grouping.table) is not None


def _is_other(key: Typed) -> ir.Value:
    return certain(key.value == constant(0 if key.virtual else OTHER), nullable=key.type.nullable)
