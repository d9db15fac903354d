"""The states of an issue and what leads from one to another: one closed table, and no input or output.

The states and their meaning are Sentry's (docs.sentry.io, "Issue Status"): unresolved issues are new, ongoing,
escalating or regressed; resolved ones wait for a release, or not; archived ones wait for something, or for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, assert_never

from engine.errors import UserError

ONGOING_AFTER: Final = timedelta(days=7)
"""New, regressed and escalating issues are ongoing after so long: nobody is surprised by them any more."""

MOST_COUNT: Final = 1_000_000_000
LONGEST_WINDOW: Final = timedelta(days=30)


class State(StrEnum):
    """Where an issue is; archived ones are three by what ends it."""

    NEW = "new"
    ONGOING = "ongoing"
    ESCALATING = "escalating"
    REGRESSED = "regressed"
    RESOLVED = "resolved"
    UNTIL_ESCALATING = "until_escalating"
    UNTIL_CONDITION_MET = "until_condition_met"
    FOREVER = "forever"


class Act(StrEnum):
    """What leads from a state to another."""

    RESOLVE = "resolve"
    ARCHIVE_UNTIL_ESCALATING = "archive_until_escalating"
    ARCHIVE_UNTIL_CONDITION_MET = "archive_until_condition_met"
    ARCHIVE_FOREVER = "archive_forever"
    REOPEN = "reopen"
    AGE = "age"
    REGRESS = "regress"
    ESCALATE = "escalate"
    EXPIRE = "expire"


UNRESOLVED: Final = (State.NEW, State.ONGOING, State.ESCALATING, State.REGRESSED)
ARCHIVED: Final = (State.UNTIL_ESCALATING, State.UNTIL_CONDITION_MET, State.FOREVER)
OF_PEOPLE: Final = (
    Act.RESOLVE,
    Act.ARCHIVE_UNTIL_ESCALATING,
    Act.ARCHIVE_UNTIL_CONDITION_MET,
    Act.ARCHIVE_FOREVER,
    Act.REOPEN,
)
"""What people may do from every state; the other acts are the program's."""


def _table() -> dict[tuple[State, Act], State]:
    return {
        **{(state, Act.RESOLVE): State.RESOLVED for state in State},
        **{(state, Act.ARCHIVE_UNTIL_ESCALATING): State.UNTIL_ESCALATING for state in State},
        **{(state, Act.ARCHIVE_UNTIL_CONDITION_MET): State.UNTIL_CONDITION_MET for state in State},
        **{(state, Act.ARCHIVE_FOREVER): State.FOREVER for state in State},
        # To reopen what is open changes nothing; what was closed is known and no news: ongoing.
        **{(state, Act.REOPEN): state for state in UNRESOLVED},
        **{(state, Act.REOPEN): State.ONGOING for state in (State.RESOLVED, *ARCHIVED)},
        **{(state, Act.AGE): State.ONGOING for state in (State.NEW, State.ESCALATING, State.REGRESSED)},
        (State.RESOLVED, Act.REGRESS): State.REGRESSED,
        # A new issue is already looked at, and has too little history to be told from what is usual.
        **{
            (state, Act.ESCALATE): State.ESCALATING
            for state in (State.ONGOING, State.REGRESSED, State.UNTIL_ESCALATING)
        },
        (State.UNTIL_CONDITION_MET, Act.EXPIRE): State.ONGOING,
    }


TRANSITIONS: Final[Mapping[tuple[State, Act], State]] = MappingProxyType(_table())
"""Every transition there is; what is absent cannot happen."""


def state_of(status: str, substatus: str) -> State:
    """Return the state of a stored pair; what older versions stored without a substatus has the usual one."""
    if status == "resolved":
        return State.RESOLVED
    if status == "ignored":
        return State(substatus) if substatus in ARCHIVED else State.FOREVER
    return State(substatus) if substatus in UNRESOLVED else State.ONGOING


def stored(state: State) -> tuple[str, str]:
    """Return status and substatus as they are stored."""
    if state in UNRESOLVED:
        return "unresolved", state.value
    return ("resolved", "") if state is State.RESOLVED else ("ignored", state.value)


def after(state: State, act: Act) -> State | None:
    """Return the state an act leads to, None when it cannot happen there."""
    return TRANSITIONS.get((state, act))


@dataclass(frozen=True, slots=True)
class Resolution:
    """In what an issue is resolved.

    Attributes:
        kind: `now`, `next_release`, `release` or `commit`.
        release: of `release` the one the mend is in; of `next_release` the newest at that time, empty for none.
        commit: of `commit` its hash.
    """

    kind: str = "now"
    release: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Archive:
    """Until when an issue is archived.

    Attributes:
        kind: `forever`, `escalating`, `events`, `users` or `date`.
        count: of `events` and `users`, how many.
        window_s: of these, in what time in seconds; 0 for all the time since it was archived.
        date: of `date`, when.
    """

    kind: str = "forever"
    count: int = 0
    window_s: int = 0
    date: datetime | None = None


Condition = Resolution | Archive


def archive_act(archive: Archive) -> Act:
    """Return the act that archives so."""
    match archive.kind:
        case "forever":
            return Act.ARCHIVE_FOREVER
        case "escalating":
            return Act.ARCHIVE_UNTIL_ESCALATING
        case _:
            return Act.ARCHIVE_UNTIL_CONDITION_MET


def condition_json(condition: Condition | None) -> dict[str, Any]:
    """Return a condition as it is stored; what says nothing is left out."""
    match condition:
        case None:
            return {}
        case Resolution():
            said = {"in": condition.kind, "release": condition.release, "commit": condition.commit}
            return {} if condition.kind == "now" else {name: value for name, value in said.items() if value}
        case Archive():
            date = None if condition.date is None else condition.date.isoformat()
            until = {"until": condition.kind, "count": condition.count, "window_s": condition.window_s, "date": date}
            return {} if condition.kind in {"forever", "escalating"} else {n: v for n, v in until.items() if v}
        case _:
            assert_never(condition)


def resolution_of(stored_condition: Mapping[str, Any]) -> Resolution:
    """Return the resolution of a stored condition."""
    return Resolution(
        stored_condition.get("in", "now"), stored_condition.get("release", ""), stored_condition.get("commit", "")
    )


def archive_of(stored_condition: Mapping[str, Any], state: State) -> Archive:
    """Return what ends the archiving of a stored condition; `state` tells those that store none."""
    if state is State.UNTIL_ESCALATING:
        return Archive("escalating")
    if "until" not in stored_condition:
        return Archive()
    date = stored_condition.get("date")
    return Archive(
        stored_condition["until"],
        stored_condition.get("count", 0),
        stored_condition.get("window_s", 0),
        None if date is None else datetime.fromisoformat(date),
    )


_NEEDED: Final[Mapping[str, str]] = MappingProxyType(
    {"release": "release", "commit": "commit", "events": "count", "users": "count", "date": "date"}
)
"""What a stored condition of a kind cannot be without."""


def check_stored(state: State, condition: Mapping[str, Any]) -> None:
    """Refuse a condition that is none of a state: jobs read it for all issues at once."""
    name = {State.RESOLVED: "in", State.UNTIL_CONDITION_MET: "until"}.get(state, "")
    kind = condition.get(name)
    if condition and (kind is None or not condition.get(_NEEDED.get(kind, name))):
        raise UserError(
            f"The condition does not go with {' '.join(filter(None, stored(state)))}.",
            code="state-unknown",
            hint="Give the states as they were answered in `before`.",
        )


def check_resolution(resolution: Resolution) -> None:
    """Refuse a resolution that lacks what its kind needs, with what to do."""
    if resolution.kind == "release" and not resolution.release:
        raise UserError("Say in which release.", code="release-missing", hint="Give its name, or `latest`.")
    if resolution.kind == "commit" and not resolution.commit:
        raise UserError("Say in which commit.", code="commit-missing", hint="Give its hash.")


def check_archive(archive: Archive, now: datetime) -> None:
    """Refuse an archiving that would end at once or never, with what to do."""
    if archive.kind in {"events", "users"} and not 0 < archive.count <= MOST_COUNT:
        raise UserError(f"Say until how many {archive.kind}.", code="count-missing", hint="Give `count`, 1 or more.")
    if archive.window_s > LONGEST_WINDOW.total_seconds():
        raise UserError("The window is too long.", code="window-long", hint="At most 30 days.")
    if archive.kind == "date" and (archive.date is None or archive.date <= now):
        raise UserError("Say until when.", code="date-past", hint="Give `date`, a time in the future.")
