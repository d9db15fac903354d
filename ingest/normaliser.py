"""The normaliser role: works on some shards until told to stop, then finishes what is in their raw spools."""

from __future__ import annotations

import gc
import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from engine.blobs import FileBlobStore
from engine.errors import AmberError
from engine.snapshot import SnapshotReader
from ingest.blobs.waiting import WAITING, WaitingFiles
from ingest.deadbox import ASIDE_PREFIX, BoxBounds, DeadBox
from ingest.layout import DEAD, RAW, READY, STATE, DataPaths
from ingest.limits import MIB
from ingest.pacing import BatchRules
from ingest.ready import ReadyShard
from ingest.shard import ShardNormaliser, ShardPorts
from ingest.state import ShardState
from ingest.symbols import ArtifactIndex, symbolicator

_log = logging.getLogger(__name__)

_BACKOFF_S = 1.0
_MAX_ASIDE_BYTES = 64 * MIB
_GC_THRESHOLD = 50_000
"""Events are trees without cycles; the collector would walk them for nothing at every 700 allocations."""


@dataclass(frozen=True, slots=True)
class NormaliserOptions:
    """How `run_normaliser` works.

    Attributes:
        rules: when a batch is made, and how large.
        snapshot_poll_s: how old the configuration may be.
        artifacts: says which source maps were uploaded; None to leave minified frames as they are.
        dead_letter_days: how long dead letters are kept.
    """

    rules: BatchRules = field(default_factory=BatchRules)
    snapshot_poll_s: float = 1.0
    artifacts: ArtifactIndex | None = None
    dead_letter_days: int = 30


@contextmanager
def open_shards(
    shards: Sequence[int], data: DataPaths, options: NormaliserOptions | None = None
) -> Iterator[list[ShardNormaliser]]:
    """Open the normalisers of some shards; one process at a time may have a shard open.

    Raises:
        StateError: another process has one of them, or its state was written by a newer version.
    """
    chosen = options or NormaliserOptions()
    snapshots = SnapshotReader(data.config, chosen.snapshot_poll_s)
    blobs = FileBlobStore(data.blobs)
    symbols = None if chosen.artifacts is None else symbolicator(chosen.artifacts, blobs)
    with ExitStack() as stack:
        opened: list[ShardNormaliser] = []
        for shard in shards:
            # The box comes first: its writer's lock is what keeps a second process out.
            bounds = BoxBounds(max_days=chosen.dead_letter_days)
            dead = DeadBox(data.spool / DEAD / f"normaliser-{shard}", bounds, data.spool_keys)
            stack.callback(dead.close)
            aside = DeadBox(
                data.spool / DEAD / f"{ASIDE_PREFIX}{shard}",
                replace(bounds, max_bytes=_MAX_ASIDE_BYTES),
                data.spool_keys,
            )
            stack.callback(aside.close)
            state = ShardState(data.spool / STATE / f"shard-{shard}.sqlite3")
            stack.callback(state.close)
            ready = ReadyShard(data.spool / READY / str(shard))
            waiting = WaitingFiles(data.spool / WAITING, data.spool_keys)
            ports = ShardPorts(
                data.spool / RAW, state, ready, dead, aside, snapshots, blobs, symbols, data.spool_keys, waiting
            )
            opened.append(ShardNormaliser(shard, ports, chosen.rules))
        yield opened


def run_normaliser(
    shards: Sequence[int], data: DataPaths, stop: threading.Event, options: NormaliserOptions | None = None
) -> None:
    """Normalise some shards until `stop` is set; then publish everything their raw spools still hold, and return.

    A missing configuration or a full disk makes it wait and try again: everything stays in the raw spool meanwhile.
    """
    gc.set_threshold(_GC_THRESHOLD, 20, 50)
    with open_shards(shards, data, options) as normalisers:
        while not stop.is_set():
            if not _step(normalisers, stop):
                stop.wait(min(normaliser.rest_s() for normaliser in normalisers))
        for normaliser in normalisers:
            _drain(normaliser)


def _step(normalisers: Sequence[ShardNormaliser], stop: threading.Event) -> bool:
    worked = False
    for normaliser in normalisers:
        try:
            worked |= normaliser.step()
        except (AmberError, OSError, sqlite3.Error) as error:
            _log.error("normalising waits %.0f s: %s", _BACKOFF_S, error)
            stop.wait(_BACKOFF_S)
    return worked


def _drain(normaliser: ShardNormaliser) -> None:
    """Drain, as far as it goes: what stays in the raw spool is the next start's work."""
    try:
        normaliser.drain()
    except (AmberError, OSError, sqlite3.Error) as error:
        _log.error("not everything was normalised before the stop: %s", error)
