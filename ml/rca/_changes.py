"""Which change is to blame: by when it was made, where, what kind it is, and what bad requests share with it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from ml.rca._candidates import Candidate, Facts, node_evidence, span_text, strongest
from ml.rca._case import Change, ChangeKind, Difference, SuspectCommit
from ml.rca._model import CauseKind, Evidence, RuledOut

_AT_ONCE: Final = 2.5
"""Log odds of a change after which it began at once."""

_HALVES: Final = 1.0
"""Log odds it loses each time the delay doubles."""

_SOON_S: Final = 300.0
_LONG_AGO: Final = -3.0
_KINDS: Final = {
    ChangeKind.RELEASE: 0.5,
    ChangeKind.DEPLOY: 0.5,
    ChangeKind.CONFIG: 0.5,
    ChangeKind.FLAG: 0.5,
    ChangeKind.MIGRATION: 0.5,
    ChangeKind.INFRASTRUCTURE: 0.2,
    ChangeKind.SCALING: 0.0,
    ChangeKind.COMMIT: -1.0,
    ChangeKind.OTHER: -0.3,
}
_NOWHERE: Final = -2.0
"""Log odds of a change of which is not known where it was made: it could be any of many nodes."""

_NEXT_DOOR: Final = -1.5
"""Log odds of a change made to the caller of the node that is blamed: it may call otherwise than before."""

_CALLED_MORE: Final = 1.25
"""So many times the usual requests of a callee may be the doing of a caller that is well itself."""

_SHARED: Final = 1.5
_CLEAR: Final = 0.15
_MOST_COMMITS: Final = 5


def change_candidates(facts: Facts) -> tuple[list[Candidate], list[RuledOut]]:
    """Return the changes that may be to blame, and those that are not with the reason."""
    found: list[Candidate] = []
    out: list[RuledOut] = []
    for change in sorted(facts.case.changes, key=lambda one: (one.at, one.id)):
        if (why := _impossible(facts, change)) is not None:
            out.append(RuledOut(_named(change), why, change.key))
        else:
            found.append(_candidate(facts, change))
    return found, out


def _impossible(facts: Facts, change: Change) -> str | None:
    """Return why a change cannot be the cause; None when it can."""
    if change.kind is ChangeKind.COMMIT and (shipped := _shipped(facts, change)) is not None:
        return f"{_named(shipped)} stands for it: a commit does nothing before it is out"
    if change.at > facts.onset.latest:
        return f"it was made {span_text(change.at - facts.onset.at)} after it began"
    if _timing(facts, change) <= _LONG_AGO:
        return f"it was made {span_text(facts.onset.at - change.at)} before it began"
    return None


def _shipped(facts: Facts, commit: Change) -> Change | None:
    """Return the first release or deploy that brought a commit; None when none is told."""
    release = commit.attributes.get("release", "")
    out = [
        one
        for one in facts.case.changes
        if release and one.kind in _OUT and one.attributes.get("release", "") == release
    ]
    return min(out, key=lambda one: (one.at, one.id), default=None)


def _candidate(facts: Facts, change: Change) -> Candidate:
    node, base, where = _place(facts, change)
    lag = max(0.0, facts.onset.at - change.at)
    when = "as it began" if lag < 1.0 else f"{span_text(lag)} before it began"
    evidence = [
        Evidence(change.key, "change", f"{_named(change)} {when}", round(_timing(facts, change), 3), change.node),
        *_sharing(facts, change),
        *node_evidence(facts, node),
    ]
    commits = _commits(facts, change)
    if commits:
        why = f"commit {commits[0].sha[:12]} of it is suspected: {commits[0].why}"
        evidence.append(Evidence(commits[0].key, "commit", why, round(commits[0].score, 3), node))
    told = sum(one.weight for one in evidence if one.kind in {"change", "sharing", "commit"})
    return Candidate(
        kind=CauseKind(change.kind.value),
        node=change.node or node,
        score=base + where + _KINDS[change.kind] + told,
        title=f"{_named(change)}, {when}",
        change=change.id,
        began=change.at,
        evidence=strongest(evidence),
        commits=commits,
    )


def _place(facts: Facts, change: Change) -> tuple[str, float, float]:
    """Return the node a change is blamed with, its log odds, and those of where the change was made."""
    best = facts.best
    if not change.node:
        return (best.state.node if best else ""), facts.score(""), _NOWHERE
    own = facts.score(change.node)
    callees = [
        facts.score(one) + _NEXT_DOOR
        for one in facts.graph.callees.get(change.node, ())
        if _is_asked_otherwise(facts, change.node, one)
    ]
    return change.node, max([own, *callees]), 0.0


def _is_asked_otherwise(facts: Facts, caller: str, callee: str) -> bool:
    """Return whether a change to a caller may make its callee ill.

    It asks more often than before; or the callee is a database or the like, to which changes are told of its callers.
    """
    if callee in facts.states and facts.states[callee].load >= _CALLED_MORE:
        return True
    systems = {one.system for one in facts.case.span_groups if one.node == caller}
    return callee in systems and not facts.graph.callees.get(callee) and facts.states[caller].odds > 0.0


def _timing(facts: Facts, change: Change) -> float:
    """Return the log odds of the delay between a change and the onset."""
    lag = max(0.0, facts.onset.earliest - change.at)
    return max(_LONG_AGO, _AT_ONCE - _HALVES * math.log2(1.0 + lag / _SOON_S))


def _sharing(facts: Facts, change: Change) -> Iterator[Evidence]:
    """Yield what bad requests share with a change: its release, its flag."""
    values = set(change.attributes.values()) - {""}
    for one in facts.case.differences:
        lift = one.bad_share - one.good_share
        if one.value in values and abs(lift) >= _CLEAR and one.node in {"", change.node}:
            text = f"{one.field} {one.value}: {one.bad_share:.0%} of bad ones, {one.good_share:.0%} of good ones"
            yield Evidence(one.key, "sharing", text, round(_SHARED * lift, 3), change.node)


def shared_with_change(facts: Facts, difference: Difference) -> bool:
    """Return whether a difference is an attribute of some change: then it speaks for that."""
    return any(difference.value in one.attributes.values() for one in facts.case.changes)


def _commits(facts: Facts, change: Change) -> tuple[SuspectCommit, ...]:
    """Return the suspected commits that came with a change."""
    names = {change.id, *change.attributes.values()} - {""}
    found = [
        one
        for one in facts.case.commits
        if (one.release and one.release in names)
        or one.sha in names
        or (not one.release and one.node and one.node == change.node and change.kind in _SHIPS)
    ]
    return tuple(sorted(found, key=lambda one: (-one.score, one.sha)))[:_MOST_COMMITS]


_OUT: Final = frozenset({ChangeKind.RELEASE, ChangeKind.DEPLOY})
_SHIPS: Final = frozenset({ChangeKind.RELEASE, ChangeKind.DEPLOY, ChangeKind.COMMIT})


def _named(change: Change) -> str:
    title = change.title or change.id
    return f"{change.kind.value} {title!r}" + (f" of {change.node}" if change.node else "")
