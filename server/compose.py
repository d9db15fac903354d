"""Wiring: from settings to the opened parts. The only place that decides which implementation stands behind a port."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from engine.datadir import DataDirectory
from engine.mirror import IssueMirror

from engine.clock import Clock, SystemClock
from engine.errors import StateError
from engine.eventstore import EventStore, open_store
from engine.metadata import MetadataStore
from queries.run import Runner
from server.settings import Settings

LOCKED = "store-locked"
_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Installation:
    """The opened parts of one data directory; its process is the owner of the store."""

    settings: Settings
    data: DataDirectory
    store: EventStore
    metadata: MetadataStore
    mirror: IssueMirror
    runner: Runner
    clock: Clock

    def close(self) -> None:
        """Close the store and the metadata database."""
        self.store.close()
        self.metadata.close()


def store_url(settings: Settings) -> str:
    """Return the URL of the event store."""
    return settings.store_url or f"chdb://{DataDirectory(settings.data).store}"


def metadata_url(settings: Settings) -> str:
    """Return the URL of the metadata database."""
    return settings.metadata_url or f"sqlite:///{DataDirectory(settings.data).metadata}"


def open_metadata(settings: Settings, clock: Clock | None = None) -> MetadataStore:
    """Open the metadata database and bring its schema up to date."""
    metadata = MetadataStore(metadata_url(settings), clock or SystemClock())
    metadata.upgrade()
    return metadata


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
    data = DataDirectory(settings.data)
    data.prepare()
    # The two take about the same time, and both spend it outside Python's lock.
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(open_metadata, settings, clock)
        store = _open_store(store_url(settings), patience_s)
        try:
            metadata = opening.result()
        except BaseException:
            store.close()
            raise
    for name in store.migrate():
        _log.info("migration applied", migration=name)
    mirror = IssueMirror(store, metadata)
    mirror.reconcile()
    return Installation(settings, data, store, metadata, mirror, Runner(store, clock), clock)


@contextmanager
def opened(settings: Settings) -> Iterator[Installation]:
    """Open an installation for the length of a block."""
    installation = open_installation(settings)
    try:
        yield installation
    finally:
        installation.close()


def _open_store(url: str, patience_s: float) -> EventStore:
    until = time.monotonic() + patience_s
    while True:
        try:
            return open_store(url)
        except StateError as error:
            if error.code != LOCKED or time.monotonic() >= until:
                raise
            time.sleep(0.1)
