"""Documents of the state of the installation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from server.http.documents.common import Document


class SpoolState(Document):
    """A spool."""

    name: str
    bytes: int
    budget_bytes: int | None


class RoleState(Document):
    """A process of Amber."""

    name: str
    ready: bool
    restarts: int


class OutcomeState(Document):
    """What became of what clients sent, in the last 24 hours."""

    project: str
    outcome: str
    reason: str
    category: str
    quantity: int


class JobState(Document):
    """A job of the installation, in short; `/api/v1/jobs` says more."""

    name: str
    running: bool
    last_finished: datetime | None
    next_due: datetime
    last_error: str


class StateDocument(Document):
    """How the installation is doing."""

    at: datetime
    version: str
    started_at: datetime | None
    checks: dict[str, dict[str, Any]]
    spools: list[SpoolState]
    roles: list[RoleState]
    outcomes: list[OutcomeState]
    dead_letters: int
    jobs: list[JobState]


class Health(BaseModel):
    """Whether the server is well."""

    status: str
    checks: dict[str, dict[str, Any]]


class Ready(BaseModel):
    """Whether every process is at work."""

    ready: bool
    missing: list[str]
