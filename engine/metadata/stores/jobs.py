"""Jobs that run now and then: when they are due, who has them, how they ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from engine.errors import NotFound
from engine.metadata import _jobs
from engine.metadata.job_rows import JobEnd, JobRow
from engine.metadata.rows import AuditEntry
from engine.metadata.stores.base import BaseStore


class JobStore(BaseStore):
    """A row for each job; whoever runs one holds it by a lease that ends by itself when the process dies."""

    def declare_jobs(self, jobs: Sequence[tuple[str, int]]) -> None:
        """Make the rows of jobs: (name, seconds between two runs). Known ones keep their state."""
        with self._database.write() as connection:
            _jobs.declare(connection, jobs, self._clock.now())

    def jobs(self) -> list[JobRow]:
        """Return every job by name."""
        with self._database.read() as connection:
            return _jobs.listed(connection)

    def claim_job(self, name: str, holder: str, lease: timedelta) -> JobRow | None:
        """Take a job that is due for the time of a lease; None when it is not due, or another holds it."""
        now = self._clock.now()
        with self._database.write() as connection:
            return _jobs.claim(connection, name, holder, now, lease)

    def renew_job(self, name: str, holder: str, lease: timedelta) -> bool:
        """Hold a job for longer; False when somebody else holds it by now."""
        with self._database.write() as connection:
            return _jobs.renew(connection, name, holder, self._clock.now() + lease)

    def finish_job(self, name: str, holder: str, end: JobEnd) -> bool:
        """Write how a run ended and let go; False when somebody else holds the job: then nothing is written."""
        with self._database.write() as connection:
            return _jobs.finish(connection, name, holder, end, self._clock.now())

    def ask_for_job(self, name: str, *, audit: AuditEntry | None = None) -> None:
        """Make a job due at once.

        Raises:
            NotFound: there is no such job.
        """
        with self._managed(audit) as write:
            if not _jobs.ask(write.connection, name, self._clock.now()):
                raise NotFound(f"There is no job {name[:100]!r}.", code="job-unknown", hint="See `amber jobs list`.")
