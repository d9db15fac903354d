"""The job that makes the reports that are due and mails them.

What is due is written down first, once for each schedule and period; then each report that is not made, or has mails
that wait, is taken under a lease by one process, made if it is not, and sent. Killed anywhere, the next run goes on:
a report that is made stays what it is, and a mail that was handed over is not handed over again.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from os import getpid
from typing import TYPE_CHECKING, Final

import structlog

from engine.clock import Clock
from engine.errors import AmberError
from engine.metadata import MetadataStore, ProjectRow
from engine.reports import ReportKey, ReportRow, ScheduleRow
from iam import LOCAL
from server.jobs import Job, JobRun
from server.rca.opening import opened_issues
from server.reports.making import ReportMaker, Wanted
from server.reports.periods import due
from server.reports.sending import LEASE, MailServer, Sending, Sent

if TYPE_CHECKING:
    from server.compose import Installation
    from server.settings import Settings

NAME: Final = "reports"
EVERY: Final = timedelta(minutes=1)
_TRIED_FOR: Final = timedelta(days=3)
"""After so long a report that could not be made, or sent, is left as it is."""

_log = structlog.stdlib.get_logger(__name__)
OpenMaker = Callable[[], AbstractContextManager[ReportMaker]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the job works with.

    Attributes:
        metadata: schedules, reports and mails.
        clock: tells what is due.
        maker: opens what makes reports, when there is one to be made.
        server: takes the mails.
        base_url: of Amber's pages.
        lease: how long a report stays with a process that has died.
    """

    metadata: MetadataStore
    clock: Clock
    maker: OpenMaker
    server: MailServer
    base_url: str
    lease: timedelta = LEASE


class ReportJob:
    """Makes and sends what is due.

    Args:
        parts: what it works with.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._holder = f"{socket.gethostname()}:{getpid()}:{secrets.token_hex(4)}"

    def run(self, stopping: Callable[[], bool]) -> str:
        """Do what is due and return what was done, in words; `stopping` is asked between reports."""
        metadata, now = self._parts.metadata, self._parts.clock.now()
        schedules = {row.id: row for row in metadata.report_schedules()}
        for row in schedules.values():
            found = due(row, metadata.last_report_end(row.id), now)
            if found is not None:
                metadata.begin_report(ReportKey(row.project_id, found.start, found.end, row.id))
        done = Sent()
        made = 0
        for report in metadata.unfinished_reports(now - _TRIED_FOR):
            if stopping():
                break
            schedule = schedules.get(report.key.schedule_id or 0)
            gone = schedule is None and report.made_at is None
            if gone or not metadata.claim_report(report.id, self._holder, self._parts.lease):
                continue
            made += self._finish(report, schedule, done)
        return "" if not (made or done.sent or done.error) else _told(made, done)

    def _finish(self, report: ReportRow, row: ScheduleRow | None, done: Sent) -> int:
        """Make a report if it is not made, and send what waits; returns 1 when it was made."""
        metadata, error, made = self._parts.metadata, "", 0
        try:
            # Taken anew: another process may have made it since the list was read.
            present = metadata.report(report.id)
            if present.made_at is None and row is not None:
                present, made = self._make(present, row), 1
            went = self._sending().send(present, lambda: self._mine(report.id))
            done.sent, done.refused, error = done.sent + went.sent, done.refused + went.refused, went.error
        except AmberError as failure:
            error = failure.message
            _log.warning("report not made", report=report.id, reason=error)
        finally:
            metadata.release_report(report.id, self._holder, error[:1000])
        done.error = done.error or error
        return made

    def _make(self, report: ReportRow, row: ScheduleRow) -> ReportRow:
        metadata, key = self._parts.metadata, report.key
        project = _project(metadata, key.project_id)
        before = metadata.last_report_end(row.id, key.end)
        found = due(row, before, key.end)
        wanted = Wanted(project, key.start, key.end, 0 if found is None else found.missed, row.wanted.name)
        with self._parts.maker() as maker:
            document = maker.make(LOCAL, wanted)
        return metadata.make_report(report.id, document, self._parts.server.named(report.id, row.wanted.recipients))

    def _sending(self) -> Sending:
        return Sending(self._parts.metadata, self._parts.server, self._parts.base_url)

    def _mine(self, report_id: int) -> bool:
        return self._parts.metadata.claim_report(report_id, self._holder, self._parts.lease)


def _told(made: int, done: Sent) -> str:
    words = [f"{made} reports made", f"{done.sent} mails sent"]
    if done.refused:
        words.append(f"{done.refused} refused")
    return ", ".join([*words, done.error] if done.error else words)


def _project(metadata: MetadataStore, project_id: int) -> ProjectRow:
    found = next((row for row in metadata.projects() if row.id == project_id), None)
    if found is None:
        raise AmberError("The project of the report is gone.", code="project-unknown")
    return found


def mail_server(settings: Settings) -> MailServer:
    """Return where the settings send mails."""
    return MailServer(
        settings.smtp_host or "",
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_user or "",
        settings.smtp_password or "",
        settings.smtp_from,
    )


@contextmanager
def opened_maker(installation: Installation) -> Iterator[ReportMaker]:
    """Give what makes the reports of an installation, for the length of a block."""
    with opened_issues(installation) as (queries, issues):
        yield ReportMaker(queries, installation.metadata, issues, installation.clock)


def parts_of(installation: Installation) -> Parts:
    """Return what the job of an installation works with."""
    return Parts(
        installation.metadata,
        installation.clock,
        lambda: opened_maker(installation),
        mail_server(installation.settings),
        installation.settings.web_url,
    )


def reports_job(installation: Installation) -> Job:
    """Return the job of an installation."""
    job = ReportJob(parts_of(installation))

    def run(state: JobRun) -> str:
        return job.run(lambda: state.stopping)

    return Job(NAME, EVERY, run)
