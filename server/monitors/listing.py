"""The monitors there are, from what they told: Sentry's documents of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.metadata import ProjectRow
from engine.monitors import MonitorMute
from ingest.hexids import row_id
from queries.result import rfc3339
from server.monitors import texts
from server.monitors.incidents import OK
from server.monitors.mutes import Mutes

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KnownMonitor:
    """A monitor of a project.

    Attributes:
        environments: its environments with the newest end of a run in each, None where no run has ended.
        config: the newest configuration, a row of `texts.configured_text`.
        since: when it told something first, as far as is known.
    """

    project: ProjectRow
    slug: str
    environments: Mapping[str, Row | None]
    config: Row
    since: datetime


def known_monitors(ask: Callable[[str], Iterable[Row]], projects: Sequence[ProjectRow]) -> list[KnownMonitor]:
    """Return the monitors of projects, by project and slug.

    Args:
        ask: answers a Discover text, as whoever wants to know.
        projects: whose.
    """
    latest = {(row["project"], row["monitor"], row["environment"] or ""): row for row in ask(texts.latest_text())}
    told: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in ask(texts.configured_text()):
        told[row["project"], row["monitor"]].append(row)
    for project, slug, environment in latest:
        told.setdefault(
            (project, slug), [{"environment": environment, "first": latest[project, slug, environment]["at"]}]
        )
    by_id = {project.id: project for project in projects}
    return [
        _known(by_id[project], slug, rows, latest) for (project, slug), rows in sorted(told.items()) if project in by_id
    ]


def _known(
    project: ProjectRow, slug: str, rows: Sequence[Row], latest: Mapping[tuple[int, str, str], Row]
) -> KnownMonitor:
    names = {row["environment"] or "" for row in rows}
    names |= {name for number, monitor, name in latest if (number, monitor) == (project.id, slug)}
    configured = [row for row in rows if row.get("schedule")]
    config = max(configured, key=lambda row: row["last"], default={})
    found = {name: latest.get((project.id, slug, name)) for name in sorted(names)}
    return KnownMonitor(project, slug, found, config, min(row["first"] for row in rows))


def monitor_document(monitor: KnownMonitor, said: Iterable[MonitorMute]) -> dict[str, Any]:
    """Return a monitor as Sentry's API has it (https://docs.sentry.io/api/crons/)."""
    mutes, project = Mutes(said), monitor.project
    environments = [
        {
            "name": name,
            "status": "active" if row is None else OK if row["status"] == OK else "error",
            "isMuted": mutes.holds((project.id, monitor.slug, name)),
            "lastCheckIn": None if row is None else rfc3339(row["at"]),
        }
        for name, row in monitor.environments.items()
    ]
    return {
        "id": row_id("monitor", project.id, monitor.slug),
        "slug": monitor.slug,
        "name": monitor.slug,
        "status": "active",
        "type": "cron_job",
        "isMuted": bool(environments) and all(one["isMuted"] for one in environments),
        "config": _config(monitor.config),
        "dateCreated": rfc3339(monitor.since),
        "project": {"id": str(project.id), "slug": project.slug, "name": project.name},
        "environments": environments,
    }


def _config(row: Row) -> dict[str, Any]:
    if not row:
        return {}
    kind = row["schedule_type"] or ""
    number, _, unit = str(row["schedule"] or "").partition(" ")
    interval = kind == "interval" and number.isdigit()
    return {
        "schedule_type": kind,
        "schedule": [int(number), unit] if interval else row["schedule"],
        "timezone": row["timezone"] or "UTC",
        **{
            name: row[name] or None
            for name in ("checkin_margin", "max_runtime", "failure_issue_threshold", "recovery_threshold")
        },
    }
