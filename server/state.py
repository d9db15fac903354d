"""How the installation is doing: what the health, ready and metrics pages are made of."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from engine.datadir import DataDirectory
from engine.errors import AmberError
from ingest.writer import WriterFigures
from queries.plan import PlanContext
from queries.result import rfc3339
from queries.run import Runner
from server.compose import Installation
from server.metrics import Sample
from server.pipeline import backlog, dead_letter_counts
from server.runfile import read_run_info
from server.version import VERSION

_ROLES = ("raw", "ready", "dead")
_OUTCOMES = "from outcomes | summarize n=sum(quantity) by outcome, reason"
_DAY = (
    "from outcomes | summarize n=sum(quantity) by project, outcome, reason, category"
    " | sort n desc, project, outcome, reason, category"
)
_OUTCOMES_TTL_S = 5.0
_DEAD_TTL_S = 30.0


class InstallationState:
    """Reads the state of the installation when asked.

    Args:
        installation: asked for its stores, directories and budgets.
        runner: asked for the outcomes.
        writer: gives the figures of the writer.
    """

    def __init__(self, installation: Installation, runner: Runner, writer: Callable[[], WriterFigures]) -> None:
        self._settings = installation.settings
        self._store = installation.store
        self._metadata = installation.metadata
        self._data = installation.data
        self._clock = installation.clock
        self._writer = writer
        self._outcomes = OutcomeTotals(installation, runner)
        self._dead = _DeadLetterCounts(installation.data)

    def health(self) -> dict[str, dict[str, Any]]:
        """Return the checks by name, each with `ok` and figures."""
        free = shutil.disk_usage(self._settings.data).free
        spool = sum(self._spool_bytes(role) for role in _ROLES)
        writer = self._writer()
        waiting = backlog(self._data)
        return {
            "disk": {"ok": free >= self._settings.min_free_disk, "free_bytes": free},
            "spool": {
                "ok": spool < self._settings.spool_budget,
                "bytes": spool,
                "budget_bytes": self._settings.spool_budget,
                "unread_bytes": waiting.raw_bytes,
                "oldest_s": round(waiting.raw_age_s, 1),
            },
            "store": _answers(self._store.health),
            "metadata": _answers(self._metadata.health),
            "writer": {
                "ok": not writer.last_error,
                "error": writer.last_error,
                "waiting_files": waiting.ready_files,
                "oldest_s": round(waiting.ready_age_s, 1),
            },
        }

    def not_ready(self) -> list[str]:
        """Return the names of the processes and stores that are not at work; empty when all are."""
        info = read_run_info(self._settings.data)
        expected = ["web", "ingest-0", *(f"normaliser-{n}" for n in range(self._settings.normalisers or 1))]
        missing = [name for name in expected if info is None or name not in info.ready]
        missing += [] if _answers(self._store.health)["ok"] else ["store"]
        return missing + ([] if _answers(self._metadata.health)["ok"] else ["metadata"])

    def report(self) -> dict[str, Any]:
        """Return the whole state: checks, spools, processes, outcomes of the last 24 hours, dead letters."""
        now = self._clock.now()
        info = read_run_info(self._settings.data)
        budgets = {"raw": self._settings.spool_budget}
        names = sorted(info.pids) if info else []
        return {
            "at": rfc3339(now),
            "version": VERSION,
            "started_at": info.started_at if info else None,
            "checks": self.health(),
            "spools": [
                {"name": role, "bytes": self._spool_bytes(role), "budget_bytes": budgets.get(role)} for role in _ROLES
            ],
            "roles": [
                {"name": name, "ready": name in info.ready, "restarts": info.restarts.get(name, 0)}
                for name in names
                if info and name != "supervisor"
            ],
            "outcomes": self._outcomes.of_a_day(now),
            "dead_letters": sum(dead_letter_counts(self._data).values()),
            "jobs": [
                {
                    "name": row.name,
                    "running": row.running(now),
                    "last_finished": rfc3339(row.last_finished) if row.last_finished else None,
                    "next_due": rfc3339(row.next_due),
                    "last_error": row.last_error,
                }
                for row in self._metadata.jobs()
            ],
        }

    def samples(self) -> Iterator[Sample]:
        """Give the figures of `/metrics` that are read when somebody asks."""
        for role in _ROLES:
            yield Sample("spool_bytes", "Bytes in the spools.", self._spool_bytes(role), {"spool": role})
        waiting = backlog(self._data)
        yield Sample("ready_files", "Batches that wait for the writer.", waiting.ready_files)
        yield Sample(
            "ready_age_seconds", "For how long the oldest batch has waited for the writer.", waiting.ready_age_s
        )
        yield Sample("raw_unread_bytes", "Bytes that were accepted and not normalised yet.", waiting.raw_bytes)
        yield Sample(
            "raw_age_seconds", "For how long the oldest record has waited to be normalised.", waiting.raw_age_s
        )
        for (kind, reason), count in sorted(self._dead.current().items()):
            yield Sample("dead_letters", "Dead letters by kind and reason.", count, {"kind": kind, "reason": reason})
        yield Sample("disk_free_bytes", "Free bytes on the disk of the data directory.", self._free())
        yield Sample(
            "outbox_rows", "Follow-up work that waits in the metadata database.", self._metadata.outbox_length()
        )
        for row in self._metadata.jobs():
            yield Sample("job_failures", "Runs of a job that failed in a row.", row.failures, {"job": row.name})
        figures = self._writer()
        for table, rows in sorted(figures.inserted_rows.items()):
            yield Sample("inserted_rows_total", "Rows inserted since the process started.", rows, {"table": table})
        for (outcome, reason), quantity in sorted(self._outcomes.current().items()):
            labels = {"outcome": outcome, "reason": reason}
            yield Sample("outcomes_total", "Items by outcome since the process started.", quantity, labels)
        info = read_run_info(self._settings.data)
        for name, count in sorted(info.restarts.items()) if info else ():
            yield Sample("process_restarts_total", "Times a process was started again.", count, {"process": name})

    def _free(self) -> int:
        return shutil.disk_usage(self._settings.data).free

    def _spool_bytes(self, role: str) -> int:
        return _tree_bytes(self._data.root / "spool" / role)


class _DeadLetterCounts:
    """Numbers of dead letters, read now and then: it takes reading all of them."""

    def __init__(self, data: DataDirectory) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._counts: Mapping[tuple[str, str], int] = {}

    def current(self) -> Mapping[tuple[str, str], int]:
        """Return the numbers by kind and reason, at most half a minute old."""
        with self._lock:
            if time.monotonic() - self._read_at > _DEAD_TTL_S:
                self._read_at = time.monotonic()
                with contextlib.suppress(AmberError, OSError):
                    self._counts = dead_letter_counts(self._data)
            return self._counts


class OutcomeTotals:
    """Quantities by outcome and reason since the process started, read from the `outcomes` dataset now and then."""

    def __init__(self, installation: Installation, runner: Runner) -> None:
        self._installation = installation
        self._runner = runner
        self._since = installation.clock.now()
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._totals: dict[tuple[str, str], int] = {}

    def current(self) -> dict[tuple[str, str], int]:
        """Return the totals, at most a few seconds old; the last ones while the store does not answer."""
        with self._lock:
            if time.monotonic() - self._read_at > _OUTCOMES_TTL_S:
                self._read_at = time.monotonic()
                with contextlib.suppress(AmberError):
                    self._totals = self._read()
            return self._totals

    def of_a_day(self, now: datetime) -> list[dict[str, Any]]:
        """Return the quantities of the last 24 hours by project, outcome, reason and category; largest first."""
        context = PlanContext(
            now=now, projects=self._projects(), time_range=(now - timedelta(days=1), now + timedelta(minutes=1))
        )
        rows = self._runner.run(_DAY, context).table.to_pylist()
        return [
            {
                "project": row["project"],
                "outcome": row["outcome"] or "",
                "reason": row["reason"] or "",
                "category": row["category"] or "",
                "quantity": int(row["n"]),
            }
            for row in rows
        ]

    def _projects(self) -> dict[int, str]:
        # Requests that did not prove their key are counted under project 0.
        return {**{project.id: project.slug for project in self._installation.metadata.projects()}, 0: "-"}

    def _read(self) -> dict[tuple[str, str], int]:
        now = self._installation.clock.now()
        context = PlanContext(
            now=now,
            projects=self._projects(),
            time_range=(self._since, now + timedelta(minutes=1)),
        )
        table = self._runner.run(_OUTCOMES, context).table
        columns = (table.column(name).to_pylist() for name in ("outcome", "reason", "n"))
        return {(outcome or "", reason or ""): int(n) for outcome, reason, n in zip(*columns, strict=True)}


def _answers(health: Callable[[], None]) -> dict[str, Any]:
    try:
        health()
    except AmberError as error:
        return {"ok": False, "error": error.message}
    return {"ok": True}


def _tree_bytes(directory: Path) -> int:
    total = 0
    for path in directory.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            # Segments and batches go while we look.
            continue
    return total
