"""Rows of a frame step as the source of a SELECT: bound arrays, unfolded side by side.

    SELECT "t1"."row".1 AS "template", … FROM (
        SELECT arrayJoin(arrayZip({f0c0:Array(String)}, {f0c1:Array(Nullable(Int64))}, {f0n:Array(Int64)})) AS "row"
    ) AS "t1"

So a stage in the process can stand anywhere in a pipeline, also inside a join or a union, and the statement reads
nothing but its own parameters. The last array numbers the rows, which keeps their order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import expressions as exp

from queries.errors import QueryError
from queries.passes.context import FIXED
from queries.passes.nodes import find_all
from queries.plan.block import Block, Derived, Order, TimeRange
from queries.plan.model import Binding
from queries.plan.names import unique_names
from queries.plan.render import aliased, table_alias
from queries.types import INTEGER, Base, ValueType
from queries.values.calls import derived_table
from queries.values.typed import Typed

POSITION = "__position"
_ROW = "row"
_PARAMETER = re.compile(r"f([0-9]+)(?:c([0-9]+)|n)")

_ELEMENTS: Mapping[Base, exp.DType] = {
    Base.STRING: exp.DataType.Type.TEXT,
    Base.INTEGER: exp.DataType.Type.BIGINT,
    Base.FLOAT: exp.DataType.Type.DOUBLE,
    Base.BOOLEAN: exp.DataType.Type.BOOLEAN,
    Base.TIME: exp.DataType.Type.BIGINT,
}
"""Element types of the arrays; times travel as the integers of their precision."""

_TIME_MAKERS = {
    0: "toDateTime",
    3: "fromUnixTimestamp64Milli",
    6: "fromUnixTimestamp64Micro",
    9: "fromUnixTimestamp64Nano",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """A step in the process, as a stage asked for it.

    Attributes:
        inputs: blocks whose rows it takes.
        operation: name of the operation or detector.
        options: its arguments, plain data.
        columns: what it gives, by public name.
        block: the rows it gives, as a source for the stages that follow.
    """

    inputs: tuple[Block, ...]
    operation: str
    options: Mapping[str, object]
    columns: Mapping[str, ValueType]
    block: Block


def frame_step_id(number: int) -> str:
    """Return the id of the step of a frame."""
    return f"f{number}"


def frame_block(number: int, columns: Mapping[str, ValueType], time: TimeRange, aliases: tuple[str, str]) -> Block:
    """Return a block over the rows of a frame.

    Args:
        number: of the frame within the plan.
        columns: of the frame, by public name.
        time: range of the data, for rates and series.
        aliases: two unused table aliases.

    Raises:
        QueryError: a column cannot be handed on, as maps, or there is none.
    """
    maps = [n for n, t in columns.items() if t.base in {Base.MAP, Base.NULL} or t.element is Base.TIME]
    if maps or not columns:
        raise QueryError(
            f"The column {maps[0]} cannot be handed to the next stage." if maps else "There are no columns.",
            suggestion='Project what you need of it: project region=tags["region"].',
        )
    inner, outer = aliases
    names = unique_names(columns, {POSITION})
    arrays: list[exp.Expr] = [_array(f"f{number}c{i}", type_) for i, type_ in enumerate(columns.values())]
    zipped = exp.Anonymous(this="arrayZip", expressions=[*arrays, _array(f"f{number}n", INTEGER)])
    unfolded = exp.Select(expressions=[aliased(exp.Anonymous(this="arrayJoin", expressions=[zipped]), _ROW)])
    outputs = [aliased(_element(inner, i, type_), names[name]) for i, (name, type_) in enumerate(columns.items())]
    outputs.append(aliased(_element(inner, len(columns), INTEGER), POSITION))
    query = exp.Select(expressions=outputs, from_=exp.From(this=exp.Subquery(this=unfolded, alias=table_alias(inner))))
    table = derived_table({**{names[n]: t for n, t in columns.items()}, POSITION: INTEGER}, outer)
    made = {name: Typed(table[names[name]], type_) for name, type_ in columns.items()}
    order = (Order(table[POSITION], descending=False),)
    return Block(Derived(outer, query), table, None, time, columns=made, shown=tuple(made), order=order)


def bindings(tree: exp.Expr, frames: list[Frame]) -> tuple[Binding, ...]:
    """Return the arrays of frames that a statement names."""
    found: dict[str, Binding] = {}
    for node in find_all(tree, exp.Placeholder):
        match = _PARAMETER.fullmatch(node.name)
        if match is None:
            continue
        number = int(match[1])
        column = None if match[2] is None else int(match[2])
        types = list(frames[number].columns.values())
        type_ = INTEGER if column is None else types[column]
        found[node.name] = Binding(node.name, frame_step_id(number), column, type_)
    return tuple(found.values())


def _array(name: str, type_: ValueType) -> exp.Placeholder:
    if type_.base is Base.ARRAY:
        element = _list_of(_plain(_ELEMENTS[type_.element or Base.STRING], nullable=True))
    else:
        element = _plain(_ELEMENTS[type_.base], nullable=type_.nullable)
    return exp.Placeholder(this=exp.var(name), kind=_list_of(element))


def _plain(kind: exp.DType, *, nullable: bool) -> exp.DataType:
    return exp.DataType(this=kind, nullable=nullable)


def _list_of(element: exp.DataType) -> exp.DataType:
    return exp.DataType(this=exp.DataType.Type.ARRAY, expressions=[element], nested=True, nullable=False)


def _element(alias: str, index: int, type_: ValueType) -> exp.Expr:
    row = exp.column(_ROW, table=alias, quoted=True)
    value: exp.Expr = exp.Anonymous(this="tupleElement", expressions=[row, exp.Literal.number(index + 1)])
    if type_.base is Base.TIME:
        zone = exp.Literal.string("UTC")
        value = exp.Anonymous(this=_TIME_MAKERS[type_.precision], expressions=[value, zone])
    value.meta[FIXED] = True
    return value
