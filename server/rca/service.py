"""Root causes on behalf of principals: asks what a case holds, and has it diagnosed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from engine.clock import Clock
from engine.metadata import MetadataStore
from iam import Action, visible_projects
from ml import rca
from queries import ast
from server.issues.looking import Look
from server.issues.service import IssueService
from server.query_service import QueryService
from server.rca.asking import Asking
from server.rca.frames import Frame, Times, frame_of
from server.rca.gathering import Gathering
from server.rca.series import Sketch
from server.rca.subjects import (
    ISSUE,
    QUERY,
    Asked,
    Subject,
    subject_of_issue,
    subject_of_query,
    subject_of_service,
)
from server.rca.suspected import Suspected, newest
from server.rca.trail import Trail

_USUAL_WINDOW: Final = timedelta(hours=1)
_ISSUE_BEFORE: Final = timedelta(minutes=10)
_ISSUE_AFTER: Final = timedelta(hours=2)
Diagnose = Callable[[rca.Case], rca.Diagnosis]


@dataclass(frozen=True, slots=True)
class Finding:
    """An analysis that was made.

    Attributes:
        asked: about what.
        subject: the rows and the number that went wrong.
        frame: its times.
        case: all that was known.
        diagnosis: what was made of it.
        trail: the questions behind the parts of the case.
        notes: what could not be looked at, in sentences.
        rows_read: by the engine.
        elapsed_s: from the question to the diagnosis.
    """

    asked: Asked
    subject: Subject
    frame: Frame
    case: rca.Case
    diagnosis: rca.Diagnosis
    trail: Trail
    notes: tuple[str, ...]
    rows_read: int
    elapsed_s: float


class RootCause:
    """Makes root-cause analyses.

    Args:
        queries: asks the store.
        metadata: knows issues, projects and commits.
        issues: finds issues and their events.
        clock: tells where the usual window ends.
        diagnose: makes a diagnosis of a case.
    """

    def __init__(
        self,
        queries: QueryService,
        metadata: MetadataStore,
        issues: IssueService,
        clock: Clock,
        diagnose: Diagnose = rca.diagnose,
    ) -> None:
        self._queries = queries
        self._metadata = metadata
        self._issues = issues
        self._clock = clock
        self._diagnose = diagnose
        self._suspected = Suspected(metadata, issues)

    def find(
        self,
        look: Look,
        asked: Asked,
        window: Times | None = None,
        baseline: timedelta | None = None,
        asking: Asking | None = None,
    ) -> Finding:
        """Return what caused something, as far as can be told.

        Args:
            look: who asks, and which projects and environments count; its times do not.
            asked: about what.
            window: when it was bad; None for what the issue or the text says, else the last hour.
            baseline: how long before the window it is compared with; None for the usual.
            asking: to cancel and to follow it; one is made when None.

        Raises:
            UserError: the subject, a text, a project or a time is wrong.
            NotFound: there is no such issue, or it may not be seen.
            QueryCancelled: somebody cancelled it.
        """
        subjects = self._subjects(look, asked)
        frame = frame_of(window or self._window(subjects[0]), baseline)
        looked = replace(look, start=frame.whole[0], end=frame.whole[1])
        run = asking or Asking(self._queries, looked)
        trail = Trail(tuple(str(one) for one in look.projects), look.environments)
        work = Gathering(run, Sketch(frame, self._slugs(look), trail), self._first_seen)
        subject, case = work.case(subjects)
        case = replace(case, commits=tuple(self._commits(looked, subject, case)))
        diagnosis = self._diagnose(case)
        more = work.differences_at(case, diagnosis)
        if more:
            case = replace(case, differences=(*case.differences, *more))
            diagnosis = self._diagnose(case)
        return Finding(
            asked, subject, frame, case, diagnosis, trail, tuple(run.notes), run.rows_read, run.elapsed_s
        )  # fmt: skip

    def asking(self, look: Look, on_progress: Callable[[int, str], None] | None = None) -> Asking:
        """Return what follows and cancels an analysis."""
        return Asking(self._queries, look, on_progress)

    def _subjects(self, look: Look, asked: Asked) -> list[Subject]:
        """Return what may be meant: the signals of a transaction when none is named."""
        if asked.kind == ISSUE:
            row, _ = self._issues.find(look.principal, asked.issue)
            return [subject_of_issue(row)]
        if asked.kind == QUERY:
            return [subject_of_query(asked.query)]
        signals = (asked.signal,) if asked.signal else ("latency", "errors")
        return [subject_of_service(replace(asked, signal=signal)) for signal in signals]

    def _window(self, subject: Subject) -> Times:
        now = self._clock.now()
        if subject.issue is not None:
            row = subject.issue
            begun = row.since if row.substatus in {"regressed", "escalating"} else row.first_seen
            start = min(begun, now - _ISSUE_BEFORE) - _ISSUE_BEFORE
            return start, min(now, start + _ISSUE_BEFORE + _ISSUE_AFTER)
        match subject.times:
            case ast.Last(duration=length):
                return now - timedelta(microseconds=length.ns / 1000), now
            case ast.Between(start=first, end=last):
                return _moment(first, now), _moment(last, now)
            case ast.At(instant=instant):
                return instant.at, instant.at + (timedelta(days=1) if instant.whole_day else _USUAL_WINDOW)
        return now - _USUAL_WINDOW, now

    def _slugs(self, look: Look) -> frozenset[str]:
        seen = visible_projects(self._metadata, look.principal, look.action)
        return frozenset(row.slug for row in self._metadata.projects() if row.id in seen)

    def _commits(self, look: Look, subject: Subject, case: rca.Case) -> Iterable[rca.SuspectCommit]:
        row = subject.issue
        if row is None:
            length, before = (one.end - one.start for one in (case.window, case.baseline))
            name = newest(case.patterns, length / before, frozenset({case.symptom.node}))
            row = None if not name else self._metadata.issue_by_short_id(name)
        allowed = row is not None and row.project_id in visible_projects(
            self._metadata, look.principal, Action.ISSUE_READ
        )
        return self._suspected.commits(look, row, case.symptom.node) if allowed and row is not None else ()

    def _first_seen(self, keys: Sequence[tuple[int, int]]) -> dict[int, datetime]:
        return {row.issue_id: row.first_seen for row in self._metadata.issues(keys).values()}


def _moment(one: ast.Instant | ast.RelativeInstant, now: datetime) -> datetime:
    return one.at if isinstance(one, ast.Instant) else now + timedelta(microseconds=one.ns / 1000)
