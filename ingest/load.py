"""`amber load` on a directory no server has open: files through the same normaliser and writer, in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.clock import Clock, SystemClock
from engine.errors import StateError, UserError
from ingest.checkpoints import Checkpoints, FileIdentity, Loaded, identify, token_name
from ingest.files import STDIN
from ingest.inputs import Submittable, find_files
from ingest.layout import RAW, DataPaths
from ingest.limits import MIB
from ingest.normaliser import open_shards
from ingest.records import encode_record
from ingest.shard import ShardNormaliser
from ingest.sink import ShardedSink
from ingest.units import LoadOptions, Problem, units_of
from ingest.writer import ReadyWriter

PRODUCER = "load"
CHECKPOINTS = "load.json"
"""File of the notes, below the states of the shards."""

_CHUNK_UNITS = 500
_CHUNK_BYTES = 4 * MIB
"""What is stored, noted and told together: seconds of work, which a load that is killed does again."""
_MAX_PROBLEMS = 10_000


@dataclass(slots=True)
class LoadReport:
    """What became of the files.

    Attributes:
        files: read so far, of `files_total`.
        skipped: those of them that had been loaded before, and have not grown.
        records: envelopes, events, OTLP requests and lines found in them.
        outcomes: number of items by outcome (`accepted`, `duplicate`, `set_aside`, `invalid` …) and category.
        problems: files and lines that could not be read, with the reason; the first ten thousand.
    """

    files_total: int = 0
    files: int = 0
    skipped: int = 0
    records: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    problems: list[tuple[Path, str]] = field(default_factory=list)

    def add_problem(self, path: Path, reason: str) -> None:
        """Note something that was left out."""
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append((path, reason))


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


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What is loaded, and how.

    Attributes:
        project_id: the project it belongs to.
        options: what the files hold.
        checkpoints: how far files were loaded; None loads them from their beginning and remembers nothing.
    """

    project_id: int
    options: LoadOptions = field(default_factory=LoadOptions)
    checkpoints: Checkpoints | None = None

    def identity(self, path: Path) -> FileIdentity | None:
        """Return what a file is known by; None for standard input."""
        if path == STDIN:
            return None
        return identify(path, f"{self.project_id}:{self.options.dataset}:{self.options.form}")


Progress = Callable[[LoadReport], None]


def load_files(
    paths: list[Path],
    target: LoadTarget,
    progress: Progress | None = None,
    clock: Clock | None = None,
    *,
    plan: LoadPlan | None = None,
) -> LoadReport:
    """Load files and directories into a project and return when everything is queryable.

    A file that cannot be read is reported and does not stop the others. Loading a file again changes nothing, as long
    as its events are in the seen-set.

    Args:
        paths: files and directories: envelopes, events, OTLP, lines of a dataset; gzip or zstd or neither.
        target: where to.
        progress: called after every file and every chunk.
        clock: gives the time of arrival.
        plan: what the files hold, and where it is remembered how far they were loaded.

    Raises:
        UserError: a path does not exist.
        StateError: a server has the directory open, or the store did not take everything in time.
    """
    files = find_files(paths)
    report = LoadReport(files_total=len(files))
    told = progress or _nobody
    chunks = chunks_of(files, plan or LoadPlan(target.project_id), report, told)
    for outcomes in load_chunks(chunks, target, clock):
        report.outcomes = outcomes
    told(report)
    return report


def load_chunks(
    chunks: Iterable[list[Submittable]], target: LoadTarget, clock: Clock | None = None
) -> Iterator[Counter[tuple[str, str]]]:
    """Load chunks and yield after each, when it is queryable, the outcomes so far.

    Raises:
        StateError: a server has the directory open, or the store did not take everything in time.
    """
    now = clock or SystemClock()
    sink = ShardedSink(target.data.spool / RAW / PRODUCER, target.shards, keys=target.data.spool_keys)
    try:
        with open_shards(range(target.shards), target.data) as normalisers:
            for chunk in chunks:
                _publish(chunk, target, sink, normalisers, now)
                yield sum((n.totals for n in normalisers), Counter[tuple[str, str]]())
    finally:
        sink.close()


def chunks_of(files: Sequence[Path], plan: LoadPlan, report: LoadReport, told: Progress) -> Iterator[list[Submittable]]:
    """Yield what files hold in chunks; when the next one is asked for, the last must be durable: it is noted then.

    Args:
        files: as of `find_files`.
        plan: what they hold.
        report: gets what was read and what could not be.
        told: called after every file, and every chunk that is durable.
    """
    chunk: list[Submittable] = []
    durable: list[Loaded] = []
    for path in files:
        identity = plan.identity(path)
        position = 0
        for unit in _units(path, identity, plan, report):
            if chunk and _is_full(chunk) and unit.position != position:
                yield chunk
                chunk = []
                if identity is not None:
                    durable.append(Loaded(path, identity, position, finished=False))
                _note(plan, durable)
                told(report)
            chunk.append(unit)
            position = unit.position
            report.records += unit.count
        if identity is not None and position:
            durable.append(Loaded(path, identity, position, finished=True))
        report.files += 1
        told(report)
    if chunk:
        yield chunk
    _note(plan, durable)


def _units(path: Path, identity: FileIdentity | None, plan: LoadPlan, report: LoadReport) -> Iterator[Submittable]:
    """Yield the units of a file that were not loaded before."""
    after = 0
    if plan.checkpoints is not None and identity is not None:
        if plan.checkpoints.is_finished(identity):
            report.skipped += 1
            return
        after = plan.checkpoints.position(identity)
    try:
        for unit in units_of(path, plan.options, after=after, name=token_name(path, identity)):
            if isinstance(unit, Problem):
                report.add_problem(path, f"line {unit.line}: {unit.reason}" if unit.line else unit.reason)
            else:
                yield unit
    except (UserError, OSError) as error:
        report.add_problem(path, str(error))


def _note(plan: LoadPlan, durable: list[Loaded]) -> None:
    if plan.checkpoints is not None and durable:
        plan.checkpoints.note(durable)
    durable.clear()


def _is_full(chunk: Sequence[Submittable]) -> bool:
    return len(chunk) >= _CHUNK_UNITS or sum(len(unit.body) for unit in chunk) >= _CHUNK_BYTES


def _nobody(report: LoadReport) -> None:
    """Stand for a caller that wants no progress."""


def _publish(
    chunk: list[Submittable],
    target: LoadTarget,
    sink: ShardedSink,
    normalisers: list[ShardNormaliser],
    clock: Clock,
) -> None:
    now_ns = clock.now_ns()
    sink.append_many([(unit.shard_key, encode_record(unit.record(target.project_id, now_ns))) for unit in chunk])
    for normaliser in normalisers:
        normaliser.drain()
    if not target.writer.drain():
        raise StateError("The store did not take everything in time.", code="load-unfinished", hint="Load again.")
