"""Aggregates. Exact by default: only `hll` and `topk` approximate, and their documentation says so.

Percentiles are `quantileExactInclusive`: every value counts, linear interpolation between neighbours, the same numbers
as numpy and pandas give by default, and the same on every run. ClickHouse's plain `quantile` samples 8 192 values per
group at random, so two runs of one query differ. `count_unique` is `uniqExact`; `hll` is `uniqHLL12`.
An aggregate over no values is null, counts and sums are 0.
"""

# ruff: noqa: E501 - the table reads best with one declaration in one place
from __future__ import annotations

import ibis.expr.types as ir

from engine.schema import Unit
from queries.functions.model import (
    COUNTED,
    NULLABLE_FLOAT,
    NULLABLE_RATIO,
    Arg,
    Bound,
    Function,
    ResultType,
    Want,
    always,
    array_of_first,
    float_of_first,
    nullable_first,
    same_as_first,
)
from queries.types import FLOAT, INTEGER, NULLABLE_STRING, Base, Missing, ValueType
from queries.values.calls import aggregate, call
from queries.values.typed import Typed, all_of, is_present, present

PASSING_STATUSES = ("ok", "cancelled", "unknown")
"""Span statuses that are not failures (the definition Sentry documents for `failure_rate`)."""

_NULLABLE_TIME = ValueType(Base.TIME, missing=Missing.NULL)


def _where(bound: Bound, *conditions: ir.Value) -> ir.Value | None:
    parts = [*([] if bound.where is None else [bound.where]), *conditions]
    return all_of(parts) if parts else None


def _presence(*items: Typed) -> list[ir.Value]:
    return [is_present(i) for i in items if i.type.missing is not Missing.NEVER and not i.virtual]


def _count(bound: Bound) -> ir.Value:
    return aggregate("count", INTEGER, where=_where(bound, *_presence(*bound.args)))


def _count_unique(bound: Bound) -> ir.Value:
    return aggregate("uniqExact", INTEGER, *bound.values(), where=_where(bound, *_presence(*bound.args)))


def _hll(bound: Bound) -> ir.Value:
    return aggregate("uniqHLL12", INTEGER, *bound.values(), where=_where(bound, *_presence(*bound.args)))


def _count_if(bound: Bound) -> ir.Value:
    return aggregate("count", INTEGER, where=_where(bound, bound.args[0].value, *_presence(*bound.args[1:])))


def _simple(name: str, result: ResultType) -> object:
    def build(bound: Bound) -> ir.Value:
        return aggregate(name, result(bound.args), present(bound.args[0]), where=bound.where)

    return build


def _quantile(bound: Bound, level: float) -> ir.Value:
    value = present(bound.args[0])
    if level >= 1:
        return aggregate("maxOrNull", float_of_first(bound.args), call("toFloat64", FLOAT, value), where=bound.where)
    result = float_of_first(bound.args)
    return aggregate("quantileExactInclusiveOrNull", result, level, value, where=bound.where)


def _percentile(bound: Bound) -> ir.Value:
    level = bound.within(1, 0.5, (0, 100))
    return _quantile(bound, level / 100 if level > 1 else level)


def _fixed_percentile(level: float) -> object:
    def build(bound: Bound) -> ir.Value:
        given = bound.arg(0) or bound.facts.special["duration"]
        return _quantile(Bound((given,), bound.where, bound.facts), level)

    return build


def _fixed_type(args: tuple[Typed, ...]) -> ValueType:
    return float_of_first(args) if args else ValueType(Base.FLOAT, Unit.NANOSECOND, Missing.NULL)


def _failed(bound: Bound) -> ir.Value:
    return ~bound.facts.special["status"].value.isin(PASSING_STATUSES)


def _failure_count(bound: Bound) -> ir.Value:
    return aggregate("count", INTEGER, where=_where(bound, _failed(bound)))


def _share(part: ir.Value, whole: ir.Value) -> ir.Value:
    return part / call("nullIf", INTEGER, whole, 0)


def _failure_rate(bound: Bound) -> ir.Value:
    return _share(_failure_count(bound), aggregate("count", INTEGER, where=bound.where))


def _apdex(bound: Bound) -> ir.Value:
    threshold = bound.args[0]
    limit_ns = float(threshold.constant)  # type: ignore[arg-type]
    if threshold.type.unit is Unit.NONE:
        limit_ns *= 1_000_000
    taken = bound.facts.special["duration"].value
    satisfied = aggregate("count", INTEGER, where=_where(bound, taken <= int(limit_ns)))
    tolerated = aggregate("count", INTEGER, where=_where(bound, taken > int(limit_ns), taken <= int(limit_ns * 4)))
    return _share(satisfied + tolerated / 2, aggregate("count", INTEGER, where=bound.where))


def _per(seconds: float) -> object:
    def build(bound: Bound) -> ir.Value:
        return aggregate("count", INTEGER, where=bound.where) * (seconds / max(bound.facts.window_seconds, 1e-9))

    return build


def _at_time(name: str) -> object:
    def build(bound: Bound) -> ir.Value:
        return aggregate(name, _NULLABLE_TIME, bound.facts.special["time"].value, where=bound.where)

    return build


def _latest_event(bound: Bound) -> ir.Value:
    special = bound.facts.special
    return aggregate("argMaxOrNull", NULLABLE_STRING, special["id"].value, special["time"].value, where=bound.where)


def _topk(bound: Bound) -> ir.Value:
    count = int(bound.within(1, 5, (1, 10_000)))
    return aggregate("topK", array_of_first(bound.args), count, present(bound.args[0]), where=bound.where)


def _make_set(bound: Bound) -> ir.Value:
    count = int(bound.within(1, 100, (1, 100_000)))
    result = array_of_first(bound.args)
    return call(
        "arraySort", result, aggregate("groupUniqArray", result, count, present(bound.args[0]), where=bound.where)
    )


_X = Arg("x", Want.ANY)
_NUMBER = Arg("x", Want.NUMBER)
_ORDERED = Arg("x", Want.ORDERED)
_FLOAT_UNIT = "keeps the unit of x"
_NO_UNIT = "plain number"


def _agg(
    name: str,
    args: tuple[Arg, ...],
    result: ResultType,
    build: object,
    *texts: str,
    needs: tuple[str, ...] = (),
) -> Function:
    unit_rule, doc, example = texts
    return Function(name, args, result, unit_rule, build, doc, example, aggregate=True, needs=needs)  # type: ignore[arg-type]


def _percentile_functions() -> tuple[Function, ...]:
    shown = (("p50", 0.5), ("p75", 0.75), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p100", 1.0))
    return tuple(
        _agg(
            name,
            (Arg("x", Want.NUMBER, optional=True),),
            _fixed_type,
            _fixed_percentile(level),
            _FLOAT_UNIT,
            f"The {level * 100:g}th percentile of x, exact; of the dataset's duration when x is left out.",
            f"from transactions | summarize {name}(transaction.duration) by transaction",
            needs=("duration",),
        )
        for name, level in shown
    )


AGGREGATES: tuple[Function, ...] = (
    _agg("count", (Arg("x", Want.ANY, optional=True),), COUNTED, _count, _NO_UNIT,
         "Number of rows; of rows that have x when it is given.", "from errors | summarize count() by level"),
    _agg("count_unique", (Arg("x", Want.ANY, repeated=True),), COUNTED, _count_unique, _NO_UNIT,
         "Number of different values, exact; missing ones do not count.", "from errors | summarize count_unique(user) by issue"),
    _agg("count_if", (Arg("condition", Want.BOOLEAN), Arg("x", Want.ANY, optional=True)), COUNTED, _count_if, _NO_UNIT,
         "Number of rows that fulfil a condition, and have x when it is given.", "from errors | summarize count_if(`level:fatal`) by release"),
    _agg("sum", (_NUMBER,), same_as_first, _simple("sum", same_as_first), _FLOAT_UNIT,
         "Total; 0 over no rows.", "from outcomes | summarize sum(quantity) by outcome"),
    _agg("avg", (_NUMBER,), float_of_first, _simple("avgOrNull", float_of_first), _FLOAT_UNIT,
         "Arithmetic mean.", "from spans | summarize avg(span.duration) by span.op"),
    _agg("min", (_ORDERED,), nullable_first, _simple("minOrNull", nullable_first), _FLOAT_UNIT,
         "Smallest value.", "from spans | summarize min(span.duration) by span.op"),
    _agg("max", (_ORDERED,), nullable_first, _simple("maxOrNull", nullable_first), _FLOAT_UNIT,
         "Largest value.", "from spans | summarize max(span.duration) by span.op"),
    _agg("any", (_X,), nullable_first, _simple("anyOrNull", nullable_first), _FLOAT_UNIT,
         "Some value of the group, no promise which.", "from errors | summarize any(title) by issue"),
    _agg("percentile", (_NUMBER, Arg("q", Want.SHARE)), float_of_first, _percentile, _FLOAT_UNIT,
         "The q-th percentile (0.95 or 95) of x, exact, interpolated between neighbours.",
         "from spans | summarize percentile(span.duration, 0.98) by span.op"),
    *_percentile_functions(),
    _agg("failure_count", (), COUNTED, _failure_count, _NO_UNIT,
         "Number of spans whose status is not ok, cancelled or unknown.", "from transactions | summarize failure_count() by transaction",
         needs=("status",)),
    _agg("failure_rate", (), always(NULLABLE_RATIO), _failure_rate, "ratio",
         "Share of spans whose status is not ok, cancelled or unknown.", "from transactions | summarize failure_rate() by transaction",
         needs=("status",)),
    _agg("apdex", (Arg("threshold", Want.SHARE),), always(NULLABLE_FLOAT), _apdex, _NO_UNIT,
         "Apdex: satisfied within the threshold, half for up to four times it; a bare number is milliseconds.",
         "from transactions | summarize apdex(300ms) by transaction", needs=("duration",)),
    _agg("eps", (), always(FLOAT), _per(1.0), "per second",
         "Rows per second of the range, or of the bucket in make-series.", "from errors | summarize eps() by project"),
    _agg("epm", (), always(FLOAT), _per(60.0), "per minute",
         "Rows per minute of the range, or of the bucket in make-series.", "from errors | make-series epm() every 1h"),
    _agg("first_seen", (), always(_NULLABLE_TIME), _at_time("minOrNull"), "time",
         "Earliest timestamp of the group.", "from errors | summarize first_seen() by issue", needs=("time",)),
    _agg("last_seen", (), always(_NULLABLE_TIME), _at_time("maxOrNull"), "time",
         "Latest timestamp of the group.", "from errors | summarize last_seen() by issue", needs=("time",)),
    _agg("latest_event", (), always(NULLABLE_STRING), _latest_event, "text",
         "Id of the newest row of the group.", "from errors | summarize latest_event() by issue", needs=("id", "time")),
    _agg("topk", (_X, Arg("n", Want.COUNT, optional=True)), array_of_first, _topk, "of x",
         "The n (5) most frequent values, most frequent first; approximate (space-saving sketch).",
         "from errors | summarize topk(release, 3) by issue"),
    _agg("make_set", (_X, Arg("n", Want.COUNT, optional=True)), array_of_first, _make_set, "of x",
         "The different values, at most n (100), sorted.", "from errors | summarize make_set(environment) by issue"),
    _agg("hll", (Arg("x", Want.ANY, repeated=True),), COUNTED, _hll, _NO_UNIT,
         "Number of different values, approximate (HyperLogLog, 4096 cells, about 1.6 % off); faster than count_unique.",
         "from errors | summarize hll(user) by release"),
)  # fmt: skip
