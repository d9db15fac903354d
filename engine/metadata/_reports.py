"""Reports inside a transaction. One statement takes a report, one hands over a mail: two processes cannot both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from engine.metadata._counters import upsert
from engine.metadata._report_tables import REPORT_MAILS, REPORT_SCHEDULES, REPORTS
from engine.metadata.job_rows import SKEW
from engine.reports import MailState, ReportKey, ReportMail, ReportRow, Rhythm, ScheduleRow, ScheduleWanted

_S, _R, _M = REPORT_SCHEDULES.c, REPORTS.c, REPORT_MAILS.c
MOST_LISTED = 500


def schedules(connection: Connection, project_ids: Sequence[int] | None = None) -> list[ScheduleRow]:
    """Return the schedules of some projects, of all when None, by project and number."""
    query = select(REPORT_SCHEDULES).where(_S.deleted_at.is_(None)).order_by(_S.project_id, _S.id)
    if project_ids is not None:
        query = query.where(_S.project_id.in_(list(project_ids)))
    return [_schedule(row) for row in connection.execute(query)]


def schedule(connection: Connection, schedule_id: int) -> ScheduleRow | None:
    """Return one schedule; None when there is none."""
    row = connection.execute(
        select(REPORT_SCHEDULES).where(_S.id == schedule_id, _S.deleted_at.is_(None))
    ).one_or_none()
    return None if row is None else _schedule(row)


def add_schedule(connection: Connection, project_id: int, wanted: ScheduleWanted, by: str, now: datetime) -> int:
    """Store a schedule and return its number."""
    values = {"project_id": project_id, **_values(wanted), "created_at": now, "created_by": by, "changed_at": now}
    made = connection.execute(insert(REPORT_SCHEDULES).values(**values).returning(_S.id))
    return int(made.scalar_one())


def set_schedule(connection: Connection, schedule_id: int, wanted: ScheduleWanted, now: datetime) -> None:
    """Replace what a schedule says."""
    connection.execute(update(REPORT_SCHEDULES).where(_S.id == schedule_id).values(**_values(wanted), changed_at=now))


def drop_schedule(connection: Connection, schedule_id: int, now: datetime) -> None:
    """Let a schedule go; its reports stay."""
    connection.execute(update(REPORT_SCHEDULES).where(_S.id == schedule_id).values(deleted_at=now, enabled=False))


def reports(connection: Connection, project_ids: Sequence[int], limit: int) -> list[ReportRow]:
    """Return the newest reports of some projects without their documents."""
    columns = [column for column in REPORTS.c if column.name != "document"]
    query = select(*columns).where(_R.project_id.in_(list(project_ids)))
    found = connection.execute(query.order_by(_R.period_end.desc(), _R.id.desc()).limit(min(limit, MOST_LISTED)))
    return [_report(row, {}) for row in found]


def report(connection: Connection, report_id: int) -> ReportRow | None:
    """Return one report; None when there is none."""
    row = connection.execute(select(REPORTS).where(_R.id == report_id)).one_or_none()
    return None if row is None else _report(row, row.document)


def begin(connection: Connection, key: ReportKey, now: datetime) -> int:
    """Return the number of the report of a schedule and period, stored when new; without a schedule it always is."""
    serial = 0
    if key.schedule_id is None:
        serial = 1 + int(connection.execute(select(func.max(_R.id))).scalar() or 0)
    values = {
        "project_id": key.project_id, "schedule_id": key.schedule_id or 0, "serial": serial,
        "period_start": key.start, "period_end": key.end, "created_at": now, "error": "", "holder": "",
    }  # fmt: skip
    new = upsert(connection.dialect, REPORTS).values(**values)
    connection.execute(new.on_conflict_do_nothing(index_elements=["schedule_id", "serial", "period_end"]))
    same = (_R.schedule_id == values["schedule_id"], _R.serial == serial, _R.period_end == key.end)
    return int(connection.execute(select(_R.id).where(*same)).scalar_one())


def last_end(connection: Connection, schedule_id: int, before: datetime | None = None) -> datetime | None:
    """Return the end of the last period (before a time) a schedule has a report of; None when it has none."""
    query = select(_R.period_end).where(_R.schedule_id == schedule_id).order_by(_R.period_end.desc()).limit(1)
    if before is not None:
        query = query.where(_R.period_end < before)
    found: datetime | None = connection.execute(query).scalar()
    return found


def unfinished(connection: Connection, since: datetime) -> list[ReportRow]:
    """Return the reports begun since a time that are not made, or have mails that wait, the oldest first."""
    waiting = select(_M.report_id).where(_M.state == MailState.WAITING.value)
    query = select(REPORTS).where(
        _R.created_at >= since, or_(and_(_R.schedule_id > 0, _R.made_at.is_(None)), _R.id.in_(waiting))
    )
    return [_report(row, row.document) for row in connection.execute(query.order_by(_R.id))]


def claim(connection: Connection, report_id: int, holder: str, now: datetime, lease: timedelta) -> bool:
    """Take a report to work on it, or hold it for longer; False when another process has it."""
    free = or_(
        _R.lease_until.is_(None), _R.lease_until <= now, _R.lease_until > now + lease + SKEW, _R.holder == holder
    )
    taken = update(REPORTS).where(_R.id == report_id, free).values(holder=holder, lease_until=now + lease)
    return connection.execute(taken).rowcount == 1


def release(connection: Connection, report_id: int, holder: str, error: str) -> None:
    """Let go of a report, with why it could not be finished."""
    held = update(REPORTS).where(_R.id == report_id, _R.holder == holder)
    connection.execute(held.values(holder="", lease_until=None, error=error))


def make(
    connection: Connection, report_id: int, document: Mapping[str, Any], mails: Sequence[tuple[str, str]], now: datetime
) -> None:
    """Store what a report says and the mails that are to go out (recipient, Message-ID), once: a second time nothing.

    The document and its mails are stored together: no mail is of another document.
    """
    made = update(REPORTS).where(_R.id == report_id, _R.made_at.is_(None)).values(document=document, made_at=now)
    if connection.execute(made).rowcount != 1:
        return
    for recipient, message_id in mails:
        values = {
            "report_id": report_id, "recipient": recipient, "message_id": message_id,
            "state": MailState.WAITING.value, "changed_at": now, "error": "",
        }  # fmt: skip
        new = upsert(connection.dialect, REPORT_MAILS).values(**values)
        connection.execute(new.on_conflict_do_nothing(index_elements=["report_id", "recipient"]))


def mails(connection: Connection, report_id: int) -> list[ReportMail]:
    """Return the mails of a report by recipient."""
    found = connection.execute(select(REPORT_MAILS).where(_M.report_id == report_id).order_by(_M.recipient))
    return [
        ReportMail(
            row.id, row.report_id, row.recipient, row.message_id, MailState(row.state), row.changed_at, row.error
        )
        for row in found
    ]


def move_mail(connection: Connection, mail: ReportMail, to: MailState, error: str, now: datetime) -> bool:
    """Move a mail from the state it was read in to another; False when it is in another by now."""
    moved = (
        update(REPORT_MAILS)
        .where(_M.id == mail.id, _M.state == mail.state.value)
        .values(state=to.value, error=error, changed_at=now)
    )
    return connection.execute(moved).rowcount == 1


def _values(wanted: ScheduleWanted) -> dict[str, Any]:
    return {
        "name": wanted.name,
        "rhythm": wanted.rhythm.value,
        "weekday": wanted.weekday,
        "hour": wanted.hour,
        "zone": wanted.zone,
        "recipients": list(wanted.recipients),
        "enabled": wanted.enabled,
    }


def _schedule(row: Row[Any]) -> ScheduleRow:
    wanted = ScheduleWanted(
        row.name, Rhythm(row.rhythm), row.weekday, row.hour, row.zone, tuple(row.recipients), row.enabled
    )
    return ScheduleRow(row.id, row.project_id, wanted, row.created_at, row.created_by, row.changed_at)


def _report(row: Row[Any], document: Mapping[str, Any] | None) -> ReportRow:
    key = ReportKey(row.project_id, row.period_start, row.period_end, row.schedule_id or None)
    made = None if row.made_at is None else document
    return ReportRow(row.id, key, made, row.created_at, row.made_at, row.error, row.holder, row.lease_until)
