"""Documents of merges, splits, decisions and suggestions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from server.http.documents.common import Cursor, Document, Input, ProjectName
from server.http.documents.issues import ShortId
from server.issues.merging import MOST_MERGED

Fingerprint = Annotated[str, Field(pattern=r"^[0-9]{1,20}$", json_schema_extra={"example": "11834079021483207131"})]
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
SuggestionStatus = Literal["open", "accepted", "rejected", "stale"]


class DecisionPath(BaseModel):
    """The decision a path names."""

    decision: Number


class SuggestionPath(BaseModel):
    """The suggestion a path names."""

    suggestion: Number


class MergeBody(Input):
    """Which issues are to be one."""

    ids: list[ShortId] = Field(min_length=1, max_length=MOST_MERGED, description="Issues of one project.")
    into: ShortId | None = Field(default=None, description="The issue that stays; the oldest when left out.")


class PartBody(Input):
    """Which fingerprints are to leave an issue."""

    fingerprints: list[Fingerprint] = Field(
        min_length=1, max_length=1000, description="Not the one the issue began with."
    )


class MoveDocument(Document):
    """A fingerprint that went from one issue to another."""

    fingerprint: str
    source: str = Field(alias="from", description="Short id of the issue it left.")
    to: str = Field(description="Short id of the issue it went to.")


class DecisionDocument(Document):
    """A decision about which fingerprints belong together."""

    id: int
    kind: Literal["merge", "split", "unmerge", "recluster", "migrate", "undo"]
    author: str = Field(description="`user:…` or another principal, `rule:…`, `model:…`.")
    model_version: str = Field(description="Of the model, empty for others.")
    evidence: dict[str, Any] = Field(description="Why: frames and texts that agree, probability.")
    created_at: datetime
    undoes: int | None = Field(description="The decision this one takes back.")
    undone_by: int | None = Field(description="The decision that took this one back; null while it stands.")
    moves: list[MoveDocument]


class FingerprintDocument(Document):
    """A fingerprint of an issue with what its events in the range say."""

    fingerprint: str
    own: bool = Field(description="Whether the issue began with it; then it cannot leave.")
    events: int
    users: int
    first_seen: datetime | None
    last_seen: datetime | None
    title: str
    culprit: str


class FingerprintList(Document):
    """What belongs to an issue, and how that came."""

    items: list[FingerprintDocument]
    merged_into: str | None = Field(description="Short id of what the issue was merged into.")
    decisions: list[DecisionDocument] = Field(description="The newest first.")


class SuggestionListQuery(BaseModel):
    """A page of suggestions."""

    status: SuggestionStatus = "open"
    limit: int = Field(default=25, ge=1, le=100)
    cursor: Cursor


class SuggestionDocument(Document):
    """What the model would have people decide."""

    id: int
    kind: Literal["merge", "split"]
    issue: str = Field(description="The issue that stays, or that would be split.")
    title: str
    other: str | None = Field(description="What would be merged into it; null for a split.")
    other_title: str | None
    fingerprints: list[str] = Field(description="What a split would take out; empty when one fingerprint has it all.")
    probability: float = Field(description="Calibrated: that they have one cause, or (split) that there are several.")
    model_version: str
    evidence: dict[str, Any]
    status: SuggestionStatus
    created_at: datetime
    decided_by: str
    decided_at: datetime | None


class SuggestionPage(Document):
    """A page of suggestions, the newest first."""

    items: list[SuggestionDocument]
    next: str | None = Field(description="Cursor of the next page; null for the last.")


class ReclusterBody(Input):
    """What is to be re-clustered."""

    project: ProjectName
    dry_run: bool = Field(default=False, description="Only say what would be done.")


class ReclusterReport(Document):
    """What a run of re-clustering did."""

    project: str
    looked_at: int = Field(description="Issues that are new since the last run.")
    known: int = Field(description="Fingerprints they were compared with.")
    merged: list[dict[str, Any]] = Field(description="`issue` went `into` another, with the `probability`.")
    suggested: list[dict[str, Any]] = Field(description="The same, left to people.")
    splits: list[dict[str, Any]] = Field(description="Issues that seem to have several causes.")
    more: bool = Field(description="Whether there are further new issues: ask again.")
    dry_run: bool
    seconds: float
