"""`/api/v1/jobs`: work that is done now and then."""

from __future__ import annotations

from datetime import datetime
from http import HTTPMethod
from typing import Annotated, Any

from flask import Response
from pydantic import BaseModel, Field

from engine.metadata import AuditEntry, JobRow
from iam import Action
from queries.result import rfc3339
from server.http.access import needs
from server.http.documents.common import BODY, NOT_FOUND, Document
from server.http.guard import principal
from server.http.routes import Routes, answer
from server.http.services import Services

JobName = Annotated[str, Field(min_length=1, max_length=100, json_schema_extra={"example": "blobs"})]


class JobPath(BaseModel):
    """The job a path names."""

    job: JobName


class JobDocument(Document):
    """A job: when it ran, how that ended, when it runs next."""

    name: str
    every_s: int = Field(description="Seconds from the begin of a run to that of the next.")
    running: bool
    holder: str = Field(description="The process that runs it; empty for none.")
    last_started: datetime | None
    last_finished: datetime | None
    next_due: datetime
    last_result: str = Field(description="What the last run that went well did.")
    last_error: str = Field(description="Why the last run failed; empty when it did not.")
    failures: int = Field(description="Runs that failed since the last that did not.")


class JobPage(Document):
    """Every job, by name."""

    items: list[JobDocument]


def job_document(row: JobRow, now: datetime) -> dict[str, Any]:
    """Return the document of a job."""
    running = row.running(now)
    return {
        "name": row.name,
        "every_s": row.every_s,
        "running": running,
        "holder": row.holder if running else "",
        "last_started": _shown(row.last_started),
        "last_finished": _shown(row.last_finished),
        "next_due": rfc3339(row.next_due),
        "last_result": row.last_result,
        "last_error": row.last_error,
        "failures": row.failures,
    }


def job_routes(services: Services) -> Routes:
    """Return the routes of jobs."""
    routes = Routes("jobs", "Work that is done now and then: when it ran, how that ended, and running it by hand.")

    def documents() -> list[dict[str, Any]]:
        now = services.clock.now()
        return [job_document(row, now) for row in services.metadata.jobs()]

    @routes.on(HTTPMethod.GET, "/jobs", needs(Action.STATE_READ), {200: JobPage})
    def jobs() -> Response:
        """List the jobs of the installation."""
        return answer({"items": documents()})

    @routes.on(HTTPMethod.POST, "/jobs/<job>/run", needs(Action.JOB_RUN), {202: JobDocument, **NOT_FOUND, **BODY})
    def run(path: JobPath) -> Response:
        """Make a job due at once; it runs within seconds, after what is running. Its row says how it went."""
        audit = AuditEntry(principal().name, "job.run", f"job:{path.job}")
        services.metadata.ask_for_job(path.job, audit=audit)
        return answer(next(one for one in documents() if one["name"] == path.job), 202)

    return routes


def _shown(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
