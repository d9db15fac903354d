"""Causes that are no change: more traffic, one client, a resource, a statement, something that is called."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from ml.rca._candidates import Candidate, Facts, amount, node_evidence, sign_evidence, strongest
from ml.rca._case import Difference, Signal, SpanGroup
from ml.rca._changes import shared_with_change
from ml.rca._model import CauseKind, Evidence
from ml.rca._states import NEUTRAL, NodeState, Sign, log_odds

_MUCH_MORE: Final = 4.0
"""Deviation of the mean of traffic that is a surge."""

_TIMES: Final = 1.4
"""The usual traffic, and so much more of it is a surge."""

_REACHED: Final = 1.25
"""So much more the node that is blamed needs."""

_MOST_SURGE: Final = 3.5
_MOST_RESOURCE: Final = 2.0
_NEARLY_ALL: Final = 0.7
"""Share of bad ones a client has to have."""

_LEAST_LIFT: Final = 3.0
_FOLLOWS: Final = 0.1
_LEAST_BAD: Final = 5
_MOST_CLIENT: Final = 3.5
_MOST_STATEMENT: Final = 2.5
_LONGER: Final = 1.3
_FAILING: Final = 0.05
_OUTCOME: Final = re.compile(
    r"(^|[._ ])(status|error|exception|level|severity|message|title|type|trace|span|event|request|duration|outcome"
    r"|fault|issue|fingerprint|handled|mechanism|transaction|route|url|path|op|description|service|node|host"
    r"|instance|release|version|dist|environment|sdk|platform|kind|timestamp|method"
    r"|culprit|target|logger|code)s?($|[._ ])",
    re.IGNORECASE,
)
"""Fields that say what came out, or where: not who asked."""


def node_candidates(facts: Facts) -> Iterator[Candidate]:
    """Yield every node as a cause of its own: a service, or something that is called and does not say more."""
    systems = {one.system for one in facts.case.span_groups} - {""}
    told = {one.node for one in facts.measures.series}
    for node, blame in facts.blames.items():
        called = bool(facts.graph.callers.get(node))
        silent = called and (node in systems or node not in told) and not facts.graph.callees.get(node)
        kind = CauseKind.DEPENDENCY if silent else CauseKind.SERVICE
        title = f"{node}, which is called and tells nothing of itself" if silent else f"{node} itself"
        yield Candidate(kind, node, blame.score, title, evidence=strongest(node_evidence(facts, node)))


def resource_candidates(facts: Facts) -> Iterator[Candidate]:
    """Yield nodes of which a resource runs out, beyond what more traffic explains."""
    for node, state in facts.states.items():
        gained = log_odds(state.local) if not math.isnan(state.local) else 0.0
        if _surges(state):
            gained = min(gained, _FOLLOWS)  # it runs out because more is asked
        signs = [one for one in state.signs if _signal(facts, one) is Signal.RESOURCE and one.deviation > NEUTRAL]
        if not signs or gained <= 0.0:
            continue
        name = facts.measures.series[signs[0].place].name or "a resource"
        evidence = [sign_evidence(facts, signs[0]), *node_evidence(facts, node)]
        yield Candidate(
            CauseKind.RESOURCE,
            node,
            facts.score(node) + min(gained, _MOST_RESOURCE),
            f"{name} of {node} runs out",
            evidence=strongest(list(dict.fromkeys(evidence))),
        )


def traffic_candidates(facts: Facts) -> Iterator[Candidate]:
    """Yield where much more traffic comes in: nodes that are asked much more while none of their callers is.

    The node that is blamed has to be asked more too: then errors, delays and resources that run out are what follows.
    """
    best = facts.best
    if best is None or (not math.isnan(best.state.load) and best.state.load < _REACHED):
        return
    for node, state in facts.states.items():
        above = [facts.states[one] for one in facts.graph.callers.get(node, ())]
        reached = facts.graph.reachable(node)
        beside = bool(facts.graph) and best.state.node not in reached
        if not _surges(state) or any(_surges(one) for one in above) or beside:
            continue
        signs = [one for one in state.signs if _signal(facts, one) is Signal.TRAFFIC]
        gained = min(log_odds(state.traffic) + 1.0, _MOST_SURGE)
        said = [
            Evidence(
                key=facts.measures.series[one.place].key,
                kind="traffic",
                text=f"{node} had {state.load:.1f} times its usual requests",
                weight=round(gained, 3),
                node=node,
                signal=Signal.TRAFFIC,
            )
            for one in signs[:1]
        ]
        yield Candidate(
            CauseKind.TRAFFIC,
            node,
            best.score + gained,
            f"{state.load:.1f} times the usual requests to {node}",
            evidence=strongest([*said, *node_evidence(facts, node)]),
        )


def _surges(state: NodeState) -> bool:
    return state.traffic >= _MUCH_MORE and state.load >= _TIMES


def client_candidates(facts: Facts) -> Iterator[Candidate]:
    """Yield differences that are who asks: nearly all bad ones have them and few good ones."""
    for one in sorted(facts.case.differences, key=lambda d: (d.field, d.value, d.node)):
        lift = one.bad_share / max(one.good_share, 0.5 / max(one.bad_count, 1))
        enough = one.bad_share >= _NEARLY_ALL and one.bad_count >= _LEAST_BAD and lift >= _LEAST_LIFT
        if not enough or not who_asks(one) or shared_with_change(facts, one):
            continue
        gained = min(0.5 + math.log(lift / _LEAST_LIFT) + 3.0 * (one.bad_share - _NEARLY_ALL), _MOST_CLIENT)
        text = f"{one.field} {one.value}: {one.bad_share:.0%} of bad ones, {one.good_share:.0%} of good ones"
        best = facts.best
        node = one.node or (best.state.node if best else "")
        said = Evidence(one.key, "difference", text, round(gained, 3), node)
        yield Candidate(
            CauseKind.CLIENT,
            node,
            facts.score("") + gained,
            f"requests with {one.field} {one.value}",
            evidence=strongest([said, *node_evidence(facts, node)]),
            difference=(one.field, one.value),
        )


def who_asks(difference: Difference) -> bool:
    """Return whether a field says who asks, or from where, rather than what came out."""
    return not _OUTCOME.search(difference.field)


def statement_candidates(facts: Facts) -> Iterator[Candidate]:
    """Yield database statements that explain the time a service takes longer, and calls that fail."""
    by_node: dict[str, list[SpanGroup]] = {}
    for one in facts.case.span_groups:
        by_node.setdefault(one.node, []).append(one)
    for groups in (by_node[node] for node in sorted(by_node)):
        more = sum(max(0.0, one.self_after_ms - one.self_before_ms) for one in groups)
        for one in sorted(groups, key=lambda g: (g.op, g.description)):
            grown = one.self_after_ms - one.self_before_ms
            if _is_database(one) and more > 0.0 and one.self_after_ms > _LONGER * one.self_before_ms:
                yield from _statement(facts, one, grown / more)
            if _is_outside(facts, one.system) and one.failed_after - one.failed_before >= _FAILING:
                yield _failing(facts, one)


def _statement(facts: Facts, group: SpanGroup, share: float) -> Iterator[Candidate]:
    if share < 0.4:
        return
    slow = max(facts.states[group.node].same, facts.states[group.node].other) if group.node in facts.states else 0.0
    if not slow > NEUTRAL:
        return
    gained = _MOST_STATEMENT * share
    text = (
        f"{group.description!r} takes {amount(group.self_after_ms)} ms of a request of {group.node} instead of"
        f" {amount(group.self_before_ms)} ms: {share:.0%} of what it takes longer"
    )
    said = Evidence(group.key, "span-group", text, round(gained, 3), group.node, Signal.LATENCY)
    base = max(facts.score(group.node), facts.score(group.system) if group.system else -2.0)
    yield Candidate(
        CauseKind.SLOW_QUERY,
        group.node,
        base + gained,
        f"a slow query of {group.node}: {group.description}",
        evidence=strongest([said, *node_evidence(facts, group.node)]),
    )


def _failing(facts: Facts, group: SpanGroup) -> Candidate:
    gained = min(1.0, 5.0 * (group.failed_after - group.failed_before))
    text = (
        f"{group.failed_after:.0%} of the calls of {group.node} to {group.system} fail,"
        f" {group.failed_before:.0%} did before"
    )
    said = Evidence(group.key, "span-group", text, round(gained, 3), group.system, Signal.ERRORS)
    base = facts.score(group.system) if group.system in facts.blames else facts.score(group.node)
    return Candidate(
        CauseKind.DEPENDENCY,
        group.system,
        base + gained,
        f"calls to {group.system} fail",
        evidence=strongest([said, *node_evidence(facts, group.system), *node_evidence(facts, group.node)]),
    )


def _is_outside(facts: Facts, system: str) -> bool:
    """Return whether something that is called tells nothing but what its callers see."""
    own = {one.signal for one in facts.measures.series if one.node == system and not one.peer}
    return bool(system) and not facts.graph.callees.get(system) and not own & {Signal.LOG, Signal.RESOURCE}


def _is_database(group: SpanGroup) -> bool:
    return group.op == "db" or group.op.startswith(("db.", "db "))


def _signal(facts: Facts, sign: Sign) -> Signal:
    return facts.measures.series[sign.place].signal
