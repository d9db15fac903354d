"""What the settings pages read of the API's documents: only what they show, checked when it is read."""

from __future__ import annotations

from typing import Any

import msgspec


class Organisation(msgspec.Struct, frozen=True):
    """`GET organisation`, and a member of `session`."""

    id: int
    name: str
    slug: str = ""
    version: int | None = None


class Project(msgspec.Struct, frozen=True):
    """`GET projects/{project}`.

    Attributes:
        first_event_at: when the first event was received; None before.
        dsn: of the newest active key; None without one, or for those who may not see keys.
        options: what was set of the options of `dashboards.settings.options`.
    """

    id: int
    slug: str
    name: str
    created_at: str = ""
    first_event_at: str | None = None
    dsn: str | None = None
    team_ids: tuple[int, ...] = ()
    options: dict[str, Any] = {}
    version: int | None = None


class Key(msgspec.Struct, frozen=True):
    """`GET projects/{project}/keys`: a key and the DSN made from it."""

    id: int
    public_key: str
    active: bool
    created_at: str
    label: str = ""
    dsn: str = ""


class ProjectRole(msgspec.Struct, frozen=True):
    """`GET projects/{project}/roles`: one reason why somebody may see the project.

    Attributes:
        source: organisation, team or project.
        source_name: short name of the team, otherwise empty.
    """

    user_id: int
    email: str
    role: str
    source: str
    name: str = ""
    source_name: str = ""


class TeamMember(msgspec.Struct, frozen=True):
    """Somebody in a team."""

    user_id: int
    email: str
    role: str
    name: str = ""


class TeamProject(msgspec.Struct, frozen=True):
    """A project of a team."""

    id: int
    slug: str
    name: str = ""


class Team(msgspec.Struct, frozen=True):
    """`GET teams`."""

    id: int
    slug: str
    name: str
    members: tuple[TeamMember, ...] = ()
    projects: tuple[TeamProject, ...] = ()
    version: int | None = None


class Person(msgspec.Struct, frozen=True):
    """`GET users`.

    Attributes:
        role: on the organisation; empty for those who are in teams or projects only.
        pending: invited, no password yet.
        last_seen: when a session of theirs was last used.
    """

    id: int
    email: str
    name: str = ""
    role: str = ""
    disabled: bool = False
    pending: bool = False
    last_seen: str | None = None
    created_at: str = ""
    version: int | None = None


class Token(msgspec.Struct, frozen=True):
    """`GET tokens`.

    Attributes:
        scopes: None for no limit.
        projects: slugs it is cut to; None for all of its person.
        expires_at: None for never.
    """

    id: int
    name: str
    created_at: str
    owner: str = ""
    owner_id: int = 0
    scopes: tuple[str, ...] | None = None
    projects: tuple[str, ...] | None = None
    expires_at: str | None = None
    last_used: str | None = None


class Me(msgspec.Struct, frozen=True):
    """`GET me`."""

    id: int
    email: str
    name: str = ""


class BrowserSession(msgspec.Struct, frozen=True):
    """`GET me/sessions`."""

    id: int
    created_at: str
    current: bool = False
    address: str = ""
    user_agent: str = ""
    last_seen: str | None = None


class AuditEntry(msgspec.Struct, frozen=True):
    """`GET audit`."""

    id: int
    at: str
    actor: str
    action: str
    target_kind: str = ""
    target_id: str | int | None = None
    target: str = ""
    details: dict[str, Any] = {}


class Verdict(msgspec.Struct, frozen=True):
    """`GET audit/verify`: whether the chain of hashes is whole."""

    ok: bool
    entries: int = 0
    broken_at: int | None = None
    why: str = ""


class Check(msgspec.Struct, frozen=True):
    """One health check with its figures, which differ from check to check."""

    ok: bool
    error: str = ""
    free_bytes: int | None = None
    bytes: int | None = None
    budget_bytes: int | None = None


class Spool(msgspec.Struct, frozen=True):
    """Bytes in one of the spools: raw, ready, dead."""

    name: str
    bytes: int
    budget_bytes: int | None = None


class RoleState(msgspec.Struct, frozen=True):
    """One process of the server."""

    name: str
    ready: bool
    restarts: int = 0


class OutcomeCount(msgspec.Struct, frozen=True):
    """How many items of a project had an outcome in the last 24 hours; project `-` when it could not be told."""

    project: str
    outcome: str
    quantity: int
    reason: str = ""
    category: str = ""


class IngestState(msgspec.Struct, frozen=True):
    """`GET state`."""

    at: str
    checks: dict[str, Check] = {}
    spools: tuple[Spool, ...] = ()
    roles: tuple[RoleState, ...] = ()
    outcomes: tuple[OutcomeCount, ...] = ()
    dead_letters: int = 0
    version: str = ""
    started_at: str = ""
