"""The stage `distinct`: every combination of values once."""

from __future__ import annotations

from queries import ast
from queries.errors import TypeProblem
from queries.plan.block import Block
from queries.plan.builder import Builder, settled
from queries.plan.grouping import group, group_keys, one_zero, ungrouped
from queries.types import Base
from queries.values.typed import Typed


def distinct(stage: ast.Distinct, block: Block, builder: Builder) -> Block:
    """Return the combinations of the keys, or of all columns shown, that occur; null is a value like others.

    Raises:
        TypeProblem: a key is a map.
    """
    rows = ungrouped(settled(block), builder)
    keys = group_keys(stage.keys, builder.scope(rows)) if stage.keys else _shown(rows, builder)
    maps = [name for name, typed in keys.items() if typed.type.base is Base.MAP]
    if maps:
        raise TypeProblem(
            f"{maps[0]} is a map, which distinct cannot compare.",
            span=stage.span,
            suggestion='Name what of it shall differ: distinct region=tags["region"].',
        )
    return group(rows, keys, {}, builder)


def _shown(rows: Block, builder: Builder) -> dict[str, Typed]:
    return {name: one_zero(typed) for name, typed in builder.outputs(rows)}
