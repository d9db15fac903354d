"""Documents of monitors; names are those of Sentry (https://docs.sentry.io/api/crons/)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from server.http.documents.artifacts import Lenient, Name, ProjectPath
from server.http.documents.common import Document

Slug = Annotated[str, Field(min_length=1, max_length=128)]


class MonitorPath(ProjectPath):
    """The monitor of a project a path names."""

    monitor: Slug


class MonitorEnvironmentPath(MonitorPath):
    """One environment of a monitor."""

    environment: Annotated[str, Field(min_length=1, max_length=64)]


class MonitorsQuery(BaseModel):
    """Which monitors."""

    project: Annotated[list[Name], Field(max_length=100)] = Field(
        default_factory=list, description="Number or slug; may be repeated."
    )
    environment: Annotated[list[Name], Field(max_length=100)] = Field(
        default_factory=list, description="Environment; may be repeated."
    )
    cursor: str = Field(default="", max_length=100, description="There is one page; not looked at.")


class MuteBody(Lenient):
    """Whether a monitor makes issues."""

    isMuted: bool  # noqa: N815


class Monitor(Document):
    """A monitored job."""

    id: str
    slug: str
    name: str
    status: str
    type: str
    isMuted: Annotated[bool, Field(description="In all its environments.")]  # noqa: N815
    config: dict[str, Any]
    dateCreated: str  # noqa: N815
    project: dict[str, str]
    environments: list[dict[str, Any]]


class Muted(Document):
    """What holds from now on."""

    slug: str
    environment: Annotated[str, Field(description="`*` for all of them.")]
    isMuted: bool  # noqa: N815
