"""Documents of sessions, people, teams, tokens and the audit."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from server.http.documents.common import Cursor, Document, Identifier, Input, Name, RoleName, Slug

Email = Annotated[
    str,
    Field(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$", json_schema_extra={"example": "ann@example.org"}),
]
Password = Annotated[str, Field(min_length=1, max_length=1000)]
MaybeName = Annotated[str, Field(max_length=200)]


class LogIn(Input):
    """Address and password."""

    email: Annotated[str, Field(min_length=1, max_length=254)]
    password: Password


class LogInByLink(Input):
    """The secret of a one-time link, and the password its person chooses."""

    secret: Annotated[str, Field(min_length=1, max_length=200)]
    password: Password | None = Field(default=None, description="Sets the password; without it one is only signed in.")


class SelfDocument(Document):
    """The person who asks."""

    id: int
    email: str
    name: str


class PrincipalDocument(Document):
    """The one who asks, as the audit names it."""

    name: str
    kind: str


class RoleDocument(Document):
    """A role on an organisation, a team or a project."""

    role: str
    kind: str
    id: int


class Named(Document):
    """Something with a number, a slug and a name."""

    id: int
    slug: str
    name: str


class SessionDocument(Document):
    """Who asks and what they may see."""

    principal: PrincipalDocument
    user: SelfDocument | None = Field(description="Null for tokens without a person.")
    role: str = Field(description="Role on the organisation, or empty.")
    roles: list[RoleDocument]
    organisation: Named = Field(description="Without slug and name for who may not read them.")
    projects: list[Named]
    csrf_token: str | None = Field(description="Null for tokens.")
    expires_at: datetime | None = Field(description="Null for tokens.")


class NameBody(Input):
    """A new name."""

    name: Name


class PasswordBody(Input):
    """The present password and the new one."""

    old: Password
    new: Password


class OwnSession(Document):
    """A browser one is signed in with."""

    id: int
    current: bool
    address: str
    user_agent: str
    created_at: datetime
    last_seen: datetime
    expires_at: datetime


class OwnSessions(Document):
    """The browsers one is signed in with."""

    items: list[OwnSession]
    next: None = None


class Invitation(Input):
    """Who is invited."""

    email: Email
    name: MaybeName = ""
    role: RoleName | None = Field(default=None, description="Role on the organisation; null for none.")


class UserChange(Input):
    """What to change of a person; what is absent stays."""

    role: RoleName | None = Field(default=None, description="Role on the organisation; null or absent: as it is.")
    no_role: bool = Field(default=False, description="Take the role on the organisation away.")
    disabled: bool | None = None


class UserDocument(Document):
    """A person of the organisation."""

    id: int
    email: str
    name: str
    role: str = Field(description="Role on the organisation, or empty.")
    disabled: bool
    pending: bool = Field(description="Has never set a password.")
    last_seen: datetime | None
    created_at: datetime
    version: int


class UserPage(Document):
    """The people of the organisation."""

    items: list[UserDocument]
    next: str | None


class Link(Document):
    """A one-time link; it is shown once."""

    link: str
    expires_at: datetime


class Invited(Link):
    """The invited person and the link to sign in with."""

    user: UserDocument


class UserPath(BaseModel):
    """The person a path names."""

    user: Identifier


class SessionPath(BaseModel):
    """The session a path names."""

    session: Identifier


class TeamPath(BaseModel):
    """The team a path names, by slug or number."""

    team: Annotated[str, Field(min_length=1, max_length=100)]


class TeamUserPath(TeamPath):
    """A member of a team."""

    user: Identifier


class TeamProjectPath(TeamPath):
    """A project of a team, by slug or number."""

    attached: Annotated[str, Field(min_length=1, max_length=100)]


class NewTeam(Input):
    """A team to make."""

    slug: Slug
    name: MaybeName = ""


class TeamMember(Document):
    """A person of a team."""

    user_id: int
    email: str
    name: str
    role: str


class TeamDocument(Document):
    """A team, its people and projects."""

    id: int
    slug: str
    name: str
    version: int
    members: list[TeamMember]
    projects: list[Named]


class TeamPage(Document):
    """The teams one may see."""

    items: list[TeamDocument]
    next: str | None


class RoleBody(Input):
    """A role."""

    role: RoleName


class TokenQuery(Input):
    """Which tokens."""

    everyone: bool = Field(default=False, description="Everybody's, for administrators.")


class NewToken(Input):
    """A token to make."""

    name: Name
    scopes: list[str] = Field(max_length=50, json_schema_extra={"example": ["event:read", "issue:read"]})
    projects: list[str | int] | None = Field(default=None, max_length=1000, description="Null: all one may see.")
    expires_at: datetime | None = Field(default=None, description="Null: never.")


class TokenDocument(Document):
    """A token, without its text."""

    id: int
    name: str
    owner: str
    owner_id: int
    scopes: list[str] | None = Field(description="Null: not limited.")
    projects: list[str] | None = Field(description="Null: all its owner may see.")
    created_at: datetime
    expires_at: datetime | None
    last_used: datetime | None


class TokenPage(Document):
    """Tokens."""

    items: list[TokenDocument]
    next: str | None


class MadeToken(Document):
    """A token just made; `plain` is shown once."""

    token: TokenDocument
    plain: str


class TokenPath(BaseModel):
    """The token a path names."""

    token: Identifier


class AuditQuery(Input):
    """Which entries of the audit."""

    actor: Annotated[str, Field(max_length=300)] = ""
    action: Annotated[str, Field(max_length=100)] = ""
    cursor: Cursor = None
    limit: int = Field(default=50, ge=1, le=500)


class AuditItem(Document):
    """A write that was remembered."""

    id: int
    at: datetime
    actor: str
    action: str
    target_kind: str
    target_id: str
    target: str
    details: dict[str, Any]
    hash: str


class AuditPage(Document):
    """Entries of the audit, newest first."""

    items: list[AuditItem]
    next: str | None


class AuditVerdictDocument(Document):
    """Whether every entry follows from the one before."""

    ok: bool
    entries: int
    head: str
    broken_at: int | None
    why: str
