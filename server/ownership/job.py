"""The job that gives new issues to their owners."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from engine.blobs import FileBlobStore
from engine.errors import NotFound
from engine.metadata import IssueRow, ProjectRow
from engine.snapshot import ProjectConfig
from iam import LOCAL
from ingest.symbols import SourceMaps, Symbolicator
from server.compose import Installation
from server.issues.events import EventReader
from server.issues.looking import Look
from server.jobs import Job, JobRun
from server.ownership.service import Assigner, Read
from server.query_service import QueryService
from server.runner import make_runner

NAME = "ownership"
EVERY = timedelta(seconds=30)
_BEFORE_FIRST = timedelta(days=1)
_MAPS_BYTES = 16 * 1024 * 1024


def ownership_job(installation: Installation) -> Job:
    """Return the job of an installation."""
    metadata, clock = installation.metadata, installation.clock
    queries = QueryService(make_runner(installation), metadata, clock, workers=1, queue=1)
    maps = SourceMaps(metadata, FileBlobStore(installation.data.blobs), _MAPS_BYTES)
    reader = event_reader(EventReader(queries, Symbolicator(maps)), installation)
    assigner = Assigner(metadata, reader, installation.mirror.sync)

    def run(now: JobRun) -> str:
        count = assigner.run(lambda: now.stopping)
        return f"{count} issues assigned" if count else "nothing to assign"

    return Job(NAME, EVERY, run)


def event_reader(events: EventReader, installation: Installation) -> Read:
    """Return what reads the oldest event of an issue, in the name of the installation itself."""

    def read(issue: IssueRow, project: ProjectRow) -> Mapping[str, Any] | None:
        now = installation.clock.now()
        look = Look(LOCAL, (project.id,), (), issue.first_seen - _BEFORE_FIRST, now + _BEFORE_FIRST)
        snapshot = installation.metadata.config_snapshot()
        config = snapshot.projects.get(project.id) or ProjectConfig(project.id, project.slug)
        try:
            return events.said(look, issue, config, "oldest")
        except NotFound:
            return None

    return read
