"""Analyses of an installation this process has opened, as its owner: for the command line and for jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from engine.errors import UserError
from iam import LOCAL, Action
from server.compose import Installation
from server.http.period import given_range, range_length
from server.issues import IssueService, ReleaseBook, Workflow
from server.issues.looking import Look
from server.query_service import QueryService
from server.rca.document import Document, document_of
from server.rca.service import RootCause
from server.rca.subjects import Asked
from server.runner import make_runner

_WORKERS = 2


@contextmanager
def opened_issues(installation: Installation) -> Iterator[tuple[QueryService, IssueService]]:
    """Give what asks the store and what reads issues, for the length of a block."""
    runner = make_runner(installation)
    queries = QueryService(runner, installation.metadata, installation.clock, workers=_WORKERS, queue=_WORKERS)
    releases = ReleaseBook(installation.metadata, runner.run, installation.clock)
    workflow = Workflow(installation.metadata, installation.mirror.sync, releases, installation.clock)
    try:
        yield queries, IssueService(queries, installation.metadata, workflow)
    finally:
        queries.close()


def analysed(installation: Installation, given: Mapping[str, Any]) -> Document:
    """Return an analysis as the API answers it, of the parameters its route takes.

    Raises:
        UserError: a parameter is wrong.
    """
    now = installation.clock.now()
    window = given_range(given.get("range"), _time(given, "start"), _time(given, "end"), now)
    baseline = range_length(given["baseline"]) if given.get("baseline") else None
    start, end = window or (now, now)
    look = Look(LOCAL, tuple(given.get("project", ())), (), start, end, Action.EVENT_READ)
    asked = Asked(*(str(given.get(name, "")) for name in ("issue", "query", "transaction", "service", "signal")))
    with opened_issues(installation) as (queries, issues):
        rootcause = RootCause(queries, installation.metadata, issues, installation.clock)
        return document_of(rootcause.find(look, asked, window, baseline))


def _time(given: Mapping[str, Any], name: str) -> datetime | None:
    if not given.get(name):
        return None
    try:
        return datetime.fromisoformat(str(given[name]))
    except ValueError as error:
        hint = "Write 2026-03-01T12:00:00Z."
        raise UserError(f"`{name}` is no time.", code="time-range-invalid", hint=hint) from error
