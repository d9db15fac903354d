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
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from queries.functions.counting import presence, rows, share, total, whole_rows
from queries.functions.model import NULLABLE_FLOAT, Bound
from queries.types import FLOAT
from queries.values.calls import call
from queries.values.typed import Typed

INVERSE_ERFC_ONE_FIFTH = 0.9061938024368232
"""Where the curve is 0.9: `erfc(x) = 1/5`."""

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


def _scored(bound: Bound, name: str) -> tuple[ir.Value, ir.Value]:
    """Return a row's score of one vital times its weight, and that weight; null without the vital."""
    vital, item = VITALS[name], _measurement(bound, name).value
    own = vital.weight or 1.0
    steepness = INVERSE_ERFC_ONE_FIFTH / math.log(vital.p50 / vital.p10)
    curve = (1 - call("erf", FLOAT, call("log", FLOAT, item / vital.p50) * steepness)) / 2
    computed = ibis.ifelse(item <= 0, own, curve * own)
    weight = call("if", NULLABLE_FLOAT, item.isnull(), ibis.null(), own)
    given, given_weight = (_measurement(bound, f"score.{kind}{name}").value for kind in ("", "weight."))
    sent = given_weight > 0
    return ibis.ifelse(sent, given, computed), ibis.ifelse(sent, given_weight, weight)


def performance_score(bound: Bound) -> ir.Value:
    """Build `performance_score(vital)`: of one vital over all page loads, or the mean of their total scores."""
    name = bound.text(0).rpartition(".")[2]
    if name != "total":
        score, weight = _scored(bound, name)
        return share(total(bound, score, weight.notnull()), total(bound, weight))
    scored = [_scored(bound, vital) for vital in SCORED if VITALS[vital].weight]
    points, weights = (reduce(add, [call("ifNull", FLOAT, pair[i], 0.0) for pair in scored]) for i in (0, 1))
    return share(total(bound, points / weights, weights > 0), rows(bound, weights > 0))
