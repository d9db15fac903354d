"""Blobs nobody refers to any more are removed: those whose rows are past their retention, and those that never got one.

A blob is written before the row that names it, so a new one is left alone for a grace time. What names a blob is looked
at in the order things move in, from what waits to what is stored (raw records, batches for the writer, rejected ones,
rows, the metadata database), so that nothing is missed while it moves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.blobs import BlobRef, BlobStore, FileBlobStore
from engine.clock import Clock
from engine.datadir import DataDirectory
from engine.errors import StateError
from engine.metadata.stores.artifacts import CHUNKS_PROJECT
from engine.spool import SpoolReader
from ingest.blobs.waiting import WAITING, WaitingFiles
from ingest.layout import RAW, READY, REJECTED
from ingest.ready import ReadyFile, read_batch, ready_files
from ingest.records import decode_raw
from queries.plan import PlanContext
from queries.run import Runner
from server.jobs import Job, JobRun

if TYPE_CHECKING:
    from server.compose import Installation

GRACE = timedelta(hours=48)
FILE_GRACE = timedelta(hours=1)
"""A payload beside the raw spool is written before its record; after its rows it goes, but for a crash in between."""
INTERVAL = timedelta(hours=6)
_ASKED_TOGETHER = 500
_KEPT = timedelta(days=3650)

BLOB_COLUMNS: Mapping[str, str] = {
    "attachments": "sha256",
    "replays": "recording_sha256",
    "profiles": "profile_sha256",
}
"""Columns that name blobs, by data set; in the query language they have the same names."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What one round has removed."""

    blobs: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Others:
    """What refers to blobs besides rows.

    Attributes:
        names: gives the names of a project's blobs that are referred to.
        forget: drops what is kept only for a while, such as pieces of uploads, when it is older than a moment.
    """

    names: Callable[[int], Collection[str]]
    forget: Callable[[datetime], None]


class BlobCollector:
    """Removes what nothing refers to.

    Args:
        blobs: where they are.
        data: where the spools are, and what they are encrypted with.
        runner: asks the rows.
        projects: gives the projects by number: the slug of a live one, an empty text for a deleted one.
        others: what refers to blobs besides.
        clock: tells how old a blob is.
    """

    def __init__(
        self,
        blobs: BlobStore,
        data: DataDirectory,
        runner: Runner,
        projects: Callable[[], Mapping[int, str]],
        others: Others,
        clock: Clock,
    ) -> None:
        self._blobs = blobs
        self._spool = data.spool
        self._keys = data.spool_keys
        self._files = WaitingFiles(data.spool / WAITING, data.spool_keys)
        self._runner = runner
        self._projects = projects
        self._others = others.names
        self._forget = others.forget
        self._clock = clock

    def collect(self) -> Collected:
        """Remove the blobs nothing refers to that are older than the grace time."""
        before_s = (self._clock.now() - GRACE).timestamp()
        self._forget(self._clock.now() - GRACE)
        known = self._projects()
        old = {
            project: [ref for ref in self._blobs.list(project) if self._blobs.modified_s(ref) < before_s]
            for project in self._blobs.projects()
            if project in known  # of a project nobody knows nothing is touched: the database may be another one
        }
        forgotten = self._files.older((self._clock.now() - FILE_GRACE).timestamp())
        waiting = set(self._waiting())
        for name in forgotten:
            if name not in waiting:
                self._files.drop(name)
        count = size = 0
        for project, refs in old.items():
            self._blobs.drop_leftovers(project, before_s)
            for ref in self._unreferenced(project, known[project], [ref for ref in refs if ref.sha256 not in waiting]):
                if self._blobs.delete_older(ref, before_s):
                    count, size = count + 1, size + ref.size
        return Collected(count, size)

    def _unreferenced(self, project: int, slug: str, refs: Sequence[BlobRef]) -> Iterator[BlobRef]:
        if not refs or not slug:
            yield from refs
            return
        others = set(self._others(project))
        left = [ref for ref in refs if ref.sha256 not in others]
        for start in range(0, len(left), _ASKED_TOGETHER):
            some = left[start : start + _ASKED_TOGETHER]
            named = self._named(project, slug, [ref.sha256 for ref in some])
            yield from (ref for ref in some if ref.sha256 not in named)

    def _named(self, project: int, slug: str, names: Sequence[str]) -> set[str]:
        """Return those of the names that rows of the project hold."""
        now = self._clock.now()
        found: set[str] = set()
        for dataset, column in BLOB_COLUMNS.items():
            context = PlanContext(
                now=now,
                projects={project: slug},
                time_range=(now - _KEPT, now + timedelta(days=2)),
                params={"names": list(names)},
                limit=_ASKED_TOGETHER,
            )
            text = f"from {dataset} {column}:$names | summarize n=count() by name={column}"
            found.update(str(name) for name in self._runner.run(text, context).table.column("name").to_pylist())
        return found

    def _waiting(self) -> Iterator[str]:
        """Yield the names in raw records, then those in batches that wait or were rejected."""
        for directory in sorted(self._spool.joinpath(RAW).glob("*/*")):
            if directory.is_dir():
                yield from _raw_names(SpoolReader(directory, self._keys))
        for root in (READY, REJECTED):
            for file in ready_files(self._spool / root):
                yield from _batch_names(file)


def _raw_names(reader: SpoolReader) -> Iterator[str]:
    after = None
    while records := reader.read(after):
        for record in records:
            try:
                for blob in decode_raw(record.payload).blobs:
                    yield from (blob.sha256, blob.file)
            except StateError:
                continue  # a dead letter soon, and it has said nothing of blobs
        after = records[-1].next


def _batch_names(file: ReadyFile) -> Iterator[str]:
    column = BLOB_COLUMNS.get(file.name.dataset)
    if column is None:
        return
    try:
        names = [str(name) for name in read_batch(file.path).column(column).to_pylist()]
    except FileNotFoundError:
        return  # the writer was faster: the rows are in the store now
    yield from names


def blob_collector(installation: Installation) -> BlobCollector:
    """Return the collector of an installation."""
    metadata, data = installation.metadata, installation.data

    def projects() -> dict[int, str]:
        known = {row.id: "" if row.deleted_at else row.slug for row in metadata.projects(deleted=True)}
        return {**known, CHUNKS_PROJECT: "-"}

    others = Others(metadata.artifact_blobs, metadata.drop_chunks)
    runner = Runner(installation.store, installation.clock)
    return BlobCollector(FileBlobStore(data.blobs), data, runner, projects, others, installation.clock)


def blob_job(installation: Installation) -> Job:
    """Return the job that collects the blobs of an installation."""
    collector = blob_collector(installation)

    def run(_: JobRun) -> str:
        done = collector.collect()
        return f"{done.blobs} files with {done.bytes} bytes removed"

    return Job("blobs", INTERVAL, run)
