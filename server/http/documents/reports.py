"""Documents of reports."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from server.http.documents.common import Document, Identifier, Input, Moment, ProjectName
from server.http.documents.managed import ProjectPath
from server.http.documents.rca import RcaAnswer, RcaRange

_Address = Annotated[
    str,
    Field(
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$",
        json_schema_extra={"example": "team@example.org"},
    ),
]
_Recipients = Annotated[list[_Address], Field(max_length=100, description="Who gets it by mail.")]
_Length = Annotated[str, Field(pattern=r"^[0-9]{1,6}(h|d|w)$", description="Length of the period, up to now.")]
Form = Annotated[Literal["json", "markdown", "html"], Field(description="Of the answer.")]


class ReportPath(BaseModel):
    """The number of a report."""

    report: Identifier


class SchedulePath(ProjectPath):
    """A schedule of a project."""

    schedule: Identifier


class ReportsQuery(Input):
    """Which reports."""

    project: Annotated[list[ProjectName] | None, Field(max_length=1000, description="All visible ones if absent.")] = (
        None
    )
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class ReportQuery(Input):
    """How a report is told."""

    format: Form = "json"


class MakeQuery(ReportQuery):
    """A report of now."""

    range: _Length


class ReportWanted(Input):
    """A report to make, keep and mail."""

    range: _Length
    recipients: _Recipients = Field(default_factory=list)


class ScheduleBody(Input):
    """When reports are made, and who gets them."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    rhythm: Literal["daily", "weekly"] = "weekly"
    weekday: Annotated[int, Field(ge=0, le=6, description="Of weekly ones: 0 is Monday.")] = 0
    hour: Annotated[int, Field(ge=0, le=23, description="Of the day in the zone.")] = 7
    zone: Annotated[str, Field(max_length=60, json_schema_extra={"example": "Europe/Berlin"})] = "UTC"
    recipients: _Recipients = Field(default_factory=list)
    enabled: bool = True


class Schedule(Document):
    """A schedule of reports."""

    id: int
    project: str
    name: str
    rhythm: str
    weekday: int
    hour: int
    zone: str
    recipients: list[str]
    enabled: bool
    created_by: str
    next: Moment | None = Field(description="When the next report is due; null when it is switched off.")


class Schedules(Document):
    """Schedules, by project."""

    items: list[Schedule]


class Mail(Document):
    """A mail of a report."""

    recipient: str
    state: str = Field(
        description="waiting, handing (cut off while it was handed over: it may have gone, and is not sent again), "
        "sent or refused."
    )
    at: Moment
    error: str


class ReportItem(Document):
    """A report of the list."""

    id: int
    project: str
    schedule: int | None
    start: Moment
    end: Moment
    made_at: Moment | None = Field(description="Null while it is made.")
    error: str
    mails: list[Mail]


class Reports(Document):
    """Reports, the newest first."""

    items: list[ReportItem]


class Quantity(Document):
    """A number of the period and of the time before it."""

    name: str
    unit: str
    before: float | None
    after: float | None


class ReportIssue(Document):
    """An issue that matters."""

    id: str
    title: str
    culprit: str
    level: str
    events: int
    users: int
    first_seen: Moment
    last_seen: Moment


class ReportIssues(Document):
    """Issues by why they matter."""

    escalating: list[ReportIssue]
    regressed: list[ReportIssue]
    new: list[ReportIssue]


class Regression(Document):
    """A transaction that became worse; durations in milliseconds, failures as shares of 1."""

    service: str
    transaction: str
    signal: str = Field(description="latency or errors.")
    before: float
    after: float
    change: float = Field(description="How many times as much.")
    count_before: int
    count_after: int


class ReportDocument(Document):
    """A report."""

    version: int
    name: str
    project: str
    period: RcaRange
    missed: int = Field(description="Reports before it that were not made, because nothing ran.")
    numbers: list[Quantity]
    charts: list[dict[str, Any]] = Field(description="As those of an analysis.")
    issues: ReportIssues
    causes: list[RcaAnswer]
    regressions: list[Regression]
    regressions_total: int
    notes: list[str] = Field(description="What could not be looked at.")
    made_at: Moment
    elapsed_ms: float


class StoredReport(ReportItem):
    """A report with what it says."""

    document: ReportDocument | None


class RegressionQuery(Input):
    """Which release, and against which."""

    release: Annotated[str, Field(min_length=1, max_length=200)]
    compare: Annotated[
        str | None, Field(max_length=200, description="Another release; the one before it if absent.")
    ] = None
    range: _Length = "14d"


class RegressionMap(Document):
    """What a release made worse."""

    project: str
    release: str
    compared: str | None = Field(description="Null when there is no other release in the range.")
    transactions: list[Regression]
    new: list[dict[str, Any]] = Field(description="Issues first met in it.")
    regressed: list[dict[str, Any]] = Field(description="Issues that came back in it.")
