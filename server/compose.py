"""Wiring: from settings to the opened parts. The only place that decides which implementation stands behind a port."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa
import structlog

from engine.clock import Clock, SystemClock
from engine.datadir import DataDirectory, DirectoryLock
from engine.errors import StateError
from engine.eventstore import EventStore, open_store
from engine.metadata import MetadataStore
from engine.mirror import IssueMirror
from ingest.writer import ReadyWriter, Watch, waiting_former
from server.metadata import open_metadata
from server.settings import Settings

LOCKED = "store-locked"
_RECONCILED = timedelta(days=31)
"""Events older than 30 days are not accepted, so what a crash left behind is younger than this."""

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Installation:
    """The opened parts of one data directory; its process is the owner of the store."""

    settings: Settings
    data: DataDirectory
    lock: DirectoryLock
    store: EventStore
    metadata: MetadataStore
    mirror: IssueMirror
    clock: Clock

    def close(self) -> None:
        """Close the store and the metadata database, and let go of the directory."""
        self.store.close()
        self.metadata.close()
        self.lock.release()


def store_url(settings: Settings) -> str:
    """Return the URL of the event store."""
    return settings.store_url or DataDirectory.at(settings.data).store_url


def open_installation(settings: Settings, *, patience_s: float = 0.0, clock: Clock | None = None) -> Installation:
    """Open the store and the metadata database of a data directory and bring both up to date.

    Args:
        settings: say where everything is.
        patience_s: how long to wait for another owner of the store to go.
        clock: what tells the time.

    Raises:
        StateError: the directory belongs to a live owner, or was written by a newer version.
    """
    clock = clock or SystemClock()
    data = DataDirectory.at(settings.data, settings.spool_key)
    data.create()
    lock = _lock(data, settings, patience_s)
    try:
        store, metadata = _open_stores(settings, clock)
    except BaseException:
        lock.release()
        raise
    mirror = IssueMirror(store, metadata)
    mirror.reconcile(clock.now() - _RECONCILED, lambda: waiting_former(data))
    return Installation(settings, data, lock, store, metadata, mirror, clock)


def _open_stores(settings: Settings, clock: Clock) -> tuple[EventStore, MetadataStore]:
    """Open and migrate both stores; each takes about a second, most of it outside Python's lock."""
    store = open_store(store_url(settings))
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(open_metadata, settings, clock)
        try:
            for name in store.migrate():
                _log.info("migration applied", migration=name)
            return store, opening.result()
        except BaseException:
            store.close()
            raise


class _LateWatch:
    """The watch of the writer, imported with the first errors: what it asks about releases is half of the server."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._watch: Watch | None = None

    def stored(self, rows: pa.Table) -> None:
        """Look at a batch."""
        if self._watch is None:
            # Start-up time: a server answers before any error comes.
            from server.issues.opening import regression_watch  # noqa: PLC0415

            self._watch = regression_watch(self._installation)
        self._watch.stored(rows)


def ready_writer(installation: Installation) -> ReadyWriter:
    """Return the writer of an installation: ready batches into the store, new issues into the metadata database."""
    return ReadyWriter(
        installation.store,
        installation.metadata,
        installation.mirror,
        installation.data,
        installation.clock,
        _LateWatch(installation),
    )


@contextmanager
def opened(settings: Settings) -> Iterator[Installation]:
    """Open an installation for the length of a block."""
    installation = open_installation(settings)
    try:
        yield installation
    finally:
        installation.close()


def _lock(data: DataDirectory, settings: Settings, patience_s: float) -> DirectoryLock:
    until = time.monotonic() + patience_s
    while True:
        try:
            return data.lock(settings.web_url)
        except StateError as error:
            if error.code != LOCKED or time.monotonic() >= until:
                raise
            time.sleep(0.1)
