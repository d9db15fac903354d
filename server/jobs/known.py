"""The jobs of an installation, declared once.

A job's module is imported when the runner begins its work, some seconds after the start: what jobs stand on (models,
Arrow, the compiler) must not make the start slower.
"""

from __future__ import annotations

import importlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from server.jobs.model import Job
from server.jobs.runner import FIRST_AFTER_S, JobRunner

if TYPE_CHECKING:
    from server.compose import Installation

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KnownJob:
    """Where a job is made.

    Attributes:
        name: its name; the same as that of the job.
        module: module with the function.
        maker: name of the function that takes the opened installation and returns the `Job`.
        summary: what it does, for the documentation.
    """

    name: str
    module: str
    maker: str
    summary: str

    def make(self, installation: Installation) -> Job:
        """Return the job for an installation."""
        made: Job = getattr(importlib.import_module(self.module), self.maker)(installation)
        return made


JOBS: tuple[KnownJob, ...] = (
    KnownJob(
        "check-ins", "server.monitors.job", "check_in_job", "Finds runs of monitored jobs that were missed or hang."
    ),
    KnownJob(
        "monitor-issues",
        "server.monitors.issues",
        "monitor_issues_job",
        "Makes and resolves issues of failing monitors.",
    ),
    KnownJob("issue-expiry", "server.issues.jobs", "expiry_job", "Opens archived issues whose condition is met."),
    KnownJob("issue-escalation", "server.issues.jobs", "escalation_job", "Marks issues that happen far more often."),
    KnownJob(
        "issue-upkeep",
        "server.issues.jobs",
        "upkeep_job",
        "Calls week-old news ongoing, resolves quiet issues, computes priorities.",
    ),
    KnownJob("ownership", "server.ownership.job", "ownership_job", "Gives new issues to their owners."),
    KnownJob(
        "recluster", "server.issues.recluster_job", "recluster_job", "Merges issues with one cause, suggests the rest."
    ),
    KnownJob("templates", "server.templates.job", "templates_job", "Refines the templates of log lines."),
    KnownJob("reports", "server.reports.job", "reports_job", "Makes the reports that are due and mails them."),
    KnownJob("pushes", "server.commits.waiting", "push_job", "Tells pushes that came while the database was away."),
    KnownJob("blobs", "server.blob_collection", "blob_job", "Removes files nothing refers to any more."),
)
"""Every job; whoever has one adds a line."""


def job_runner(installation: Installation, known: tuple[KnownJob, ...] = JOBS) -> JobRunner:
    """Return the runner of an installation's jobs."""
    return JobRunner([job.make(installation) for job in known], installation.metadata, installation.clock)


def run_jobs(installation: Installation, stop: threading.Event) -> None:
    """Run the jobs of an installation until told to stop; the body of the thread."""
    if stop.wait(FIRST_AFTER_S):
        return
    try:
        runner = job_runner(installation)
    except Exception:  # noqa: BLE001 - a job that cannot be made must not end the server
        _log.exception("no jobs run")
        return
    runner.run(stop)
