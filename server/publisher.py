"""Publishes the configuration snapshot: at start, and whenever the metadata database has a newer one.

The publisher looks twice a second and readers once a second, so a revoked key is dead within two seconds.
"""

from __future__ import annotations

import threading
from pathlib import Path

import structlog

from engine.errors import AmberError
from engine.metadata import MetadataStore
from engine.snapshot import publish

_POLL_S = 0.5
_log = structlog.stdlib.get_logger(__name__)


class SnapshotPublisher:
    """Keeps `run/config.json` up to date.

    Args:
        metadata: the truth.
        path: the file.
    """

    def __init__(self, metadata: MetadataStore, path: Path) -> None:
        self._metadata = metadata
        self._path = path
        self._published = -1

    def publish_if_newer(self) -> bool:
        """Publish when the version has changed since the last time; returns whether it did."""
        snapshot = self._metadata.config_snapshot()
        if snapshot.version == self._published:
            return False
        publish(self._path, snapshot)
        self._published = snapshot.version
        _log.info("configuration published", version=snapshot.version)
        return True

    def run(self, stop: threading.Event) -> None:
        """Publish until told to stop; a database that is down leaves the last snapshot in force."""
        while not stop.wait(_POLL_S):
            try:
                self.publish_if_newer()
            except (AmberError, OSError) as error:
                _log.warning("configuration not published", reason=str(error))
