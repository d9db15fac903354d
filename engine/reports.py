"""What is kept of reports: when they are made, what they said, and which mails of them went out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Rhythm(StrEnum):
    """How often a report is made."""

    DAILY = "daily"
    WEEKLY = "weekly"


class MailState(StrEnum):
    """Where a mail is."""

    WAITING = "waiting"
    """It was not handed over."""
    HANDING = "handing"
    """Its content is on the way to the mail server; one that stays so was cut off, and nobody knows whether it went."""
    SENT = "sent"
    """The mail server has taken it."""
    REFUSED = "refused"
    """The mail server will never take it."""


@dataclass(frozen=True, slots=True)
class ScheduleWanted:
    """What a schedule says.

    Attributes:
        name: in one line.
        rhythm: how often.
        weekday: of weekly ones: 0 is Monday.
        hour: of the day in the zone, 0 to 23.
        zone: of the calendar, such as `Europe/Berlin`.
        recipients: mail addresses; none for a report that is only kept.
        enabled: whether reports are made.
    """

    name: str
    rhythm: Rhythm = Rhythm.WEEKLY
    weekday: int = 0
    hour: int = 7
    zone: str = "UTC"
    recipients: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule as it is stored; `changed_at` is when its times were set last: nothing before it is due."""

    id: int
    project_id: int
    wanted: ScheduleWanted
    created_at: datetime
    created_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ReportKey:
    """Which report: of a schedule (None for one that was asked for) and the end of its period."""

    project_id: int
    start: datetime
    end: datetime
    schedule_id: int | None = None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report.

    Attributes:
        key: whose, and of when.
        document: what it says; None while it is made.
        made_at: when it was; None while it is made.
        error: why the last try failed; empty when it did not.
        holder: the process that works on it.
        lease_until: until when that is so.
    """

    id: int
    key: ReportKey
    document: Mapping[str, Any] | None
    created_at: datetime
    made_at: datetime | None
    error: str
    holder: str
    lease_until: datetime | None


@dataclass(frozen=True, slots=True)
class ReportMail:
    """A mail of a report to one recipient."""

    id: int
    report_id: int
    recipient: str
    message_id: str
    state: MailState
    changed_at: datetime
    error: str = ""
