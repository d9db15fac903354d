"""What was done to an issue, in words, from the audit: the page, the API and the command line say the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from server.issues.states import Archive, State, archive_of, resolution_of, state_of

RESTORE = "issue.restore"
"""The action of taking a change back."""

_PROGRAM = "system:"
_AGED = {State.NEW: "new", State.ESCALATING: "escalating", State.REGRESSED: "regressed"}


def actor_name(actor: str) -> str:
    """Return who did it as people say it: an address, a team with `#`, Amber itself."""
    if actor.startswith(_PROGRAM):
        return "Amber"
    kind, _, name = actor.partition(":")
    return f"#{name}" if kind == "team" else name or actor


_GROUPED = frozenset({"issue.merge", "issue.split", "issue.unmerge", "issue.undo"})


def activity_words(action: str, details: Mapping[str, Any]) -> str:
    """Return an audit entry about an issue in words, without who; the action's name for one nobody knows."""
    if action in _GROUPED:
        return grouped_words(action, details)
    after, before = _members(details, "after"), _members(details, "before")
    parts = []
    if "status" in after or "substatus" in after or "condition" in after:
        parts.append(_state(action, details, before, after))
    if "assignee" in after:
        parts.append(f"assigned it to {actor_name(after['assignee'])}" if after["assignee"] else "unassigned it")
    if "priority" in after:
        parts.append(f"set the priority to {after['priority']}")
    said = ", ".join(part for part in parts if part)
    return f"{said}{_why(details)}" if said else action


def grouped_words(action: str, details: Mapping[str, Any]) -> str:
    """Return a merge, a split or their undo in words: "merged SHOP-2, SHOP-3 into this"."""
    others = ", ".join(str(name) for name in details.get("merged", ()) or details.get("to", ()))
    match action:
        case "issue.merge":
            return (
                f"merged {others} into this" if details.get("merged") else f"merged it into {details.get('into', '')}"
            )
        case "issue.split":
            return f"split {others} off {details.get('from', '')}"
        case "issue.unmerge":
            return f"took {others} out of {details.get('from', '')}"
        case _:
            return f"took back what was decided on its grouping ({details.get('kind', '')})"


def resolution_words(condition: Mapping[str, Any]) -> str:
    """Return in what an issue is resolved: "in the release after shop@1.2.0"; empty for a plain resolution."""
    resolution = resolution_of(condition)
    match resolution.kind:
        case "next_release":
            return f"in the release after {resolution.release}" if resolution.release else "in the next release"
        case "release":
            return f"in release {resolution.release}"
        case "commit":
            return f"in commit {resolution.commit[:12]}"
        case _:
            return ""


def archive_words(archive: Archive) -> str:
    """Return until when an issue is archived: "until it has happened 10 times within 1 hour"."""
    match archive.kind:
        case "escalating":
            return "until it escalates"
        case "events":
            return f"until it has happened {_times(archive.count)} more{_window(archive.window_s)}"
        case "users":
            return f"until it has affected {_many(archive.count, 'more user')}{_window(archive.window_s)}"
        case "date" if archive.date is not None:
            return f"until {_day(archive.date)}"
        case _:
            return "for ever"


def _state(action: str, details: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    status = after.get("status") or details.get("status", "")
    substatus = after.get("substatus", details.get("substatus", ""))
    if not status:
        status = "ignored" if substatus in {"forever", "until_escalating", "until_condition_met"} else "unresolved"
        if "condition" in after and "substatus" not in after:
            status = "resolved" if "in" in {**after["condition"], **before.get("condition", {})} else "ignored"
    condition = after.get("condition", {})
    if action == RESTORE:
        return f"took a change back: it is {_again(status, substatus)} again"
    if status == "resolved":
        return f"resolved it {resolution_words(condition)}".rstrip()
    if status == "ignored":
        state = State.UNTIL_CONDITION_MET if condition else state_of(status, substatus)
        return f"archived it {archive_words(archive_of(condition, state))}"
    if action == "issue.regress":
        release = details.get("release")
        return f"saw it again{f' in {release}' if release else ''}: it has regressed"
    if action == "issue.expire":
        return "opened it again"
    if action == "issue.escalate":
        return "saw it escalate"
    if action == "issue.age":
        was = _AGED.get(state_of("unresolved", before.get("substatus", "")))
        return f"calls it ongoing: it has been {was} for a week" if was else "calls it ongoing"
    return "reopened it" if before.get("status") else f"marked it {substatus}"


def _again(status: str, substatus: str) -> str:
    if status == "ignored":
        return "archived"
    return substatus or status


def _why(details: Mapping[str, Any]) -> str:
    why = details.get("why")
    return f": {why}" if why else ""


def _members(details: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = details.get(name)
    return found if isinstance(found, dict) else {}


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _window(seconds: int) -> str:
    if not seconds:
        return ""
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % size == 0:
            return f" within {_many(seconds // size, name)}"
    return f" within {_many(seconds, 'second')}"


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
