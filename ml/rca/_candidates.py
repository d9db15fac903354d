"""What hypotheses are made from: candidates with a score in log odds, and the facts every kind of cause looks at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ml.rca._blame import Blame
from ml.rca._case import Case, Direction, Signal, SuspectCommit
from ml.rca._graph import CallGraph
from ml.rca._measure import Measures
from ml.rca._model import CauseKind, Evidence, Onset
from ml.rca._onset import BadTime
from ml.rca._states import NodeState, Sign, log_odds

_TOLD: Final = 3
"""Signs of a node that are told as evidence."""

_WORDS: Final = {
    Signal.LATENCY: "latency",
    Signal.ERRORS: "errors",
    Signal.TRAFFIC: "traffic",
    Signal.RESOURCE: "resource",
    Signal.LOG: "log lines",
    Signal.METRIC: "metric",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known once series are measured and nodes are blamed.

    Attributes:
        case: as given.
        measures: of its series.
        time: the bad one; None without series.
        onset: when it began.
        graph: who calls whom.
        states: of every node.
        blames: of every node, by name.
    """

    case: Case
    measures: Measures
    time: BadTime | None
    onset: Onset
    graph: CallGraph
    states: Mapping[str, NodeState]
    blames: Mapping[str, Blame]

    @property
    def best(self) -> Blame | None:
        """The node that is blamed most; None when there is none."""
        return min(self.blames.values(), key=lambda one: (-one.score, one.state.node), default=None)

    def score(self, node: str) -> float:
        """Return the log odds of a node; those of the best one for no node in particular, little for one unknown."""
        if node in self.blames:
            return self.blames[node].score
        if node:
            return -2.0
        return self.best.score if self.best else 0.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible cause before it is ranked; members as of `ml.rca.Hypothesis`, and its score in log odds."""

    kind: CauseKind
    node: str
    score: float
    title: str
    change: str | None = None
    began: float | None = None
    evidence: tuple[Evidence, ...] = ()
    commits: tuple[SuspectCommit, ...] = field(default=())
    difference: tuple[str, str] | None = None


def node_evidence(facts: Facts, node: str) -> tuple[Evidence, ...]:
    """Return what the series of a node say, the most telling first."""
    state = facts.states.get(node)
    if state is None:
        return ()
    told = [one for one in state.signs if log_odds(one.deviation) > 0.0][:_TOLD]
    found = [sign_evidence(facts, one) for one in told]
    blame = facts.blames[node]
    if not math.isnan(blame.share) and facts.case.symptom.node != node:
        keys = [facts.measures.series[one.place].key for one in told[:1]]
        found.append(
            Evidence(
                key=keys[0] if keys else "",
                kind="share",
                text=f"{node} accounts for {blame.share:.0%} of what {facts.case.symptom.node} has too much of",
                weight=round(0.8 * math.log(max(blame.share, 0.02)), 3),
                node=node,
                signal=facts.case.symptom.signal,
            )
        )
    return tuple(found)


def sign_evidence(facts: Facts, sign: Sign) -> Evidence:
    """Return what one series says."""
    one = facts.measures.series[sign.place]
    return Evidence(
        key=one.key,
        kind="deviation",
        text=sign_text(facts, sign),
        weight=round(log_odds(sign.deviation), 3),
        node=one.peer or one.node,
        signal=one.signal,
    )


def sign_text(facts: Facts, sign: Sign) -> str:
    """Return in words how a series moved: `p95 latency of checkout rose from 0.21 s to 1.4 s`."""
    one = facts.measures.series[sign.place]
    name = " ".join(part for part in (one.name, _WORDS[one.signal]) if part)
    whose = f"of {one.node}" if not one.peer else f"of calls from {one.node} to {one.peer}"
    verb = "rose" if sign.way is Direction.UP else "fell"
    before, after = facts.measures.centre[sign.place], _level(facts, sign)
    unit = "" if one.unit in {"", "share", "count"} else f" {one.unit}"
    if one.signal is Signal.ERRORS and one.unit == "share":
        return f"{name} {whose} {verb} from {before:.2%} to {after:.2%}"
    return f"{name} {whose} {verb} from {amount(before)}{unit} to {amount(after)}{unit}"


def _level(facts: Facts, sign: Sign) -> float:
    """Return the value a series had while it was bad: the middle of its worse half."""
    if facts.time is None:
        return float("nan")
    values = facts.measures.values[sign.place][facts.time.hot]
    there = sorted(float(one) for one in values if not math.isnan(one))
    half = max(1, (len(there) + 1) // 2)
    worse = there[-half:] if sign.way is Direction.UP else there[:half]
    return worse[len(worse) // 2] if worse else float("nan")


def amount(value: float) -> str:
    """Return a number with three digits that count."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def span_text(seconds: float) -> str:
    """Return a span of time in words."""
    for size, unit in ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min")):
        if abs(seconds) >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def strongest(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return evidence in the order of its weight."""
    return tuple(sorted(evidence, key=lambda one: (-abs(one.weight), one.kind, one.key, one.text)))
