"""States of Sentry's issues as states of ours: in which release one is resolved, until when it is archived, who has it.

What Sentry tells is documented for updates of issues (docs.sentry.io/api/events/update-an-issue) and told back in
`statusDetails` and `substatus`; windows are minutes there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.metadata import IssueChange
from ingest.normalise.times import time_ns
from ingest.normalise.values import mapping, number, short
from ingest.sentry_export import ExportedIssue
from server.issues.states import (
    LONGEST_WINDOW,
    MOST_COUNT,
    TRANSITIONS,
    Archive,
    Resolution,
    State,
    archive_act,
    condition_json,
    stored,
)

_ESCALATING = "archived_until_escalating"


_MOST_OPEN_FIRST = ("unresolved", "resolved", "ignored")


def decisive(issues: Iterable[ExportedIssue]) -> ExportedIssue:
    """Return which of several issues there, whose events are one issue here, decides: the one that is most open.

    What is open there must not be closed here; a resolved one is opened by its next event, an archived one is not.
    """
    return min(issues, key=lambda issue: (_MOST_OPEN_FIRST.index(issue.status), not issue.assignee, issue.group_id))


def change_of(issue: ExportedIssue, newest_release: str, now: datetime) -> IssueChange:
    """Return what gives an issue of ours the state one had in Sentry; a change of nothing for one that is open.

    Args:
        issue: as Sentry knew it.
        newest_release: of the imported events; the one an issue resolved in the next release was resolved after.
        now: the present; an archiving until a time that has passed is none.
    """
    if issue.status == "resolved":
        resolution = _resolution(issue.details, newest_release)
        status, substatus = stored(State.RESOLVED)
        return _changed(issue, status, substatus, condition_json(resolution))
    if issue.status == "ignored":
        archive = _archive(issue, now)
        if archive is None:
            return IssueChange()
        status, substatus = stored(TRANSITIONS[State.ONGOING, archive_act(archive)])
        return _changed(issue, status, substatus, condition_json(archive))
    return IssueChange()


def _changed(issue: ExportedIssue, status: str, substatus: str, condition: Mapping[str, Any]) -> IssueChange:
    return IssueChange(status=status, substatus=substatus, condition=condition, priority=issue.priority or None)


def _resolution(details: Mapping[str, Any], newest_release: str) -> Resolution:
    commit = mapping(details.get("inCommit"))
    sha = short(commit.get("id") or mapping(commit.get("commit")).get("id") or commit.get("commit"), 100)
    if sha:
        return Resolution("commit", commit=sha)
    release = short(details.get("inRelease"), 250)
    if release:
        return Resolution("release", release=release)
    if (details.get("inNextRelease") or details.get("inUpcomingRelease")) and newest_release:
        return Resolution("next_release", release=newest_release)
    return Resolution()


def _archive(issue: ExportedIssue, now: datetime) -> Archive | None:
    """Return until when an issue is archived, None when that time has passed."""
    details = issue.details
    until = time_ns(details.get("ignoreUntil"))
    if until is not None:
        date = datetime.fromtimestamp(until / 1e9, UTC)
        return Archive("date", date=date) if date > now else None
    for kind, count, window in (
        ("events", "ignoreCount", "ignoreWindow"),
        ("users", "ignoreUserCount", "ignoreUserWindow"),
    ):
        wanted = int(number(details.get(count)) or 0)
        if 0 < wanted <= MOST_COUNT:
            minutes = max(0.0, number(details.get(window)) or 0.0)
            return Archive(kind, wanted, int(min(timedelta(minutes=minutes), LONGEST_WINDOW).total_seconds()))
    return Archive("escalating" if issue.substatus == _ESCALATING else "forever")
