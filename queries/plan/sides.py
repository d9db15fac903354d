"""The pipelines of a stage that holds several, as join and union do: their blocks, and what each has to give."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import ibis.expr.types as ir

from queries import ast
from queries.catalog import DEFAULT_DATASET, Catalog, FieldInfo
from queries.plan.block import Block, TimeRange
from queries.plan.builder import Builder, settled
from queries.plan.scope import attribute_of
from queries.types import Base
from queries.values.typed import Typed, late


def other_side(other: ast.Pipeline | ast.Name, time: TimeRange, builder: Builder) -> Block:
    """Return the block of a pipeline in parentheses or of a name; without a range of its own it reads the outer one.

    Args:
        other: as the stage holds it.
        time: range of the pipeline the stage stands in.
        builder: of the planning run.

    Raises:
        QueryError: the pipeline cannot be run.
    """
    if isinstance(other, ast.Name):
        other = ast.Pipeline(ast.Source((other,), None, other.span), None, (), other.span)
    context, prefix = builder.context, builder.prefix
    builder.context = replace(context, time_range=time)
    try:
        return settled(builder.compile(other, builder))
    finally:
        builder.context, builder.prefix = context, prefix


def offered_shown(block: Block) -> tuple[str, ...]:
    """Return the names of the columns a block shows."""
    if block.shown is not None:
        return block.shown
    defaults = block.catalog.defaults if block.catalog is not None else ()
    return (*(name for name in defaults if name not in block.columns), *block.columns)


def source_name(side: ast.Pipeline | ast.Name) -> str:
    """Return what the rows of a pipeline are called: the name of its source."""
    if isinstance(side, ast.Name):
        return side.name
    return DEFAULT_DATASET if side.source is None else ", ".join(name.name for name in side.source.names)


def offered(block: Block) -> dict[str, Typed]:
    """Return everything a block can give another by name: columns made, and fields with single values."""
    fields: dict[str, Typed] = {}
    if block.catalog is not None:
        for info in _distinct(block.catalog):
            if info.type.base not in {Base.MAP, Base.ARRAY}:
                virtual = "" if info.mirror or info.map_key is not None else info.virtual
                fields[info.name] = late(partial(_field, info, block.table), info.type, virtual)
    fields.update(block.columns)
    return fields


def _field(info: FieldInfo, table: ir.Table) -> ir.Value:
    return attribute_of(info, table).typed.value


def _distinct(found: Catalog) -> list[FieldInfo]:
    return list({info.name: info for info in found.fields.values()}.values())
