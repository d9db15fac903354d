"""Whole numbers that would not fit into 64 bits: null, where the engine would go on from the other end.

The engine computes with numbers of 64 bits modulo 2^64: less 2^63 + 5 would be 9223372036854775803.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import ibis

from engine.schema import Unit
from queries.types import FLOAT, Base, Missing, ValueType
from queries.values.calls import call
from queries.values.typed import SIGNED, Typed

FAR_APART = 2.0**62
"""Results of both ways of computing a product that are nearer are the same."""


def negative(item: Typed) -> Typed:
    """Return the negative of a number whose missing values are null; of a whole one above 2^63 there is none."""
    if item.type.base is not Base.INTEGER:
        return replace(item, value=-item.value)
    type_ = replace(item.type, missing=Missing.NULL)
    return replace(item, value=-call("accurateCastOrNull", type_, item.value, "Int64"), type=type_)


def bounded(op: str, left: Typed, right: Typed, unit: Unit) -> Typed:
    """Return the sum, difference or product of two whole numbers, null where it is beyond 64 bits.

    It is computed with fractions, too. Where it fits, both differ by rounding, less than 2^14; where it does not, by
    2^64 or more, less what is rounded, which is less than a millionth of that. What the engine gives beside a number
    with a sign, and of every difference, has a sign as well, so that it fits below 2^63.

    Args:
        op: `+`, `-` or `*`.
        left: one, its missing values null.
        right: the other, likewise.
        unit: of the result.
    """
    type_ = ValueType(Base.INTEGER, unit, Missing.NULL)
    compute = _OPERATIONS[op]
    short = compute(left.value, right.value)
    if isinstance(left.constant, int) and isinstance(right.constant, int):
        fits = -SIGNED <= compute(left.constant, right.constant) < (SIGNED if op == "-" else 2 * SIGNED)
        return Typed(short, replace(type_, missing=Missing.NEVER)) if fits else Typed(ibis.null(), type_)
    rounded = compute(call("toFloat64", FLOAT, left.value), call("toFloat64", FLOAT, right.value))
    apart = call("abs", FLOAT, rounded - call("toFloat64", FLOAT, short))
    return Typed(call("if", type_, apart < FAR_APART, short, ibis.null()), type_)


_OPERATIONS: Final[dict[str, Callable[[Any, Any], Any]]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
