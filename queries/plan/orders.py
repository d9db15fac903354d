"""The order rows have when no stage gave them one."""

from __future__ import annotations

from dataclasses import replace

import ibis.expr.operations as ops
import ibis.expr.types as ir

from queries import ast
from queries.errors import TypeProblem
from queries.plan.block import Block, Order, Scan
from queries.plan.builder import Builder
from queries.plan.scope import special_fields
from queries.types import Base
from queries.values.calls import call
from queries.values.typed import Typed, as_null


def newest_first(block: Block, builder: Builder) -> Block:
    """Return a block whose raw rows, where nothing else orders or cuts them, come newest first.

    Rows of which only some columns are left have the time of their table all the same.
    """
    if block.order or block.grouping is not None or block.is_cut or not builder.context.ordered:
        return block
    found = block.catalog or (block.source.catalog if isinstance(block.source, Scan) else None)
    if found is None:
        return block
    time = special_fields(found.dataset.name, block.table).get("time")
    return block if time is None else replace(block, order=(Order(time.value, descending=True),))


def with_order(block: Block, builder: Builder) -> Block:
    """Return a block with an order: its own, newest first for raw rows; groups by their keys, also among equals."""
    grouping = block.grouping
    if grouping is None:
        return newest_first(block, builder)
    if grouping.series is not None or block.limit_by is not None:
        return block
    keys = [grouping.table[key] for key in grouping.keys]
    named = [order.value for order in block.order]
    rest = tuple(Order(k, descending=False) for k in keys if not any(k.equals(value) for value in named))
    return replace(block, order=(*block.order, *rest))


def told_apart(block: Block, builder: Builder) -> tuple[Order, ...]:
    """Return the order rows have now, down to what tells them apart: the keys of groups, the id of raw rows."""
    found = with_order(block, builder).order
    named = builder.scope(block).facts.special.get("id") if block.grouping is None else None
    return found if named is None else (*found, Order(named.value, descending=False))


def sortable(expr: ast.Expr, made: Typed) -> ir.Value:
    """Return a value rows can be ordered by, null where it is missing; the empty text comes first.

    Raises:
        TypeProblem: values of its type have no order.
    """
    if made.type.base in {Base.MAP, Base.NULL}:
        hint = 'Name a key: tags["region"].' if made.type.base is Base.MAP else ""
        raise TypeProblem(f"Cannot sort by {made.type.describe()}.", span=expr.span, suggestion=hint)
    return no_place(made if made.type.base is Base.STRING else as_null(made))


def no_place(made: Typed) -> ir.Value:
    """Return a value so that it stands for itself in `ORDER BY` and `LIMIT … BY`, where a 2 is the second column."""
    return call("identity", made.type, made.value) if isinstance(made.value.op(), ops.Literal) else made.value
