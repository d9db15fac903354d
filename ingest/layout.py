"""Where ingest keeps things below the data directory."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from engine.spool import SpoolKeys

RAW = "raw"
STATE = "state"
READY = "ready"
DEAD = "dead"
REJECTED = "dead/rejected"
"""Folders below the spool."""


class DataPaths(Protocol):
    """The part of the data directory ingest uses; `engine.datadir.DataDirectory` is one."""

    @property
    def spool(self) -> Path:
        """Directory of all spools."""
        ...

    @property
    def spool_keys(self) -> SpoolKeys:
        """What raw and dead-letter spools are encrypted with."""
        ...

    @property
    def blobs(self) -> Path:
        """Directory of the blob store."""
        ...

    @property
    def config(self) -> Path:
        """The configuration snapshot."""
        ...
