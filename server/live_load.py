"""`amber load` beside a running server: files into a raw spool of our own, which its normalisers pick up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from engine.datadir import DataDirectory
from engine.errors import StateError
from engine.spool import SpoolReader
from ingest.inputs import Submittable, find_files
from ingest.load import PRODUCER, LoadPlan, LoadReport, chunks_of
from ingest.ready import ready_files
from ingest.records import encode_record
from ingest.sink import ShardedSink
from ingest.state import ShardState

_POLL_S = 0.05


def submit_files(
    files: Sequence[Path], data: DataDirectory, plan: LoadPlan, shards: int, progress: Callable[[LoadReport], None]
) -> LoadReport:
    """Hand files to the server's normalisers; the records are durable when it returns.

    Args:
        files: files and directories, as for `ingest.load.load_files`.
        data: the served directory.
        plan: what the files hold, and the project it belongs to.
        shards: number of shards of the directory.
        progress: called after every file, and every chunk that is safe.

    Returns:
        what was read; outcomes are counted by the server.

    Raises:
        UserError: a path does not exist.
        StateError: another load is going on.
    """
    found = find_files(list(files))
    report = LoadReport(files_total=len(found))
    submit_chunks(chunks_of(found, plan, report, progress), data, plan.project_id, shards)
    return report


def submit_chunks(chunks: Iterable[list[Submittable]], data: DataDirectory, project_id: int, shards: int) -> None:
    """Hand chunks to the server's normalisers; the records are durable when it returns.

    Raises:
        StateError: another load is going on.
    """
    sink = ShardedSink(data.raw_root / PRODUCER, shards, keys=data.spool_keys)
    try:
        for chunk in chunks:
            now_ns = time.time_ns()
            sink.append_many([(unit.shard_key, encode_record(unit.record(project_id, now_ns))) for unit in chunk])
    finally:
        sink.close()


def wait_queryable(data: DataDirectory, shards: int, *, patience_s: float) -> None:
    """Wait until the normalisers have read what was submitted and the writer has stored it.

    Raises:
        StateError: it takes longer than `patience_s`; nothing is lost, it is stored when the server gets to it.
    """
    until = time.monotonic() + patience_s
    states = [ShardState(data.shard_state(shard)) for shard in range(shards)]
    try:
        while _unread(data, states) or any(ready.name.is_of(PRODUCER) for ready in ready_files(data.ready_root)):
            if time.monotonic() > until:
                raise StateError(
                    "The files are safe in the spool, but the server has not stored all of them yet.",
                    code="load-unfinished",
                    hint="`amber status` shows what the server is doing.",
                )
            time.sleep(_POLL_S)
    finally:
        for state in states:
            state.close()


def _unread(data: DataDirectory, states: Sequence[ShardState]) -> bool:
    for shard, state in enumerate(states):
        reader = SpoolReader(data.raw_spool(PRODUCER, shard), data.spool_keys)
        if reader.backlog_bytes(state.checkpoint(PRODUCER)) > 0:
            return True
    return False
