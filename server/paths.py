"""The data directory in the words of the ingest package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.datadir import DataDirectory


@dataclass(frozen=True, slots=True)
class SpoolPaths:
    """What ingest needs of a data directory; its `DataPaths`.

    Attributes:
        spool: directory of all spools.
        config: the configuration snapshot.
    """

    spool: Path
    config: Path


def spool_paths(data: DataDirectory) -> SpoolPaths:
    """Return the paths ingest uses."""
    return SpoolPaths(data.raw_root.parent, data.config_snapshot)
