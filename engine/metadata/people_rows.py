"""Rows of organisations, projects and people, as the rest of Amber sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """An organisation: the owner of projects and teams."""

    id: int
    slug: str
    name: str
    row_version: int = 1


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A project: the unit of scope.

    Attributes:
        deleted_at: set from the moment it is excluded from every scope.
        options: members of `engine.snapshot.ProjectConfig` that were set.
        team_ids: the teams it is attached to, in order.
        row_version: grows with each change.
    """

    id: int
    slug: str
    name: str
    organisation_id: int
    created_at: datetime
    deleted_at: datetime | None
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    team_ids: tuple[int, ...] = ()
    row_version: int = 1


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A public key of a project, the user part of a DSN.

    Attributes:
        label: what people call it.
        changed_at: when it was last renamed or revoked, None for never.
    """

    id: int
    project_id: int
    public_key: str
    active: bool
    created_at: datetime
    label: str = ""
    changed_at: datetime | None = None
    row_version: int = 1


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An API token.

    Attributes:
        project_ids: projects it is cut to; None means every project its person may see.
        expires_at: None for a token that does not expire.
        user_id: the person whose rights it carries; 0 for nobody, and then it opens nothing.
        scopes: what it is limited to; None for no limit (tokens made before there were scopes).
    """

    id: int
    name: str
    project_ids: tuple[int, ...] | None
    created_at: datetime
    expires_at: datetime | None
    last_used: datetime | None
    user_id: int = 0
    scopes: tuple[str, ...] | None = None

    def expired(self, now: datetime) -> bool:
        """Return whether the token is no longer valid at `now`."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class UserRow:
    """A person.

    Attributes:
        email: in lower case.
        name: what others call them, may be empty.
        role: the role on the organisation: owner, admin, member, viewer, or empty for none.
        has_password: whether a password was ever set.
        disabled_at: since when the person may not sign in and their tokens are dead.
        last_seen: when a session of theirs was last used, to the minute.
        row_version: grows with each change, that of the role included.
    """

    id: int
    email: str
    created_at: datetime
    name: str = ""
    role: str = ""
    has_password: bool = False
    disabled_at: datetime | None = None
    last_seen: datetime | None = None
    row_version: int = 1


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role of a person on something.

    Attributes:
        role: owner, admin, member or viewer.
        kind: organisation, team or project.
        id: number of the organisation, team or project.
        organisation_id: the organisation it is or belongs to.
    """

    user_id: int
    role: str
    kind: str
    id: int
    organisation_id: int


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team: people with roles, and the projects these count for.

    Attributes:
        members: (user id, role), by user id.
        project_ids: live projects attached to it, in order.
        row_version: grows with each change, those of members and projects included.
    """

    id: int
    organisation_id: int
    slug: str
    name: str
    created_at: datetime
    members: tuple[tuple[int, str], ...] = ()
    project_ids: tuple[int, ...] = ()
    row_version: int = 1


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A browser that is signed in. Its secret is not stored.

    Attributes:
        expires_at: when it ends whatever happens.
        last_used: to the minute.
    """

    id: int
    user_id: int
    csrf_token: str
    created_at: datetime
    expires_at: datetime
    last_used: datetime
    address: str
    user_agent: str
