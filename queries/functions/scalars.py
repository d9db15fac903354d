"""Scalar functions: text, time, numbers, conditions, conversions, URLs."""

# ruff: noqa: E501 - the table reads best with one declaration in one place
from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from engine.schema import Unit
from queries.functions.model import Arg, Bound, Function, ResultType, Want, always, same_as_first
from queries.types import BOOLEAN, INTEGER, SPARSE_STRING, STRING, TIME, Base, Missing, ValueType
from queries.values.calls import call
from queries.values.typed import Typed

_NULLABLE_INTEGER = ValueType(Base.INTEGER, missing=Missing.NULL)
_NULLABLE_FLOAT = ValueType(Base.FLOAT, missing=Missing.NULL)
DAY_NS = 86_400_000_000_000
SECOND_NS = 1_000_000_000


def _plain(name: str, result: ValueType) -> Callable[[Bound], ir.Value]:
    def build(bound: Bound) -> ir.Value:
        return call(name, result, *bound.values())

    return build


def _follow(name: str) -> Callable[[Bound], ir.Value]:
    def build(bound: Bound) -> ir.Value:
        return call(name, bound.args[0].type, *bound.values())

    return build


def bucket(time: ir.Value, every_ns: int, result: ValueType = TIME) -> ir.Value:
    """Return the start of the bucket of `every_ns` a time falls into; buckets count from 1970-01-01, weeks from a Monday.

    The usual widths use the function of their own, which the engine matches with the sorting key.
    """
    named = {
        3600 * SECOND_NS: "toStartOfHour",
        60 * SECOND_NS: "toStartOfMinute",
        300 * SECOND_NS: "toStartOfFiveMinutes",
    }
    if every_ns in named:
        return call(named[every_ns], result, time)
    if every_ns % (7 * DAY_NS) == 0:
        whole = call("toDateTime", TIME, time, "UTC")
        monday = call("toDateTime", TIME, "1970-01-05 00:00:00", "UTC")
        return call(
            "toStartOfInterval", result, whole, call("toIntervalSecond", INTEGER, every_ns // SECOND_NS), monday
        )
    if every_ns % SECOND_NS == 0:
        return call("toStartOfInterval", result, time, call("toIntervalSecond", INTEGER, every_ns // SECOND_NS))
    return call(
        "toStartOfInterval", result, time, call("toIntervalMillisecond", INTEGER, max(every_ns // 1_000_000, 1))
    )


def _bin(bound: Bound) -> ir.Value:
    value, width = bound.args[0], bound.args[1]
    size = width.constant
    if not size > 0:  # type: ignore[operator]
        raise ValueError("takes a width above 0")
    if value.type.base is Base.TIME:
        return bucket(value.value, int(size), value.type)  # type: ignore[call-overload]
    return call("floor", value.type, value.value / size) * size


def _ago(bound: Bound) -> ir.Value:
    length_ns = int(bound.number(0, 0))
    moment = bound.facts.now - dt.timedelta(microseconds=length_ns // 1000)
    return instant(moment)


def instant(moment: dt.datetime) -> ir.Value:
    """Return an aware time as a value free of any server time zone."""
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    micros = (moment - epoch) // dt.timedelta(microseconds=1)
    return call("fromUnixTimestamp64Micro", TIME, micros, "UTC")


def _now(bound: Bound) -> ir.Value:
    return instant(bound.facts.now)


def _if(bound: Bound) -> ir.Value:
    test, then, otherwise = bound.args
    return ibis.ifelse(test.value, then.value, otherwise.value)


def _case(bound: Bound) -> ir.Value:
    args = bound.args
    pairs = [(args[i].value, args[i + 1].value) for i in range(0, len(args) - 1, 2)]
    last = args[-1].value if len(args) % 2 else ibis.null()
    return ibis.cases(*pairs, else_=last)


def _branches_type(args: tuple[Typed, ...]) -> ValueType:
    values = [args[i] for i in range(1, len(args), 2)]
    if len(args) % 2:
        values.append(args[-1])
    return common_type(values, nullable=len(args) % 2 == 0)


def common_type(values: list[Typed], *, nullable: bool = False) -> ValueType:
    """Return the type that holds all values: the first typed one, fractional when any is, null when any may be."""
    typed = [v.type for v in values if v.type.base is not Base.NULL] or [values[0].type]
    base = Base.FLOAT if any(t.base is Base.FLOAT for t in typed) else typed[0].base
    missing = any(v.type.missing is not Missing.NEVER for v in values) or nullable
    unit = next((t.unit for t in typed if t.unit is not Unit.NONE), Unit.NONE)
    return ValueType(base, unit, Missing.NULL if missing else Missing.NEVER, typed[0].element, typed[0].precision)


def _coalesce(bound: Bound) -> ir.Value:
    return ibis.coalesce(*bound.values())


def _coalesce_type(args: tuple[Typed, ...]) -> ValueType:
    merged = common_type(list(args))
    certain = any(a.type.missing is Missing.NEVER for a in args)
    return ValueType(
        merged.base, merged.unit, Missing.NEVER if certain else Missing.NULL, merged.element, merged.precision
    )


def _round(bound: Bound) -> ir.Value:
    return call("round", same_as_first(bound.args), bound.args[0].value, int(bound.number(1, 0)))


def _bin_type(args: tuple[Typed, ...]) -> ValueType:
    return args[0].type


def _nullable_like(type_: ValueType) -> ResultType:
    def rule(args: tuple[Typed, ...]) -> ValueType:
        missing = Missing.NULL if any(a.type.nullable for a in args) else type_.missing
        return ValueType(type_.base, type_.unit, missing)

    return rule


_S = Arg("text", Want.STRING)
_N = Arg("x", Want.NUMBER)
_T = Arg("time", Want.TIME)
_TEXT = _nullable_like(STRING)
_INT = _nullable_like(INTEGER)
_BOOL = _nullable_like(BOOLEAN)


def _fn(name: str, args: tuple[Arg, ...], result: ResultType, build: Callable[[Bound], ir.Value], *texts: str,
        keeps_empty: bool = False) -> Function:  # fmt: skip
    unit_rule, doc, example = texts
    return Function(name, args, result, build, unit_rule, doc, example, keeps_empty=keeps_empty)


SCALARS: tuple[Function, ...] = (
    _fn("lower", (_S,), same_as_first, _follow("lowerUTF8"), "text", "Lower case.", "extend b = lower(browser.name)", keeps_empty=True),
    _fn("upper", (_S,), same_as_first, _follow("upperUTF8"), "text", "Upper case.", "extend e = upper(environment)", keeps_empty=True),
    _fn("length", (_S,), _INT, _plain("lengthUTF8", INTEGER), "plain number", "Number of characters.", "where length(message) > 100"),
    _fn("startswith", (_S, Arg("prefix", Want.STRING)), _BOOL, _plain("startsWith", BOOLEAN), "condition",
        "Whether the text starts with a prefix; case counts.", 'where startswith(transaction, "/api/")'),
    _fn("endswith", (_S, Arg("suffix", Want.STRING)), _BOOL, _plain("endsWith", BOOLEAN), "condition",
        "Whether the text ends with a suffix; case counts.", 'where endswith(http.url, ".js")'),
    _fn("replace", (_S, Arg("old", Want.TEXT), Arg("new", Want.TEXT)), same_as_first, _follow("replaceAll"), "text",
        "Replaces every occurrence.", 'extend t = replace(title, "Error", "")', keeps_empty=True),
    _fn("bin", (Arg("x", Want.ORDERED), Arg("width", Want.SHARE)), _bin_type, _bin, "keeps the unit of x",
        "Start of the interval x falls into: bin(timestamp, 1h), bin(span.duration, 100ms).",
        "from errors | summarize count() by bin(timestamp, 1h)"),
    _fn("hour_of_day", (_T,), _INT, _plain("toHour", INTEGER), "plain number", "Hour, 0 to 23, UTC.", "summarize count() by hour_of_day(timestamp)"),
    _fn("day_of_week", (_T,), _INT, _plain("toDayOfWeek", INTEGER), "plain number", "1 is Monday, 7 is Sunday, UTC.",
        "summarize count() by day_of_week(timestamp)"),
    _fn("now", (), always(TIME), _now, "time", "The time the query started.", "extend age = now() - timestamp"),
    _fn("ago", (Arg("length", Want.DURATION),), always(TIME), _ago, "time", "That long before now.", "where timestamp > ago(2h)"),
    _fn("abs", (_N,), same_as_first, _follow("abs"), "keeps the unit of x", "Size without sign.", "extend d = abs(a - b)"),
    _fn("round", (_N, Arg("digits", Want.COUNT, optional=True)), same_as_first, _round, "keeps the unit of x",
        "Rounds to digits (0); halves go to the even neighbour for fractional numbers.", "extend r = round(rate, 2)"),
    _fn("floor", (_N,), same_as_first, _follow("floor"), "keeps the unit of x", "Rounds down.", "extend f = floor(rate)"),
    _fn("ceil", (_N,), same_as_first, _follow("ceil"), "keeps the unit of x", "Rounds up.", "extend c = ceil(rate)"),
    _fn("if", (Arg("condition", Want.BOOLEAN), Arg("then", Want.ANY), Arg("otherwise", Want.ANY)), _branches_type, _if,
        "common unit of the branches", "One of two values.", 'extend kind = if(level = "fatal", "bad", "other")'),
    _fn("case", (Arg("condition, value", Want.ANY, repeated=True),), _branches_type, _case, "common unit of the values",
        "The value of the first condition that holds; a last argument alone is the rest, else null.",
        'extend kind = case(level = "fatal", "bad", level = "error", "poor", "fine")'),
    _fn("coalesce", (Arg("x", Want.ANY, repeated=True),), _coalesce_type, _coalesce, "common unit",
        "The first that is not missing.", 'extend who = coalesce(user.email, user.id, "nobody")'),
    _fn("url_host", (_S,), always(SPARSE_STRING), _plain("domain", SPARSE_STRING), "text", "Host of a URL.",
        "summarize count() by url_host(http.url)", keeps_empty=True),
    _fn("url_path", (_S,), always(SPARSE_STRING), _plain("path", SPARSE_STRING), "text", "Path of a URL, without the query.",
        "summarize count() by url_path(http.url)", keeps_empty=True),
    _fn("tostring", (Arg("x", Want.ANY),), _TEXT, _plain("toString", STRING), "text", "As text.", "extend s = tostring(http.status_code)"),
    _fn("toint", (Arg("x", Want.ANY),), always(_NULLABLE_INTEGER),
        lambda b: call("toInt64OrNull", _NULLABLE_INTEGER, call("toString", STRING, b.args[0].value)), "plain number",
        "As a whole number; null when it is not one.", 'extend n = toint(tags["batch"])'),
    _fn("tofloat", (Arg("x", Want.ANY),), always(_NULLABLE_FLOAT),
        lambda b: call("toFloat64OrNull", _NULLABLE_FLOAT, call("toString", STRING, b.args[0].value)), "plain number",
        "As a number; null when it is not one.", 'extend n = tofloat(tags["ratio"])'),
)  # fmt: skip
