"""The other pipelines of a stage: both sides of a join, the members of a union."""

from __future__ import annotations

from dataclasses import replace

from queries import ast
from queries.plan.block import Block, TimeRange
from queries.plan.builder import Builder, settled


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
