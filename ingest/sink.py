"""Where the edge puts acknowledged requests: one raw spool per shard, chosen by natural key."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from engine.spool import SpoolKeys, SpoolWriter


class RawSink(Protocol):
    """Keeps raw records durably."""

    def append(self, shard_key: bytes, payload: bytes) -> None:
        """Return once the record is on disk; SpoolFull when it cannot be."""
        ...

    def close(self) -> None:
        """Flush and close."""
        ...


class WaitlessSink(Protocol):
    """Keeps raw records durably, and tells when."""

    def submit(self, shard_key: bytes, payload: bytes, told: Callable[[Exception | None], None]) -> None:
        """Return at once; `told` gets None when the record is on disk, SpoolFull when it cannot be."""
        ...


def shard_of(shard_key: bytes, shards: int) -> int:
    """Return the shard of a natural key: the same for every producer, so that a resent event meets its first copy."""
    return zlib.crc32(shard_key) % shards


class ShardedSink:
    """Spool writers of one producer, one per shard.

    Args:
        directory: `spool/raw/<producer>`; the shards are its numbered folders.
        disk_budget_bytes: together for all shards, None for no budget of their own.
        keys: what the records are encrypted with.
    """

    def __init__(
        self,
        directory: Path,
        shards: int,
        *,
        group_delay_s: float = 0.0,
        disk_budget_bytes: int | None = None,
        keys: SpoolKeys | None = None,
    ) -> None:
        budget = None if disk_budget_bytes is None else max(1, disk_budget_bytes // shards)
        self._writers = [
            SpoolWriter(directory / str(shard), group_delay_s=group_delay_s, disk_budget_bytes=budget, keys=keys)
            for shard in range(shards)
        ]

    def append(self, shard_key: bytes, payload: bytes) -> None:
        """Return once the record is on disk; SpoolFull when it cannot be."""
        self._writers[shard_of(shard_key, len(self._writers))].append(payload)

    def submit(self, shard_key: bytes, payload: bytes, told: Callable[[Exception | None], None]) -> None:
        """Return at once; `told` is called by another thread, with None when the record is on disk, or SpoolFull."""
        self._writers[shard_of(shard_key, len(self._writers))].submit(payload, told)

    def append_many(self, records: list[tuple[bytes, bytes]]) -> None:
        """Append (shard key, payload) pairs, one wait per shard; SpoolFull leaves some of them unwritten."""
        by_shard: dict[int, list[bytes]] = {}
        for shard_key, payload in records:
            by_shard.setdefault(shard_of(shard_key, len(self._writers)), []).append(payload)
        for shard, payloads in by_shard.items():
            self._writers[shard].append_many(payloads)

    def close(self) -> None:
        """Flush and close all shards."""
        for writer in self._writers:
            writer.close()
