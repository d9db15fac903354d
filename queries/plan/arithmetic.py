"""Sums, products and quotients of typed values: units, missing values, and the bounds of whole numbers."""

from __future__ import annotations

from dataclasses import replace

import ibis.expr.types as ir

from engine.schema import Unit
from queries import ast
from queries.check.units import check_same, scale, unit_class
from queries.errors import TypeProblem
from queries.types import INTEGER, TIME, Base, Missing, ValueType
from queries.values.bounded import bounded
from queries.values.calls import call
from queries.values.typed import Typed, as_null, literal

DURATION = ValueType(Base.INTEGER, Unit.NANOSECOND)


def same_unit(left: Typed, right: Typed) -> tuple[Typed, Typed]:
    """Return both in the unit of the left one."""
    factor = scale(right.type.unit, left.type.unit)
    if factor == 1:
        return left, right
    unit = left.type.unit
    if right.is_constant:
        return left, literal(right.constant * factor, ValueType(Base.FLOAT, unit))  # type: ignore[operator]
    return left, replace(right, value=right.value * factor, type=replace(right.type, unit=unit, base=Base.FLOAT))


def arithmetic(expr: ast.Binary, left: Typed, right: Typed, *, aggregate: bool) -> Typed:
    """Return `left op right`: numbers, or a time and a duration.

    Whole numbers whose sum, difference or product is beyond 64 bits are null, not what is left of them.

    Raises:
        TypeProblem: the operands are no numbers, or their units do not go together.
    """
    if Base.TIME in {left.type.base, right.type.base}:
        return _time_arithmetic(expr, left, right, aggregate=aggregate)
    for side, node in ((left, expr.left), (right, expr.right)):
        if not side.type.is_number:
            raise TypeProblem(f"Cannot compute with {side.type.describe()}.", span=node.span)
    unit = _result_unit(expr, left, right)
    if expr.op in {"+", "-", "%"} or (expr.op == "/" and unit_class(left.type.unit) == unit_class(right.type.unit)):
        left, right = same_unit(left, right)
    left, right = as_null(left), as_null(right)
    floating = expr.op == "/" or Base.FLOAT in {left.type.base, right.type.base}
    nullable = left.type.nullable or right.type.nullable or expr.op in {"/", "%"}
    if expr.op in {"+", "-", "*"} and not floating:
        return replace(bounded(expr.op, left, right, unit), aggregate=aggregate)
    value = _compute(expr.op, left.value, right.value)
    result = ValueType(Base.FLOAT if floating else Base.INTEGER, unit, Missing.NULL if nullable else Missing.NEVER)
    return Typed(value, result, aggregate)


def _compute(op: str, left: ir.Value, right: ir.Value) -> ir.Value:
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / call("nullIf", INTEGER, right, 0)
        case _:
            return left % call("nullIf", INTEGER, right, 0)


def _result_unit(expr: ast.Binary, left: Typed, right: Typed) -> Unit:
    one, other = left.type.unit, right.type.unit
    if expr.op in {"+", "-", "%"}:
        check_same(left.type, right.type, expr.op, expr.span)
        return one if one is not Unit.NONE else other
    plain = {Unit.NONE, Unit.RATIO}
    if expr.op == "*":
        if one not in plain and other not in plain:
            raise TypeProblem(f"Cannot multiply {left.type.describe()} by {right.type.describe()}.", span=expr.span)
        return other if one in plain else one
    if unit_class(one) == unit_class(other):
        return Unit.NONE
    if other in plain:
        return one
    raise TypeProblem(f"Cannot divide {left.type.describe()} by {right.type.describe()}.", span=expr.span)


def _time_arithmetic(expr: ast.Binary, left: Typed, right: Typed, *, aggregate: bool) -> Typed:
    if expr.op == "-" and left.type.base is right.type.base is Base.TIME:
        value = call("dateDiff", DURATION, "nanosecond", _wide(right), _wide(left))
        missing = Missing.NULL if left.type.nullable or right.type.nullable else Missing.NEVER
        return Typed(value, ValueType(Base.INTEGER, Unit.NANOSECOND, missing), aggregate)
    if expr.op in {"+", "-"} and left.type.base is Base.TIME and unit_class(right.type.unit) == "duration":
        length = right.value if right.type.unit is Unit.NANOSECOND else right.value * 1_000_000
        name = "addNanoseconds" if expr.op == "+" else "subtractNanoseconds"
        whole = call("toInt64", INTEGER, length)
        return Typed(call(name, left.type, _wide(left), whole), replace(left.type, precision=9), aggregate)
    raise TypeProblem(
        f"Cannot compute {left.type.describe()} {expr.op} {right.type.describe()}.",
        span=expr.span,
        suggestion="Times take plus or minus a duration (timestamp - 5min), or minus another time.",
    )


def _wide(item: Typed) -> ir.Value:
    return call("toDateTime64", TIME, item.value, 9, "UTC")
