"""Fills of a series that need its neighbours: a step in the process over its rows."""

from __future__ import annotations

from dataclasses import replace

from queries.ast import Fill
from queries.plan.block import Block
from queries.plan.builder import FRAME_FILLS, Builder
from queries.types import Base, Missing
from queries.values.calls import field_name


def filled_series(block: Block, builder: Builder) -> Block:
    """Return a series whose nulls are filled from their neighbours, when it asks for that, else the series as it is.

    On a straight line there are fractions, so `linear` makes numbers of whole ones.
    """
    grouping = block.grouping
    if grouping is None or grouping.series is None or grouping.series.fill not in FRAME_FILLS:
        return block
    linear = grouping.series.fill is Fill.LINEAR
    columns = builder.columns(block)
    keys: list[int] = []
    filled: list[int] = []
    for place, (name, type_) in enumerate(columns.items()):
        own = field_name(block.columns[name].value, grouping.table)
        if own in grouping.keys:
            if own != grouping.series.bucket:
                keys.append(place)
        elif type_.is_number and type_.nullable:
            filled.append(place)
            if linear:
                columns[name] = replace(type_, base=Base.FLOAT, missing=Missing.NULL)
    options = {"how": grouping.series.fill.value, "keys": keys, "columns": filled}
    return builder.frame(block, "fill_gaps", options, columns)
