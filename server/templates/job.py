"""The job that refines the templates of log lines."""

from __future__ import annotations

from datetime import timedelta

from server.compose import Installation
from server.jobs import Job, JobRun
from server.runner import make_runner
from server.templates import JOB
from server.templates.learning import TemplateLearning

EVERY = timedelta(hours=1)


def templates_job(installation: Installation) -> Job:
    """Return the job of an installation."""
    runner, metadata = make_runner(installation), installation.metadata
    learning = TemplateLearning(
        lambda text, context: runner.run(text, context, query_class="report", fresh=True), metadata, installation.clock
    )

    def run(now: JobRun) -> str:
        lines = 0
        installation.mirror.sync()  # what was decided beside the server
        for project in metadata.projects():
            if now.stopping:
                break
            lines += learning.run(project.id)
            installation.mirror.sync()
        return f"{lines} log lines read"

    return Job(JOB, EVERY, run)
