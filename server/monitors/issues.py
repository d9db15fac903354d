"""The job that makes issues of failing monitors and resolves them when their runs are good again.

Check-ins that came since it looked last are judged with those before them; what belongs to an incident goes the way of
everybody's events, under an id made of the check-in: what was told before, even by another process, makes no second
row. Issues are found by their events, resolved as the program itself, and open again by the next such event, as all
issues do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.errors import CapacityError
from engine.metadata import IssueChange, IssueMove, IssueRow
from ingest.hexids import row_id
from ingest.native.own import submit_own_event
from queries.result import rfc3339
from server.compose import Installation
from server.issues.jobs import stores_of
from server.issues.states import Act, State, after, state_of, stored
from server.issues.upkeep import Stores
from server.jobs import Job, JobRun
from server.monitors import texts
from server.monitors.incidents import CheckIn, Failure, Standing, Thresholds, standing
from server.monitors.job import SETTLING, own_edge
from server.monitors.mutes import MonitorKey, Mutes
from server.pipeline import backlog

NAME = "monitor-issues"
ACTION = "issue.recover"
EVERY = timedelta(minutes=1)

OVERLAP = timedelta(hours=1)
"""How far before its last end a process looks that does not know how far the one before it had come."""

_LEAST_KEPT = 200
_MOST_KEPT = 5_000
_TOGETHER = 50
"""Monitors asked about at once."""

Submit = Callable[[Sequence[tuple[int, Mapping[str, Any]]]], object]


@dataclass(frozen=True, slots=True)
class _Open:
    """An unresolved issue of failing monitors: the time of the newest event of each."""

    project_id: int
    issue_id: int
    last: Mapping[MonitorKey, datetime]


class MonitorIssues:
    """Makes and resolves the issues of monitors.

    Args:
        stores: the metadata, and what answers Discover texts.
        submit: stores events, each with the number of its project.
        since: up to when what came was judged before.
    """

    def __init__(self, stores: Stores, submit: Submit, since: datetime) -> None:
        self._stores = stores
        self._submit = submit
        self._judged = since

    def run(self, waiting: timedelta, *, stopping: Callable[[], bool]) -> str:
        """Judge what came and return what was done, in words.

        Args:
            waiting: for how long the oldest record waits in the pipeline; what came after it is not known yet.
            stopping: whether to end soon.

        Raises:
            CapacityError: there are more runs than can be looked at.
        """
        until = self._stores.clock.now() - SETTLING - waiting
        projects = self._stores.projects()
        failed = self._failed(projects, until)
        unresolved = self._open(projects)
        keys = {*failed, *(key for one in unresolved for key in one.last)}
        if not keys:
            self._judged = max(self._judged, until)
            return ""
        judged = self._standings(projects, keys, until)
        told = self._events(failed, judged, until)
        if stopping():
            return "stopped before its end"
        self._submit(told)
        self._judged = max(self._judged, until)
        resolved = self._stores.move(ACTION, self._moves(unresolved, judged))
        return f"{len(told)} failures told, {resolved} issues resolved"

    def _failed(self, projects: Mapping[int, str], until: datetime) -> set[MonitorKey]:
        if until <= self._judged:
            return set()
        rows = self._ask(projects, texts.failed_text(), {"after": self._judged, "until": until})
        return {_key(row) for row in rows}

    def _open(self, projects: Mapping[int, str]) -> list[_Open]:
        last: dict[tuple[int, int], dict[MonitorKey, datetime]] = defaultdict(dict)
        for row in self._ask(projects, texts.open_issues_text(), {}):
            last[row["project"], row["issue"]][_key(row)] = row["last"]
        return [_Open(project_id, issue_id, theirs) for (project_id, issue_id), theirs in last.items()]

    def _standings(
        self, projects: Mapping[int, str], keys: Iterable[MonitorKey], until: datetime
    ) -> dict[MonitorKey, Standing]:
        thresholds = self._thresholds(projects)
        wanted = set(keys)
        slugs = sorted({slug for _, slug, _ in wanted})
        found: dict[MonitorKey, list[CheckIn]] = defaultdict(list)
        for first in range(0, len(slugs), _TOGETHER):
            some = slugs[first : first + _TOGETHER]
            theirs = [limit for (_, slug), limit in thresholds.items() if slug in some]
            needed = max((limit.failures + limit.recoveries for limit in theirs), default=0)
            params: dict[str, object] = {f"m{number}": slug for number, slug in enumerate(some)}
            text = texts.history_text(len(some), min(_MOST_KEPT, _LEAST_KEPT + 2 * needed))
            rows = self._ask(projects, text, {**params, "until": until})
            if len(rows) >= texts.MOST_ENDS:
                raise CapacityError(f"More than {texts.MOST_ENDS} runs of jobs at once; failing ones are not told.")
            for row in rows:
                if _key(row) in wanted:
                    found[_key(row)].append(_check_in(row))
        return {key: standing(found[key], thresholds.get(key[:2], Thresholds())) for key in wanted}

    def _thresholds(self, projects: Mapping[int, str]) -> dict[tuple[int, str], Thresholds]:
        """Return the newest configuration of each monitor; it is the same in all its environments."""
        rows = self._ask(projects, texts.thresholds_text(), {})
        return {
            (row["project"], row["monitor"]): Thresholds(
                int(row["failure_issue_threshold"] or 1), int(row["recovery_threshold"] or 1)
            )
            for row in sorted(rows, key=lambda row: (row["last"], row["failure_issue_threshold"] or 0))
        }

    def _events(
        self, failed: Iterable[MonitorKey], judged: Mapping[MonitorKey, Standing], until: datetime
    ) -> list[tuple[int, dict[str, Any]]]:
        muted = Mutes(self._stores.metadata.monitor_mutes())
        return [
            (key[0], failure_event(key, failure))
            for key in sorted(failed)
            for failure in judged[key].failures
            if self._judged < (came := failure.check_in.accepted) <= until and not muted.silences(key, came)
        ]

    def _moves(self, unresolved: Sequence[_Open], judged: Mapping[MonitorKey, Standing]) -> list[IssueMove]:
        over = {(one.project_id, one.issue_id): at for one in unresolved if (at := _recovered(one, judged)) is not None}
        rows = self._stores.metadata.issues(over)
        return [_move(row, over[pair]) for pair, row in sorted(rows.items()) if _may_resolve(row, over[pair])]

    def _ask(self, projects: Mapping[int, str], text: str, params: Mapping[str, object]) -> list[dict[str, Any]]:
        start = self._stores.clock.now() - timedelta(days=texts.HEARD_DAYS)
        return self._stores.ask(projects, text, start, params)


def failure_event(key: MonitorKey, failure: Failure) -> dict[str, Any]:
    """Return the event of a check-in that belongs to an incident, as an SDK would send it."""
    project_id, slug, environment = key
    one = failure.check_in
    event: dict[str, Any] = {
        "event_id": row_id("monitor-failure", project_id, slug, environment, one.id, one.status),
        "timestamp": one.at.isoformat(),
        "platform": "other",
        "level": "error",
        "logger": texts.LOGGER,
        "logentry": {"formatted": f"Cron failure: {slug}"},
        "fingerprint": [texts.LOGGER, slug, environment],
        "tags": {texts.SLUG_TAG: slug, "monitor.status": one.status},
        "extra": {
            "failures in a row": len(failure.in_a_row),
            "failure reason": failure.reason(),
            "last good run": rfc3339(failure.last_ok) if failure.last_ok else "none known",
        },
        "contexts": {"monitor": {"slug": slug, "status": one.status, "check_in_id": one.id}},
        "sdk": {"name": "amber"},
    }
    if environment:
        event["environment"] = environment
    if one.trace_id:
        event["contexts"]["trace"] = {"trace_id": one.trace_id}
    return event


def _recovered(issue: _Open, judged: Mapping[MonitorKey, Standing]) -> datetime | None:
    """Return when the last of an issue's monitors was good again, None while one is not."""
    ends = []
    for key, last in issue.last.items():
        found = judged[key]
        if found.failing is not False or found.recovered_at is None or found.recovered_at < last:
            return None
        ends.append(found.recovered_at)
    return max(ends)


def _may_resolve(row: IssueRow, recovered_at: datetime) -> bool:
    """Tell whether the program may resolve an issue: not when somebody opened it again after the good run."""
    state = state_of(row.status, row.substatus)
    if state is State.ONGOING:
        return row.since <= recovered_at
    return state in {State.NEW, State.ESCALATING, State.REGRESSED}


def _move(row: IssueRow, recovered_at: datetime) -> IssueMove:
    target = after(state_of(row.status, row.substatus), Act.RESOLVE)
    assert target is not None
    status, substatus = stored(target)
    # Since the good run: a failure after it opens the issue again, however late this job ran.
    change = IssueChange(status, substatus, condition={}, since=recovered_at)
    return IssueMove(row.project_id, row.issue_id, row.since, change, {"why": "the monitor recovered"})


def _key(row: Mapping[str, Any]) -> MonitorKey:
    """Return which monitor a row is about; what is empty is null in answers."""
    return row["project"], row["monitor"] or "", row["environment"] or ""


def _check_in(row: Mapping[str, Any]) -> CheckIn:
    return CheckIn(row["id"], row["at"], row["status"], row["accepted"], row["trace"] or "")


def monitor_issues_job(installation: Installation) -> Job:
    """Return the job of an installation."""
    clock, metadata = installation.clock, installation.metadata

    def submit(events: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        if events:
            with own_edge(installation) as edge:
                for project_id, event in events:
                    submit_own_event(edge, project_id, event)

    work: list[MonitorIssues] = []

    def run(state: JobRun) -> str:
        if not work:
            ended = next((row.last_finished for row in metadata.jobs() if row.name == NAME), None)
            work.append(MonitorIssues(stores_of(installation), submit, (ended or clock.now()) - OVERLAP))
        behind = backlog(installation.data)
        waiting = timedelta(seconds=max(behind.raw_age_s, behind.ready_age_s))
        return work[0].run(waiting, stopping=lambda: state.stopping)

    return Job(NAME, EVERY, run)
