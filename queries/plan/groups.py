"""What stages after a grouping need to know of it, also when others stand between."""

from __future__ import annotations

from queries import ast
from queries.plan.block import Block
from queries.plan.builder import Builder
from queries.plan.column_names import column_name
from queries.plan.orders import with_order

BUCKET = "timestamp"
"""The column of a series that holds the start of each bucket."""


def over_rows(block: Block, builder: Builder) -> Block:
    """Return a block over whose rows, as they are now, something can be computed: groups and cut rows get a SELECT."""
    if block.grouping is not None or block.is_cut:
        return builder.wrap(with_order(block, builder))
    return block


def last_grouping(stages: tuple[ast.Stage, ...]) -> int | None:
    """Return the position of the last stage that makes groups, or None."""
    found = [i for i, stage in enumerate(stages) if isinstance(stage, ast.Summarize | ast.MakeSeries | ast.Distinct)]
    return found[-1] if found else None


def keys_of(stage: ast.Stage) -> tuple[str, ...]:
    """Return the names of the keys a stage groups by."""
    match stage:
        case ast.Summarize(by=by):
            return tuple(column_name(item) for item in by)
        case ast.MakeSeries(by=by):
            return (BUCKET, *(column_name(item) for item in by))
        case ast.Distinct(keys=by):
            return tuple(column_name(item) for item in by)
        case _:
            return ()


def aggregates_of(pipeline: ast.Pipeline, block: Block) -> tuple[str, ...]:
    """Return the columns a block shows that are no keys of the pipeline's last grouping; none without one."""
    place = last_grouping(pipeline.stages)
    if place is None:
        return ()
    keys = keys_of(pipeline.stages[place])
    return tuple(name for name in block.shown or () if name not in keys)
