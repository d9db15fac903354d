"""What somebody wants of issues, checked, and the change it means for one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.errors import UserError
from engine.metadata import IssueChange, IssueRow
from server.issues.states import (
    Act,
    Archive,
    Condition,
    Resolution,
    after,
    archive_act,
    check_archive,
    check_resolution,
    condition_json,
    state_of,
    stored,
)

LATEST = "latest"
"""Stands for the newest release of the issue's project."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted; None leaves a member as it is.

    Attributes:
        status: `unresolved`, `resolved`, or `ignored` (archived).
        resolution: in what it is resolved; given with `resolved` only.
        archive: until when it is archived; given with `ignored` only.
        assignee: `user:mail`, `team:slug`, or empty for nobody.
        priority: high, medium, low, or `auto` for the one that is computed.
    """

    status: str | None = None
    resolution: Resolution | None = None
    archive: Archive | None = None
    assignee: str | None = None
    priority: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is wanted."""
        return self == Wish()

    def needs_release(self) -> bool:
        """Whether it depends on what the newest release of a project is."""
        how = self.resolution
        return how is not None and (how.kind == "next_release" or (how.kind == "release" and how.release == LATEST))


def wish_of(wanted: Mapping[str, Any]) -> Wish:
    """Return the wish of a body as the API takes it, whose members have their types."""
    resolution, archive = wanted.get("resolution"), wanted.get("archive")
    if resolution is not None:
        resolution = Resolution(resolution["in"], resolution.get("release", ""), resolution.get("commit", ""))
    if archive is not None:
        date = archive.get("date")
        archive = Archive(
            archive["until"],
            archive.get("count", 0),
            archive.get("window_s", 0),
            datetime.fromisoformat(date) if isinstance(date, str) else date,
        )
    status = wanted.get("status")
    return Wish(
        "ignored" if status == "archived" else status,
        resolution,
        archive,
        wanted.get("assignee"),
        wanted.get("priority"),
    )


def checked(wish: Wish, now: datetime) -> Wish:
    """Return the wish with what it leaves open.

    Raises:
        UserError: nothing is wanted, or its parts do not fit; with what to do.
    """
    if wish.empty:
        raise UserError("Nothing is to be changed.", code="body-invalid", hint="Give status, assignee or priority.")
    if wish.resolution is not None:
        check_resolution(wish.resolution)
        wish = replace(wish, status=wish.status or "resolved")
        if wish.status != "resolved":
            raise UserError("`resolution` goes with the status resolved.", code="body-invalid")
    if wish.archive is not None:
        check_archive(wish.archive, now)
        wish = replace(wish, status=wish.status or "ignored")
        if wish.status != "ignored":
            raise UserError("`archive` goes with the status ignored.", code="body-invalid")
    return wish


def change_for(wish: Wish, row: IssueRow, actor: str, latest: Callable[[int], str]) -> IssueChange:
    """Return the change a checked wish means for an issue.

    Args:
        wish: what is wanted.
        row: the issue as it is.
        actor: who wants it; a priority stays with them.
        latest: gives the newest release of a project by number, empty when it has none.

    Raises:
        UserError: the project has no release, and one is needed.
    """
    priority, by = wish.priority, None if wish.priority is None else actor
    if priority == "auto":
        priority, by = row.base_priority, ""
    change = IssueChange(assignee=wish.assignee, priority=priority, priority_by=by)
    if wish.status is None:
        return change
    state = state_of(row.status, row.substatus)
    condition: Condition | None = None
    if wish.status == "resolved":
        act, condition = Act.RESOLVE, _settled(wish.resolution or Resolution(), row.project_id, latest)
    elif wish.status == "ignored":
        archive = wish.archive or Archive("escalating")
        act, condition = archive_act(archive), archive
    else:
        act = Act.REOPEN
    target = after(state, act)
    assert target is not None  # what people do is possible in every state
    if act is Act.REOPEN and target is state:
        return change
    status, substatus = stored(target)
    return replace(change, status=status, substatus=substatus, condition=condition_json(condition))


def _settled(resolution: Resolution, project_id: int, latest: Callable[[int], str]) -> Resolution:
    if resolution.kind == "next_release":
        return replace(resolution, release=latest(project_id))
    if resolution.kind == "release" and resolution.release == LATEST:
        newest = latest(project_id)
        if not newest:
            raise UserError(
                "The project has no release yet.",
                code="release-unknown",
                hint="Resolve it in the next release, or name the release.",
            )
        return replace(resolution, release=newest)
    return resolution
