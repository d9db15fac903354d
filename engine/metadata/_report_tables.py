"""The tables of reports; part of `engine.metadata._tables.METADATA`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from engine.metadata._tables import METADATA
from engine.metadata._types import Json, UtcTime

_ID = BigInteger().with_variant(Integer, "sqlite")

REPORT_SCHEDULES = Table(
    "report_schedules",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("rhythm", Text, nullable=False),
    Column("weekday", Integer, nullable=False),
    Column("hour", Integer, nullable=False),
    Column("zone", Text, nullable=False),
    Column("recipients", Json, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("deleted_at", UtcTime, nullable=True),
    Index("ix_report_schedules_project_id", "project_id"),
)
"""When reports are made, and who gets them."""

REPORTS = Table(
    "reports",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("project_id", _ID, ForeignKey("projects.id"), nullable=False),
    # 0 for a report that was asked for: these may be of the same period.
    Column("schedule_id", _ID, nullable=False),
    Column("serial", _ID, nullable=False),
    Column("period_start", UtcTime, nullable=False),
    Column("period_end", UtcTime, nullable=False),
    Column("document", Json, nullable=True),
    Column("created_at", UtcTime, nullable=False),
    Column("made_at", UtcTime, nullable=True),
    Column("error", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("lease_until", UtcTime, nullable=True),
    UniqueConstraint("schedule_id", "serial", "period_end", name="uq_reports_schedule_id"),
    Index("ix_reports_project_id", "project_id", "period_end"),
)
"""Reports, one for each schedule and period."""

REPORT_MAILS = Table(
    "report_mails",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("report_id", _ID, ForeignKey("reports.id"), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("error", Text, nullable=False),
    UniqueConstraint("report_id", "recipient", name="uq_report_mails_report_id"),
)
"""The outbox of reports: one mail for each recipient."""
