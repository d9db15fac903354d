"""Numbers, conditions and conversions. What has no result is null: the root of -1, the logarithm of 0, what overflows."""

# ruff: noqa: E501 - the table reads best with one declaration in one place
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from engine.schema import Unit
from queries.check.units import scale, unit_class
from queries.functions.model import (
    NULLABLE_FLOAT,
    Arg,
    Bound,
    Build,
    Function,
    Want,
    always,
    follow,
    like,
    nullable,
    same_as_first,
)
from queries.functions.texts import as_text
from queries.types import BOOLEAN, FLOAT, INTEGER, STRING, UNIT_WORDS, Base, Missing, ValueType
from queries.values.calls import call
from queries.values.typed import SIGNED, VARIES, Typed, as_null, is_missing, is_present

_NULLABLE_INTEGER = ValueType(Base.INTEGER, missing=Missing.NULL)
_NULLABLE_BOOLEAN = ValueType(Base.BOOLEAN, missing=Missing.NULL)


def finite(value: ir.Value, type_: ValueType = NULLABLE_FLOAT) -> ir.Value:
    """Return a number with null for NaN and the infinities."""
    return call("if", type_, call("isFinite", BOOLEAN, value), value, ibis.null())


def _curve(name: str) -> Build:
    return lambda b: finite(call(name, FLOAT, *b.values()))


def _log(bound: Bound) -> ir.Value:
    if bound.arg(1) is None:
        return finite(call("log", FLOAT, bound.args[0].value))
    base = bound.number(1, 10)
    if base <= 0 or base == 1:
        raise ValueError("takes a base above 0 other than 1")
    named = {2.0: "log2", 10.0: "log10"}.get(base)
    if named:
        return finite(call(named, FLOAT, bound.args[0].value))
    return finite(call("log", FLOAT, bound.args[0].value) / call("log", FLOAT, base))


def _round(bound: Bound) -> ir.Value:
    return call("round", same_as_first(bound.args), bound.args[0].value, int(bound.within(1, 0, (-18, 18))))


def _one_unit(items: Sequence[Typed]) -> list[Typed]:
    """Return values in the unit of the first that has one.

    Raises:
        ValueError: they count different things, or are of different kinds.
    """
    typed = [i.type for i in items if i.type.base is not Base.NULL]
    unit = next((t.unit for t in typed if t.unit is not Unit.NONE), Unit.NONE)
    made = []
    for item in items:
        other = item.type
        if other.base is not Base.NULL:
            if other.kind != typed[0].kind:
                raise ValueError(f"takes values of one kind, here are {typed[0].describe()} and {other.describe()}")
            if other.is_number and Unit.NONE not in {unit, other.unit} and unit_class(unit) != unit_class(other.unit):
                raise ValueError(f"takes values of one unit, here are {UNIT_WORDS[unit]} and {UNIT_WORDS[other.unit]}")
        factor = 1.0 if other.unit is Unit.NONE else scale(other.unit, unit)
        made.append(item if factor == 1 else _scaled(item, factor, unit))
    return made


def _scaled(item: Typed, factor: float, unit: Unit) -> Typed:
    return replace(
        item, value=item.value * factor, type=replace(item.type, base=Base.FLOAT, unit=unit), constant=VARIES
    )


_SMALL = 2**32
"""Whole numbers below go with signed and unsigned columns alike."""


def aligned(items: Sequence[Typed]) -> list[ir.Value]:
    """Return values the engine can choose among: it has no common type for signed, unsigned and fractional numbers.

    Lengths and sizes get a sign. Ids have all 64 bits and stay as they are, unless something beside them has a sign.

    Raises:
        ValueError: the values do not go together.
    """
    made = _one_unit(items)
    bases = {i.type.base for i in made}
    if Base.FLOAT in bases:
        return [call("toFloat64", FLOAT, i.value) if i.type.base is Base.INTEGER else i.value for i in made]
    if Base.INTEGER not in bases:
        return [i.value for i in made]
    if all(isinstance(i.constant, int) and i.constant >= 0 for i in made):
        return [i.value for i in made]
    if any(i.type.unit is not Unit.NONE for i in made):
        return [i.value if i.type.base is Base.NULL else call("toInt64", INTEGER, i.value) for i in made]
    signed = any(_may_be_negative(i) for i in made)
    return [_of_64_bits(i, signed=signed) for i in made]


_SIGNED = frozenset({"toInt64", "toInt64OrNull", "toInt64OrZero", "dateDiff", "JSONExtract", "intDiv", "sign"})
"""Engine functions whose whole numbers have a sign."""


def _may_be_negative(item: Typed) -> bool:
    if item.is_constant:
        return isinstance(item.constant, int) and item.constant < 0
    found = item.value.op().find((ops.Subtract, ops.Negate, ops.ScalarUDF))
    return any(getattr(node, "__func_name__", "toInt64") in _SIGNED for node in found)


def _of_64_bits(item: Typed, *, signed: bool) -> ir.Value:
    """Return a whole number beside others: null when it has a digit too many to stand beside negative ones."""
    if item.type.base is Base.NULL:
        return item.value
    if isinstance(item.constant, int):
        if not signed:
            return item.value if item.constant >= _SMALL else call("toUInt32", INTEGER, item.value)
        if item.constant < SIGNED:
            return call("toInt64", INTEGER, item.value)
    return call("accurateCastOrNull", INTEGER, item.value, "Int64") if signed else item.value


def _mod(bound: Bound) -> ir.Value:
    left, right = _one_unit(bound.args)
    return call("modulo", bound.args[0].type, left.value, call("nullIf", INTEGER, right.value, 0))


def _extreme(name: str) -> Build:
    return lambda b: call(name, common_type(list(b.args)), *aligned(b.args))


def _extreme_type(args: tuple[Typed, ...]) -> ValueType:
    made = common_type(list(args))
    certain = any(a.type.missing is Missing.NEVER for a in args)
    return replace(made, missing=Missing.NEVER if certain else Missing.NULL)


def _clamp(bound: Bound) -> ir.Value:
    value, low, high = aligned(bound.args)
    upper = call("if", bound.args[0].type, value > high, high, value)
    return call("if", bound.args[0].type, value < low, low, upper)


def _clamp_type(args: tuple[Typed, ...]) -> ValueType:
    return common_type(list(args))


def _if(bound: Bound) -> ir.Value:
    then, otherwise = aligned(bound.args[1:])
    return ibis.ifelse(bound.args[0].value, then, otherwise)


def _case(bound: Bound) -> ir.Value:
    values = aligned(_branches(bound.args))
    tests = [bound.args[i].value for i in range(0, len(bound.args) - 1, 2)]
    last = values[-1] if len(bound.args) % 2 else ibis.null()
    return ibis.cases(*zip(tests, values, strict=False), else_=last)


def _branches(args: tuple[Typed, ...]) -> list[Typed]:
    return [*args[1::2], *([args[-1]] if len(args) % 2 else [])]


def _branches_type(args: tuple[Typed, ...]) -> ValueType:
    return common_type(_branches(args), can_miss=len(args) % 2 == 0)


def common_type(values: list[Typed], *, can_miss: bool = False) -> ValueType:
    """Return the type that holds all values: the first typed one, fractional when any is, null when any may be."""
    typed = [v.type for v in values if v.type.base is not Base.NULL] or [values[0].type]
    base = Base.FLOAT if any(t.base is Base.FLOAT for t in typed) else typed[0].base
    missing = any(v.type.missing is not Missing.NEVER for v in values) or can_miss
    unit = next((t.unit for t in typed if t.unit is not Unit.NONE), Unit.NONE)
    return ValueType(base, unit, Missing.NULL if missing else Missing.NEVER, typed[0].element, typed[0].precision)


def _coalesce(bound: Bound) -> ir.Value:
    return ibis.coalesce(*aligned(bound.args))


def _coalesce_type(args: tuple[Typed, ...]) -> ValueType:
    certain = any(a.type.missing is Missing.NEVER for a in args)
    return replace(common_type(list(args)), missing=Missing.NEVER if certain else Missing.NULL)


def _nullif(bound: Bound) -> ir.Value:
    left, right = _one_unit(bound.args)
    if left.type.base in {Base.ARRAY, Base.MAP}:
        raise ValueError(f"cannot make {left.type.describe()} null; ask isempty(x)")
    return call("nullIf", nullable(left.type), left.value, right.value)


def _empty(bound: Bound) -> ir.Value:
    item = bound.args[0]
    if item.type.base in {Base.ARRAY, Base.MAP}:
        return call("empty", BOOLEAN, item.value)
    if item.type.base is not Base.STRING:
        return is_missing(item)
    return call("ifNull", BOOLEAN, as_null(item).value == "", ibis.literal(True))


def _tostring(bound: Bound) -> ir.Value:
    return as_text(bound.args[0])


def _parsed(name: str, type_: ValueType) -> Build:
    return lambda b: call(name, type_, call("toString", STRING, b.args[0].value))


_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


def _tobool(bound: Bound) -> ir.Value:
    word = call("lower", STRING, call("toString", STRING, bound.args[0].value))
    rest = call("if", _NULLABLE_BOOLEAN, word.isin(_FALSE), ibis.literal(False), ibis.null())
    return call("if", _NULLABLE_BOOLEAN, word.isin(_TRUE), ibis.literal(True), rest)


DURATION_NS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "min": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
SIZE_BYTES = {
    "bytes": 1,
    "kb": 1e3,
    "mb": 1e6,
    "gb": 1e9,
    "tb": 1e12,
    "kib": 2.0**10,
    "mib": 2.0**20,
    "gib": 2.0**30,
    "tib": 2.0**40,
}


def _with_unit(sizes: dict[str, int] | dict[str, float]) -> Build:
    def build(bound: Bound) -> ir.Value:
        item = bound.args[0]
        if item.type.unit not in {Unit.NONE, Unit.RATIO}:
            raise ValueError(f"takes a plain number, this is {item.type.describe()}")
        return call("toFloat64", FLOAT, item.value) * float(sizes[bound.text(1)])

    return build


def _typed(unit: Unit) -> Callable[[tuple[Typed, ...]], ValueType]:
    return lambda args: ValueType(Base.FLOAT, unit, Missing.NULL if args[0].type.nullable else Missing.NEVER)


_N, _X = Arg("x", Want.NUMBER), Arg("x", Want.ANY)
_FLOAT, _BOOL = always(NULLABLE_FLOAT), like(BOOLEAN)
_KEEPS = "keeps the unit of x"

NUMERIC = (
    Function("abs", (_N,), same_as_first, follow("abs"), _KEEPS, "Size without sign.", "from spans | extend d = abs(span.duration - 1s)", worked=(("abs(-3)", "3"), ("abs(2s - 5s)", "3000ms"))),
    Function("round", (_N, Arg("digits", Want.COUNT, optional=True)), same_as_first, _round, _KEEPS,
             "Rounds to digits (0); halves go to the even neighbour for fractional numbers.", "from spans | extend r = round(span.duration / 1s, 2)", worked=(("round(2.567, 2)", "2.57"), ("round(2.5)", "2"))),
    Function("floor", (_N,), same_as_first, follow("floor"), _KEEPS, "Rounds down.", "from spans | extend f = floor(span.duration / 1s)", worked=(("floor(-1.5)", "-2"),)),
    Function("ceil", (_N,), same_as_first, follow("ceil"), _KEEPS, "Rounds up.", "from spans | extend c = ceil(span.duration / 1s)", worked=(("ceil(-1.5)", "-1"),)),
    Function("trunc", (_N,), same_as_first, follow("trunc"), _KEEPS, "Drops what stands behind the point.", "from spans | extend t = trunc(span.duration / 1s)", worked=(("trunc(-1.5)", "-1"),)),
    Function("sqrt", (_N,), _FLOAT, _curve("sqrt"), "plain number", "Square root; null below 0.", "from spans | extend s = sqrt(measurements.area)", worked=(("sqrt(16)", "4"), ("sqrt(-1)", "null"))),
    Function("pow", (_N, Arg("exponent", Want.NUMBER)), _FLOAT, _curve("pow"), "plain number", "x to a power; null when it cannot be held.", "from spans | extend p = pow(measurements.cls, 2)", worked=(("pow(2, 10)", "1024"), ("pow(10, 400)", "null"))),
    Function("exp", (_N,), _FLOAT, _curve("exp"), "plain number", "e to the power of x; null when it cannot be held.", "from spans | extend e = exp(measurements.cls)", worked=(("exp(0)", "1"), ("exp(1)", "2.71828"))),
    Function("log", (_N, Arg("base", Want.SHARE, optional=True)), _FLOAT, _log, "plain number", "Natural logarithm, or to a base; null for 0 and below.", "from spans | extend l = log(span.duration / 1ms, 10)", worked=(("log(1)", "0"), ("log(1000, 10)", "3"), ("log(0)", "null"))),
    Function("sign", (_N,), like(INTEGER), lambda b: call("sign", INTEGER, *b.values()), "plain number", "-1, 0 or 1.", "from spans | extend s = sign(span.duration - 1s)", worked=(("sign(-2.5)", "-1"),)),
    Function("mod", (_N, Arg("y", Want.NUMBER)), lambda args: nullable(common_type(list(args))), _mod, _KEEPS, "What division leaves, with the sign of x; null for y of 0; the operator % is the same.",
             "from spans | extend m = mod(span.duration, 1s)", worked=(("mod(7, 3)", "1"), ("mod(-7, 3)", "-1"), ("mod(5s, 2s)", "1000ms"), ("mod(7, 0)", "null"))),
    Function("least", (Arg("x", Want.ORDERED, repeated=True),), _extreme_type, _extreme("least"), "common unit", "The smallest of the values that are there.", "from spans | extend m = least(span.duration, 1s)", worked=(("least(3, 1, 2)", "1"), ("least(2s, 100ms)", "100ms"))),
    Function("greatest", (Arg("x", Want.ORDERED, repeated=True),), _extreme_type, _extreme("greatest"), "common unit", "The largest of the values that are there.", "from spans | extend m = greatest(span.duration, 1ms)", worked=(("greatest(3, 1.5)", "3"),)),
    Function("clamp", (_N, Arg("low", Want.NUMBER), Arg("high", Want.NUMBER)), _clamp_type, _clamp, _KEEPS, "x, but not below low or above high.", "from spans | extend c = clamp(span.duration, 1ms, 1s)", worked=(("clamp(12, 0, 10)", "10"), ("clamp(-1, 0, 10)", "0"))),
    Function("isnan", (_N,), _BOOL, lambda b: call("isNaN", BOOLEAN, call("toFloat64", FLOAT, *b.values())), "condition", "Whether a number is NaN: there, but no number.", "from spans | where isnan(measurements.cls)", worked=(("isnan(1)", "false"), ('isnan(tofloat("nan"))', "true"))),
    Function("isfinite", (_N,), _BOOL, lambda b: call("isFinite", BOOLEAN, *b.values()), "condition", "Whether a number is neither NaN nor infinite.", "from spans | where isfinite(measurements.cls)", worked=(("isfinite(1.5)", "true"),)),
)  # fmt: skip

CONDITIONAL = (
    Function("if", (Arg("condition", Want.BOOLEAN), Arg("then", Want.ANY), Arg("otherwise", Want.ANY)), _branches_type, _if,
             "common unit of the branches", "One of two values.", 'extend kind = if(level = "fatal", "bad", "other")', worked=(('if(2 > 1, "yes", "no")', '"yes"'),)),
    Function("case", (Arg("condition", Want.BOOLEAN), Arg("value", Want.BRANCH, repeated=True)), _branches_type, _case, "common unit of the values",
             "The value of the first condition that holds; a last argument alone is the rest, else null.",
             'extend kind = case(level = "fatal", "bad", level = "error", "poor", "fine")', worked=(('case(1 > 2, "a", 2 > 1, "b", "c")', '"b"'), ('case(1 > 2, "a")', "null"))),
    Function("coalesce", (Arg("x", Want.ANY, repeated=True),), _coalesce_type, _coalesce, "common unit",
             "The first that is not missing.", 'extend who = coalesce(user.email, user.id, "nobody")', worked=(('coalesce(null, "a", "b")', '"a"'),)),
    Function("ifnull", (_X, Arg("otherwise", Want.ANY)), _coalesce_type, _coalesce, "common unit", "x, or the other value when x is missing.", 'extend e = ifnull(environment, "none")', worked=(("ifnull(null, 5)", "5"),)),
    Function("nullif", (_X, Arg("y", Want.ANY)), lambda args: nullable(args[0].type), _nullif, "keeps the unit of x", "x, but null when it equals y.", "extend s = nullif(http.status_code, 200)", worked=(('nullif("a", "a")', "null"), ("nullif(1, 2)", "1"))),
    Function("isnull", (_X,), always(BOOLEAN), lambda b: is_missing(b.args[0]), "condition", "Whether a value is missing; an empty text is not.", "where isnull(environment)", keeps_empty=True, worked=(("isnull(null)", "true"), ('isnull("")', "false"))),
    Function("isnotnull", (_X,), always(BOOLEAN), lambda b: is_present(b.args[0]), "condition", "Whether there is a value; an empty text is one.", "where isnotnull(environment)", keeps_empty=True, worked=(("isnotnull(1)", "true"),)),
    Function("isempty", (_X,), always(BOOLEAN), _empty, "condition", "Whether a value is missing, an empty text or an array without elements.", 'where isempty(tags["region"])', keeps_empty=True, worked=(('isempty("")', "true"), ('isempty(split("a", ","))', "false"))),
)  # fmt: skip

CONVERSIONS = (
    Function("tostring", (_X,), like(STRING), _tostring, "text", "As text; times as UTC.", "extend s = tostring(http.status_code)", worked=(("tostring(42)", '"42"'), ("tostring(2 > 1)", '"true"'))),
    Function("toint", (_X,), always(_NULLABLE_INTEGER), _parsed("toInt64OrNull", _NULLABLE_INTEGER), "plain number",
             "As a whole number of 64 bits; null when it is not one.", 'extend n = toint(tags["batch"])', worked=(('toint("42")', "42"), ('toint("4.2")', "null"))),
    Function("tofloat", (_X,), always(NULLABLE_FLOAT), _parsed("toFloat64OrNull", NULLABLE_FLOAT), "plain number",
             "As a number; null when it is not one.", 'extend n = tofloat(tags["ratio"])', worked=(('tofloat("4.25")', "4.25"), ('tofloat("x")', "null"))),
    Function("tobool", (_X,), always(_NULLABLE_BOOLEAN), _tobool, "condition", "true, 1, yes, on and their opposites in any case as a condition; null for other values.", 'where tobool(tags["beta"])', worked=(('tobool("Yes")', "true"), ("tobool(0)", "false"), ('isnull(tobool("maybe"))', "true"))),
    Function("toduration", (_N, Arg("unit", Want.WORD, words=tuple(DURATION_NS))), _typed(Unit.NANOSECOND), _with_unit(DURATION_NS), "duration", "A plain number of ns, us, ms, s, min, h or d as a duration; divide by 1s to go back.", "from spans | extend d = toduration(measurements.wait, ms)", worked=(("toduration(2.5, s)", "2500ms"), ("toduration(90, s) / 1min", "1.5"))),
    Function("tosize", (_N, Arg("unit", Want.WORD, words=tuple(SIZE_BYTES))), _typed(Unit.BYTE), _with_unit(SIZE_BYTES), "size", "A plain number of bytes, kb, mb, gb, tb (x1000) or kib, mib, gib, tib (x1024) as a size.", "from spans | extend s = tosize(measurements.body, kib)", worked=(("tosize(2, kib)", "2048"),)),
)  # fmt: skip
