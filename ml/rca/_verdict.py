"""Whether there is anything to explain: a test of the symptom, together with what the nodes behind it say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.rca._case import Case, Pattern, PatternKind, Signal
from ml.rca._graph import CallGraph
from ml.rca._measure import Measures
from ml.rca._model import Verdict
from ml.rca._onset import MOST_P_VALUE, p_value, symptom_series, tracks
from ml.rca._states import SPREADING, same_name

_POSSIBLE: Final = 0.5
"""Other nodes are heard only when the symptom itself is at least more probable with a fault than not."""


@dataclass(frozen=True, slots=True)
class Tested:
    """Outcome of the test: verdict, why, and the probability of as much without a fault (None when not testable)."""

    verdict: Verdict
    why: str
    p_value: float | None


def tested(case: Case, measures: Measures, graph: CallGraph) -> Tested:
    """Return whether anything is wrong.

    The p-value of the symptom's series, or of that together with the nodes reachable from it by Fisher's method
    (Fisher, Statistical Methods for Research Workers, 1925): a symptom that is hardly visible counts when a callee
    is clearly off. Counts of errors are tested where there are no series.
    """
    places = symptom_series(case, measures)
    shown = tracks(case, measures, places)
    seen = bool(len(places)) and bool(np.any(~np.isnan(shown[:, measures.window])))
    errors = _errors(case)
    if not seen and errors is None:
        return Tested(Verdict.NOT_ENOUGH_DATA, _missing(case, measures, places), None)
    own = p_value(measures, shown) if seen else 1.0
    found = min(own, _with_callees(case, measures, graph, own) if seen else 1.0, 1.0 if errors is None else errors)
    what = f"{case.symptom.signal.value} of {case.symptom.node}" if case.symptom.node else "any series"
    if found <= MOST_P_VALUE:
        return Tested(Verdict.CAUSE, f"{what} left what is usual (p = {found:.2g})", found)
    return Tested(Verdict.NOTHING, f"{what} is within what is usual (p = {found:.2g})", found)


def _missing(case: Case, measures: Measures, places: list[int]) -> str:
    node, signal = case.symptom.node or "any node", case.symptom.signal.value
    if not len(measures.series):
        return "There are no series"
    if not places:
        return f"There is no {signal} of {node} with enough of a baseline"
    return f"There is no {signal} of {node} within the window"


def _with_callees(case: Case, measures: Measures, graph: CallGraph, own: float) -> float:
    """Return the p-value of the symptom and of the nodes reachable from it together; 1 where they are not heard."""
    if not case.symptom.node or own > _POSSIBLE or case.symptom.signal not in SPREADING:
        return 1.0
    reachable = graph.reachable(case.symptom.node) - {case.symptom.node}
    places = [
        i
        for i, one in enumerate(measures.series)
        if one.node in reachable
        and not one.peer
        and one.signal in SPREADING
        and (one.signal is not case.symptom.signal or same_name(case.symptom, one.name) or not case.symptom.name)
        and not np.isnan(measures.centre[i])
    ]
    if not places:
        return 1.0
    others = p_value(measures, np.array([measures.bad(i) for i in places]))
    both = max(own * others, 1e-300)
    return both * (1.0 - math.log(both))


def _errors(case: Case) -> float | None:
    """Return the p-value of the errors of the symptom's node, by their counts; None where nothing counts them.

    Given how many there are in all, how many are in the window is binomial when nothing changed (Przyborowski and
    Wilenski, Homogeneity of results in testing samples from Poisson series, 1940), here for rates half as high again.
    """
    counted = [
        one
        for one in case.patterns
        if one.kind is PatternKind.ERROR
        and case.symptom.node in {"", one.node}
        and case.symptom.signal is Signal.ERRORS
    ]
    if not counted or case.series:
        return None
    return min(1.0, len(counted) * min(rate_p_value(case, one) for one in counted))


def rate_p_value(case: Case, pattern: Pattern) -> float:
    """Return the probability of at least so many within the window at no more than half as much again as before."""
    window, before = case.window.end - case.window.start, case.baseline.end - case.baseline.start
    share = 1.5 * window / (1.5 * window + before)
    total = pattern.before + pattern.after
    if total == 0:
        return 1.0
    if total > 2_000:
        apart = (pattern.after - total * share) / math.sqrt(total * share * (1.0 - share))
        return 0.5 * math.erfc(apart / math.sqrt(2.0))
    logs = [
        math.lgamma(total + 1)
        - math.lgamma(k + 1)
        - math.lgamma(total - k + 1)
        + k * math.log(share)
        + (total - k) * math.log1p(-share)
        for k in range(pattern.after, total + 1)
    ]
    return min(1.0, sum(math.exp(one) for one in logs))


def pattern_deviation(case: Case, pattern: Pattern) -> float:
    """Return by how many standard deviations there are more of a pattern than the baseline makes expect."""
    window, before = case.window.end - case.window.start, case.baseline.end - case.baseline.start
    expected = pattern.before * window / before if before > 0.0 else 0.0
    # Square roots of counts have about the same spread, one half, whatever their size (Anscombe 1948).
    return 2.0 * (math.sqrt(pattern.after + 0.375) - math.sqrt(expected + 0.375))
