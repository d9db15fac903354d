"""Rows about decisions on issues, as the rest of Amber sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

KINDS = ("merge", "split", "unmerge", "recluster", "migrate", "undo")


@dataclass(frozen=True, slots=True)
class Author:
    """Who decides.

    Attributes:
        name: `user:…` or another principal's audit name, `rule:…` or `model:…`.
        model_version: of the model, empty for others.
    """

    name: str
    model_version: str = ""

    @property
    def is_person(self) -> bool:
        """Whether it is somebody whose word a model must keep."""
        return not self.name.startswith(("rule:", "model:"))


@dataclass(frozen=True, slots=True)
class Move:
    """A fingerprint that went from one issue to another."""

    fingerprint: int
    before_id: int
    after_id: int


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision about which fingerprints belong to which issue.

    Attributes:
        kind: `merge`, `split` (a set into an issue of its own), `unmerge` (each back to its own), `recluster` (a
            merge by a model), `migrate` (a new grouping version kept in its old issue), or `undo`.
        author: who decided.
        evidence: why, JSON values.
        moves: what it moved.
        undoes: the decision an `undo` takes back, 0 for the others.
        undone_by: the decision that took this one back, 0 while it stands.
    """

    id: int
    project_id: int
    kind: str
    author: Author
    evidence: Mapping[str, Any] = field(hash=False)
    created_at: datetime
    moves: tuple[Move, ...]
    undoes: int = 0
    undone_by: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said last about two fingerprints of a project.

    Attributes:
        together: whether they belong to one issue.
    """

    one: int
    other: int
    together: bool


@dataclass(frozen=True, slots=True)
class NewSuggestion:
    """A merge or a split a model would not do by itself.

    Attributes:
        kind: `merge` or `split`.
        issue_id: the issue that stays.
        other_id: what would be merged into it; 0 for a split.
        fingerprints: what would be taken out by a split; none when the causes share one fingerprint.
        probability: calibrated, that the two have one cause (merge), or that there are several (split).
        evidence: which frames and texts agree or differ, JSON values.
    """

    project_id: int
    kind: str
    issue_id: int
    other_id: int
    fingerprints: tuple[int, ...]
    probability: float
    model_version: str
    evidence: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class SuggestionRow:
    """A suggestion and what became of it.

    Attributes:
        status: `open`, `accepted`, `rejected`, or `stale` when its issues have changed since.
        decided_by: who accepted or rejected it.
    """

    id: int
    suggestion: NewSuggestion
    status: str
    created_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
