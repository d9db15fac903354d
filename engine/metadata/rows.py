"""Rows of the metadata database, as the rest of Amber sees them."""

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


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What is to be remembered of a write; it is stored in the write's own transaction.

    Attributes:
        actor: audit name of the principal.
        action: what was done, `project.create`.
        resource: what it was done to, `project:shop`; found again by it.
        details: JSON values only: what was asked for, what was before. Never a secret.
    """

    actor: str
    action: str
    resource: str
    details: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A remembered write, one link of the chain.

    Attributes:
        id: from 1 without gaps.
        previous_hash: hash of the row before, 64 zeros for the first.
        hash: SHA-256 in hex over `previous_hash` and the canonical JSON of the other members.
    """

    id: int
    at: datetime
    actor: str
    action: str
    resource: str
    details: Mapping[str, Any] = field(hash=False)
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What verifying the audit found.

    Attributes:
        count: rows that are in order, from the first.
        head: hash of the last of them, 64 zeros when there is none.
        broken_id: the first row that is not what it should be; None when all are.
        why: what is wrong, or empty.
    """

    count: int
    head: str
    broken_id: int | None = None
    why: str = ""

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.why


@dataclass(frozen=True, slots=True)
class IssueChange:
    """What to set on an issue; None leaves a member as it is.

    Attributes:
        status: unresolved, resolved or ignored.
        substatus: one of `SUBSTATUSES` that fits the status; empty when only `status` is given.
        assignee: `user:mail`, `team:slug`, or empty for nobody.
        priority: high, medium or low.
        condition: what the state depends on, JSON values; empty when only `status` is given.
        priority_by: who chose the priority, empty for nobody: then it is computed.
        since: when the state began; the time of the change when it is not given.
    """

    status: str | None = None
    substatus: str | None = None
    assignee: str | None = None
    priority: str | None = None
    condition: Mapping[str, Any] | None = field(default=None, hash=False)
    priority_by: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssueMove:
    """A change the program itself makes, if the issue is still in the state it was found in.

    Attributes:
        since: when the state it was found in began.
        change: what to set.
        details: what the audit says besides.
    """

    project_id: int
    issue_id: int
    since: datetime
    change: IssueChange
    details: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class NewIssue:
    """A (project, fingerprint) a writer has met, with what its issue shows when it is new.

    Attributes:
        issue_id: `engine.ids.default_issue_id(project_id, fingerprint)`.
        fingerprints_before: what the project's former grouping version makes of it, while events stay in the issues
            they were in; none outside of such a time, several where that version told more apart.
        first_release: release of the first event, or empty.
        handled: whether the program caught the error; None when the client did not say.
    """

    project_id: int
    fingerprint: int
    issue_id: int
    title: str
    culprit: str
    level: str
    first_seen: datetime
    fingerprints_before: tuple[int, ...] = ()
    first_release: str = ""
    handled: bool | None = None


@dataclass(frozen=True, slots=True)
class IssueRow:
    """An issue's workflow state; the truth for it, the event store has a mirror.

    Attributes:
        number: its number within the project, from 1.
        short_id: what people call it, such as `SHOP-12`.
        status: unresolved, resolved or ignored.
        substatus: new, ongoing, escalating or regressed; until_escalating, until_condition_met or forever; or empty.
        row_version: grows with each change.
        since: when it came into its state.
        condition: what a resolution or an archiving depends on.
        priority_by: who chose the priority; empty while it is computed.
        base_priority: what level and handling alone make of it.
        first_release: release of its first event, or empty.
        state_seq: place of its last change of state among those of all issues.
    """

    issue_id: int
    project_id: int
    number: int
    short_id: str
    fingerprint: int
    title: str
    culprit: str
    level: str
    status: str
    substatus: str
    assignee: str
    priority: str
    first_seen: datetime
    row_version: int
    since: datetime
    condition: Mapping[str, Any] = field(default_factory=dict, hash=False)
    priority_by: str = ""
    base_priority: str = "medium"
    first_release: str = ""
    state_seq: int = 0


def issue_mirror_body(row: IssueRow, merged_into: int = 0) -> dict[str, object]:
    """Return the row of the event store's `issues` for this version of the issue, as JSON values.

    `merged_into` is the number of the issue its own fingerprint belongs to, 0 when that is itself.
    """
    return {
        "project_id": row.project_id,
        "issue_id": row.issue_id,
        "short_id": row.short_id,
        "status": row.status,
        "substatus": row.substatus,
        "assignee": row.assignee,
        "priority": row.priority,
        "title": row.title,
        "culprit": row.culprit,
        "level": row.level,
        "first_seen": row.first_seen.isoformat(),
        "first_release": row.first_release,
        "resolved_in": row.condition.get("release", "") if row.status == "resolved" else "",
        "row_version": row.row_version,
        "merged_into": merged_into,
    }


@dataclass(frozen=True, slots=True)
class MappingRow:
    """An exception to the default issue of a fingerprint; the highest version of a fingerprint counts."""

    project_id: int
    fingerprint: int
    issue_id: int
    version: int
    author: str


@dataclass(frozen=True, slots=True)
class WorkflowNews:
    """What changed of issues since somebody asked last.

    Attributes:
        place: the last change of state there is.
        version: the last change of the mapping there is.
        states: issues that changed their state.
        mapped: fingerprints that changed their issue.
    """

    place: int
    version: int
    states: tuple[IssueRow, ...]
    mapped: tuple[MappingRow, ...]


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """Follow-up work written in the transaction that caused it.

    Attributes:
        kind: `issue` or `mapping`.
        body: what to do, JSON values only.
    """

    id: int
    kind: str
    body: Mapping[str, object]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job that runs now and then.

    Attributes:
        every_s: seconds from the begin of a run to that of the next.
        next_due: when it is to run next.
        last_result: what the last run that went well said of itself.
        last_error: why the last run failed; empty when it did not.
        failures: runs that failed since the last that did not.
        holder: the process that runs it; empty for none.
        lease_until: until when the holder has it unless it renews the lease.
    """

    name: str
    every_s: int
    next_due: datetime
    last_started: datetime | None = None
    last_finished: datetime | None = None
    last_result: str = ""
    last_error: str = ""
    failures: int = 0
    holder: str = ""
    lease_until: datetime | None = None

    def running(self, now: datetime) -> bool:
        """Return whether somebody has it at `now`."""
        return self.lease_until is not None and self.lease_until > now


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a run of a job ended.

    Attributes:
        next_due: when it is to run next.
        result: what it did, in a few words.
        error: why it failed; empty when it did not.
    """

    next_due: datetime
    result: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class SavedQueryText:
    """What a saved query says; each version holds one.

    Attributes:
        name: what people call it; a filter's is the word that stands in searches.
        kind: `query`, or `filter`: a search used by name.
        language: `discover` or `sql`.
        parameters: declarations of `$name`, JSON values as `queries.parameters` reads them.
    """

    name: str
    text: str
    description: str = ""
    kind: str = "query"
    language: str = "discover"
    parameters: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class SavedQueryRow:
    """A saved query as one of its versions, usually the newest, has it.

    Attributes:
        owner_id: the person it belongs to; 0 for the owner of the data directory.
        sharing: `private`, `organisation`, or `team:` and the number of a team.
        version: number of this version.
        author: who made this version, as the audit names them.
        changed_at: when this version was made.
        row_version: number of the newest version.
        starred: whether the person on whose behalf it was read has starred it.
    """

    id: int
    organisation_id: int
    owner_id: int
    sharing: str
    content: SavedQueryText
    version: int
    author: str
    created_at: datetime
    changed_at: datetime
    row_version: int
    starred: bool = False


@dataclass(frozen=True, slots=True)
class SavedQueryWanted:
    """Which saved queries a list is of.

    Attributes:
        user_id: on whose behalf; 0 for the owner of the data directory. What is shared is listed, and what is theirs.
        team_ids: the teams they are in.
        every: also what is private to others.
        search: letters that must occur in the name, in any case; empty for all.
        kind: only `query` or only `filter`; None for both.
        starred: only what the person has starred.
        after: (name in folded case, number) of the last row of the page before.
        limit: most rows.
    """

    user_id: int
    team_ids: tuple[int, ...] = ()
    every: bool = False
    search: str = ""
    kind: str | None = None
    starred: bool = False
    after: tuple[str, int] = ("", 0)
    limit: int = 1000
