"""The stage `union`, and `from a, b`: rows of several pipelines under each other, by the names of their columns.

from errors | project id, title | union (from spans | project id, op=span.op)

SELECT 'errors' AS "dataset", id, title, NULL AS "op" FROM errors … UNION ALL SELECT 'spans', id, NULL, op FROM spans …
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import ibis.expr.operations as ops
import ibis.expr.types as ir
from sqlglot import expressions as exp

from engine.schema import Unit
from queries import ast
from queries.check.units import scale, unit_class
from queries.errors import TypeProblem
from queries.plan.block import Block, Derived, Order
from queries.plan.builder import Builder
from queries.plan.names import unique_names
from queries.plan.render import render
from queries.plan.sides import offered, offered_shown, other_side, source_name
from queries.plan.virtual import shown
from queries.types import FLOAT, INTEGER, NULLABLE_STRING, STRING, Base, Missing, ValueType
from queries.values.calls import call, derived_table, field_name
from queries.values.late import Late
from queries.values.typed import Typed, as_null, constant, late

DATASET = "dataset"
"""The column that says which source a row is from."""

_PLACE = "__member"
_SIGNED = frozenset({"toInt64", "toInt64OrNull", "dateDiff"})
"""Functions of the engine that give whole numbers with a sign."""

Member = tuple[str, Block]
"""A name for the rows of a block, and the block."""


def union(stage: ast.Union, block: Block, builder: Builder) -> Block:
    """Return the rows so far and those of other pipelines; columns that some of them lack are null there.

    Raises:
        QueryError: another pipeline cannot be run, or a column is a list on one side only.
    """
    own = source_name(builder.prefix)
    others = [(source_name(other), other_side(other, block.time, builder)) for other in stage.others]
    return united([(own, block), *others], builder, stage.span)


def united(members: Sequence[Member], builder: Builder, span: ast.Span | None = None) -> Block:
    """Return the rows of several blocks by column name, with the name of each as `dataset`.

    Rows that are raw in all of them come newest first, others in the order of the members and by their columns.
    """
    raw = all(block.catalog is not None and not block.order and not block.is_cut for _, block in members)
    blocks = [_loose(block, builder) for _, block in members]
    fields = [offered(block) for block in blocks]
    fields = [_plain_virtuals(own, fields) for own in fields]
    types = {DATASET: STRING, **_types(fields, span)}
    signed = {name for name in types for _, block in members if _may_be_negative(name, block)}
    names = unique_names(types, {_PLACE})
    builder.wide = True
    query: exp.Query | None = None
    for place, ((name, _), block) in enumerate(zip(members, blocks, strict=True)):
        own = {DATASET: Typed(constant(name), STRING), **fields[place]}
        outputs = [(names[n], Late(partial(_as, own.get(n), type_, signed=n in signed))) for n, type_ in types.items()]
        select = render(block, [*outputs, (_PLACE, Late(partial(constant, place)))])
        query = select if query is None else exp.Union(this=query, expression=select, distinct=False)
    assert query is not None
    alias = builder.alias()
    table = derived_table({**{names[n]: t for n, t in types.items()}, _PLACE: INTEGER}, alias)
    virtual = {n: typed.virtual for own in fields for n, typed in own.items()}
    columns = {n: late(partial(table.__getitem__, names[n]), t, virtual.get(n, "")) for n, t in types.items()}
    time = (min(b.time[0] for b in blocks), max(b.time[1] for b in blocks))
    seen = tuple(dict.fromkeys((DATASET, *(n for b in blocks for n in offered_shown(b)))))
    made = Block(Derived(alias, query), table, None, time, columns=columns, shown=seen)
    if raw and "timestamp" in columns:
        return replace(made, order=(Order(columns["timestamp"].value, descending=True),))
    sortable = [columns[n].value for n in seen if types[n].base not in {Base.MAP, Base.ARRAY}]
    order = (Order(table[_PLACE], descending=False), *(Order(value, descending=False) for value in sortable[1:]))
    return replace(made, order=order)


def _loose(block: Block, builder: Builder) -> Block:
    """Return a block whose columns may be computed with in one SELECT, in no order."""
    if block.grouping is not None or block.is_cut:
        block = builder.wrap(block)
    return replace(block, order=())


def _plain_virtuals(own: dict[str, Typed], fields: list[dict[str, Typed]]) -> dict[str, Typed]:
    """Return columns with names in place of numbers where another member has a name already."""
    return {
        name: typed if all(f[name].virtual == typed.virtual for f in fields if name in f) else shown(typed)
        for name, typed in own.items()
    }


def _types(fields: list[dict[str, Typed]], span: ast.Span | None) -> dict[str, ValueType]:
    found: dict[str, ValueType] = {}
    for name in dict.fromkeys(name for own in fields for name in own if name != DATASET):
        given = [own[name].type for own in fields if name in own]
        certain = len(given) == len(fields) and all(t.missing is Missing.NEVER for t in given)
        found[name] = _merged(name, given, certain=certain, span=span)
    return found


def _merged(name: str, types: list[ValueType], *, certain: bool, span: ast.Span | None) -> ValueType:
    """Return the type that holds the values of all: numbers become fractional, other mixtures text."""
    bases = {t.base for t in types} - {Base.NULL}
    if bases & {Base.ARRAY, Base.MAP}:
        if len({(t.base, t.element) for t in types}) > 1:
            raise TypeProblem(
                f"{name} is {' and '.join(sorted({t.describe() for t in types}))}.",
                span=span,
                suggestion="Give one another name by project.",
            )
        return replace(types[0], missing=Missing.NEVER)
    missing = Missing.NEVER if certain else Missing.NULL
    if not bases or (len(bases) > 1 and bases != {Base.INTEGER, Base.FLOAT}):
        return replace(NULLABLE_STRING, missing=missing)
    typed = [t for t in types if t.base is not Base.NULL]
    unit = typed[0].unit if len({unit_class(t.unit) for t in typed}) == 1 else Unit.NONE
    scaled = len({t.unit for t in typed}) > 1 and unit is not Unit.NONE
    base = Base.FLOAT if len(bases) > 1 or scaled else typed[0].base
    return ValueType(base, unit, missing, precision=max(t.precision for t in typed))


def _may_be_negative(name: str, block: Block) -> bool:
    """Return whether a whole number is computed so that the engine gives it a sign.

    The engine has no type for numbers of 64 bits with and without one: put under each other, they would be neither.
    """
    item = block.columns.get(name)
    if item is None or item.type.base is not Base.INTEGER:
        return False
    own = None if block.grouping is None else field_name(item.value, block.grouping.table)
    node = (item.value if own is None or block.grouping is None else block.grouping.values[own]).op()
    if node.find((ops.Subtract, ops.Negate)):
        return True
    literals = [literal.value for literal in node.find(ops.Literal)]
    functions = {getattr(call_, "__func_name__", "") for call_ in node.find(ops.ScalarUDF)}
    return bool(functions & _SIGNED) or any(isinstance(v, int) and v < 0 for v in literals)


def _as(item: Typed | None, wanted: ValueType, *, signed: bool = False) -> ir.Value:
    """Return a column as the union has it; null, or an empty list, where a member does not have it."""
    if item is None:
        return _nothing(wanted)
    given = as_null(item)
    if given.type.base is Base.NULL or wanted.base in {Base.ARRAY, Base.MAP}:
        return given.value
    value = given.value
    if wanted.is_number and given.type.is_number:
        factor = scale(given.type.unit, wanted.unit)
        value = value * factor if factor != 1 else value
        if wanted.base is not given.type.base:
            return call("toFloat64", FLOAT, value)
        return call("toInt64", INTEGER, value) if signed and wanted.base is Base.INTEGER else value
    return value if given.type.base is wanted.base else call("toString", NULLABLE_STRING, value)


def _nothing(wanted: ValueType) -> ir.Value:
    if wanted.base is Base.ARRAY:
        return call("array", wanted)
    return call("map", wanted) if wanted.base is Base.MAP else constant(None)
