"""Reports: schedules people set, reports that were made of them, and the mails that went out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.errors import NotFound
from engine.metadata import _reports
from engine.metadata._projects import live_project
from engine.metadata.rows import AuditEntry
from engine.metadata.stores.base import BaseStore, changed_members
from engine.reports import MailState, ReportKey, ReportMail, ReportRow, ScheduleRow, ScheduleWanted

_MEMBERS = ("name", "rhythm", "weekday", "hour", "zone", "recipients", "enabled")


class ReportStore(BaseStore):
    """A report is there once for each schedule and period, and a mail of it once for each recipient."""

    def report_schedules(self, project_ids: Sequence[int] | None = None) -> list[ScheduleRow]:
        """Return the schedules of some projects, of all when None, by project and number."""
        with self._database.read() as connection:
            return _reports.schedules(connection, project_ids)

    def report_schedule(self, schedule_id: int) -> ScheduleRow:
        """Return one schedule.

        Raises:
            NotFound: there is none.
        """
        with self._database.read() as connection:
            found = _reports.schedule(connection, schedule_id)
        return _known(found, schedule_id)

    def add_report_schedule(
        self, project_id: int, wanted: ScheduleWanted, by: str, *, audit: AuditEntry | None = None
    ) -> ScheduleRow:
        """Store a schedule.

        Raises:
            NotFound: there is no such project.
        """
        with self._managed(audit) as write:
            live_project(write.connection, project_id)
            number = _reports.add_schedule(write.connection, project_id, wanted, by, self._clock.now())
            write.note(id=number, recipients=list(wanted.recipients))
            return _known(_reports.schedule(write.connection, number), number)

    def set_report_schedule(
        self, schedule_id: int, wanted: ScheduleWanted, *, audit: AuditEntry | None = None
    ) -> ScheduleRow:
        """Replace what a schedule says; nothing before this moment becomes due by it.

        Raises:
            NotFound: there is none.
        """
        with self._managed(audit) as write:
            before = _known(_reports.schedule(write.connection, schedule_id), schedule_id)
            _reports.set_schedule(write.connection, schedule_id, wanted, self._clock.now())
            write.note(**changed_members(before.wanted, wanted, _MEMBERS))
            return _known(_reports.schedule(write.connection, schedule_id), schedule_id)

    def drop_report_schedule(self, schedule_id: int, *, audit: AuditEntry | None = None) -> None:
        """Let a schedule go; its reports stay.

        Raises:
            NotFound: there is none.
        """
        with self._managed(audit) as write:
            _known(_reports.schedule(write.connection, schedule_id), schedule_id)
            _reports.drop_schedule(write.connection, schedule_id, self._clock.now())

    def reports(self, project_ids: Sequence[int], limit: int = 100) -> list[ReportRow]:
        """Return the newest reports of some projects; their documents are empty."""
        with self._database.read() as connection:
            return _reports.reports(connection, project_ids, limit)

    def report(self, report_id: int) -> ReportRow:
        """Return one report.

        Raises:
            NotFound: there is none.
        """
        with self._database.read() as connection:
            found = _reports.report(connection, report_id)
        if found is None:
            raise NotFound(f"There is no report {report_id}.", code="report-unknown")
        return found

    def begin_report(self, key: ReportKey) -> int:
        """Return the number of a schedule's report of a period, stored when new; without a schedule it always is."""
        with self._database.write() as connection:
            return _reports.begin(connection, key, self._clock.now())

    def last_report_end(self, schedule_id: int, before: datetime | None = None) -> datetime | None:
        """Return the end of the last period (before a time) a schedule has a report of; None when it has none."""
        with self._database.read() as connection:
            return _reports.last_end(connection, schedule_id, before)

    def unfinished_reports(self, since: datetime) -> list[ReportRow]:
        """Return reports begun since a time: scheduled ones that are not made, and those with mails that wait."""
        with self._database.read() as connection:
            return _reports.unfinished(connection, since)

    def claim_report(self, report_id: int, holder: str, lease: timedelta) -> bool:
        """Take a report to work on it, or hold it for longer; False when another process has it."""
        with self._database.write() as connection:
            return _reports.claim(connection, report_id, holder, self._clock.now(), lease)

    def release_report(self, report_id: int, holder: str, error: str = "") -> None:
        """Let go of a report, with why it could not be finished."""
        with self._database.write() as connection:
            _reports.release(connection, report_id, holder, error)

    def make_report(
        self,
        report_id: int,
        document: Mapping[str, Any],
        mails: Sequence[tuple[str, str]],
        *,
        audit: AuditEntry | None = None,
    ) -> ReportRow:
        """Store what a report says with its mails (recipient, Message-ID), if it is not made; return what holds."""
        with self._managed(audit) as write:
            _reports.make(write.connection, report_id, document, mails, self._clock.now())
        return self.report(report_id)

    def report_mails(self, report_id: int) -> list[ReportMail]:
        """Return the mails of a report by recipient."""
        with self._database.read() as connection:
            return _reports.mails(connection, report_id)

    def move_report_mail(
        self, mail: ReportMail, to: MailState, error: str = "", *, audit: AuditEntry | None = None
    ) -> bool:
        """Move a mail from the state it was read in to another; False when it is in another by now."""
        with self._managed(audit) as write:
            return _reports.move_mail(write.connection, mail, to, error, self._clock.now())


def _known(found: ScheduleRow | None, schedule_id: int) -> ScheduleRow:
    if found is None:
        raise NotFound(f"There is no schedule of reports {schedule_id}.", code="report-schedule-unknown")
    return found
