"""`amber load` on a directory no server has open: files through the same normaliser and writer, in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine.clock import Clock, SystemClock
from engine.errors import StateError, UserError
from ingest.inputs import Submittable, find_files, read_file
from ingest.layout import RAW, DataPaths
from ingest.limits import MIB
from ingest.normaliser import open_shards
from ingest.records import encode_record
from ingest.shard import ShardNormaliser
from ingest.sink import ShardedSink
from ingest.writer import ReadyWriter

PRODUCER = "load"
_CHUNK_RECORDS = 500
_CHUNK_BYTES = 16 * MIB


@dataclass(slots=True)
class LoadReport:
    """What became of the files.

    Attributes:
        files: read so far, of `files_total`.
        records: envelopes and events found in them.
        outcomes: number of items by outcome (`accepted`, `duplicate`, `set_aside`, `invalid` …) and category.
        problems: files that could not be read, with the reason.
    """

    files_total: int = 0
    files: int = 0
    records: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    problems: list[tuple[Path, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LoadTarget:
    """Where files are loaded.

    Attributes:
        shards: number of shards of the data directory.
        writer: the writer over the opened store.
    """

    data: DataPaths
    project_id: int
    shards: int
    writer: ReadyWriter


def load_files(
    paths: list[Path],
    target: LoadTarget,
    progress: Callable[[LoadReport], None] | None = None,
    clock: Clock | None = None,
) -> LoadReport:
    """Load files and directories into a project and return when everything is queryable.

    A file that cannot be read is reported and does not stop the others. Loading a file again changes nothing, as long
    as its events are in the seen-set.

    Args:
        paths: files and directories: envelopes, JSON events, lists or lines of events, gzip or zstd or neither.
        target: where to.
        progress: called after every file and every chunk.
        clock: gives the time of arrival.

    Raises:
        UserError: a path does not exist.
        StateError: a server has the directory open, or the store did not take everything in time.
    """
    files = find_files(paths)
    report = LoadReport(files_total=len(files))
    now = clock or SystemClock()
    told = progress or _nobody
    sink = ShardedSink(target.data.spool / RAW / PRODUCER, target.shards, keys=target.data.spool_keys)
    try:
        with open_shards(range(target.shards), target.data) as normalisers:
            chunk: list[Submittable] = []
            for path in files:
                chunk += _read(path, report)
                report.files += 1
                if len(chunk) >= _CHUNK_RECORDS or sum(len(s.body) for s in chunk) >= _CHUNK_BYTES:
                    _publish(chunk, target, sink, normalisers, now)
                    chunk = []
                _sum_up(report, normalisers)
                told(report)
            _publish(chunk, target, sink, normalisers, now)
            _sum_up(report, normalisers)
            told(report)
    finally:
        sink.close()
    return report


def _nobody(report: LoadReport) -> None:
    """Stand for a caller that wants no progress."""


def _read(path: Path, report: LoadReport) -> list[Submittable]:
    try:
        found = list(read_file(path))
    except (UserError, OSError) as error:
        report.problems.append((path, str(error)))
        return []
    report.records += len(found)
    return found


def _publish(
    chunk: list[Submittable],
    target: LoadTarget,
    sink: ShardedSink,
    normalisers: list[ShardNormaliser],
    clock: Clock,
) -> None:
    now_ns = clock.now_ns()
    sink.append_many([(s.event_id.encode(), encode_record(s.record(target.project_id, now_ns))) for s in chunk])
    for normaliser in normalisers:
        normaliser.drain()
    if not target.writer.drain():
        raise StateError("The store did not take everything in time.", code="load-unfinished", hint="Load again.")


def _sum_up(report: LoadReport, normalisers: list[ShardNormaliser]) -> None:
    report.outcomes = sum((n.totals for n in normalisers), Counter[tuple[str, str]]())
