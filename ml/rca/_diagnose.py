"""Root-cause analysis: from a case to a diagnosis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from ml.rca._blame import blames
from ml.rca._candidates import Facts
from ml.rca._case import Case, PatternKind
from ml.rca._causes import (
    client_candidates,
    node_candidates,
    resource_candidates,
    statement_candidates,
    traffic_candidates,
    who_asks,
)
from ml.rca._changes import change_candidates
from ml.rca._coarse import coarsened
from ml.rca._graph import CallGraph, call_graph
from ml.rca._measure import Measures, measure
from ml.rca._model import Affected, BlastRadius, Diagnosis, Onset, RuledOut, Verdict
from ml.rca._onset import BEFORE, BadTime, bad_time, symptom_series, tracks
from ml.rca._rank import ranked
from ml.rca._states import NodeState, log_odds, node_states
from ml.rca._verdict import pattern_deviation, tested

_TOLD_DIFFERENCES: Final = 10
_MOST_RULED_OUT: Final = 20


def diagnose(case: Case) -> Diagnosis:
    """Return what is wrong, since when, and what most probably caused it.

    Pure and deterministic; the order of the parts of the case does not matter.

    Args:
        case: what is known. Anything but the symptom and the ranges of time may be missing.

    Raises:
        ValueError: a series has another length than the grid.
    """
    as_given = measure(case)
    fine, case = case, coarsened(case)
    measures = as_given if case is fine else measure(case)
    graph = call_graph(case.edges)
    test = tested(case, measures, graph)
    if test.verdict is not Verdict.CAUSE:
        return Diagnosis(test.verdict, test.why, test.p_value)
    facts = _facts(case, measures, graph)
    if case is not fine:
        facts = replace(facts, onset=_sharper(facts.onset, fine, as_given))
    changes, out = change_candidates(facts)
    candidates = [
        *node_candidates(facts),
        *changes,
        *resource_candidates(facts),
        *traffic_candidates(facts),
        *client_candidates(facts),
        *statement_candidates(facts),
    ]
    hypotheses = ranked(facts, candidates)
    return Diagnosis(
        verdict=Verdict.CAUSE,
        why=test.why,
        p_value=test.p_value,
        onset=facts.onset,
        blast_radius=_blast_radius(facts),
        hypotheses=hypotheses,
        ruled_out=(*out, *_cleared(facts, {one.node for one in hypotheses[:3]}))[:_MOST_RULED_OUT],
    )


def _facts(case: Case, measures: Measures, graph: CallGraph) -> Facts:
    time = _time(case, measures, graph)
    states = node_states(case, measures, time, graph) if time else _unseen(case, graph)
    states = _with_patterns(case, states)
    found = {one.state.node: one for one in blames(case, graph, states)}
    return Facts(case, measures, time, _onset(case, measures, time), graph, states, found)


def _time(case: Case, measures: Measures, graph: CallGraph) -> BadTime | None:
    """Return the bad time of the symptom; where that hardly shows, of the nodes behind it; else the window."""
    places = symptom_series(case, measures)
    if places and (found := bad_time(measures, tracks(case, measures, places))):
        return found
    reachable = graph.reachable(case.symptom.node)
    behind = [
        i
        for i, one in enumerate(measures.series)
        if one.node in reachable and one.signal is case.symptom.signal and not np.isnan(measures.centre[i])
    ]
    if behind and (found := bad_time(measures, np.array([measures.bad(i) for i in behind]))):
        return found
    window = np.flatnonzero(measures.window)
    if not len(window):
        return None
    first, last = int(window[0]), int(window[-1]) + 1
    return BadTime(slice(first, last), slice(max(0, first - BEFORE), first), first, last - 1)


def _unseen(case: Case, graph: CallGraph) -> dict[str, NodeState]:
    """Return states of which nothing is known, of the nodes something names."""
    named = {case.symptom.node, *graph.callees, *graph.callers}
    named |= {one.node for one in case.patterns} | {one.node for one in case.changes}
    named |= {one.node for one in case.differences} | {one.node for one in case.span_groups}
    return {node: NodeState(node) for node in sorted(named - {""})}


def _with_patterns(case: Case, states: Mapping[str, NodeState]) -> dict[str, NodeState]:
    """Return the states with what errors and log lines say: a node that raises what was never raised is off."""
    found = dict(states)
    for one in case.patterns:
        if one.kind is not PatternKind.ERROR or not one.node:
            continue
        state = found.get(one.node, NodeState(one.node))
        off = min(20.0, pattern_deviation(case, one))
        found[one.node] = replace(state, local=off if math.isnan(state.local) else max(state.local, off))
    return {node: found[node] for node in sorted(found)}


def _onset(case: Case, measures: Measures, time: BadTime | None) -> Onset:
    if time is None or case.grid is None:
        return Onset(case.window.start, min(case.baseline.end, case.window.start), case.window.end)
    start, step = case.grid.start, case.grid.step
    places = symptom_series(case, measures)
    key = measures.series[places[0]].key if places else ""
    # A point tells of a whole bucket: it may have begun in the one before, and has by the end of the last one.
    return Onset(
        at=start + step * time.hot.start,
        earliest=start + step * (time.earliest - 1),
        latest=start + step * (time.latest + 1),
        key=key,
    )


def _sharper(onset: Onset, case: Case, measures: Measures) -> Onset:
    """Return the onset by the series as they were given: where they are best cut in two near the one that was found."""
    places = symptom_series(case, measures)
    if case.grid is None or not places:
        return onset
    times = case.grid.times()
    near = np.flatnonzero((times >= onset.earliest) & (times < onset.latest))
    if len(near) < 2:
        return onset
    track = np.nan_to_num(np.clip(tracks(case, measures, places).max(axis=0), -8.0, 8.0), nan=0.0)[near]
    half = (len(track) + 1) // 2
    middle = (float(np.mean(track[half:])) + float(np.mean(track[:half]))) / 2.0
    at = float(times[near[int(np.argmin(np.concatenate([[0.0], np.cumsum(track - middle)[:-1]])))]])
    return replace(onset, at=at)


def _blast_radius(facts: Facts) -> BlastRadius:
    hit = sorted((one for one in facts.states.values() if one.odds > 0.0), key=lambda one: (-one.odds, one.node))
    nodes = tuple(_affected(facts, one) for one in hit)
    told = sorted(
        (one for one in facts.case.differences if one.bad_share > one.good_share),
        key=lambda one: (not who_asks(one), one.good_share - one.bad_share, one.field, one.value),
    )[:_TOLD_DIFFERENCES]
    return BlastRadius(nodes, tuple(told), told[0].bad_share if told else None)


def _affected(facts: Facts, state: NodeState) -> Affected:
    off = [one for one in state.signs if log_odds(one.deviation) > 0.0]
    series = [facts.measures.series[one.place] for one in off]
    return Affected(
        node=state.node,
        score=round(max((one.deviation for one in off), default=0.0), 3),
        signals=tuple(dict.fromkeys(one.signal for one in series)),
        keys=tuple(dict.fromkeys(one.key for one in series if one.key)),
    )


def _cleared(facts: Facts, blamed: set[str]) -> list[RuledOut]:
    """Return the nodes that are off and not to blame, with the reason."""
    found: list[RuledOut] = []
    for one in sorted(facts.blames.values(), key=lambda b: (-b.state.odds, b.state.node)):
        if one.state.node in blamed or one.state.odds <= 0.0:
            continue
        keys = [facts.measures.series[sign.place].key for sign in one.state.signs[:1]]
        why = f"{one.explained_by} explains it" if one.explained_by else ""
        if not why and not math.isnan(one.share) and one.share < 0.3:
            why = f"it has only {one.share:.0%} of what {facts.case.symptom.node} has too much of"
        if not why and len(one.way) == 1 and facts.graph and one.state.node != facts.case.symptom.node:
            why = f"{facts.case.symptom.node or 'what is bad'} does not call it"
        if why:
            found.append(RuledOut(one.state.node, why, keys[0] if keys else ""))
    return found
