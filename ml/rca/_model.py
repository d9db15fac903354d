"""What a root-cause analysis answers. Plain values; `ml.rca._case` holds what it is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum

import numpy as np

from ml.rca._case import Difference, Signal, SuspectCommit

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


class CauseKind(StrEnum):
    """What kind of cause a hypothesis names. A change that is blamed gives its own kind."""

    RELEASE = "release"
    COMMIT = "commit"
    DEPLOY = "deploy"
    CONFIG = "config"
    FLAG = "flag"
    SCALING = "scaling"
    MIGRATION = "migration"
    INFRASTRUCTURE = "infrastructure"
    OTHER = "other"
    TRAFFIC = "traffic"
    """More was asked than can be served."""
    CLIENT = "client"
    """Nearly all bad requests share what few good ones have: a client, a tenant, a region."""
    RESOURCE = "resource"
    """Memory, processor, connections or disk ran out."""
    SLOW_QUERY = "slow-query"
    """A group of database spans explains the time."""
    DEPENDENCY = "dependency"
    """Something that is called and tells nothing of itself fails or is slow."""
    SERVICE = "service"
    """The service itself; nothing known says why."""


class Verdict(StrEnum):
    """What came out."""

    CAUSE = "cause"
    NOTHING = "nothing"
    NOT_ENOUGH_DATA = "not-enough-data"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece a hypothesis stands on.

    Attributes:
        key: of the part of the case; empty when that had none.
        kind: `onset`, `deviation`, `order`, `change`, `difference`, `pattern`, `span-group`, `commit`, `traffic`.
        text: in one sentence.
        weight: how much it moved the score, in units of log odds; negative speaks against.
        node: what it is about; may be empty.
        signal: of the series; None when it is not about one.
    """

    key: str
    kind: str
    text: str
    weight: float
    node: str = ""
    signal: Signal | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a causal chain: from what comes first to what follows of it.

    Attributes:
        cause: a node, or what was changed.
        effect: the next one towards the symptom.
        text: what happened at the effect, in one sentence.
        keys: of the evidence.
        at: when the effect began; None when not known.
    """

    cause: str
    effect: str
    text: str
    keys: tuple[str, ...] = ()
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One possible cause.

    Attributes:
        kind: of the cause.
        node: blamed; empty when the cause is not of one node.
        change: id of the blamed change; None for none.
        title: in one line.
        confidence: how probable it is that this is the cause, as calibrated in docs/explanation/root-cause.md.
        chain: from the cause to the symptom; empty when nothing lies between them.
        evidence: strongest first.
        commits: suspected commits that belong to it, most suspected first.
        difference: `(field, value)` of what bad ones share; None unless that is the cause or narrows it down.
    """

    kind: CauseKind
    node: str
    change: str | None
    title: str
    confidence: float
    chain: tuple[Link, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    commits: tuple[SuspectCommit, ...] = ()
    difference: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class RuledOut:
    """What was looked at and is not the cause.

    Attributes:
        what: a change, a node or a difference, in words.
        why: in one sentence.
        key: of the part of the case; may be empty.
    """

    what: str
    why: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Onset:
    """When it began: `at`, and the range in which it began with a probability of about 95 %."""

    at: float
    earliest: float
    latest: float
    key: str = ""


@dataclass(frozen=True, slots=True)
class Affected:
    """One node the fault reached.

    Attributes:
        node: which.
        score: how far it is from its baseline, in robust standard deviations.
        signals: which of its signals are.
        at: when it began; None when that cannot be told.
        keys: of the series.
    """

    node: str
    score: float
    signals: tuple[Signal, ...]
    at: float | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """Who and where.

    Attributes:
        nodes: the worst first.
        differences: what bad ones share, the most telling first.
        share: share of what bad ones have in common by the first difference; None without one.
    """

    nodes: tuple[Affected, ...] = ()
    differences: tuple[Difference, ...] = ()
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The answer.

    Attributes:
        verdict: whether there is a cause to name.
        why: the verdict in one sentence.
        p_value: probability of as much without a fault; None when it could not be tested.
        onset: when it began; None unless there is a cause.
        blast_radius: who and where.
        hypotheses: the most probable first; their confidences add up to at most 1.
        ruled_out: what is not the cause, and why.
    """

    verdict: Verdict
    why: str
    p_value: float | None = None
    onset: Onset | None = None
    blast_radius: BlastRadius = field(default_factory=BlastRadius)
    hypotheses: tuple[Hypothesis, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """Return it as values JSON can hold; members are named as the attributes are."""
        made = as_json(self)
        assert isinstance(made, dict)
        return made


def as_json(value: object) -> Json:
    """Return a case, a diagnosis or a part of one as values JSON can hold; NaN becomes null.

    Raises:
        TypeError: it is none of these.
    """
    match value:
        case Enum():
            return str(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return value if np.isfinite(value) else None
        case np.ndarray():
            return [as_json(float(one)) for one in value]
        case Mapping():
            return {str(name): as_json(one) for name, one in value.items()}
        case tuple() | list():
            return [as_json(one) for one in value]
        case _ if dataclasses.is_dataclass(value):
            return {one.name: as_json(getattr(value, one.name)) for one in dataclasses.fields(value)}
    message = f"{type(value).__name__} cannot be told as JSON"
    raise TypeError(message)
