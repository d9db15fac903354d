"""Muting monitors: said by people, audited, the same from every door."""

from __future__ import annotations

from typing import Any

from engine.metadata import AuditEntry, MetadataStore, ProjectRow
from engine.monitors import MonitorMute
from iam import Principal


def mute(
    metadata: MetadataStore, who: Principal, project: ProjectRow, slug: str, environment: str, *, muted: bool
) -> dict[str, Any]:
    """Mute a monitor in an environment (or in all: `EVERYWHERE`), or no longer; return what holds from now on."""
    wanted = MonitorMute(project.id, slug, environment, muted, changed_by=who.name)
    action = "monitor.mute" if muted else "monitor.unmute"
    entry = AuditEntry(who.name, action, f"monitor:{project.slug}/{slug}", {"environment": environment})
    metadata.mute_monitor(wanted, audit=entry)
    return {"slug": slug, "environment": environment, "isMuted": muted}
