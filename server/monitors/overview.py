"""Monitors as people read them: how each stands, its last runs, and when the next is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from cronsim import CronSim

from engine.clock import Clock
from engine.errors import NotFound
from engine.metadata import MetadataStore, ProjectRow
from iam import Principal, visible_projects
from queries.result import rfc3339
from server.issues.looking import Look, rows
from server.monitors import texts
from server.monitors.judging import DEFAULT_MARGIN, DEFAULT_RUNTIME
from server.monitors.listing import KnownMonitor, Row, known_monitors
from server.monitors.mutes import Mutes
from server.monitors.schedules import CRONTAB, INTERVAL, Schedule, ScheduleError, occurrences
from server.query_service import QueryService

STRIP: Final = 30
"""Ends of runs shown of each environment in the list."""

MOST_CHECK_INS: Final = 100
_WAITING: Final = "waiting"
_SEVERITY: Final = ("error", "timeout", "missed", _WAITING, "ok")
"""States of an environment, the worst first."""

Strips = Mapping[tuple[int, str, str], Sequence[Row]]


class MonitorOverview:
    """Reads monitors on behalf of principals.

    Args:
        queries: asks the store.
        metadata: has the projects, and what was muted.
        clock: tells what is due.
    """

    def __init__(self, queries: QueryService, metadata: MetadataStore, clock: Clock) -> None:
        self._queries = queries
        self._metadata = metadata
        self._clock = clock

    def listed(self, look: Look) -> dict[str, Any]:
        """Return the monitors of a look that told something in the last 35 days, those that fail first."""
        visible = visible_projects(self._metadata, look.principal, look.action)
        projects = [row for row in self._metadata.projects() if row.id in visible]
        items = self._documents(look, projects)
        items.sort(key=lambda one: (one["muted"], _SEVERITY.index(one["state"]), one["project"], one["monitor"]))
        return {"items": items, "total": len(items), "heard_days": texts.HEARD_DAYS}

    def detail(self, look: Look, project: ProjectRow, slug: str) -> dict[str, Any]:
        """Return one monitor with its newest check-ins.

        Raises:
            NotFound: it told nothing in the last 35 days.
        """
        look = replace(look, projects=(project.id,))
        found = [one for one in self._documents(look, [project]) if one["monitor"] == slug]
        if not found:
            raise NotFound(
                f"No monitor {slug[:100]!r} of {project.slug} told anything in the last {texts.HEARD_DAYS} days.",
                code="monitor-unknown",
                hint="A monitor is there from its first check-in on; see the other monitors.",
            )
        check_ins = [_check_in(row) for row in self._ask(look, texts.check_ins_text(MOST_CHECK_INS), {"slug": slug})]
        return {"monitor": found[0], "check_ins": check_ins, "most": MOST_CHECK_INS}

    def _documents(self, look: Look, projects: Sequence[ProjectRow]) -> list[dict[str, Any]]:
        strips: dict[tuple[int, str, str], list[Row]] = defaultdict(list)
        for row in self._ask(look, texts.recent_text(STRIP)):
            strips[row["project"], row["monitor"], row["environment"] or ""].append(row)
        mutes = Mutes(self._metadata.monitor_mutes())
        known = known_monitors(lambda text: self._ask(look, text), projects)
        return [_document(one, strips, mutes, self._clock.now()) for one in known]

    def _ask(self, look: Look, text: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        return rows(look.ask(self._queries, text, params))


def look_of(who: Principal, projects: Sequence[str | int], environments: Sequence[str], now: datetime) -> Look:
    """Return the look at as long as monitors are known; there is no choice: older ones are gone, newer ones due."""
    return Look(who, tuple(projects), tuple(environments), now - timedelta(days=texts.HEARD_DAYS), now)


def _document(monitor: KnownMonitor, strips: Strips, mutes: Mutes, now: datetime) -> dict[str, Any]:
    project, config = monitor.project, monitor.config
    schedule = _schedule(config)
    environments = []
    for name in monitor.environments:
        key = (project.id, monitor.slug, name)
        strip = [_end(row) for row in reversed(strips.get(key, ()))]
        last = strips[key][0]["at"] if strip else None
        due, problem = _due(schedule, last, monitor.since, now)
        environments.append(
            {
                "name": name,
                "state": strip[-1]["status"] if strip else _WAITING,
                "muted": mutes.holds(key),
                "last": None if last is None else rfc3339(last),
                "next": None if due is None else rfc3339(due),
                "strip": strip,
            }
        )
    return {
        "project": project.slug,
        "monitor": monitor.slug,
        "since": rfc3339(monitor.since),
        "state": min((one["state"] for one in environments if not one["muted"]), key=_SEVERITY.index, default="ok"),
        "muted": all(one["muted"] for one in environments),
        "schedule": None if schedule is None else _schedule_document(schedule, config, problem),
        "environments": environments,
    }


def _schedule(config: Row) -> Schedule | None:
    if not config:
        return None
    return Schedule(config["schedule_type"] or "", str(config["schedule"] or ""), config["timezone"] or "")


def _due(
    schedule: Schedule | None, last: datetime | None, since: datetime, now: datetime
) -> tuple[datetime | None, str]:
    """Return when the next run is due, in the past when it is late, and why nobody can say.

    An interval counts from the last run, a crontab's times do not depend on it.
    """
    if schedule is None:
        return None, ""
    try:
        after = (last or since) if schedule.kind == INTERVAL else now
        return next(occurrences(schedule, after), None), ""
    except ScheduleError as error:
        return None, str(error)


def _schedule_document(schedule: Schedule, config: Row, problem: str) -> dict[str, Any]:
    return {
        "type": schedule.kind,
        "text": schedule.text,
        "timezone": schedule.timezone or "UTC",
        "words": "" if problem else _words(schedule),
        "problem": problem,
        "margin_minutes": config["checkin_margin"] or int(DEFAULT_MARGIN.total_seconds() // 60),
        "max_runtime_minutes": config["max_runtime"] or int(DEFAULT_RUNTIME.total_seconds() // 60),
        "failure_issue_threshold": config["failure_issue_threshold"] or 1,
        "recovery_threshold": config["recovery_threshold"] or 1,
    }


def _words(schedule: Schedule) -> str:
    """Return a schedule in words, empty when it has none that are better than its text."""
    if schedule.kind == CRONTAB and not schedule.text.startswith("@"):
        return str(CronSim(schedule.text, datetime(2026, 1, 1)).explain())  # noqa: DTZ001 - the words need no time
    if schedule.kind == INTERVAL:
        count, _, unit = schedule.text.partition(" ")
        return f"Every {unit.removesuffix('s')}" if count == "1" else f"Every {count} {unit.removesuffix('s')}s"
    return ""


def _end(row: Row) -> dict[str, Any]:
    return {"at": rfc3339(row["at"]), "status": row["status"], "duration_ms": _duration_ms(row)}


def _check_in(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "environment": row["environment"] or "",
        "release": row["release"] or "",
        "trace_id": row["trace"] or "",
        **_end(row),
    }


def _duration_ms(row: Row) -> float | None:
    """Return how long a run took; what was not said is stored as 0."""
    return row["duration"] / 1e6 if row["duration"] else None
