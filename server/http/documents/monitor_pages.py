"""Documents of monitors as the pages and people read them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from server.http.documents.common import MAX_NAME, Document, ProjectName

_Slug = Annotated[str, Field(min_length=1, max_length=128, json_schema_extra={"example": "nightly-report"})]
_Environments = Annotated[list[Annotated[str, Field(max_length=MAX_NAME)]] | None, Field(max_length=100)]
_Ended = Literal["ok", "error", "missed", "timeout"]


class MonitorListQuery(BaseModel):
    """Which monitors."""

    project: Annotated[list[ProjectName] | None, Field(max_length=1000)] = Field(
        default=None, description="Slug or number; may be repeated; all visible ones if absent."
    )
    environment: _Environments = Field(default=None, description="Deployment environment; may be repeated.")


class MonitorQuery(BaseModel):
    """Which monitor of a project."""

    monitor: _Slug
    environment: _Environments = Field(default=None, description="Deployment environment; may be repeated.")


class MuteWanted(Document):
    """Whether a monitor makes issues."""

    monitor: _Slug
    muted: bool
    environment: Annotated[str, Field(max_length=64, description="`*` for all of them.")] = "*"


class RunEnd(Document):
    """How a run ended."""

    at: str
    status: _Ended
    duration_ms: float | None = Field(description="Null when it was not said.")


class MonitorEnvironment(Document):
    """A monitor in one environment."""

    name: str = Field(description="Empty for check-ins without one.")
    state: Literal["ok", "error", "missed", "timeout", "waiting"] = Field(
        description="How its last run ended; `waiting` while none has."
    )
    muted: bool
    last: str | None = Field(description="When its last run ended, or should have.")
    next: str | None = Field(description="When the next run is due; in the past when it is late.")
    strip: list[RunEnd] = Field(description="Its last runs, the newest last.")


class MonitorSchedule(Document):
    """When it should run."""

    type: str = Field(description="`crontab` or `interval`.")
    text: str
    timezone: str
    words: str = Field(description="The same in words; empty when there are none.")
    problem: str = Field(description="Why it cannot be read; empty when it can.")
    margin_minutes: int = Field(description="How late a run may begin.")
    max_runtime_minutes: int
    failure_issue_threshold: int
    recovery_threshold: int


class MonitorItem(Document):
    """A monitored job."""

    project: str
    monitor: str
    since: str = Field(description="When it told something first, as far as is known.")
    state: str = Field(description="The worst of its environments that are not muted.")
    muted: bool = Field(description="In all its environments.")
    schedule: MonitorSchedule | None
    environments: list[MonitorEnvironment]


class MonitorList(Document):
    """The monitors that told something lately, those that fail first."""

    items: list[MonitorItem]
    total: int
    heard_days: int = Field(description="A monitor that told nothing for so long is not listed.")


class CheckIn(Document):
    """What a run said of itself, or what was found when it said nothing."""

    id: str
    at: str
    status: Literal["in_progress", "ok", "error", "missed", "timeout"]
    duration_ms: float | None
    environment: str
    release: str
    trace_id: str


class MonitorDetail(Document):
    """A monitor with its newest check-ins."""

    monitor: MonitorItem
    check_ins: list[CheckIn]
    most: int


class MuteHolds(Document):
    """What holds from now on."""

    slug: str
    environment: str = Field(description="`*` for all of them.")
    isMuted: bool  # noqa: N815 - as in Sentry's documents
