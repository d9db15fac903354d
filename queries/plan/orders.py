"""The order rows have when no stage gave them one."""

from __future__ import annotations

from dataclasses import replace

from queries.plan.block import Block, Order
from queries.plan.builder import Builder


def newest_first(block: Block, builder: Builder) -> Block:
    """Return a block whose raw rows, where nothing else orders or cuts them, come newest first."""
    if block.order or block.grouping is not None or block.catalog is None or block.is_cut:
        return block
    time = builder.scope(block).facts.special.get("time")
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


def ties(block: Block, builder: Builder) -> tuple[Order, ...]:
    """Return what tells rows apart that are equal otherwise: the keys of groups, the id of raw rows."""
    if block.grouping is not None:
        return tuple(Order(block.grouping.table[key], descending=False) for key in block.grouping.keys)
    found = builder.scope(block).facts.special.get("id") if block.catalog is not None else None
    return () if found is None else (Order(found.value, descending=False),)
