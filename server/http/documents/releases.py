"""Documents of the release pages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from server.http.documents.common import MAX_NAME, Document, Look, Period

_Version = Annotated[str, Field(min_length=1, max_length=MAX_NAME, json_schema_extra={"example": "shop@1.2.0"})]
_Share = Annotated[float | None, Field(ge=0, le=1)]


class ReleaseListQuery(Look):
    """Which releases."""

    limit: Annotated[int, Field(default=50, ge=1, le=200, description="Most releases to return.")] = 50


class ReleaseQuery(Period):
    """Which release, and what it is compared with."""

    release: _Version
    compare: Annotated[_Version | None, Field(default=None, description="The one before it when left out.")] = None
    environment: Annotated[
        list[Annotated[str, Field(max_length=MAX_NAME)]] | None,
        Field(default=None, max_length=100, description="Deployment environment; may be repeated."),
    ] = None


class ReleaseDeploy(Document):
    """A deployment."""

    environment: str
    name: str | None
    url: str | None
    at: str | None


class ReleaseItem(Document):
    """A release of a project, with what its events in the range say."""

    project: str
    version: str
    latest: bool = Field(description="Whether it is the project's latest: by version where it uses versions.")
    began: str = Field(description="When it was finalised, told of, or first met.")
    released_at: str | None
    first_seen: str | None = Field(description="First session, transaction or error in the range.")
    last_seen: str | None
    adoption: _Share = Field(description="Share of the last day's sessions, else transactions, else errors.")
    sessions: int
    users: int = Field(description="Of sessions.")
    crash_free_sessions: _Share
    crash_free_users: _Share
    transactions: int
    p95_ms: float | None = Field(description="95th percentile of the durations of transactions.")
    errors: int
    new_issues: int = Field(description="Issues that were first met in it.")
    commits: int
    deploys: list[ReleaseDeploy] = Field(description="The newest to each environment.")


class ReleaseList(Document):
    """The newest releases."""

    items: list[ReleaseItem]
    total: int


class ReleaseIssue(Document):
    """An issue, as far as a release is concerned."""

    id: str
    title: str
    culprit: str
    level: str
    status: str
    substatus: str
    priority: str
    first_seen: str
    events: int = Field(description="In this release, in the range.")
    users: int


class ReleaseDetail(Document):
    """A release with its issues and deploys, beside another."""

    release: ReleaseItem
    compared: ReleaseItem | None = Field(description="`compare`, or the release before; null for the first.")
    others: list[str] = Field(description="What it can be compared with, the newest first.")
    new: list[ReleaseIssue]
    regressed: list[ReleaseIssue]
    resolved: list[ReleaseIssue] = Field(description="Those resolved in this release by name.")
    all_deploys: list[ReleaseDeploy] = Field(description="The newest first.")
