"""Which node is at fault: how well each explains the symptom.

A node is to blame when it is off itself, when the way on which the symptom's node calls it is off all along, when it
has enough of what there is too much of, and when nothing it calls explains it. All of it is counted in log odds: how
much likelier what is seen is when the fault is there than when it is not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ml.rca._case import Case
from ml.rca._graph import CallGraph
from ml.rca._states import NAN, NodeState, log_odds

_SAME_ORDER: Final = math.log(3.0)
_FAR: Final = 2.5
"""Log odds against a node that the symptom's node does not call: the graph may lack an edge."""

_WELL: Final = 2.0
"""Log odds a way can give at most."""

_LEAST_SHARE: Final = 0.02
_SHARE_WEIGHT: Final = 0.8


@dataclass(frozen=True, slots=True)
class Blame:
    """How well a node explains the symptom.

    Attributes:
        state: of the node.
        score: log odds.
        way: from the symptom's node to it; only itself when there is none.
        share: part of the symptom's excess it has, at most 1; NaN when that is not known.
        explained_by: the callee that explains it best; empty when none does.
        explained: by how much that lowered the score.
    """

    state: NodeState
    score: float
    way: tuple[str, ...]
    share: float = NAN
    explained_by: str = ""
    explained: float = 0.0


def blames(case: Case, graph: CallGraph, states: Mapping[str, NodeState]) -> list[Blame]:
    """Return how well each node explains the symptom, the best first."""
    start = case.symptom.node
    ways = graph.widest(start, {node: state.felt for node, state in states.items()}) if start else {}
    found = [_blame(node, start, graph, states, ways) for node in states]
    return sorted(found, key=lambda one: (-one.score, -one.state.odds, one.state.node))


def _blame(
    node: str,
    start: str,
    graph: CallGraph,
    states: Mapping[str, NodeState],
    ways: Mapping[str, tuple[float, tuple[str, ...]]],
) -> Blame:
    state = states[node]
    if not start:
        support = 0.5 * max((states[one].felt for one in graph.callers.get(node, ())), default=0.0)
        way: tuple[str, ...] = (node,)
    elif node in ways:
        width, way = ways[node]
        support = 0.0 if node == start else width
    else:
        support, way = (-_FAR if graph else 0.0), (node,)
    share = _share(state, states[start]) if start else NAN
    much = 0.0 if math.isnan(share) else _SHARE_WEIGHT * math.log(max(share, _LEAST_SHARE))
    by, explained = _explanation(node, graph, states)
    return Blame(state, state.odds + min(support, _WELL) + much - explained, way, share, by, explained)


def _share(part: NodeState, whole: NodeState) -> float:
    """Return how much of the excess of one node another one has."""
    if math.isnan(part.excess) or math.isnan(whole.excess) or whole.excess <= 0.0:
        return NAN
    return min(1.0, part.excess / whole.excess)


def _explanation(node: str, graph: CallGraph, states: Mapping[str, NodeState]) -> tuple[str, float]:
    """Return the callee that explains best why a node is off, and how much of its log odds that takes."""
    state = states[node]
    if math.isnan(state.spreading) or state.felt <= 0.0:
        return "", 0.0
    best = ("", 0.0)
    for callee in graph.callees.get(node, ()):
        other = states[callee]
        if other.felt > 0.0:
            takes = _likeness(state, other.spreading, _share(other, state)) * (state.felt + min(other.felt, state.felt))
            best = max(best, (callee, takes), key=lambda one: one[1])
    if not math.isnan(state.calls) and log_odds(state.calls) > 0.0:
        takes = _likeness(state, state.calls, NAN) * (state.felt + min(log_odds(state.calls), state.felt))
        best = max(best, ("", takes), key=lambda one: one[1])
    return best


def _likeness(state: NodeState, deviation: float, share: float) -> float:
    """Return how probable it is that a callee that is off by so much makes a node as it is, 0 to 1.

    When requests are known, the callee has to have about half of the excess; else it has to be off by the same order
    or more, for what goes up the calls rather fades.
    """
    if not math.isnan(share):
        return 1.0 / (1.0 + math.exp(-(math.log(max(share, 1e-9)) - math.log(0.4)) / 0.3))
    nearness = math.log(max(deviation, 1e-9)) - math.log(max(state.spreading, 1e-9)) + _SAME_ORDER
    return 1.0 / (1.0 + math.exp(-nearness / 0.5))
