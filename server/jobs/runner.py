"""The runner: one thread that does what is due, one job at a time."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from os import getpid

import structlog

from engine.clock import Clock
from engine.errors import AmberError, NotFound
from engine.metadata import JobEnd, JobRow, MetadataStore
from server.jobs.model import Job, JobRun

FIRST_AFTER_S = 10.0
"""No job runs that soon after the start: the first requests and the backlog of the spool come first."""

LEASE = timedelta(seconds=60)
_RENEWALS = 3
"""Renewals within one lease: two may fail before it is lost."""

_POLL_S = 2.0
_RETRY = timedelta(minutes=1)
_MOST_DOUBLINGS = 10
_LONGEST_ERROR = 1000
_STOPPED = "stopped before its end; goes on after the next start"
_log = structlog.stdlib.get_logger(__name__)


class JobRunner:
    """Runs jobs of one process.

    Args:
        jobs: what there is to do; names must differ.
        metadata: knows when each is due and which process has it; its clock is the one that counts.
        clock: tells how long a run took for the next one to be due.
        lease: how long a job stays with a process that has died.
    """

    def __init__(self, jobs: Sequence[Job], metadata: MetadataStore, clock: Clock, *, lease: timedelta = LEASE) -> None:
        self._jobs = {job.name: job for job in jobs}
        if len(self._jobs) < len(jobs):
            raise ValueError("two jobs have one name")
        self._metadata = metadata
        self._clock = clock
        self._lease = lease
        self._holder = f"{socket.gethostname()}:{getpid()}:{secrets.token_hex(4)}"

    def run(self, stop: threading.Event) -> None:
        """Do what is due until told to stop; a database that is away is waited for."""
        pause = 0.0
        while not stop.wait(pause):
            try:
                pause = 0.0 if self.step(stop) else _POLL_S
            except (AmberError, OSError) as error:
                _log.warning("jobs not run", reason=str(error))
                pause = _POLL_S

    def step(self, stop: threading.Event) -> str | None:
        """Run the job that has been due for longest, and return its name; None when none is due, or free."""
        for row in self._due():
            taken = self._metadata.claim_job(row.name, self._holder, self._lease)
            if taken is not None:
                self._work(self._jobs[row.name], taken, stop)
                return row.name
        return None

    def run_now(self, name: str) -> JobRow | None:
        """Run a job in this thread, whether it is due or not; None when another process has it.

        Raises:
            NotFound: there is no such job.
        """
        job = self._jobs.get(name)
        if job is None:
            known = ", ".join(sorted(self._jobs))
            raise NotFound(f"There is no job {name[:100]!r}.", code="job-unknown", hint=f"One of {known}.")
        self._declare()
        self._metadata.ask_for_job(name)
        taken = self._metadata.claim_job(name, self._holder, self._lease)
        if taken is None:
            return None
        self._work(job, taken, threading.Event())
        return next(row for row in self._metadata.jobs() if row.name == name)

    def _due(self) -> list[JobRow]:
        rows = [row for row in self._metadata.jobs() if row.name in self._jobs]
        known = {row.name: row.every_s for row in rows}
        if known != {name: _seconds(job) for name, job in self._jobs.items()}:
            self._declare()
            rows = [row for row in self._metadata.jobs() if row.name in self._jobs]
        now = self._clock.now()
        return sorted((row for row in rows if row.is_due(now)), key=lambda row: (row.next_due, row.name))

    def _declare(self) -> None:
        self._metadata.declare_jobs([(name, _seconds(job)) for name, job in self._jobs.items()])

    def _work(self, job: Job, row: JobRow, stop: threading.Event) -> None:
        result = error = ""
        with self._renewed(job.name) as lost:
            try:
                result = job.run(JobRun(stop, lost))
            except AmberError as failure:
                error = f"{failure.message} {failure.hint}".strip()
            except Exception as failure:  # noqa: BLE001 - whatever it is, the other jobs go on
                _log.exception("job failed", job=job.name)
                error = f"{type(failure).__name__}: {failure}"
        end = self._end(job, row, result, error[:_LONGEST_ERROR])
        if stop.is_set() and not error:
            end = JobEnd(self._clock.now(), _STOPPED)
        if not self._metadata.finish_job(job.name, self._holder, end):
            _log.warning("another process has taken the job meanwhile", job=job.name)
        elif error:
            _log.warning("job failed", job=job.name, reason=error, next_due=end.next_due.isoformat())
        else:
            _log.info("job done", job=job.name, result=end.result)

    def _end(self, job: Job, row: JobRow, result: str, error: str) -> JobEnd:
        now = self._clock.now()
        if error:
            pause = min(job.every, _RETRY * 2 ** min(row.failures, _MOST_DOUBLINGS))
            return JobEnd(now + pause, row.last_result, error)
        return JobEnd(max(now, (row.last_started or now) + job.every), result)

    @contextmanager
    def _renewed(self, name: str) -> Iterator[threading.Event]:
        """Hold the lease of a job for the length of a block; gives what is set when it is lost."""
        over, lost = threading.Event(), threading.Event()

        def hold() -> None:
            while not over.wait(self._lease.total_seconds() / _RENEWALS):
                try:
                    held = self._metadata.renew_job(name, self._holder, self._lease)
                except (AmberError, OSError) as error:
                    _log.warning("lease not renewed", job=name, reason=str(error))
                    continue
                if not held:
                    lost.set()
                    return

        thread = threading.Thread(target=hold, name=f"lease-{name}", daemon=True)
        thread.start()
        try:
            yield lost
        finally:
            over.set()
            thread.join()


def _seconds(job: Job) -> int:
    return max(1, round(job.every.total_seconds()))
