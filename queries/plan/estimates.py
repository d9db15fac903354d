"""Intervals of what is computed of a sample: between which values lie what all rows would give, in 95 of 100 samples.

Rows are drawn independently of each other, row i with probability 1 / w_i, and each stands for w_i. The sum of x over
all rows is estimated by the sum of w x over the sample (Horvitz and Thompson, 1952), whose variance is estimated by the
sum of w (w - 1) x^2 over the sample (Särndal, Swensson, Wretman, "Model Assisted Survey Sampling", 1992, section 3.2);
a count is the sum of ones. An average is a ratio of two sums, whose variance is that of w (x - mean), by linearisation
(section 5.6). The bounds are 1.96 standard errors away. A sample of a number of rows is treated alike, which makes its
intervals a little wide; with fewer than some thirty rows in a group they are rough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import ibis.expr.types as ir

from queries import ast
from queries.functions import find_function
from queries.plan.block import Block
from queries.plan.builder import Builder
from queries.plan.column_names import column_name
from queries.plan.expressions import compile_expr
from queries.plan.model import Interval
from queries.plan.scope import Scope
from queries.types import FLOAT, INTEGER, Base, Missing
from queries.values.calls import aggregate, call
from queries.values.typed import Typed, all_of, certain, is_present

LEVEL = 0.95
NORMAL = 1.959963984540054
"""Standard errors to either side that hold 95 % of a normal distribution."""

_ESTIMATED = frozenset({"count", "sum", "avg"})
_OF_THE_ROWS_DRAWN = frozenset(
    {
        "count_unique",
        "hll",
        "min",
        "max",
        "p100",
        "make_set",
        "count_miserable",
        "user_misery",
        "first_seen",
        "last_seen",
    }
    | {"latest_event", "increase"}
)
"""Aggregates that no weight makes an estimate of the whole."""


def with_intervals(
    made: Mapping[str, Typed], named: Sequence[ast.Named], rows: Block, builder: Builder
) -> dict[str, Typed]:  # fmt: skip
    """Return aggregates over a sample with their bounds beside them; others are named in a warning.

    Args:
        made: the aggregates, by name.
        named: how they are written.
        rows: what they are over.
        builder: of the planning run.
    """
    if rows.weight is None or builder.sampled is None:
        return dict(made)
    exact = sorted({name for item in named for name in _names(item.expr) if name in _OF_THE_ROWS_DRAWN})
    if exact:
        builder.notes.add(f"{', '.join(f'{name}()' for name in exact)} of the rows drawn, not of all rows.")
    found: dict[str, Typed] = {}
    for item in named:
        name = column_name(item)
        found[name] = made[name]
        bounds = _bounds(item.expr, made[name], rows, builder)
        if bounds is None:
            continue
        low, high = f"{name}.low", f"{name}.high"
        if low in made or high in made:
            continue
        found[low], found[high] = bounds
        interval = Interval(name, low, high, LEVEL)
        if interval not in builder.intervals:
            builder.intervals.append(interval)
    return found


def _names(expr: ast.Expr) -> list[str]:
    """Return the functions an expression calls, `_if` forms by their plain names."""
    match expr:
        case ast.Call(name=name, args=args):
            return [find_function(name)[0].name, *(n for arg in args for n in _names(arg))]
        case ast.Binary(left=left, right=right):
            return [*_names(left), *_names(right)]
        case ast.Unary(operand=operand):
            return _names(operand)
        case _:
            return []


def _bounds(expr: ast.Expr, made: Typed, rows: Block, builder: Builder) -> tuple[Typed, Typed] | None:
    """Return the bounds of a count, sum or average that stands by itself, else None."""
    if not isinstance(expr, ast.Call) or rows.weight is None:
        return None
    function, conditional = find_function(expr.name)
    kind = "count" if function.name == "count_if" else function.name
    if kind not in _ESTIMATED:
        return None
    scope = builder.scope(rows)
    args = list(expr.args)
    conditions: list[ir.Value] = []
    if conditional or function.name == "count_if":
        test = compile_expr(args.pop(0), scope)
        conditions.append(certain(test.value, nullable=test.type.nullable))
    value = _value(args, scope, conditions)
    where = all_of(conditions) if conditions else None
    weight = rows.weight.value
    spread = weight * (weight - 1)
    x: ir.Value = call("toFloat64", FLOAT, 1) if kind == "count" or value is None else value
    if kind == "avg":
        return _of_average(made, x, (weight, spread), where)
    error = call("sqrt", FLOAT, aggregate("sum", FLOAT, spread * x * x, where=where)) * NORMAL
    middle = aggregate("sum", FLOAT, weight * x, where=where)
    if kind == "count":
        seen = aggregate("count", INTEGER, where=where)
        low = call("greatest", INTEGER, call("toInt64", INTEGER, call("floor", FLOAT, middle - error)), seen)
        high = call("toInt64", INTEGER, call("ceil", FLOAT, middle + error))
        return Typed(low, made.type, aggregate=True), Typed(high, made.type, aggregate=True)
    return _around(made, middle, error)


def _value(args: list[ast.Expr], scope: Scope, conditions: list[ir.Value]) -> ir.Value | None:
    """Return what is summed up as a fractional number, and add that it is there to the conditions."""
    if not args:
        return None
    item = compile_expr(args[0], scope)
    if item.type.missing is not Missing.NEVER and not item.virtual:
        conditions.append(is_present(item))
    if not item.type.is_number:
        return None
    plain = call("assumeNotNull", item.type, item.value) if item.type.nullable else item.value
    return call("toFloat64", FLOAT, plain)


def _of_average(
    made: Typed, x: ir.Value, weights: tuple[ir.Value, ir.Value], where: ir.Value | None
) -> tuple[Typed, Typed]:  # fmt: skip
    weight, spread = weights
    size = aggregate("sum", FLOAT, weight, where=where)
    size = call("nullIf", replace(FLOAT, missing=Missing.NULL), size, call("toFloat64", FLOAT, 0))
    mean = aggregate("sum", FLOAT, weight * x, where=where) / size
    squares = aggregate("sum", FLOAT, spread * x * x, where=where)
    products = aggregate("sum", FLOAT, spread * x, where=where)
    ones = aggregate("sum", FLOAT, spread, where=where)
    variance = squares - mean * products * 2 + mean * mean * ones
    zero = call("toFloat64", FLOAT, 0)
    error = call("sqrt", FLOAT, call("greatest", FLOAT, variance, zero)) / size * NORMAL
    return _around(made, mean, error)


def _around(made: Typed, middle: ir.Value, error: ir.Value) -> tuple[Typed, Typed]:
    type_ = replace(made.type, base=Base.FLOAT)
    return Typed(middle - error, type_, aggregate=True), Typed(middle + error, type_, aggregate=True)
