"""What ingest needs of the rest, as protocols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.snapshot import ConfigSnapshot


class Snapshots(Protocol):
    """Where the configuration comes from; `engine.snapshot.SnapshotReader` is one."""

    def current(self) -> ConfigSnapshot:
        """Return the newest snapshot; StateError when there is none, which stops processing."""
        ...


@dataclass(frozen=True, slots=True)
class FixedSnapshot:
    """A configuration that does not change, for surveys and tests."""

    snapshot: ConfigSnapshot

    def current(self) -> ConfigSnapshot:
        """Return it."""
        return self.snapshot
