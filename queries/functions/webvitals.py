"""Web vitals: how many page loads were good, and the performance score.

Thresholds: those of Sentry (`VITAL_THRESHOLDS` in its src/sentry/search/events/constants.py) for fp, fcp, lcp, fid
and cls; for inp and ttfb, which it lacks, those of https://web.dev/articles/vitals.

Score: each vital goes through the complementary log-normal curve of Lighthouse
(https://developer.chrome.com/docs/lighthouse/performance/performance-scoring) of 0.9 at `p10` and 0.5 at `p50`; the
points and the weights of the vitals are those Sentry documents
(https://docs.sentry.io/product/insights/frontend/web-vitals/#performance-score). Scores that came with the event
(`score.lcp` with `score.weight.lcp`, as Relay computes them) are taken as they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from queries.functions.counting import presence, rows, share, total, whole_rows
from queries.functions.model import NULLABLE_FLOAT, Bound
from queries.types import FLOAT, Base, ValueType
from queries.values.calls import aggregate, call, mapping, variable
from queries.values.typed import Typed

INVERSE_ERFC_ONE_FIFTH = 0.9061938024368232
"""Where the curve is 0.9: `erfc(x) = 1/5`."""

FLOATS = ValueType(Base.ARRAY, element=Base.FLOAT)
QUALITIES = ("good", "meh", "poor", "any")


@dataclass(frozen=True, slots=True)
class Vital:
    """A web vital; milliseconds, but cls is a plain number.

    Attributes:
        meh: from here on it is not good.
        poor: from here on it is poor.
        weight: share of the total score; 0 for none.
        p10: value with a score of 0.9.
        p50: value with a score of 0.5.
    """

    meh: float
    poor: float
    weight: float = 0.0
    p10: float = 0.0
    p50: float = 0.0


VITALS = {
    "lcp": Vital(2500, 4000, 0.30, 1200, 2400),
    "fcp": Vital(1000, 3000, 0.15, 900, 1600),
    "inp": Vital(200, 500, 0.30, 200, 500),
    "cls": Vital(0.1, 0.25, 0.15, 0.1, 0.25),
    "ttfb": Vital(800, 1800, 0.10, 200, 400),
    "fid": Vital(100, 300, 0.0, 100, 300),
    "fp": Vital(1000, 3000),
}
VITAL_WORDS = tuple(word for name in VITALS for word in (f"measurements.{name}", name))
SCORED = tuple(name for name, vital in VITALS.items() if vital.p50)
SCORE_WORDS = (
    *(word for name in SCORED for word in (f"measurements.score.{name}", f"measurements.{name}", name)),
    "measurements.score.total",
    "total",
)


def _measurement(bound: Bound, key: str) -> Typed:
    return Typed(bound.facts.special["measurements"].value[key], NULLABLE_FLOAT)


def count_web_vitals(bound: Bound) -> ir.Value:
    """Build `count_web_vitals(vital, quality)`."""
    name = bound.text(0).rpartition(".")[2]
    vital, item = VITALS[name], _measurement(bound, name)
    conditions = {
        "good": [item.value < vital.meh],
        "meh": [item.value >= vital.meh, item.value < vital.poor],
        "poor": [item.value >= vital.poor],
        "any": [],
    }
    return whole_rows(bound, *presence(item), *conditions[bound.text(1, "any")])


def _steepness(vital: Vital) -> float:
    return INVERSE_ERFC_ONE_FIFTH / math.log(vital.p50 / vital.p10)


def _curve(value: Any, p50: Any, steepness: Any, weight: Any) -> ir.Value:
    """Return the score of a value times a weight; null without a value."""
    beyond = call("erf", FLOAT, call("log", FLOAT, value / p50) * steepness)
    return call("if", NULLABLE_FLOAT, value <= 0, weight, (1 - beyond) / 2 * weight)


def _one_score(bound: Bound, name: str) -> ir.Value:
    vital, item = VITALS[name], _measurement(bound, name).value
    own = vital.weight or 1.0
    score, weight = (_measurement(bound, f"score.{kind}{name}").value for kind in ("", "weight."))
    computed = _curve(item, vital.p50, _steepness(vital), own)
    points = ibis.ifelse(weight > 0, score, computed)
    weights = ibis.ifelse(weight > 0, weight, call("if", NULLABLE_FLOAT, item.isnull(), ibis.null(), own))
    return share(total(bound, points), total(bound, weights))


def _row_score(bound: Bound) -> ir.Value:
    """Return the total score of a row: the weighted mean over the vitals it has, null with none."""
    scored = [name for name in SCORED if VITALS[name].weight]
    value, p50, steepness, weight = (variable(name, NULLABLE_FLOAT) for name in ("value", "p50", "steepness", "weight"))
    values = call("array", FLOATS, *(_measurement(bound, name).value for name in scored))
    constants = [[getattr(VITALS[name], what) for name in scored] for what in ("p50", "weight")]
    p50s, weights = (ibis.array(numbers) for numbers in constants)
    steep = ibis.array([_steepness(VITALS[name]) for name in scored])
    points = call("ifNull", FLOAT, _curve(value, p50, steepness, weight), 0.0)  # no sum over arrays with null
    variables = (value, p50, steepness, weight)
    curves = mapping("arrayMap", FLOATS, points, variables, values, p50s, steep, weights)
    there = call("if", FLOAT, value.isnull(), 0.0, weight)
    counted = call("arraySum", FLOAT, mapping("arrayMap", FLOATS, there, (value, weight), values, weights))
    return call("arraySum", FLOAT, curves) / call("nullIf", FLOAT, counted, 0)


def performance_score(bound: Bound) -> ir.Value:
    """Build `performance_score(vital)`: of one vital over all page loads, or the mean of their total scores."""
    name = bound.text(0).rpartition(".")[2]
    if name != "total":
        return _one_score(bound, name)
    row = ibis.coalesce(_measurement(bound, "score.total").value, _row_score(bound))
    if bound.facts.weight is None:
        return aggregate("avgOrNull", NULLABLE_FLOAT, row, where=bound.where)
    return share(total(bound, row), rows(bound, row.notnull()))
