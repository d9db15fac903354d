"""Changing issues: many at once, remembered one by one, and taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from engine.errors import Changed, NotFound, UserError
from engine.ids import default_issue_id
from engine.metadata import AuditEntry, IssueChange, IssueMove, IssueRow, MetadataStore, NewIssue

BY_ANN = AuditEntry("user:ann@example.org", "issue.change", "")


@pytest.fixture
def issues(metadata: MetadataStore) -> list[IssueRow]:
    """Three issues of two projects."""
    organisation = metadata.create_organisation("acme").id
    projects = [metadata.create_project(slug, organisation_id=organisation).id for slug in ("shop", "web")]
    pairs = [(projects[0], 1), (projects[0], 2), (projects[1], 1)]
    now = datetime.now(UTC)
    seen = [NewIssue(p, f, default_issue_id(p, f), "ValueError", "cart", "error", now) for p, f in pairs]
    rows = metadata.ensure_issues(seen)
    metadata.drain_outbox(lambda _: None)
    return rows


def pairs_of(issues: list[IssueRow]) -> list[tuple[int, int]]:
    return [(row.project_id, row.issue_id) for row in issues]


def as_it_was(row: IssueRow) -> IssueChange:
    return IssueChange(row.status, row.substatus, row.assignee, row.priority)


def test_many_are_changed_in_one_step_and_told_one_by_one(metadata: MetadataStore, issues: list[IssueRow]) -> None:
    """Each has its next version, a row for the mirror, and a row of the audit by its short id with what differs."""
    changed = metadata.change_issues(pairs_of(issues), IssueChange(status="resolved", assignee="team:web"), BY_ANN)
    assert [before for before, _ in changed] == issues
    assert {(after.status, after.substatus, after.assignee, after.row_version) for _, after in changed} == {
        ("resolved", "", "team:web", 2)
    }
    assert metadata.issues(pairs_of(issues)) == {(a.project_id, a.issue_id): a for _, a in changed}
    bodies: list[Any] = []
    metadata.drain_outbox(lambda rows: bodies.extend(row.body for row in rows))
    assert sorted((body["short_id"], body["status"], body["row_version"]) for body in bodies) == sorted(
        (row.short_id, "resolved", 2) for row in issues
    )
    told = metadata.audit_about(f"issue:{issues[0].short_id}")
    assert len(told) == 1
    assert (told[0].actor, told[0].action) == (BY_ANN.actor, "issue.change")
    assert told[0].details == {
        "before": {"status": "unresolved", "substatus": "new", "assignee": ""},
        "after": {"status": "resolved", "substatus": "", "assignee": "team:web"},
    }
    assert metadata.verify_audit().count == 3


def test_what_was_takes_it_back(metadata: MetadataStore, issues: list[IssueRow]) -> None:
    """The answer of a change, given as changes, restores every issue; versions only grow."""
    metadata.assign_issue(*pairs_of(issues)[1], "user:bob@example.org")
    asked = pairs_of(issues)
    changed = metadata.change_issues(asked, IssueChange(status="ignored", assignee="", priority="low"), BY_ANN)
    restored = metadata.change_issues(asked, [as_it_was(before) for before, _ in changed], BY_ANN)
    for (before, _), (_, after) in zip(changed, restored, strict=True):
        assert as_it_was(after) == as_it_was(before)
        assert after.row_version == before.row_version + 2


def test_an_issue_that_is_so_already_keeps_its_version(metadata: MetadataStore, issues: list[IssueRow]) -> None:
    """Nothing is told of it, neither to the mirror nor to the audit."""
    first = pairs_of(issues)[:1]
    metadata.change_issues(first, IssueChange(status="resolved"), BY_ANN)
    metadata.drain_outbox(lambda _: None)
    changed = metadata.change_issues(pairs_of(issues), IssueChange(status="resolved"), BY_ANN)
    assert [after.row_version for _, after in changed] == [2, 2, 2]
    assert metadata.outbox_length() == 2
    assert metadata.verify_audit().count == 3
    assert metadata.change_issues([], IssueChange(status="resolved"), BY_ANN) == []


def test_all_or_none(metadata: MetadataStore, issues: list[IssueRow]) -> None:
    """An unknown issue, status, priority or version among them leaves all as they were, and the audit too."""
    asked = pairs_of(issues)
    stranger = [*asked, (asked[0][0], 5)]
    for refused, error in (
        (lambda: metadata.change_issues(stranger, IssueChange(status="resolved"), BY_ANN), NotFound),
        (lambda: metadata.change_issues(asked, IssueChange(status="solved"), BY_ANN), UserError),
        (lambda: metadata.change_issues(asked, IssueChange(priority="urgent"), BY_ANN), UserError),
        (lambda: metadata.change_issues(asked, IssueChange(substatus="odd"), BY_ANN), UserError),
        (lambda: metadata.change_issues(asked, IssueChange(assignee="\ud800"), BY_ANN), UserError),
        (lambda: metadata.change_issues(asked[:1], IssueChange(assignee="x"), BY_ANN, if_version=9), Changed),
    ):
        with pytest.raises(error):
            refused()
    assert metadata.issues(asked) == dict(zip(asked, issues, strict=True))
    assert metadata.outbox_length() == 0
    assert metadata.verify_audit().count == 0


def test_a_fitting_version_is_let_through(metadata: MetadataStore, issues: list[IssueRow]) -> None:
    """Who has seen the present state may change it."""
    ((_, after),) = metadata.change_issues(
        pairs_of(issues)[:1], IssueChange(priority="low"), BY_ANN, if_version=issues[0].row_version
    )
    assert (after.priority, after.status, after.substatus) == ("low", "unresolved", "new")


def test_hundreds_of_issues_are_one_short_transaction(metadata: MetadataStore, issues: list[IssueRow]) -> None:
    """Bulk triage of a project: every issue once, every one told."""
    project, now = issues[0].project_id, datetime.now(UTC)
    seen = [NewIssue(project, f, default_issue_id(project, f), "t", "c", "error", now) for f in range(100, 1100)]
    asked = pairs_of(metadata.ensure_issues(seen))
    changed = metadata.change_issues(asked, IssueChange(status="ignored"), BY_ANN)
    assert [(after.project_id, after.issue_id) for _, after in changed] == asked
    assert {after.status for _, after in changed} == {"ignored"}
    assert metadata.verify_audit().count == 1000


def test_the_program_moves_only_what_is_as_it_was_found(metadata: MetadataStore, issues: list[IssueRow]) -> None:
    """A move that comes late, or again, does nothing; each that is made is remembered with its reason."""
    found, other = issues[0], issues[1]
    metadata.change_issues(pairs_of([other]), IssueChange(status="resolved"), BY_ANN)
    reopen = IssueChange("unresolved", "ongoing")
    moves = [IssueMove(row.project_id, row.issue_id, row.since, reopen, {"why": "a week"}) for row in (found, other)]
    system = AuditEntry("system:issues", "issue.age", "issue")
    assert [row.short_id for row in metadata.move_issues(moves, system)] == [found.short_id]
    assert metadata.move_issues(moves, system) == []
    assert metadata.issues(pairs_of([other]))[pairs_of([other])[0]].status == "resolved"
    [told] = metadata.audit_about(f"issue:{found.short_id}")
    assert (told.actor, told.details["why"], told.details["after"]) == (
        "system:issues",
        "a week",
        {"substatus": "ongoing"},
    )


def test_who_follows_states_is_told_what_changed_since(metadata: MetadataStore, issues: list[IssueRow]) -> None:
    """At first what is not open, then each change of a state once; assignments are none."""
    metadata.change_issues(pairs_of(issues[:2]), IssueChange(status="resolved"), BY_ANN)
    first = metadata.workflow_news()
    assert [row.short_id for row in first.states] == [row.short_id for row in issues[:2]]
    metadata.change_issues(pairs_of(issues), IssueChange(assignee="team:web"), BY_ANN)
    assert metadata.workflow_news(first.place, first.version).states == ()
    metadata.change_issues(pairs_of(issues[:1]), IssueChange("unresolved", "ongoing"), BY_ANN)
    metadata.map_fingerprint(issues[0].project_id, 77, issues[1].issue_id, "rule:test")
    then = metadata.workflow_news(first.place, first.version)
    assert [(row.short_id, row.status) for row in then.states] == [(issues[0].short_id, "unresolved")]
    assert [(row.fingerprint, row.issue_id) for row in then.mapped] == [(77, issues[1].issue_id)]
