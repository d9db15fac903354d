"""The stage `top`: the best rows or groups, per key if wanted, with the rest as one group if wanted."""

from __future__ import annotations

from collections.abc import Mapping
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
    """Return the best rows; `other` adds a group with everything else, computed from the rows themselves.

    With `per` there is one such group for each of its values that has more than `n` groups.

    Raises:
        QueryError: `other` does not follow a grouping directly, or `per` names what is no key of it.
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
    if grouping is None or not grouping.keys or not plain or block.having:
        raise QueryError(
            "top … other directly follows a summarize with keys.",
            span=stage.span,
            suggestion="summarize n=count() by error.type | top 5 by n other",
        )
    keyed = {n: c for n, c in block.columns.items() if c.value.get_name() in grouping.keys}
    per = _per(stage, block, keyed, builder)
    within = tuple(Order(no_place(column), descending=False) for column in per.values())
    ties = tuple(Order(column.value, descending=False) for column in keyed.values())
    order = (*within, _best_first(stage, block, builder), *ties)
    best = replace(block, order=order, limit=stage.count)
    if per:
        best = replace(best, limit=None, limit_by=(stage.count, tuple(no_place(column) for column in per.values())))
    named = [value for column in keyed.values() for value in never_null(column)]
    query = render(best, [(f"k{i}", value) for i, value in enumerate(named)])
    over_rows = {n: replace(c, value=grouping.values[c.value.get_name()]) for n, c in block.columns.items()}
    chosen = builder.in_query([value for name in keyed for value in never_null(over_rows[name])], query)
    builder.tops.append(len(builder.nested) - 1)
    keys = {name: over_rows[name] if name in per else or_other(over_rows[name], chosen) for name in keyed}
    made = {name: typed for name, typed in over_rows.items() if name not in keyed}
    regrouped = group(grouping.before, keys, made, builder)
    within = tuple(Order(no_place(regrouped.columns[name]), descending=False) for name in per)
    told = next(name for name in keyed if name not in per)
    last = Order(_is_other(regrouped.columns[told]), descending=False)
    return replace(regrouped, order=(*within, last, _best_first(stage, regrouped, builder)))


def _per(stage: ast.Top, block: Block, keyed: Mapping[str, Typed], builder: Builder) -> dict[str, Typed]:
    """Return the keys that each have a rest of their own.

    Raises:
        QueryError: one is no key of the groups, or they are all of them.
    """
    scope = builder.scope(block)
    values = {column.value.get_name(): name for name, column in keyed.items()}
    found: dict[str, Typed] = {}
    for item in stage.per:
        assert block.grouping is not None
        name = values.get(field_name(compile_expr(item.expr, scope).value, block.grouping.table) or "")
        if name is None:
            raise QueryError(
                f"{column_name(item)} is no key of the groups; top … per … other tells the rest of keys.",
                span=item.span,
                suggestion="summarize n=count() by level, error.type | top 5 per level by n other",
            )
        found[name] = keyed[name]
    if len(found) == len(keyed):
        raise QueryError(
            "Each group is alone in its keys, so there is no rest to tell: name fewer keys after per.",
            span=stage.span,
            suggestion="summarize n=count() by level, error.type | top 5 per level by n other",
        )
    return found


def _own(column: Typed, block: Block) -> bool:
    """Whether a column is an output of the grouping as it is."""
    assert block.grouping is not None
    return field_name(column.value, block.grouping.table) is not None


def _is_other(key: Typed) -> ir.Value:
    return certain(key.value == constant(0 if key.virtual else OTHER), nullable=key.type.nullable)
