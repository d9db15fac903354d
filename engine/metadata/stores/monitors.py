"""What people say of monitors: muted ones make no issues."""

from __future__ import annotations

from engine.metadata import _monitors
from engine.metadata.rows import AuditEntry
from engine.metadata.stores.base import BaseStore, changed_members
from engine.monitors import MonitorMute


class MonitorStore(BaseStore):
    """Muted monitors, by project, monitor and environment."""

    def monitor_mutes(self) -> list[MonitorMute]:
        """Return what was said of every monitor, muted or no longer, by project, monitor and environment."""
        with self._database.read() as connection:
            return _monitors.mutes(connection)

    def mute_monitor(self, wanted: MonitorMute, *, audit: AuditEntry | None = None) -> MonitorMute:
        """Say that a monitor is muted, or no longer, from now on, and return what holds.

        Raises:
            NotFound: there is no such project.
        """
        with self._managed(audit) as write:
            before, after = _monitors.put(write.connection, wanted, self._clock.now())
            was = before or MonitorMute(wanted.project_id, wanted.monitor, wanted.environment, muted=False)
            write.note(**changed_members(was, after, ("muted",)))
            return after
