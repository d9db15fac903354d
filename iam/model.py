"""What decisions are about: who asks, what is asked for, on what. Values only, no input and no output."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is in an organisation, a team or a project; `rank` orders them."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"

    @property
    def rank(self) -> int:
        """1 for a viewer to 4 for an owner."""
        return len(_LADDER) - _LADDER.index(self)

    def covers(self, other: Role) -> bool:
        """Whether this role is `other` or above it."""
        return self.rank >= other.rank


_LADDER = tuple(Role)


class Action(StrEnum):
    """Everything one may or may not do; `iam.ACTIONS` says what each means and who may."""

    ORGANISATION_READ = "organisation.read"
    ORGANISATION_WRITE = "organisation.write"
    MEMBER_READ = "member.read"
    MEMBER_WRITE = "member.write"
    TEAM_READ = "team.read"
    TEAM_WRITE = "team.write"
    PROJECT_CREATE = "project.create"
    PROJECT_READ = "project.read"
    PROJECT_WRITE = "project.write"
    PROJECT_DELETE = "project.delete"
    KEY_READ = "key.read"
    KEY_WRITE = "key.write"
    EVENT_READ = "event.read"
    INGEST_WRITE = "ingest.write"
    ISSUE_READ = "issue.read"
    ISSUE_WRITE = "issue.write"
    ARTIFACT_WRITE = "artifact.write"
    QUERY_READ = "query.read"
    QUERY_WRITE = "query.write"
    QUERY_SHARE = "query.share"
    TOKEN_READ = "token.read"  # noqa: S105 - the name of an action
    TOKEN_WRITE = "token.write"  # noqa: S105 - the name of an action
    AUDIT_READ = "audit.read"
    STATE_READ = "state.read"
    JOB_RUN = "job.run"
    DEADLETTER_READ = "deadletter.read"
    DEADLETTER_WRITE = "deadletter.write"
    SELF_READ = "self.read"
    SELF_WRITE = "self.write"


class PrincipalKind(StrEnum):
    """How the one who asks has proved who it is."""

    USER = "user"
    TOKEN = "token"  # noqa: S105 - a kind of principal
    LOCAL = "local"
    EMBEDDED = "embedded"


class Kind(StrEnum):
    """Kinds of resources; roles are bound to the three in the middle."""

    INSTALLATION = "installation"
    ORGANISATION = "organisation"
    TEAM = "team"
    PROJECT = "project"
    USER = "user"
    TOKEN = "token"  # noqa: S105 - a kind of resource
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class RoleBinding:
    """A role somebody has on something.

    Attributes:
        kind: organisation, team or project.
        id: number of the organisation, team or project.
        organisation_id: the organisation a team or project belongs to; not needed for organisations.
    """

    role: Role
    kind: str
    id: int
    organisation_id: int = 0


@dataclass(frozen=True, slots=True)
class Principal:
    """The one who asks.

    Attributes:
        name: for logs and audit: `user:ann@example.org`, `token:ci`, `local`, `embedded`.
        user_id: the person, also behind a token; 0 for nobody.
        token_id: number of the token. Names of tokens may repeat, so what belongs to a principal (its running
            queries) is told by name and number.
        session_id: number of the session, 0 for who has none.
        roles: the person's roles.
        scopes: what a token is limited to; None for no limit.
        project_ids: the projects a token is cut to; None for no cut.
    """

    name: str
    kind: PrincipalKind
    user_id: int = 0
    token_id: int = 0
    session_id: int = 0
    roles: tuple[RoleBinding, ...] = ()
    scopes: frozenset[str] | None = None
    project_ids: frozenset[int] | None = None


LOCAL = Principal("local", PrincipalKind.LOCAL)
"""Who holds the token of `run/server.json`: whoever may read the data directory, which is to own it."""

EMBEDDED = Principal("embedded", PrincipalKind.EMBEDDED)
"""A program that opens the data directory itself."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What an action is about.

    Attributes:
        kind: one of `Kind`.
        organisation_id: the organisation it belongs to; 0 for the installation, and for a saved query that is not
            shared with it.
        project_id: the project, of projects.
        team_ids: the teams a project is attached to or a saved query is shared with, or the team itself.
        user_id: the person, or the one a token or saved query belongs to.
    """

    kind: str
    organisation_id: int = 0
    project_id: int = 0
    team_ids: tuple[int, ...] = ()
    user_id: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, and why, in a sentence for the one who asked."""

    allowed: bool
    why: str

    def __bool__(self) -> bool:
        return self.allowed
