"""Rows of the metadata database, as the rest of Amber sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


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
class TemplateMappingRow:
    """The template a hash of log lines belongs to; the highest version of a hash counts.

    Attributes:
        template_id: the hash lines carry.
        refined_id: the template, by the hash of one of its lines; equal to `template_id` where it stands by itself.
        decided: 1 where a person said so.
        author: `model:…` or `user:…`.
        former_id: what `refined_id` was before.
    """

    project_id: int
    template_id: int
    refined_id: int
    decided: int
    version: int
    author: str
    former_id: int


@dataclass(frozen=True, slots=True)
class LearntTemplates:
    """What a look at the log lines of a project found.

    Attributes:
        state: of the miner, a JSON value.
        read_until: until when lines were read.
        templates: hash of lines -> template, itself where it stands alone; what was forgotten is absent.
    """

    state: Any
    read_until: datetime
    templates: Mapping[int, int] = field(default_factory=dict)


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
