"""Documents of the organisation, projects and keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from server.http.documents.common import Document, Identifier, Input, Name, ProjectName, RoleName, Slug
from server.http.documents.people import MaybeName


class OrganisationDocument(Document):
    """The organisation."""

    id: int
    slug: str
    name: str
    version: int


class ProjectPath(BaseModel):
    """The project a path names, by slug or number."""

    project: ProjectName


class KeyPath(ProjectPath):
    """A key of a project."""

    key: Identifier


class ProjectUserPath(ProjectPath):
    """A person with a role on a project."""

    user: Identifier


class NewProject(Input):
    """A project to make."""

    slug: Slug
    name: MaybeName = ""
    team: Annotated[str, Field(max_length=100, description="Slug of a team it is attached to, or empty.")] = ""


class ProjectChange(Input):
    """What to change of a project; what is absent stays."""

    name: Name | None = None
    options: dict[str, Any] | None = Field(
        default=None, description="Rules for its events: in_app_include, in_app_exclude, retention_days and so on."
    )


class ProjectDocument(Document):
    """A project."""

    id: int
    slug: str
    name: str
    created_at: datetime
    first_event_at: datetime | None = Field(description="Its earliest stored event; null when there is none yet.")
    dsn: str | None = Field(description="Of its newest active key; null when one may not read keys.")
    team_ids: list[int]
    options: dict[str, Any]
    version: int


class ProjectPage(Document):
    """The projects one may see; `projects` is the same list under its older name."""

    items: list[ProjectDocument]
    projects: list[ProjectDocument]
    next: str | None


class LabelBody(Input):
    """What people call a key."""

    label: MaybeName = ""


class KeyDocument(Document):
    """A key of a project."""

    id: int
    label: str
    public_key: str
    dsn: str
    active: bool
    created_at: datetime
    version: int


class KeyPage(Document):
    """The keys of a project."""

    items: list[KeyDocument]
    next: str | None


class ProjectRole(Document):
    """A role that gives access to a project."""

    user_id: int
    email: str
    name: str
    role: RoleName
    source: str = Field(examples=["organisation", "team", "project"])
    source_name: str


class ProjectRolePage(Document):
    """Who has access to a project, and from where."""

    items: list[ProjectRole]
    next: str | None
