"""Making a report: numbers, charts, the issues that matter with their causes, and what became worse."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from engine.clock import Clock
from engine.errors import AmberError, CapacityError
from engine.metadata import MetadataStore, ProjectRow
from iam import Action, Principal
from ml import rca
from queries.result import rfc3339
from server.issues.looking import Look, rows
from server.issues.service import IssueService, ListRequest
from server.query_service import QueryService
from server.rca.document import document_of
from server.rca.frames import STEPS_S, moment
from server.rca.service import RootCause
from server.rca.subjects import Asked
from server.rca.tables import gridded
from server.reports import texts
from server.reports.regressions import regressions

VERSION: Final = 1
MOST_ISSUES: Final = 5
MOST_CAUSES: Final = 3
MOST_REGRESSIONS: Final = 10
PATIENCE_S: Final = 15.0
"""After so long no further cause is looked for; the report says which issues were left out."""

_POINTS: Final = 120
_NS_PER_MS: Final = 1e6
_KINDS: Final = {"escalating": "is:escalating", "regressed": "is:regressed", "new": "is:new"}
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report that is to be made.

    Attributes:
        project: of which.
        start: of its period.
        end: of its period.
        missed: periods before it that got no report, because nothing ran.
        name: of the schedule; empty for one that was asked for.
    """

    project: ProjectRow
    start: datetime
    end: datetime
    missed: int = 0
    name: str = ""


class ReportMaker:
    """Makes reports on behalf of principals.

    Args:
        queries: asks the store.
        metadata: knows the issues.
        issues: lists them.
        clock: tells the time.
    """

    def __init__(self, queries: QueryService, metadata: MetadataStore, issues: IssueService, clock: Clock) -> None:
        self._queries = queries
        self._issues = issues
        self._rootcause = RootCause(queries, metadata, issues, clock)
        self._clock = clock

    def make(self, who: Principal, wanted: Wanted) -> Document:
        """Return a report as values JSON can hold.

        Raises:
            UserError: the period is none.
            QueryCancelled: somebody stopped it.
        """
        began = time.monotonic()
        look = Look(who, (wanted.project.id,), (), wanted.start, wanted.end, Action.EVENT_READ)
        notes: list[str] = []
        issues = {kind: self._listed(look, search) for kind, search in _KINDS.items()}
        worse = self._regressions(look, notes)
        causes = self._causes(look, issues, began, notes)
        return {
            "version": VERSION,
            "name": wanted.name,
            "project": wanted.project.slug,
            "period": {"start": rfc3339(wanted.start), "end": rfc3339(wanted.end)},
            "missed": wanted.missed,
            "numbers": self._numbers(look, notes),
            "charts": self._charts(look, notes),
            "issues": issues,
            "causes": causes,
            "regressions": worse[:MOST_REGRESSIONS],
            "regressions_total": len(worse),
            "notes": notes,
            "made_at": rfc3339(self._clock.now()),
            "elapsed_ms": round((time.monotonic() - began) * 1000, 3),
        }

    def _listed(self, look: Look, search: str) -> list[Document]:
        page = self._issues.page(replace(look, action=Action.ISSUE_READ), ListRequest(search, "events", MOST_ISSUES))
        return [
            {
                name: item[name]
                for name in ("id", "title", "culprit", "level", "events", "users", "first_seen", "last_seen")
            }
            for item in page.items
        ]

    def _numbers(self, look: Look, notes: list[str]) -> list[Document]:
        errors = self._sides(look, texts.ERRORS, "errors", notes)
        calls = self._sides(look, texts.TRANSACTIONS, "transactions", notes)
        told: list[tuple[str, str, float | None, float | None]] = []
        if errors is not None:
            told.append(("errors", "", errors["before"], errors["after"]))
            told.append(("users with errors", "", errors["users_before"], errors["users_after"]))
        if calls is not None:
            told.append(("transactions", "", calls["before"], calls["after"]))
            was, now = (_share(calls[f"failed_{side}"], calls[side]) for side in ("before", "after"))
            told.append(("failed transactions", "share", was, now))
            told.append(("95th percentile", "ms", _ms(calls["p95_before"]), _ms(calls["p95_after"])))
        return [{"name": name, "unit": unit, "before": was, "after": now} for name, unit, was, now in told]

    def _sides(self, look: Look, text: str, what: str, notes: list[str]) -> Document | None:
        found = self._ask(look, text, what, notes)
        return found[0] if found else None

    def _regressions(self, look: Look, notes: list[str]) -> list[Document]:
        return regressions(self._ask(look, texts.BY_TRANSACTION, "regressions", notes))

    def _ask(self, look: Look, text: str, what: str, notes: list[str]) -> list[Document]:
        """Return the rows of a text over the period and the time before it; none and a note when they are too many."""
        whole = replace(look, start=look.start - (look.end - look.start))
        try:
            return rows(whole.ask(self._queries, text, {"from": look.start}))
        except CapacityError as error:
            notes.append(f"{what}: not looked at. {error.message}")
            return []

    def _charts(self, look: Look, notes: list[str]) -> list[Document]:
        length = (look.end - look.start).total_seconds()
        step = next((one for one in STEPS_S if length / one <= _POINTS), STEPS_S[-1])
        start = look.start.timestamp() // step * step
        grid = rca.Grid(start, step, round(-(-(look.end.timestamp() - start) // step)))
        made = []
        for title, text in texts.chart_texts(step).items():
            try:
                lines = gridded(look.ask(self._queries, text).table, (), ("v",), grid)
            except CapacityError as error:
                notes.append(f"chart of {title}: not drawn. {error.message}")
                continue
            if not lines:
                continue
            latency = title.startswith("95th")
            values = lines[()]["v"] / (_NS_PER_MS if latency else 1.0)
            shown = [None if value != value else float(f"{value:.6g}") for value in values.tolist()]  # noqa: PLR0124 - NaN
            if title == "errors":
                shown = [value or 0.0 for value in shown]
            at = rfc3339(moment(start))
            unit = "ms" if latency else "share" if title.startswith("share") else "count"
            drawn = {"unit": unit, "start": at, "step_s": float(step), "values": shown}
            made.append({"key": title, "title": title, **drawn, "window": None, "onset": None})
        return made

    def _causes(self, look: Look, issues: dict[str, list[Document]], began: float, notes: list[str]) -> list[Document]:
        """Return the analyses of the issues that matter most, as long as there is time."""
        chosen = list(dict.fromkeys(one["id"] for kind in _KINDS for one in issues[kind][:MOST_CAUSES]))
        made: list[Document] = []
        for name in chosen[:MOST_CAUSES]:
            if time.monotonic() - began > PATIENCE_S:
                notes.append(f"The cause of {name} was not looked for: the report took long enough.")
                continue
            try:
                found = self._rootcause.find(replace(look, projects=()), Asked(issue=name))
            except AmberError as error:
                notes.append(f"The cause of {name} was not found: {error.message}")
                continue
            made.append(document_of(found))
        return made


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _ms(value: float | None) -> float | None:
    return None if value is None else value / _NS_PER_MS


def period_of(length: timedelta, now: datetime) -> tuple[datetime, datetime]:
    """Return the period of a length that ends now, at the minute."""
    end = now.replace(second=0, microsecond=0)
    return end - length, end
