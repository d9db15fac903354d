"""The stage `compare`: the groups so far beside the same groups of other rows.

    from errors last 1d | summarize n=count() by level | compare to previous

    SELECT level, anyIf(n, side = 0) AS n, anyIf(n, side = 1) AS "n.previous", …
    FROM (today's groups, 0 AS side UNION ALL the groups of the day before, 1 AS side) GROUP BY level

The pipeline in front is planned a second time, with its times shifted or its search exchanged. Both sides are put under
each other and grouped by the keys, so that a key which is null on both sides is one group, and one statement answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import ibis.expr.types as ir
from sqlglot import expressions as exp

from engine.schema import Unit
from queries import ast
from queries.errors import QueryError
from queries.functions.model import NULLABLE_FLOAT, NULLABLE_RATIO
from queries.passes.context import add_condition
from queries.plan.block import Block, Derived, Order
from queries.plan.builder import Builder, settled
from queries.plan.compared import other_pipeline, release_name
from queries.plan.earlier import Earlier, earlier_by
from queries.plan.grouping import group
from queries.plan.groups import BUCKET, keys_of, last_grouping
from queries.plan.orders import with_order
from queries.plan.render import render
from queries.plan.series_time import moved, series_fill
from queries.types import FLOAT, INTEGER, Base, Missing, ValueType
from queries.values.calls import aggregate, call, derived_table, translate
from queries.values.typed import Typed, constant

PREVIOUS = ".previous"
_LIST = ValueType(Base.ARRAY, element=Base.STRING)
_SIDE = "side"


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both sides under each other.

    Attributes:
        block: their rows.
        keys: names of the keys.
        values: names of the other columns.
        columns: all of them.
        order: the order the rows of this side had, if a stage gave them one.
    """

    block: Block
    keys: tuple[str, ...]
    values: tuple[str, ...]
    columns: Mapping[str, Typed]
    order: tuple[Order, ...]

    def on(self, side: int) -> ir.Value:
        """Return whether a row is of this side (0) or of the other (1)."""
        return self.block.table[_SIDE] == side


def compare(stage: ast.Compare, block: Block, builder: Builder) -> Block:
    """Return the groups with the values of the same groups in other rows beside their own.

    Raises:
        QueryError: no stage in front makes groups, or their keys are gone.
    """
    prefix = builder.prefix
    place = last_grouping(prefix.stages)
    if place is None:
        raise QueryError(
            "compare puts groups beside each other, and no stage in front of it makes some.",
            span=stage.span,
            suggestion="Write it after summarize or make-series: summarize n=count() by level | compare to previous.",
        )
    keys = keys_of(prefix.stages[place])
    release = release_name(stage.target, builder.context.params) if isinstance(stage.target, ast.Release) else ""
    asked = other_pipeline(prefix, place, stage.target, release)
    grouping = prefix.stages[place]
    other = _compiled(asked.pipeline, earlier_by(stage, grouping, block.time), builder)
    sides = _united(block, settled(other), grouping, builder)
    twice = next((name for name in sides.values if f"{name}{PREVIOUS}" in sides.values), None)
    if twice is not None:
        raise QueryError(
            f"{twice}{PREVIOUS} is the other side of a comparison already.",
            span=stage.span,
            suggestion=f"Keep one: project {', '.join([*keys, twice])} in front of compare.",
        )
    made = _grouped(sides, builder)
    if asked.chosen:
        here = aggregate("count", INTEGER, where=sides.on(0)) > 0
        made = replace(made, having=(here,))
    shown = list(keys)
    changes: dict[str, Typed] = {}
    for name in sides.values:
        added = _changes(name, made, stage.change or ast.Change.BOTH)
        changes |= added
        shown += [name, f"{name}{PREVIOUS}", *added]
    series = isinstance(grouping, ast.MakeSeries)
    return replace(made.with_columns(changes), shown=tuple(shown), order=sides.order, is_series=series)


def _compiled(pipeline: ast.Pipeline, earlier: Earlier, builder: Builder) -> Block:
    """Return the block of the other side. It shows the best groups of this side, where a stage chooses some."""
    context, prefix, before = builder.context, builder.prefix, builder.moves
    range_ = context.time_range
    time = None if range_ is None else (earlier(range_[0]), earlier(range_[1]))
    first = len(builder.tops)
    builder.context = replace(context, now=earlier(context.now), time_range=time)
    builder.moves = (*before, earlier)
    try:
        made = builder.compile(pipeline, builder)
    finally:
        builder.context, builder.prefix, builder.moves = context, prefix, before
    again = builder.tops[first:]
    for mine, theirs in zip(builder.tops[first - len(again) : first], again, strict=True):
        builder.nested[theirs] = builder.nested[mine]
    return made


def _united(block: Block, other: Block, grouping: ast.Stage, builder: Builder) -> _Sides:
    """Return both sides under each other, the buckets of the other one moved onto those of this one."""
    keys = keys_of(grouping)
    ordered = bool(block.order) and not block.is_series
    this = builder.wrap(with_order(block, builder))
    that = builder.wrap(replace(other, order=()) if other.limit is None else other)
    mine, theirs = builder.outputs(this), dict(builder.outputs(that))
    missing = [key for key in keys if key not in dict(mine)]
    if missing:
        raise QueryError(
            f"compare needs the keys of the groups, and {missing[0]} is not shown any more.",
            suggestion="Keep it in project, or compare before.",
        )
    within = None
    if isinstance(grouping, ast.MakeSeries):
        earlier, later = (series_fill(grouping, side.time) for side in (other, block))
        theirs[BUCKET], within = moved(theirs[BUCKET], earlier, later)
    orders = [o for o in this.order if ordered]
    names = {name: f"c{i}" for i, (name, _) in enumerate(mine)}
    first = [(names[n], typed.value) for n, typed in mine] + [(f"o{i}", o.value) for i, o in enumerate(orders)]
    second = [(names[n], theirs[n].value) for n, _ in mine] + [(f"o{i}", _no_key(o)) for i, o in enumerate(orders)]
    query = exp.Union(
        this=render(replace(this, order=()), [*first, (_SIDE, constant(0))]),
        expression=_of_places(render(replace(that, order=()), [*second, (_SIDE, constant(1))]), within),
        distinct=False,
    )
    alias = builder.alias()
    types = {names[n]: typed.type for n, typed in mine} | {f"o{i}": FLOAT for i in range(len(orders))}
    table = derived_table({**types, _SIDE: INTEGER}, alias)
    columns = {n: Typed(table[names[n]], typed.type, virtual=typed.virtual) for n, typed in mine}
    rows = Block(Derived(alias, query), table, None, block.time, columns=columns, shown=tuple(columns))
    values = tuple(n for n, _ in mine if n not in keys)
    here = table[_SIDE] == 0
    own = [aggregate("any", FLOAT, table[f"o{i}"], where=here) for i in range(len(orders))]
    kept = tuple(Order(value, o.descending) for value, o in zip(own, orders, strict=True))
    return _Sides(rows, keys, values, columns, kept)


def _no_key(order: Order) -> ir.Value:
    """Return what stands for a key of the order on the other side, which has none; a list beside null has no order."""
    return call("array", _LIST) if order.value.type().is_array() else constant(None)


def _of_places(select: exp.Select, within: ir.BooleanValue | None) -> exp.Select:
    """Return the rows of the other side whose buckets have a place on this one."""
    if within is not None:
        add_condition(select, translate(within), fixed=False)
    return select


def _grouped(sides: _Sides, builder: Builder) -> Block:
    made: dict[str, Typed] = {}
    for name in sides.values:
        for side, label in enumerate((name, f"{name}{PREVIOUS}")):
            made[label] = _of_side(sides.columns[name], sides.on(side))
    return group(sides.block, {key: sides.columns[key] for key in sides.keys}, made, builder)


def _of_side(item: Typed, here: ir.Value) -> Typed:
    """Return a column's value on one side.

    Of a group that is not there, a number that is never null is 0, as a count over no rows is; anything else is null.
    """
    kept = item.type.nullable or item.type.base in {Base.ARRAY, Base.MAP} or item.type.missing is Missing.EMPTY
    if kept or (item.type.is_number and not item.virtual):
        return replace(item, value=aggregate("any", item.type, item.value, where=here))
    type_ = replace(item.type, missing=Missing.NULL)
    return replace(item, value=aggregate("anyOrNull", type_, item.value, where=here), type=type_)


def _changes(name: str, made: Block, change: ast.Change) -> dict[str, Typed]:
    """Return the columns that tell how a value differs from the other side's, as far as values of its type differ."""
    now, before = made.columns[name], made.columns[f"{name}{PREVIOUS}"]
    if now.type.base is Base.TIME:
        apart = call("dateDiff", INTEGER, "nanosecond", _fine(before), _fine(now))
        length = ValueType(Base.INTEGER, Unit.NANOSECOND, Missing.NULL)
        return {} if change in {ast.Change.RATIO, ast.Change.PCT} else {f"{name}.delta": Typed(apart, length)}
    if not now.type.is_number or now.virtual:
        return {}
    found: dict[str, Typed] = {}
    missing = Missing.NULL if now.type.nullable or before.type.nullable else Missing.NEVER
    if change in {ast.Change.DELTA, ast.Change.BOTH}:
        found[f"{name}.delta"] = Typed(now.value - before.value, replace(now.type, missing=missing))
    new, old = (call("toFloat64", FLOAT, side.value) for side in (now, before))
    base = call("nullIf", NULLABLE_FLOAT, old, call("toFloat64", FLOAT, 0))
    if change is ast.Change.RATIO:
        found[f"{name}.ratio"] = Typed(new / base, NULLABLE_FLOAT)
    if change in {ast.Change.PCT, ast.Change.BOTH}:
        found[f"{name}.pct"] = Typed((new - old) / base, NULLABLE_RATIO)
    return found


def _fine(item: Typed) -> ir.Value:
    return call("toDateTime64", replace(item.type, precision=9), item.value, 9, "UTC")
