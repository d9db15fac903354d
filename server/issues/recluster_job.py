"""The job that re-clusters every project, and its making for the command line and the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from engine.clock import Clock
from engine.metadata import MetadataStore
from queries.run import Runner
from server.compose import Installation
from server.issues.recluster import Reclustering
from server.jobs import Job, JobRun
from server.runner import make_runner

NAME = "recluster"
EVERY = timedelta(minutes=10)


def reclustering(runner: Runner, metadata: MetadataStore, sync: Callable[[], object], clock: Clock) -> Reclustering:
    """Return what re-clusters the projects of an installation; its queries count as work in the background."""
    return Reclustering(
        lambda text, context: runner.run(text, context, query_class="dashboard", fresh=True), metadata, sync, clock
    )


def recluster_job(installation: Installation) -> Job:
    """Return the job of an installation."""
    runner = make_runner(installation)
    work = reclustering(runner, installation.metadata, installation.mirror.sync, installation.clock)
    metadata = installation.metadata

    def run(run: JobRun) -> str:
        looked = merged = suggested = 0
        for project in metadata.projects():
            more = True
            while more and not run.stopping:
                report = work.run(project.slug, stopping=lambda: run.stopping)
                looked += report.looked_at
                merged += len(report.merged)
                suggested += len(report.suggested) + len(report.splits)
                more = report.more
        return f"{looked} new issues, {merged} merged, {suggested} suggestions"

    return Job(NAME, EVERY, run)
