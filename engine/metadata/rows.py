"""Rows of the metadata database, as the rest of Amber sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """An organisation: the owner of projects."""

    id: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A project: the unit of scope. `deleted_at` is set from the moment it is excluded from every scope."""

    id: int
    slug: str
    name: str
    organisation_id: int
    created_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A public key of a project, the user part of a DSN."""

    id: int
    project_id: int
    public_key: str
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An API token.

    Attributes:
        project_ids: projects it may read; None means every project of the installation.
        expires_at: None for a token that does not expire.
    """

    id: int
    name: str
    project_ids: tuple[int, ...] | None
    created_at: datetime
    expires_at: datetime | None
    last_used: datetime | None

    def expired(self, now: datetime) -> bool:
        """Return whether the token is no longer valid at `now`."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class UserRow:
    """A person."""

    id: int
    email: str
    is_admin: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewIssue:
    """A (project, fingerprint) a writer has met, with what its issue shows when it is new.

    Attributes:
        issue_id: `engine.ids.default_issue_id(project_id, fingerprint)`.
    """

    project_id: int
    fingerprint: int
    issue_id: int
    title: str
    culprit: str
    level: str
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class IssueRow:
    """An issue's workflow state; the truth for it, the event store has a mirror.

    Attributes:
        number: its number within the project, from 1.
        short_id: what people call it, such as `SHOP-12`.
        status: unresolved, resolved or ignored.
        substatus: new, ongoing, escalating, regressed or empty.
        row_version: grows with each change.
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


def issue_mirror_body(row: IssueRow) -> dict[str, object]:
    """Return the row of the event store's `issues` for this version of the issue, as JSON values."""
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
        "row_version": row.row_version,
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
