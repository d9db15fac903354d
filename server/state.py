"""How the installation is doing: what the health, ready and metrics pages are made of."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.datadir import DataDirectory

from engine.errors import AmberError
from engine.eventstore import EventStore
from engine.metadata import MetadataStore
from server.metrics import Sample
from server.runfile import read_run_info
from server.settings import Settings

_ROLES = ("raw", "ready", "dead")


@dataclass(frozen=True, slots=True)
class WriterFigures:
    """What the writer has done since the process started.

    Attributes:
        inserted_rows: rows by table.
        outcomes: quantities by (outcome, reason).
        last_error: text of the error it is retrying, empty when it is well.
    """

    inserted_rows: dict[str, int]
    outcomes: dict[tuple[str, str], int]
    last_error: str


class InstallationState:
    """Reads the state of the installation when asked.

    Args:
        settings: budgets, and how many processes there should be.
        store: asked whether it answers.
        metadata: asked whether it answers.
        writer: gives the figures of the writer.
    """

    def __init__(
        self, settings: Settings, store: EventStore, metadata: MetadataStore, writer: Callable[[], WriterFigures]
    ) -> None:
        self._settings = settings
        self._store = store
        self._metadata = metadata
        self._writer = writer
        self._data = DataDirectory(settings.data)

    def health(self) -> dict[str, dict[str, Any]]:
        """Return the checks by name, each with `ok` and figures."""
        free = shutil.disk_usage(self._settings.data).free
        spool = sum(self._spool_bytes(role) for role in _ROLES)
        writer = self._writer()
        return {
            "disk": {"ok": free >= self._settings.min_free_disk, "free_bytes": free},
            "spool": {
                "ok": spool < self._settings.spool_budget,
                "bytes": spool,
                "budget_bytes": self._settings.spool_budget,
            },
            "store": _answers(self._store.health),
            "metadata": _answers(self._metadata.health),
            "writer": {"ok": not writer.last_error, "error": writer.last_error},
        }

    def not_ready(self) -> list[str]:
        """Return the names of the processes and stores that are not at work; empty when all are."""
        info = read_run_info(self._settings.data)
        expected = ["web", "ingest-0", *(f"normaliser-{n}" for n in range(self._settings.normalisers or 1))]
        missing = [name for name in expected if info is None or name not in info.ready]
        missing += [] if _answers(self._store.health)["ok"] else ["store"]
        return missing + ([] if _answers(self._metadata.health)["ok"] else ["metadata"])

    def samples(self) -> Iterator[Sample]:
        """Give the figures of `/metrics` that are read when somebody asks."""
        for role in _ROLES:
            yield Sample("spool_bytes", "Bytes in the spools.", self._spool_bytes(role), {"spool": role})
        ready = sum(1 for _ in self._data.ready.rglob("*.arrow"))
        yield Sample("ready_files", "Batches that wait for the writer.", ready)
        yield Sample("disk_free_bytes", "Free bytes on the disk of the data directory.", self._free())
        yield Sample(
            "outbox_rows", "Follow-up work that waits in the metadata database.", self._metadata.outbox_length()
        )
        figures = self._writer()
        for table, rows in sorted(figures.inserted_rows.items()):
            yield Sample("inserted_rows_total", "Rows inserted since the process started.", rows, {"table": table})
        for (outcome, reason), quantity in sorted(figures.outcomes.items()):
            labels = {"outcome": outcome, "reason": reason}
            yield Sample("outcomes_total", "Items by outcome since the process started.", quantity, labels)
        info = read_run_info(self._settings.data)
        for name, count in sorted(info.restarts.items()) if info else ():
            yield Sample("process_restarts_total", "Times a process was started again.", count, {"process": name})

    def _free(self) -> int:
        return shutil.disk_usage(self._settings.data).free

    def _spool_bytes(self, role: str) -> int:
        return _tree_bytes(self._data.spool / role)


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
