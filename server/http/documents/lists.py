"""Documents of the lists `sentry-cli` shows; names are those of Sentry (https://docs.sentry.io/api/)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from server.http.documents.artifacts import Lenient, Name
from server.http.documents.common import Document

Ids = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=1000)]


class PageQuery(BaseModel):
    """Which page."""

    cursor: str = Field(default="", max_length=500, description="From the Link header of the page before.")


class IssuesQuery(PageQuery):
    """Which issues."""

    query: str = Field(default="", max_length=65536, description="Search; all issues when it is empty.")


class IssuesChosen(BaseModel):
    """Which issues are changed."""

    id: Ids = Field(default_factory=list, description="Number or short id; may be repeated; without any, all.")
    status: str = Field(default="", max_length=50, description="Those with this status, when no `id` is given.")


class IssuesBody(Lenient):
    """What becomes of issues."""

    status: Annotated[str, Field(max_length=50, description="resolved, unresolved, ignored or muted.")]


class Organisation(Document):
    """An organisation."""

    id: str
    slug: str
    name: str
    dateCreated: str  # noqa: N815
    isEarlyAdopter: bool  # noqa: N815
    require2FA: bool  # noqa: N815
    requireEmailVerification: bool  # noqa: N815
    features: list[str]


class ListedProject(Document):
    """A project."""

    id: str
    slug: Name
    name: str
    platform: str | None
    team: dict[str, str] | None


class ListedIssue(Document):
    """An issue."""

    id: str
    shortId: str  # noqa: N815
    title: str
    culprit: str
    level: str
    status: str
    substatus: str | None
    count: str
    userCount: int  # noqa: N815
    firstSeen: str  # noqa: N815
    lastSeen: str  # noqa: N815
    project: dict[str, str]


class ListedEvent(Document):
    """An event."""

    id: str
    eventID: str  # noqa: N815
    groupID: str | None  # noqa: N815
    projectID: str  # noqa: N815
    dateCreated: str  # noqa: N815
    title: str
    message: str
    culprit: str
    platform: str
    release: str | None
    dist: str | None
    user: dict[str, str | None] | None
    tags: list[dict[str, Any]]


class ChangedIssues(Document):
    """What holds from now on."""

    status: str
