"""The stage `window`: a value computed from neighbouring rows.

… | window before = lag(n) by region sort timestamp

SELECT …, lag(toNullable(n), 1) OVER (PARTITION BY region ORDER BY timestamp) AS "before" FROM (the rows so far)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import ibis.expr.types as ir

from engine.schema import Unit
from queries import ast
from queries.catalog import closest_names, did_you_mean
from queries.errors import NameProblem, TypeProblem
from queries.plan.block import Block, Order
from queries.plan.builder import Builder
from queries.plan.expressions import compile_expr
from queries.plan.grouping import group_keys
from queries.plan.groups import over_rows
from queries.plan.orders import sortable, told_apart
from queries.plan.virtual import shown
from queries.types import FLOAT, INTEGER, Base, Missing, ValueType
from queries.values.bounded import FAR_APART
from queries.values.calls import aggregate, call, over
from queries.values.typed import Typed, as_null

MAX_DISTANCE = 10_000
"""Rows a function may look back or ahead."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a window function stands: the value it is of, a number beside it, the partition, the order, the time."""

    value: Typed | None
    count: int
    keys: list[ir.Value]
    order: tuple[Order, ...]
    ties: tuple[Order, ...]
    time: Typed | None

    def over(self, value: ir.Value, type_: ValueType, frame: str = "", *, tied: bool = True) -> ir.Value:
        """Return a value over the window; rows that are equal by the order are told apart unless `tied` is off."""
        order = (*self.order, *self.ties) if tied else self.order
        return over(value, type_, self.keys, [(o.value, o.descending) for o in order], frame)


@dataclass(frozen=True, slots=True)
class _Function:
    """A window function: how it is written, whether it takes a value and a number, and what makes it."""

    usage: str
    build: Callable[[_Place], Typed]
    values: int = 1
    numbers: int = 0
    needs_number: bool = False
    numeric: bool = True


def window(stage: ast.Window, block: Block, builder: Builder) -> Block:
    """Return the block with a column that is computed from the rows beside each.

    Raises:
        NameProblem: there is no such function.
        TypeProblem: its arguments do not fit.
    """
    function = _FUNCTIONS.get(stage.function)
    if function is None:
        near = did_you_mean(closest_names(stage.function, _FUNCTIONS)) or f"There are {', '.join(_FUNCTIONS)}."
        raise NameProblem(f"There is no window function {stage.function}.", span=stage.span, suggestion=near)
    rows = over_rows(block, builder)
    scope = builder.scope(rows)
    value, count = _arguments(stage, function, rows, builder)
    order = tuple(Order(sortable(k.expr, compile_expr(k.expr, scope)), k.descending) for k in stage.sort)
    keys = [typed.value for typed in group_keys(stage.by, scope).values()]
    time = _time(stage, rows, builder)
    made = function.build(_Place(value, count, keys, order, told_apart(rows, builder), time))
    return builder.wrap(rows.with_columns({stage.name: made}))


def _arguments(stage: ast.Window, function: _Function, rows: Block, builder: Builder) -> tuple[Typed | None, int]:
    """Return the value a function is of and the number beside it, 1 unless it is written."""
    least = function.values + function.needs_number
    if not least <= len(stage.args) <= function.values + function.numbers:
        raise TypeProblem(f"{stage.function}() does not take {len(stage.args)} arguments.", span=stage.span,
                          suggestion=f"Write {function.usage}.")  # fmt: skip
    value = _value(stage, function, rows, builder) if function.values else None
    if len(stage.args) == function.values:
        return value, 1
    match stage.args[-1]:
        case ast.Number(value=int(count)) if 1 <= count <= MAX_DISTANCE:
            return value, count
        case other:
            raise TypeProblem(
                f"{stage.function}() takes a whole number from 1 to {MAX_DISTANCE} here.",
                span=other.span,
                suggestion=f"Write {function.usage}.",
            )


def _value(stage: ast.Window, function: _Function, rows: Block, builder: Builder) -> Typed:
    value = as_null(shown(compile_expr(stage.args[0], builder.scope(rows))))
    fits = value.type.is_number if function.numeric else value.type.base not in {Base.ARRAY, Base.MAP, Base.NULL}
    if not fits and not (stage.function == "delta" and value.type.base is Base.TIME):
        raise TypeProblem(
            f"{stage.function}() cannot be computed of {value.type.describe()}.",
            span=stage.args[0].span,
            suggestion=f"Write {function.usage}.",
        )
    return value


def _time(stage: ast.Window, rows: Block, builder: Builder) -> Typed | None:
    """Return what `rate` divides by the differences of: the key of the order when it is a time, else the timestamp."""
    scope = builder.scope(rows)
    by = compile_expr(stage.sort[0].expr, scope)
    if by.type.base is Base.TIME:
        return by
    if stage.function == "rate":
        raise TypeProblem(
            "rate() is per second, so its rows are sorted by a time.",
            span=stage.sort[0].span,
            suggestion="Write sort timestamp.",
        )
    return None


def _maybe(item: Typed) -> Typed:
    """Return the value as one that can be null, as it is where there is no row to take it from."""
    type_ = replace(item.type, missing=Missing.NULL)
    value = item.value if item.type.nullable else call("toNullable", type_, item.value)
    return Typed(value, type_)


def _neighbour(function: str) -> Callable[[_Place], Typed]:
    def build(place: _Place) -> Typed:
        assert place.value is not None
        value = _maybe(place.value)
        return Typed(place.over(call(function, value.type, value.value, place.count), value.type), value.type)

    return build


_lag = _neighbour("lag")


def _row_number(place: _Place) -> Typed:
    return Typed(place.over(call("row_number", INTEGER), INTEGER), INTEGER)


def _rank(place: _Place) -> Typed:
    return Typed(place.over(call("rank", INTEGER), INTEGER, tied=False), INTEGER)


_FRACTION = ValueType(Base.FLOAT, missing=Missing.NULL)


def _running_sum(place: _Place) -> Typed:
    assert place.value is not None
    value, type_ = place.value.value, place.value.type
    made = place.over(aggregate("sum", type_, value), type_, "running")
    if type_.base is not Base.INTEGER:
        return Typed(made, type_)
    # Null beyond 64 bits, as sums of two numbers are.
    type_ = replace(type_, missing=Missing.NULL)
    fractions = place.over(aggregate("sum", _FRACTION, call("toFloat64", _FRACTION, value)), _FRACTION, "running")
    apart = call("abs", _FRACTION, fractions - call("toFloat64", _FRACTION, made))
    return Typed(call("if", type_, apart < FAR_APART, made, None), type_)


def _moving_avg(place: _Place) -> Typed:
    assert place.value is not None
    type_ = replace(place.value.type, base=Base.FLOAT)
    value = aggregate("avg", type_, call("toFloat64", type_, place.value.value))
    return Typed(place.over(value, type_, str(place.count - 1)), type_)


def _delta(place: _Place) -> Typed:
    assert place.value is not None
    now, before = place.value, _lag(place)
    if now.type.base is Base.TIME:
        return Typed(_apart(before.value, now.value), ValueType(Base.INTEGER, Unit.NANOSECOND, Missing.NULL))
    return Typed(now.value - before.value, before.type)


def _rate(place: _Place) -> Typed:
    assert place.value is not None
    assert place.time is not None
    type_ = ValueType(Base.FLOAT, place.value.type.unit, Missing.NULL)
    earlier = _lag(replace(place, value=place.time)).value
    seconds = _apart(earlier, place.time.value) / 1_000_000_000
    return Typed(_delta(place).value / call("nullIf", type_, seconds, call("toFloat64", FLOAT, 0)), type_)


def _apart(before: ir.Value, after: ir.Value) -> ir.Value:
    """Return the nanoseconds from one time to another."""
    ends = (call("toDateTime64", ValueType(Base.TIME, precision=9), end, 9, "UTC") for end in (before, after))
    return call("dateDiff", INTEGER, "nanosecond", *ends)


_FUNCTIONS: Mapping[str, _Function] = {
    "lag": _Function("lag(x) or lag(x, 2)", _lag, numbers=1, numeric=False),
    "lead": _Function("lead(x) or lead(x, 2)", _neighbour("lead"), numbers=1, numeric=False),
    "row_number": _Function("row_number()", _row_number, values=0),
    "rank": _Function("rank()", _rank, values=0),
    "running_sum": _Function("running_sum(x)", _running_sum),
    "moving_avg": _Function("moving_avg(x, 5)", _moving_avg, numbers=1, needs_number=True),
    "delta": _Function("delta(x) or delta(x, 2)", _delta, numbers=1),
    "rate": _Function("rate(x)", _rate),
}
"""By name."""
