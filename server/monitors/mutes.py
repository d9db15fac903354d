"""What was said of muted monitors, as those who ask need it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from engine.monitors import EVERYWHERE, MonitorMute

MonitorKey = tuple[int, str, str]
"""Project, slug and environment."""


class Mutes:
    """Which check-ins make no issues."""

    def __init__(self, said: Iterable[MonitorMute]) -> None:
        self._said = {(one.project_id, one.monitor, one.environment): one for one in said}

    def holds(self, key: MonitorKey) -> bool:
        """Tell whether a monitor is muted in an environment: itself, or in all of them."""
        return any(one.muted for one in self._about(key))

    def silences(self, key: MonitorKey, came: datetime) -> bool:
        """Tell whether a check-in that came then makes no issue: what came before the end of a mute stays unsaid."""
        return any(one.muted or (one.changed_at is not None and came <= one.changed_at) for one in self._about(key))

    def _about(self, key: MonitorKey) -> list[MonitorMute]:
        project_id, slug, environment = key
        both = ((project_id, slug, environment), (project_id, slug, EVERYWHERE))
        return [self._said[name] for name in both if name in self._said]
