"""What describes the values of a group: mean, extremes, percentiles, spread, correlation, concentration, sets.

Percentiles are `quantileExactInclusive`: every value counts, linear interpolation between neighbours, the same numbers
as numpy and pandas give by default (definition 7 of Hyndman and Fan 1996), the same on every run. ClickHouse's plain
`quantile` samples 8 192 values per group at random, so two runs of one query differ. Spread and correlation use the
engine's `…Stable` functions, which keep their digits where values are large and close together.
"""

from __future__ import annotations

from dataclasses import replace

import ibis
import ibis.expr.types as ir

from engine.schema import Unit
from queries.functions.counting import presence, rounded, rows, share, total
from queries.functions.model import (
    NULLABLE_FLOAT,
    Bound,
    Build,
    array_of_first,
    float_of_first,
    nullable,
    nullable_first,
)
from queries.types import BOOLEAN, FLOAT, INTEGER, Base, Missing, ValueType
from queries.values.bounded import FAR_APART
from queries.values.calls import aggregate, call
from queries.values.typed import Typed, present, zero_of

FLOATS = ValueType(Base.ARRAY, element=Base.FLOAT)
MAX_LEVELS = 20
_WEIGHT_STEPS = 1000
"""Weighted percentiles take whole weights; a fraction keeps three digits."""


def number_or_null(value: ir.Value, type_: ValueType = NULLABLE_FLOAT) -> ir.Value:
    """Return a value with null for NaN and infinities, which the engine gives for too few values."""
    return call("if", type_, call("isFinite", BOOLEAN, value), value, ibis.null())


def sum_of(bound: Bound) -> ir.Value:
    """Build `sum(x)`."""
    result = sum_type(bound.args)
    value = present(bound.args[0])
    made = total(bound, value, result=result)
    if result.base is Base.INTEGER:
        weighted = bound.facts.weight is not None
        made = rounded(bound, made) if weighted else _within_64_bits(bound, value, made, result)
    return made if bound.args[0].type.missing is Missing.NEVER else call("ifNull", result, made, zero_of(result))


def _within_64_bits(bound: Bound, value: ir.Value, made: ir.Value, result: ValueType) -> ir.Value:
    """Return a total with a statement that fails beside it when it is beyond 64 bits, where the engine would wrap.

    There is no null for it: a total over no rows is 0, also in empty buckets. Computed with fractions as well, both
    differ by rounding alone, or by 2^64 and more. A cast of 256 to 8 bits fails, one of 0 changes nothing, neither the
    total nor its type.
    """
    rounded_ = total(bound, call("toFloat64", NULLABLE_FLOAT, value))
    apart = call("abs", FLOAT, rounded_ - call("toFloat64", NULLABLE_FLOAT, made))
    beyond = call("if", INTEGER, call("ifNull", FLOAT, apart, 0.0) < FAR_APART, 0, 256)
    return made + call("accurateCast", result, beyond, "UInt8")


def sum_type(args: tuple[Typed, ...]) -> ValueType:
    """Return the type of a total, which is 0 when there is nothing to add."""
    return replace(args[0].type, missing=Missing.NEVER)


def avg(bound: Bound) -> ir.Value:
    """Build `avg(x)`."""
    value, result = present(bound.args[0]), float_of_first(bound.args)
    if bound.args[0].type.base is Base.INTEGER:
        value = call("toFloat64", result, value)  # the engine would add whole numbers up in 64 bits
    if bound.facts.weight is None:
        return aggregate("avgOrNull", result, value, where=bound.where)
    return share(total(bound, value), rows(bound, *presence(bound.args[0])))


def simple(name: str) -> Build:
    """Return the builder of an aggregate that gives a value of its argument's type, or null."""
    return lambda b: aggregate(name, nullable_first(b.args), present(b.args[0]), where=b.where)


def quantile(bound: Bound, item: Typed, level: float) -> ir.Value:
    """Return a percentile of a value, `level` from 0 to 1.

    With weights it is the smallest value below or at which a share of `level` of the weight lies.
    """
    value, result = present(item), float_of_first((item,))
    if level >= 1:
        return aggregate("maxOrNull", result, call("toFloat64", FLOAT, value), where=bound.where)
    weight = bound.facts.weight
    if weight is None:
        return aggregate("quantileExactInclusiveOrNull", result, level, value, where=bound.where)
    steps = call("toUInt64", INTEGER, call("round", FLOAT, weight.value * _WEIGHT_STEPS))
    found = aggregate("quantileExactWeightedOrNull", result, level, value, steps, where=bound.where)
    return call("toFloat64", result, found)


def level_of(number: float) -> float:
    """Return a level from 0 to 1 of one written as 0.95 or 95.

    Raises:
        ValueError: it is none.
    """
    level = number / 100 if number > 1 else number
    if not 0 <= level <= 1:
        raise ValueError("takes percentiles from 0 to 100 here")
    return level


def percentile(bound: Bound) -> ir.Value:
    """Build `percentile(x, q)`."""
    return quantile(bound, bound.args[0], level_of(bound.number(1, 0.5)))


def percentiles(bound: Bound) -> ir.Value:
    """Build `percentiles(x, q, …)`."""
    levels = [level_of(bound.number(i, 0.5)) for i in range(1, len(bound.args))]
    if len(levels) > MAX_LEVELS:
        raise ValueError(f"takes at most {MAX_LEVELS} percentiles")
    return call("array", FLOATS, *(quantile(bound, bound.args[0], level) for level in levels))


def fixed_percentile(level: float) -> Build:
    """Return the builder of `p50([x])` and its kin; of the dataset's duration without an argument."""
    return lambda b: quantile(b, b.arg(0) or b.facts.special["duration"], level)


def fixed_type(args: tuple[Typed, ...]) -> ValueType:
    """Return the type of `p50` and its kin."""
    return float_of_first(args) if args else ValueType(Base.FLOAT, Unit.NANOSECOND, Missing.NULL)


def percentiles_type(args: tuple[Typed, ...]) -> ValueType:
    """Return an array of numbers of the unit of the first argument."""
    return replace(FLOATS, unit=args[0].type.unit)


def spread(name: str) -> Build:
    """Return the builder of a statistic of one or two numbers; null where there are fewer than two rows to compare."""

    def build(bound: Bound) -> ir.Value:
        return number_or_null(aggregate(name, FLOAT, *map(present, bound.args), where=bound.where))

    return build


def linear_regression(bound: Bound) -> ir.Value:
    """Build `linear_regression(x, y)`: least squares, slope `cov(x, y) / var(x)`, then the intercept."""
    x, y = (_beside(bound.args[i], bound.args[1 - i]) for i in (0, 1))
    spread_x = aggregate("varPopStableOrNull", FLOAT, x, where=bound.where)
    slope = share(aggregate("covarPopStableOrNull", FLOAT, x, y, where=bound.where), spread_x)
    mean_x, mean_y = (aggregate("avgOrNull", FLOAT, v, where=bound.where) for v in (x, y))
    return call("array", FLOATS, slope, mean_y - slope * mean_x)


def _beside(item: Typed, other: Typed) -> ir.Value:
    """Return a value, null where the other one is missing."""
    value = present(item)
    if other.type.missing is Missing.NEVER:
        return value
    return call("if", FLOAT, present(other).isnull(), ibis.null(), value)


def entropy(bound: Bound) -> ir.Value:
    """Build `entropy(x)`: Shannon's, in bits, of how often each value occurs."""
    return number_or_null(aggregate("entropy", FLOAT, present(bound.args[0]), where=bound.where))


def gini(bound: Bound) -> ir.Value:
    """Build `gini(x)`: with the values sorted, `2 sum(i x_i) / (n sum(x_i)) - (n + 1) / n`.

    Source: Damgaard and Weiner 2000, "Describing inequality in plant size or fecundity", equation 2.
    """
    values = aggregate("groupArray", FLOATS, call("toFloat64", FLOAT, present(bound.args[0])), where=bound.where)
    ordered = call("arraySort", FLOATS, values)
    count = call("length", INTEGER, values)
    ranked = call("arrayDotProduct", FLOAT, call("arrayEnumerate", FLOATS, ordered), ordered)
    whole = call("nullIf", FLOAT, call("arraySum", FLOAT, values), 0)
    return number_or_null(ranked * 2 / (whole * count) - (count + 1) / call("nullIf", INTEGER, count, 0))


def topk(bound: Bound) -> ir.Value:
    """Build `topk(x, [n])`: the engine's filtered space-saving sketch, at most `n` values."""
    most = int(bound.within(1, 5, (1, 10_000)))
    value, result, weight = present(bound.args[0]), array_of_first(bound.args), bound.facts.weight
    if weight is None:
        return aggregate("topK", result, most, value, where=bound.where)
    steps = call("toUInt64", INTEGER, call("round", FLOAT, weight.value * _WEIGHT_STEPS))
    return aggregate("topKWeighted", result, most, value, steps, where=bound.where)


def make_set(bound: Bound) -> ir.Value:
    """Build `make_set(x, [n])`."""
    most = int(bound.within(1, 100, (1, 100_000)))
    result = array_of_first(bound.args)
    found = aggregate("groupUniqArray", result, most, present(bound.args[0]), where=bound.where)
    return call("arraySort", result, found)


def float_or_null_of_first(args: tuple[Typed, ...]) -> ValueType:
    """Return a fractional number of the unit of the first argument, null where it cannot be computed."""
    return nullable(float_of_first(args))
