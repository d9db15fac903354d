"""What time does to issues: they age, archiving ends, they escalate, quiet ones are resolved, priorities follow.

Facts about events are asked in Discover, for all issues of a project at once. Every change goes through the metadata
database as people's changes do: only if the issue is still as it was found, with a line in the audit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from engine.clock import Clock
from engine.metadata import AuditEntry, IssueChange, IssueMove, IssueRow, MetadataStore
from queries.plan import PlanContext
from queries.result import Result
from server.issues import texts
from server.issues.priority import computed_priority
from server.issues.states import ONGOING_AFTER, Act, Archive, State, after, archive_of, state_of, stored

ACTOR: Final = "system:issues"
_TOGETHER: Final = 100
"""Issues changed in one transaction: others who write wait no longer than for these."""

_PAUSE_S: Final = 0.15
"""Between two transactions: who waits for SQLite's only writer looks every tenth of a second, and must find it free."""

_MOST_ROWS: Final = 5_000_000
_MOST_MOMENTS: Final = 20
"""Merges told apart when events of one issue are counted: each is a condition of the text."""

_RECENT: Final = timedelta(minutes=15)
_ALL_AGAIN: Final = timedelta(hours=1)
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Stores:
    """What upkeep works on.

    Attributes:
        metadata: the truth about issues.
        run: answers a Discover text in a context.
        sync: makes the store see what changed.
        clock: says what is now.
    """

    metadata: MetadataStore
    run: Callable[[str, PlanContext], Result]
    sync: Callable[[], object]
    clock: Clock

    def ask(
        self, projects: Mapping[int, str], text: str, start: datetime, params: Mapping[str, object] | None = None
    ) -> list[dict[str, Any]]:
        """Return the rows of a text over the events since `start`."""
        rows: list[dict[str, Any]] = self.table(projects, text, start, params).to_pylist()
        return rows

    def table(
        self, projects: Mapping[int, str], text: str, start: datetime, params: Mapping[str, object] | None = None
    ) -> Any:
        """Return the answer to a text over the events since `start`, as an Arrow table."""
        now = self.clock.now()
        context = PlanContext(
            now=now,
            projects=projects,
            time_range=(start, now + timedelta(days=1)),
            params=dict(params or {}),
            limit=_MOST_ROWS,
            max_rows=_MOST_ROWS,
        )
        return self.run(text, context).table

    def projects(self) -> dict[int, str]:
        """Return the slugs of the live projects by number."""
        return {row.id: row.slug for row in self.metadata.projects()}

    def move(self, action: str, moves: Sequence[IssueMove]) -> int:
        """Make changes, some at a time; return how many issues changed."""
        done = 0
        for first in range(0, len(moves), _TOGETHER):
            if first:
                time.sleep(_PAUSE_S)
            audit = AuditEntry(ACTOR, action, "issue")
            done += len(self.metadata.move_issues(moves[first : first + _TOGETHER], audit))
        if done:
            self.sync()
        return done


def move_by(row: IssueRow, act: Act, why: str = "", priority: str | None = None) -> IssueMove:
    """Return the move an act makes of an issue; the act must be possible in its state."""
    target = after(state_of(row.status, row.substatus), act)
    assert target is not None
    status, substatus = stored(target)
    change = IssueChange(status, substatus, priority=priority, condition={})
    return IssueMove(row.project_id, row.issue_id, row.since, change, {"why": why} if why else {})


def age(stores: Stores) -> int:
    """Call new, escalating and regressed issues ongoing when they have been so for a week; return how many.

    Nothing has happened to them, so what counts from the begin of a state goes on counting: an issue that is quiet for
    14 days is resolved after these, not a week later.
    """
    surprising = [state.value for state in State if after(state, Act.AGE) is not None]
    before = stores.clock.now() - ONGOING_AFTER
    rows = stores.metadata.issues_in_state(["unresolved"], surprising, before=before)
    moves = [move_by(row, Act.AGE) for row in rows]
    return stores.move("issue.age", [replace(move, change=replace(move.change, since=move.since)) for move in moves])


class Expiry:
    """Ends archiving whose condition is met: a date, or a number of events or users.

    Issues with events a moment ago are counted at each call, all of them now and then: events may come late.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._all_counted: datetime | None = None

    def end(self) -> int:
        """Open the issues whose condition is met; return how many."""
        rows = self._stores.metadata.issues_in_state(["ignored"], [State.UNTIL_CONDITION_MET.value])
        now = self._stores.clock.now()
        ends = [(row, archive_of(row.condition, State.UNTIL_CONDITION_MET)) for row in rows]
        moves = [
            move_by(row, Act.EXPIRE, "its date has come")
            for row, end in ends
            if end.date is not None and end.date <= now
        ]
        counted = [(row, end) for row, end in ends if end.kind in {"events", "users"}]
        if counted:
            moves += self._reached(counted, now)
        return self._stores.move("issue.expire", moves)

    def _reached(self, counted: Sequence[tuple[IssueRow, Archive]], now: datetime) -> Iterator[IssueMove]:
        projects = self._stores.projects()
        everything = self._all_counted is None or now - self._all_counted >= _ALL_AGAIN
        if everything:
            self._all_counted = now
        else:
            lively = with_events(self._stores, {row.project_id for row, _ in counted}, now - _RECENT)
            counted = [(row, end) for row, end in counted if (row.project_id, row.issue_id) in lively]
        for row, end in counted:
            start = max(row.since, now - timedelta(seconds=end.window_s)) if end.window_s else row.since
            scope = {row.project_id: projects[row.project_id]}
            facts = self._stores.ask(scope, *_counted_from(self._stores.metadata, row, start))[0]
            if facts[end.kind] >= end.count:
                yield move_by(row, Act.EXPIRE, f"{facts[end.kind]} {end.kind} of {end.count}")


def _counted_from(
    metadata: MetadataStore, row: IssueRow, start: datetime
) -> tuple[str, datetime, dict[str, object]]:  # fmt: skip
    """Return text, begin and parameters of what counts towards the end of an archiving.

    What was merged into the issue meanwhile counts from then on: what happened to another issue before wakes nobody.
    After very many merges all of it counts from the last of them on.
    """
    arrived = metadata.arrivals(row.project_id, row.issue_id, start)
    if len(set(arrived.values())) > _MOST_MOMENTS:
        arrived = dict.fromkeys(arrived, max(arrived.values()))
    moments: dict[datetime, list[int]] = {}
    for fingerprint, at in sorted(arrived.items()):
        moments.setdefault(at, []).append(fingerprint)
    params: dict[str, object] = {f"arrived{place}": at for place, at in enumerate(moments)}
    return texts.counts_text(list(moments.values())), start, {**params, "issue": row.issue_id}


def with_events(stores: Stores, projects: Collection[int], start: datetime) -> set[Pair]:
    """Return (project id, issue id) of the issues of projects that have events since a time."""
    slugs = {number: slug for number, slug in stores.projects().items() if number in projects}
    if not slugs:
        return set()
    rows = stores.ask(slugs, texts.seen_text(), start)
    return {(row["project_id"], row["id"]) for row in rows}


def resolve_quiet(stores: Stores) -> int:
    """Resolve issues without an event for as long as their project says; return how many."""
    now = stores.clock.now()
    configured = stores.metadata.config_snapshot().projects
    days = {number: one.auto_resolve_days for number, one in configured.items() if one.auto_resolve_days > 0}
    if not days:
        return 0
    rows = [row for row in stores.metadata.issues_in_state(["unresolved"]) if row.project_id in days]
    moves: list[IssueMove] = []
    for project_id, group in groupby(rows, key=lambda row: row.project_id):
        before = now - timedelta(days=days[project_id])
        old = [row for row in group if row.since < before]
        lively = with_events(stores, {project_id}, before) if old else set()
        why = f"no event for {days[project_id]} days"
        moves += [move_by(row, Act.RESOLVE, why) for row in old if (row.project_id, row.issue_id) not in lively]
    return stores.move("issue.resolve", moves)


def prioritise(stores: Stores) -> int:
    """Give open issues the priority computed for them, where nobody has chosen one; return how many changed."""
    rows = [row for row in stores.metadata.issues_in_state(["unresolved"]) if not row.priority_by]
    projects = stores.projects()
    if not rows or not projects:
        return 0
    found = stores.ask(projects, texts.users_text(), stores.clock.now() - timedelta(days=1))
    users = {(row["project_id"], row["id"]): row["users"] for row in found}
    moves = []
    for row in rows:
        affected = users.get((row.project_id, row.issue_id), 0)
        wanted = computed_priority(row.base_priority, state_of(row.status, row.substatus), affected)
        if wanted != row.priority:
            change = IssueChange(priority=wanted)
            moves.append(IssueMove(row.project_id, row.issue_id, row.since, change, _why(affected)))
    return stores.move("issue.priority", moves)


def _why(users: int) -> dict[str, str]:
    return {"why": f"{users} users in 24 hours"} if users else {}
