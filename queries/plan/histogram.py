"""The stage `histogram`: how many rows have a value in each interval.

One statement reads the field twice: for its smallest and largest value, from which the width follows, and to count.

    SELECT bucket, count() … FROM (
        SELECT …, floor(v * b / a) FROM (SELECT toFloat64(field) AS v, (SELECT (lo, a, b) FROM …) …)
    ) GROUP BY bucket

The width is `a / b` with one of the two 1, so bounds are one division of whole numbers and come out as people write
them. A step in the process puts bounds to the numbers of buckets and fills the gaps.
"""

from __future__ import annotations

from dataclasses import replace

import ibis
import ibis.expr.datatypes as dtypes
import ibis.expr.types as ir
from sqlglot import expressions as exp

from engine.schema import Unit
from queries import ast
from queries.errors import QueryError, TypeProblem
from queries.operations.histogram import NO_MORE_THAN_ZERO, SUB_STEPS, Scale
from queries.plan.attributes import row_count
from queries.plan.block import Block, Derived
from queries.plan.builder import Builder
from queries.plan.expressions import compile_expr
from queries.plan.grouping import group, ungrouped
from queries.plan.render import aliased, render, table_alias
from queries.printer import print_expression
from queries.types import BOOLEAN, FLOAT, INTEGER, Base, Missing, ValueType
from queries.values.calls import aggregate, call, derived_table
from queries.values.typed import FALSE, Typed, as_null

TARGET_BUCKETS = 20
MAX_BUCKETS = 1_000
_NUMBER = replace(FLOAT, missing=Missing.NULL)
_WHOLE = replace(INTEGER, missing=Missing.NULL)
_ENDS = "ends"
"""Smallest value and width, in one tuple, as a column of every row."""

_CLOCK_SECONDS = (2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400)
"""Widths of durations from a second to a day; shorter and longer ones are 1, 2 or 5 times a power of ten."""

_DECADES = 20
_LONGEST = 5 * 10 ** (_DECADES - 1)
"""Width of whole numbers: more than 64 bits hold."""

_DAYS = (2, 5, 7, 10, 14, 20, 30, 50)
"""Widths of whole durations longer than a day; from a hundred days on those are 1, 2 or 5 times a power of ten."""

_CLOSE = 1 + 1e-9
"""The quotient of a range and a number of buckets may be a little more than a nice width."""

_PER_SECOND = {Unit.NANOSECOND: 1_000_000_000, Unit.MILLISECOND: 1_000}


def histogram(stage: ast.Histogram, block: Block, builder: Builder) -> Block:
    """Return rows of low, high (not included) and count.

    Raises:
        QueryError: too many buckets.
        TypeProblem: the field is no number.
    """
    if stage.buckets is not None and not 1 <= stage.buckets <= MAX_BUCKETS:
        raise QueryError(f"A histogram has 1 to {MAX_BUCKETS} buckets.", span=stage.span, suggestion="buckets 20")
    scale = Scale.LOG if stage.log else Scale.NICE if stage.buckets is None else Scale.EQUAL
    rows = ungrouped(block, builder)
    value = numeric(stage.value, rows, builder)
    counted = in_buckets(rows, value, {}, builder, (scale, stage.buckets or TARGET_BUCKETS))
    options = {"scale": scale.value, "buckets": stage.buckets or TARGET_BUCKETS}
    return builder.frame(counted, "histogram", options, bound_columns(value.type))


def bound_columns(type_: ValueType) -> dict[str, ValueType]:
    """Return the columns low, high and count for values of a type; the bounds keep its unit."""
    bound = replace(_NUMBER, unit=type_.unit)
    return {"low": bound, "high": bound, "count": INTEGER}


def numeric(item: ast.Named, rows: Block, builder: Builder) -> Typed:
    """Return the value of a field that is a number.

    Raises:
        TypeProblem: it is something else.
    """
    made = compile_expr(item.expr, builder.scope(rows))
    if not made.type.is_number or made.virtual:
        raise TypeProblem(
            f"{print_expression(item.expr)} is {made.type.describe()}; buckets are made of numbers.",
            span=item.span,
            suggestion=f"facets {print_expression(item.expr)}",
        )
    return made


def in_buckets(
    rows: Block, value: Typed, keys: dict[str, Typed], builder: Builder, shape: tuple[Scale, int]
) -> Block:  # fmt: skip
    """Return the rows counted by keys and bucket, with the numbers the bounds are computed from.

    Args:
        rows: what is counted.
        value: the number of a row.
        keys: further keys.
        builder: of the planning run.
        shape: how bounds lie, and how many buckets there are to be.
    """
    # A whole number that is always there needs no look at whether it is finite.
    always = value.type.base is Base.INTEGER and value.type.missing is Missing.NEVER
    if always and shape[0] is Scale.NICE:
        return _whole_buckets(rows, value, keys, builder, shape)
    type_ = FLOAT if always else _NUMBER
    number = Typed(call("toFloat64", type_, as_null(value).value), type_)
    valued = _with_limits(rows, number, keys, builder, shape, value.type)
    near = _near(valued, shape)
    placed = builder.wrap(valued.with_columns({"near": Typed(near, _NUMBER)}))
    exact = Typed(_exact(placed, shape), INTEGER if type_ is FLOAT else _WHOLE)
    made = {name: Typed(aggregate("any", FLOAT, placed.columns[name].value), FLOAT) for name in ("lo", "a", "b")}
    grouping = {name: placed.columns[name] for name in keys}
    return group(placed, {**grouping, "bucket": exact}, {**made, "count": row_count(placed)}, builder)


def _whole_buckets(
    rows: Block, value: Typed, keys: dict[str, Typed], builder: Builder, shape: tuple[Scale, int]
) -> Block:  # fmt: skip
    """Return rows counted by keys and bucket where values and width are whole numbers: one division tells the bucket.

    The quotient of whole numbers below 2^53 is never rounded up to the next one: they are at least `1 / width` apart,
    which is more than the rounding of it. (What is larger was rounded when it became a float.) Without the comparisons
    with the bounds, which fractions need, and in two levels in place of four, a histogram of 150 000 spans takes 81 ms
    of CPU in place of 92, of which 16 in place of 22 are spent before a row is read.
    """
    alias = builder.alias()
    number = Typed(call("toFloat64", FLOAT, value.value), FLOAT)
    outputs = {"v": number, **keys}
    if rows.weight is not None:
        outputs["w"] = rows.weight
    select = render(replace(rows, order=()), [(name, typed.value) for name, typed in outputs.items()])
    width = exp.Subquery(this=_limits(rows, number, builder, shape, value.type))
    select.append("expressions", aliased(exp.Anonymous(this="assumeNotNull", expressions=[width]), "a"))
    types = {**{name: typed.type for name, typed in outputs.items()}, "a": FLOAT}
    table = derived_table(types, alias)
    columns = {name: Typed(table[name], type_, virtual="") for name, type_ in types.items()}
    placed = Block(Derived(alias, select), table, None, rows.time, columns=columns, shown=tuple(columns))
    placed = replace(placed, weight=columns.get("w"))
    bucket = call("toInt64", INTEGER, call("floor", FLOAT, columns["v"].value / columns["a"].value))
    made = {"a": Typed(aggregate("any", FLOAT, columns["a"].value), FLOAT), "count": row_count(placed)}
    return group(placed, {**{n: columns[n] for n in keys}, "bucket": Typed(bucket, INTEGER)}, made, builder)


def _with_limits(
    rows: Block, number: Typed, keys: dict[str, Typed], builder: Builder, shape: tuple[Scale, int], type_: ValueType
) -> Block:  # fmt: skip
    """Return the values of the rows, each beside what the bounds are computed from."""
    alias, inner = builder.alias(), builder.alias()
    outputs = {"v": number, **keys}
    if rows.weight is not None:
        outputs["w"] = rows.weight
    select = render(replace(rows, order=()), [(name, typed.value) for name, typed in outputs.items()])
    limits = exp.Subquery(this=_limits(rows, number, builder, shape, type_))
    # One text: the engine computes equal ones once, but it looks through each of them.
    select.append("expressions", aliased(limits, _ENDS))
    around = exp.Select(from_=exp.From(this=exp.Subquery(this=select, alias=table_alias(inner))))
    for name in outputs:
        around.append("expressions", aliased(exp.column(name, table=inner, quoted=True), name))
    for position, name in enumerate(("lo", "a", "b"), 1):
        ends = exp.column(_ENDS, table=inner, quoted=True)
        part = exp.Anonymous(this="tupleElement", expressions=[ends, exp.Literal.number(position)])
        around.append("expressions", aliased(exp.Anonymous(this="assumeNotNull", expressions=[part]), name))
    types = {**{name: typed.type for name, typed in outputs.items()}, "lo": FLOAT, "a": FLOAT, "b": FLOAT}
    table = derived_table(types, alias)
    columns = {name: Typed(table[name], type_, virtual="") for name, type_ in types.items()}
    weight = columns.get("w")
    return Block(Derived(alias, around), table, None, rows.time, columns=columns, shown=tuple(columns), weight=weight)


def _limits(
    rows: Block, number: Typed, builder: Builder, shape: tuple[Scale, int], type_: ValueType
) -> exp.Select:  # fmt: skip
    """Return the SELECT of one tuple: smallest value, and the width as a fraction (equal buckets: the largest, 1).

    Nice widths of whole numbers are whole and need no smallest value: they are all it gives.
    """
    where = None if number.type.missing is Missing.NEVER else _finite(number.value)
    ends = {name: Typed(aggregate(name, FLOAT, number.value, where=where), FLOAT) for name in ("min", "max")}
    found = builder.wrap(group(replace(rows, pending=()), {}, ends, builder))
    lo, hi = (found.columns[name].value for name in ("min", "max"))
    if where is not None:
        lo, hi = (call("ifNull", FLOAT, end, 0.0) for end in (lo, hi))
    if shape[0] is not Scale.NICE:
        outputs: list[tuple[str, ir.Value]] = [("lo", lo), ("a", hi), ("b", call("toFloat64", FLOAT, 1))]
    else:
        if type_.base is Base.INTEGER:
            width = _whole_width(lo, hi, type_, shape[1])
            if where is None:
                return render(found, [("a", width)])
            outputs = [("lo", lo), ("a", width), ("b", call("toFloat64", FLOAT, 1))]
            return _as_tuple(found, outputs, builder)
        wide = builder.wrap(found.with_columns({"raw": Typed(_raw_width(lo, hi, shape[1]), FLOAT)}))
        width = _nice_width(wide.columns["raw"].value, type_)
        nice = builder.wrap(wide.with_columns({"width": Typed(width, FLOAT)}))
        width = nice.columns["width"].value
        parts = call("round", FLOAT, 1.0 / width)
        outputs = [
            ("lo", nice.columns["min"].value),
            ("a", call("if", FLOAT, width < 1.0, 1.0, call("round", FLOAT, width))),
            ("b", call("if", FLOAT, width < 1.0, parts, 1.0)),
        ]
        found = nice
    return _as_tuple(found, outputs, builder)


def _as_tuple(found: Block, outputs: list[tuple[str, ir.Value]], builder: Builder) -> exp.Select:
    alias = builder.alias()
    tree = exp.Subquery(this=render(found, outputs), alias=table_alias(alias))
    names = [exp.column(name, table=alias, quoted=True) for name, _ in outputs]
    return exp.Select(expressions=[exp.Tuple(expressions=names)], from_=exp.From(this=tree))


def _finite(value: ir.Value) -> ir.Value:
    return call("ifNull", BOOLEAN, call("isFinite", BOOLEAN, value), FALSE)


def _raw_width(lo: ir.Value, hi: ir.Value, buckets: int) -> ir.Value:
    """Return the least width: so that there are few buckets, and so that their numbers are exact in a float."""
    most = call("greatest", FLOAT, hi, -lo)
    # Halves and more of the digits of a float tell buckets apart; a single value gets a bucket of its size.
    apart = call("if", FLOAT, hi > lo, hi / float(buckets) - lo / float(buckets), most / 10.0)
    least = call("greatest", FLOAT, apart, most * 1e-13)
    return call("greatest", FLOAT, call("if", FLOAT, least > 0.0, least, 1.0), 1e-290)


def _whole_width(lo: ir.Value, hi: ir.Value, type_: ValueType, buckets: int) -> ir.Value:
    """Return the least nice width for whole numbers from `lo` to `hi`, one of a list.

    `roundDown` gives the next lower member of a list, so everything is negative. Each function the engine looks through
    costs about as much as reading a thousand rows, whatever there is to read: written with powers and conditions, as
    for fractions, this was 20 ms; as the first member of the list that is large enough 8 ms, so it is 4.
    """
    most = call("least", FLOAT, lo, -hi)
    # Numbers of buckets are exact in a float; a single value gets a bucket of its size.
    apart = call("least", FLOAT, (lo - hi) / (buckets * _CLOSE), most * 1e-13)
    negative = call("if", FLOAT, lo < hi, apart, most / (10.0 * _CLOSE))
    return -call("roundDown", FLOAT, negative, _listed(type_))


def _listed(type_: ValueType) -> ir.Value:
    """Return the nice widths of whole numbers of a type, negative and ascending, read by the engine from one text.

    The passes and the guard would look at each number of a list.
    """
    per_second = _PER_SECOND.get(type_.unit)
    widths = [step * 10**decade for decade in range(_DECADES) for step in (1, 2, 5)]
    if per_second is not None:
        widths = [width for width in widths if width <= per_second]
        widths += [s * per_second for s in _CLOCK_SECONDS if s * per_second > widths[-1]]
        days = (*_DAYS, *(step * 10**decade for decade in range(2, _DECADES) for step in (1, 2, 5)))
        widths += [width for width in (d * 86_400 * per_second for d in days) if width <= _LONGEST]
    text = ",".join(str(-width) for width in reversed(widths))
    return ibis.literal(f"[{text}]").cast(dtypes.Array(dtypes.Float64(nullable=False)))


def _nice_width(raw: ir.Value, type_: ValueType) -> ir.Value:
    decade = call("floor", FLOAT, call("log10", FLOAT, raw))
    power = _power(decade)
    times = raw / power
    # The quotient of a power and itself may be a little more than 1.
    steps = [item for step in (1.0, 2.0, 5.0) for item in (times <= step * (1 + 1e-9), step)]
    decimal = power * call("multiIf", FLOAT, *steps, 10.0)
    per_second = _PER_SECOND.get(type_.unit)
    if per_second is None:
        return decimal
    clock = [item for s in _CLOCK_SECONDS for item in (raw <= float(s * per_second), float(s * per_second))]
    return call("multiIf", FLOAT, raw <= float(per_second), decimal, *clock, _days(raw, float(86_400 * per_second)))


def _days(raw: ir.Value, day: float) -> ir.Value:
    return call("ceil", FLOAT, raw / day) * day


def _power(exponent: ir.Value) -> ir.Value:
    """Return a power of ten; that of a negative exponent by dividing, as the nearest float to the decimal."""
    return call(
        "if",
        FLOAT,
        exponent < 0.0,
        1.0 / call("pow", FLOAT, 10.0, -exponent),
        call("pow", FLOAT, 10.0, exponent),
    )


def _near(valued: Block, shape: tuple[Scale, int]) -> ir.Value:
    """Return the number of a value's bucket, which rounding may have put one off."""
    v, lo, a, b = (valued.columns[name].value for name in ("v", "lo", "a", "b"))
    match shape[0]:
        case Scale.NICE:
            return call("floor", _NUMBER, v * b / a)
        case Scale.EQUAL:
            part = call("if", _NUMBER, a > lo, (v - lo) * float(shape[1]) / (a - lo), 0.0)
            return call("least", _NUMBER, call("floor", _NUMBER, part), float(shape[1] - 1))
        case Scale.LOG:
            return call("floor", _NUMBER, call("log10", _NUMBER, v))


def _exact(placed: Block, shape: tuple[Scale, int]) -> ir.Value:
    """Return the number of a value's bucket by comparing with its bounds; NULL for what is no finite number."""
    v, near = (placed.columns[name].value for name in ("v", "near"))
    if shape[0] is Scale.LOG:
        number = _log_number(v, near)
    else:
        number = near + _one_if(v >= _bound(placed, near + 1.0, shape)) - _one_if(v < _bound(placed, near, shape))
    if shape[0] is Scale.EQUAL:
        number = call("least", _NUMBER, number, float(shape[1] - 1))
    if placed.columns["v"].type.missing is Missing.NEVER:
        return call("toInt64", INTEGER, number)
    whole = call("toInt64", _WHOLE, call("if", _NUMBER, _finite(v), number, 0.0))
    return call("if", _WHOLE, _finite(v), whole, None)


def _one_if(condition: ir.Value) -> ir.Value:
    return call("toFloat64", _NUMBER, condition)


def _bound(placed: Block, number: ir.Value, shape: tuple[Scale, int]) -> ir.Value:
    lo, a, b = (placed.columns[name].value for name in ("lo", "a", "b"))
    if shape[0] is Scale.NICE:
        return number * a / b
    return lo + (a - lo) * number / float(shape[1])


def _log_number(v: ir.Value, near: ir.Value) -> ir.Value:
    """Return three times the decade, and one more for each sub-step that is reached."""
    decade = near + _one_if(v >= _log_bound(near + 1.0, 1.0)) - _one_if(v < _log_bound(near, 1.0))
    reached = [_one_if(v >= _log_bound(decade, step)) for step in SUB_STEPS[1:]]
    number = decade * float(len(SUB_STEPS)) + reached[0] + reached[1]
    return call("if", _NUMBER, v > 0.0, number, float(NO_MORE_THAN_ZERO))


def _log_bound(decade: ir.Value, step: float) -> ir.Value:
    below = step / call("pow", _NUMBER, 10.0, -decade)
    return call("if", _NUMBER, decade < 0.0, below, step * call("pow", _NUMBER, 10.0, decade))
