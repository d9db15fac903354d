"""The issues of a data directory this process has opened itself, for `amber issues`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from iam import LOCAL
from server.cli.issue_places import length_of
from server.compose import Installation, opened
from server.issues import IssueService, ReleaseBook, Workflow
from server.issues.looking import Look
from server.issues.service import ListRequest
from server.issues.wishes import wish_of
from server.query_service import QueryService
from server.runner import make_runner
from server.settings import Settings

_WORKERS = 2


@contextmanager
def opened_issues(settings: Settings) -> Iterator[DirectoryIssues]:
    """Open a data directory for the length of a block."""
    with opened(settings) as installation:
        runner = make_runner(installation)
        queries = QueryService(runner, installation.metadata, installation.clock, workers=_WORKERS, queue=_WORKERS)
        releases = ReleaseBook(installation.metadata, runner.run, installation.clock)
        workflow = Workflow(installation.metadata, installation.mirror.sync, releases, installation.clock)
        try:
            yield DirectoryIssues(installation, IssueService(queries, installation.metadata, workflow))
        finally:
            queries.close()


class DirectoryIssues:
    """An opened directory; everything is done as its owner."""

    def __init__(self, installation: Installation, service: IssueService) -> None:
        self._clock = installation.clock
        self._service = service

    def issues(self, search: str, sort: str, range_: str, limit: int) -> list[dict[str, Any]]:
        """Return issues a search finds, in an order."""
        return self._service.page(self._look(range_), ListRequest(search, sort, limit)).items

    def issue(self, name: str, range_: str) -> dict[str, Any]:
        """Return one issue with what was done to it."""
        row, slug = self._service.find(LOCAL, name)
        return self._service.detail(self._look(range_), row, slug)

    def change(self, names: Sequence[str], wanted: Mapping[str, Any]) -> int:
        """Change issues, all or none, and return how many."""
        workflow = self._service.workflow
        return len(workflow.change_many(LOCAL, workflow.named(LOCAL, names), wish_of(wanted)))

    def _look(self, range_: str) -> Look:
        now = self._clock.now()
        return Look(LOCAL, (), (), now - length_of(range_), now + timedelta(minutes=1))
