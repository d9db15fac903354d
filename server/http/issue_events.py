"""The oldest event of an issue, for routes that judge an issue by it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from engine.errors import NotFound
from engine.metadata import IssueRow, ProjectRow
from engine.snapshot import ProjectConfig
from server.http.guard import principal
from server.http.services import Services
from server.issues.looking import Look

_BEFORE_FIRST = timedelta(days=1)


def project_row(services: Services, issue: IssueRow) -> ProjectRow:
    """Return the project of an issue; NotFound when it was deleted meanwhile."""
    found = next((row for row in services.metadata.projects() if row.id == issue.project_id), None)
    if found is None:
        raise NotFound("The project of this issue is gone.", code="project-unknown")
    return found


def oldest_event(services: Services, issue: IssueRow, project: ProjectRow) -> Mapping[str, Any] | None:
    """Return what the oldest stored event of an issue says, for who asks; None when there is none any more.

    Panels of one page ask for it at the same moment, so the range ends with a whole hour: they ask the same question.
    """
    end = (services.clock.now() + _BEFORE_FIRST).replace(minute=0, second=0, microsecond=0)
    look = Look(principal(), (project.id,), (), issue.first_seen - _BEFORE_FIRST, end)
    snapshot = services.metadata.config_snapshot()
    config = snapshot.projects.get(project.id) or ProjectConfig(project.id, project.slug)
    try:
        return services.issues.events.said(look, issue, config, "oldest")
    except NotFound:
        return None
