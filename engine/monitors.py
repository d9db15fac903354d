"""What is kept of monitored jobs beside their check-ins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

EVERYWHERE = "*"
"""Stands for every environment of a monitor."""


@dataclass(frozen=True, slots=True)
class MonitorMute:
    """Whether a monitor is muted: check-ins of muted ones are stored and make no issues.

    Attributes:
        monitor: its slug.
        environment: the one that is meant, empty for check-ins without one; `EVERYWHERE` for all of them.
        muted: False when it was muted before.
        changed_at: since when; None when it was never said.
        changed_by: who said it.
    """

    project_id: int
    monitor: str
    environment: str = EVERYWHERE
    muted: bool = True
    changed_at: datetime | None = None
    changed_by: str = ""
