"""Counting rows, users and rates, and what aggregates share: conditions, presence, weights, shares.

Weights. A row may stand for several (`sample_weight`): `Facts.weight` holds that number when the request says so, and
then a count of rows is the sum of their weights, rounded, and a sum of values the sum of value times weight (the
Horvitz-Thompson estimator, https://en.wikipedia.org/wiki/Horvitz%E2%80%93Thompson_estimator). Without it the statement
holds plain `count()` and `sum(x)`. Different values, extremes and times are those of the rows that are there: no weight
can tell how many users were not seen.
"""

from __future__ import annotations

import ibis.expr.types as ir

from engine.schema import Unit
from queries.check.units import NS_PER_MS, scale, unit_class
from queries.functions.model import Bound, Build
from queries.types import FLOAT, INTEGER, NULLABLE_STRING, UNIT_WORDS, Base, Missing, ValueType
from queries.values.calls import aggregate, call, mapping, over_all, variable
from queries.values.typed import Typed, all_of, is_present, present

PASSING_STATUSES = ("ok", "cancelled", "unknown")
"""Span statuses that are not failures (the definition Sentry documents for `failure_rate`)."""

MISERY_ALPHA, MISERY_BETA = 5.8875, 111.8625
"""The prior of `user_misery`: a Beta distribution with a mean of 5 %, as Sentry computes it
(`MISERY_ALPHA` and `MISERY_BETA` in getsentry/sentry, src/sentry/search/events/constants.py)."""

MISERABLE_FACTOR = 4
"""A duration above this many thresholds frustrates (Apdex Technical Specification 1.1, section 2.2)."""

NULLABLE_TIME = ValueType(Base.TIME, missing=Missing.NULL)
_PAIRS = ValueType(Base.ARRAY, element=Base.FLOAT)
COUNTS = ValueType(Base.ARRAY, element=Base.INTEGER)
NS_PER_US = 1_000
MAX_STEPS = 1_000


def where_all(bound: Bound, *conditions: ir.Value) -> ir.Value | None:
    """Return the condition of an `_if` form together with others, or None when there is none."""
    parts = [*([] if bound.where is None else [bound.where]), *conditions]
    return all_of(parts) if parts else None


def presence(*items: Typed) -> list[ir.Value]:
    """Return the conditions that values are there."""
    return [is_present(i) for i in items if i.type.missing is not Missing.NEVER and not i.virtual]


def rows(bound: Bound, *conditions: ir.Value) -> ir.Value:
    """Return how many rows fulfil conditions: their number, or the sum of their weights."""
    where = where_all(bound, *conditions)
    weight = bound.facts.weight
    return (
        aggregate("count", INTEGER, where=where)
        if weight is None
        else aggregate("sum", FLOAT, weight.value, where=where)
    )


def whole_rows(bound: Bound, *conditions: ir.Value) -> ir.Value:
    """Return the same as a whole number."""
    return rounded(bound, rows(bound, *conditions))


def rounded(bound: Bound, value: ir.Value) -> ir.Value:
    """Return a sum over weights as a whole number; without weights it is one already."""
    if bound.facts.weight is None:
        return value
    return call("toInt64", INTEGER, call("round", FLOAT, value))


def total(bound: Bound, value: ir.Value, *conditions: ir.Value, result: ValueType = FLOAT) -> ir.Value:
    """Return the sum of a value over rows that fulfil conditions, each as often as its weight says."""
    weight = bound.facts.weight
    weighted = value if weight is None else value * weight.value
    return aggregate("sum", result, weighted, where=where_all(bound, *conditions))


def share(part: ir.Value, whole: ir.Value) -> ir.Value:
    """Return `part / whole`, null when there is nothing to divide by."""
    return part / call("nullIf", INTEGER, whole, 0)


def threshold(bound: Bound, index: int, unit: Unit) -> float:
    """Return a written-out limit in a unit; a bare number beside a duration is milliseconds, as in Sentry.

    Raises:
        ValueError: it counts something else.
    """
    given = bound.args[index]
    number = float(given.constant)  # type: ignore[arg-type]
    if given.type.unit is Unit.NONE:
        return number * NS_PER_MS if unit is Unit.NANOSECOND else number
    if unit_class(given.type.unit) != unit_class(unit):
        raise ValueError(f"compares {UNIT_WORDS[unit]} with {UNIT_WORDS[given.type.unit]}")
    return number * scale(given.type.unit, unit)


def _whole(number: float) -> float | int:
    return int(number) if float(number).is_integer() else number


def count(bound: Bound) -> ir.Value:
    """Build `count([x])`."""
    return whole_rows(bound, *presence(*bound.args))


def count_if(bound: Bound) -> ir.Value:
    """Build `count_if(condition, [x])`."""
    return whole_rows(bound, bound.args[0].value, *presence(*bound.args[1:]))


def timeline(bound: Bound) -> ir.Value:
    """Build `timeline(time, start, width, n)`: one aggregate, where n of `count_if` cost n times."""
    time, start = bound.args[0], bound.args[1]
    width_us = int(bound.number(2, 0)) // NS_PER_US
    if width_us < NS_PER_US:
        raise ValueError("takes a width of at least 1ms")
    steps = int(bound.within(3, 0, (1, MAX_STEPS)))
    # The engine divides towards 0: counted from 1, what lies up to a width before the start is 0 as well.
    since = call("dateDiff", INTEGER, "microsecond", start.value, time.value)
    step = call("intDiv", INTEGER, since + width_us, width_us)
    limits, where = (1, steps + 1, 1), where_all(bound, *presence(time))
    if bound.facts.weight is None:
        return aggregate("countResample", COUNTS, *limits, step, where=where)
    sums = aggregate("sumResample", _PAIRS, *limits, bound.facts.weight.value, step, where=where)
    one = variable("amber_w", FLOAT)
    whole = call("toInt64", INTEGER, call("round", FLOAT, one))
    return mapping("arrayMap", COUNTS, whole, (one,), sums)


def unique(name: str) -> Build:
    """Return the builder of a number of different values by an engine function."""
    return lambda b: aggregate(name, INTEGER, *b.values(), where=where_all(b, *presence(*b.args)))


def count_at_least(bound: Bound) -> ir.Value:
    """Build `count_at_least(x, limit)`."""
    item = bound.args[0]
    limit = threshold(bound, 1, item.type.unit)
    return whole_rows(bound, *presence(item), item.value >= _whole(limit))


def _duration_limit(bound: Bound, index: int) -> float:
    duration = bound.facts.special["duration"]
    limit = threshold(bound, index, duration.type.unit)
    if limit <= 0:
        raise ValueError("takes a threshold above 0")
    return limit


def _slow(bound: Bound, index: int) -> ir.Value:
    return bound.facts.special["duration"].value > _whole(_duration_limit(bound, index) * MISERABLE_FACTOR)


def _miserable(bound: Bound, user: Typed, index: int) -> ir.Value:
    return aggregate("uniqExact", INTEGER, user.value, where=where_all(bound, *presence(user), _slow(bound, index)))


def count_miserable(bound: Bound) -> ir.Value:
    """Build `count_miserable(user, threshold)`: who waited longer than four thresholds at least once."""
    return _miserable(bound, bound.args[0], 1)


def user_misery(bound: Bound) -> ir.Value:
    """Build `user_misery(threshold, [user])`: `(miserable + alpha) / (users + alpha + beta)`."""
    user = bound.arg(1) or bound.facts.special["user"]
    users = aggregate("uniqExact", INTEGER, user.value, where=where_all(bound, *presence(user)))
    return (_miserable(bound, user, 0) + MISERY_ALPHA) / (users + (MISERY_ALPHA + MISERY_BETA))


def apdex(bound: Bound) -> ir.Value:
    """Build `apdex(threshold)`: satisfied plus half of tolerating over all (Apdex Technical Specification 1.1)."""
    limit = _duration_limit(bound, 0)
    taken = bound.facts.special["duration"].value
    satisfied = rows(bound, taken <= _whole(limit))
    tolerated = rows(bound, taken > _whole(limit), taken <= _whole(limit * MISERABLE_FACTOR))
    return share(satisfied + tolerated / 2, rows(bound))


def _failed(bound: Bound) -> ir.Value:
    return ~bound.facts.special["status"].value.isin(PASSING_STATUSES)


def failure_count(bound: Bound) -> ir.Value:
    """Build `failure_count()`."""
    return whole_rows(bound, _failed(bound))


def failure_rate(bound: Bound) -> ir.Value:
    """Build `failure_rate()`."""
    return share(rows(bound, _failed(bound)), rows(bound))


def _http_class(bound: Bound, first: int) -> ir.Value:
    code = bound.facts.special["http_status"]
    return all_of([code.value >= first * 100, code.value < (first + 1) * 100])


def http_error_count(bound: Bound) -> ir.Value:
    """Build `http_error_count()`."""
    return whole_rows(bound, _http_class(bound, 5))


def http_error_rate(bound: Bound) -> ir.Value:
    """Build `http_error_rate()`: of all rows, also those without a status, as Sentry's."""
    return share(rows(bound, _http_class(bound, 5)), rows(bound))


def http_response_rate(bound: Bound) -> ir.Value:
    """Build `http_response_rate(class)`."""
    return share(rows(bound, _http_class(bound, int(bound.within(0, 5, (1, 5))))), rows(bound))


def cache_rate(word: str) -> Build:
    """Return the builder of the share of rows with a `cache.hit` of `true` or `false` in which it is `word`."""

    def build(bound: Bound) -> ir.Value:
        hit = bound.facts.special["cache_hit"].value
        return share(rows(bound, hit == word), rows(bound, hit.isin(("true", "false"))))

    return build


def per(seconds: float) -> Build:
    """Return the builder of rows per `seconds` of the range, or of one bucket of a series."""
    return lambda b: rows(b) * (seconds / max(b.facts.window_seconds, 1e-9))


def increase(bound: Bound) -> ir.Value:
    """Build `increase(x)`: how much a counter grew between its first and last value, in the order of time.

    A value below the one before it means that the counter began anew at 0 (the rule of Prometheus' `increase`,
    https://prometheus.io/docs/prometheus/latest/querying/functions/#increase, without its extrapolation to the ends of
    the range). Null with fewer than two values.
    """
    item, time = bound.args[0], bound.facts.special["time"]
    value = call("assumeNotNull", FLOAT, call("toFloat64", FLOAT, item.value))
    where = where_all(bound, *presence(item), call("isFinite", FLOAT, call("toFloat64", FLOAT, item.value)) == 1)
    pairs = aggregate("groupArray", _PAIRS, call("tuple", FLOAT, time.value, value), where=where)
    ordered = call("arraySort", _PAIRS, pairs)
    before, after = variable("before", FLOAT), variable("after", FLOAT)
    old, new = call("tupleElement", FLOAT, before, 2), call("tupleElement", FLOAT, after, 2)
    step = call("if", FLOAT, new >= old, new - old, new)
    earlier, later = call("arrayPopBack", _PAIRS, ordered), call("arrayPopFront", _PAIRS, ordered)
    steps = mapping("arrayMap", _PAIRS, step, (before, after), earlier, later)
    return call("if", FLOAT, call("length", INTEGER, pairs) < 2, None, call("arraySum", FLOAT, steps))


def rate(bound: Bound) -> ir.Value:
    """Build `rate([x])`: growth of a counter per second; rows per second without an argument."""
    return increase(bound) / max(bound.facts.window_seconds, 1e-9) if bound.args else per(1.0)(bound)


def time_spent_percentage(bound: Bound) -> ir.Value:
    """Build `time_spent_percentage([x])`: the group's time over that of all groups of the answer."""
    # As fractions: nanoseconds of many long spans are more than 64 bits hold.
    spent = total(bound, call("toFloat64", FLOAT, present(bound.arg(0) or bound.facts.special["duration"])))
    return share(spent, over_all(aggregate("sum", FLOAT, spent), FLOAT))


def at_time(name: str) -> Build:
    """Return the builder of the first or last time of a group."""
    return lambda b: aggregate(name, NULLABLE_TIME, b.facts.special["time"].value, where=b.where)


def latest_event(bound: Bound) -> ir.Value:
    """Build `latest_event()`."""
    special = bound.facts.special
    return aggregate("argMaxOrNull", NULLABLE_STRING, special["id"].value, special["time"].value, where=bound.where)
