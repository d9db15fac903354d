"""The ready spool: Arrow files that wait for the writer. The name of a file says where its rows came from.

`<segment>-<start>-<end>.<producer>.<dataset>.arrow` in a folder per shard; the insert token is made of the same parts,
so a file that is written twice is inserted once.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from engine.files import fsync_directory, make_directory
from engine.spool import Position

_NAME = re.compile(r"(\d+)-(\d+)-(\d+)\.([\w-]+)\.([a-z_]+)\.arrow")
_TEMPORARY = ".tmp"


@dataclass(frozen=True, slots=True)
class ReadyName:
    """Where the rows of a ready file came from: bytes [start, end) of one raw segment.

    Attributes:
        producer: the raw spool: its producer and its identity (`ingest.shard.spool_identity`).
    """

    producer: str
    segment: int
    start: int
    end: int
    dataset: str

    @classmethod
    def of_range(cls, producer: str, start: Position, end: Position, dataset: str) -> ReadyName:
        """Return the name for a raw range, which lies in one segment."""
        return cls(producer, start.segment, start.offset, end.offset, dataset)

    @classmethod
    def parse(cls, name: str) -> ReadyName | None:
        """Return what a file name says, None when it is not the name of a ready file."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        segment, start, end, producer, dataset = match.groups()
        return cls(producer, int(segment), int(start), int(end), dataset)

    def is_of(self, producer: str) -> bool:
        """Whether the rows came from the raw spool of this producer, whatever its identity."""
        return self.producer == producer or self.producer.startswith(f"{producer}-")

    @property
    def filename(self) -> str:
        """Name of the file."""
        return f"{self.segment:012d}-{self.start:012d}-{self.end:012d}.{self.producer}.{self.dataset}.arrow"

    def token(self, shard: str) -> str:
        """Return the deduplication token of the insert."""
        return f"{self.producer}/{shard}/{self.segment}:{self.start}-{self.end}/{self.dataset}"


@dataclass(frozen=True, slots=True)
class ReadyFile:
    """A file waiting to be inserted."""

    path: Path
    name: ReadyName
    modified_ns: int

    @property
    def token(self) -> str:
        """Deduplication token of the insert."""
        return self.name.token(self.path.parent.name)


class ReadyShard:
    """The ready files of one shard, as the normaliser writes them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        make_directory(directory)
        for leftover in directory.glob(f"*{_TEMPORARY}"):
            leftover.unlink(missing_ok=True)

    def put(self, name: ReadyName, batch: pa.Table) -> None:
        """Write a batch durably under its name; a second time it replaces the same rows."""
        path = self._directory / name.filename
        temporary = self._directory / f".{secrets.token_hex(4)}{_TEMPORARY}"
        try:
            with temporary.open("xb") as file:
                with pa.ipc.new_stream(file, batch.schema) as stream:
                    stream.write_table(batch, max_chunksize=max(1, batch.num_rows))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            # On a full disk this is tried again every second, and what is left would fill what is freed.
            temporary.unlink(missing_ok=True)
            raise

    def sync(self) -> None:
        """Make the names of all files put so far durable."""
        fsync_directory(self._directory)

    def waiting(self) -> int:
        """Return how many files wait for the writer."""
        return sum(1 for entry in os.scandir(self._directory) if entry.name.endswith(".arrow"))


def ready_files(root: Path) -> list[ReadyFile]:
    """Return all files waiting below `spool/ready`, oldest first."""
    found: list[ReadyFile] = []
    if not root.is_dir():
        return found
    for shard in root.iterdir():
        if not shard.is_dir():
            continue
        for entry in os.scandir(shard):
            name = ReadyName.parse(entry.name)
            if name is not None:
                with contextlib.suppress(FileNotFoundError):
                    found.append(ReadyFile(Path(entry.path), name, entry.stat().st_mtime_ns))
    found.sort(key=lambda f: (f.modified_ns, f.name.filename))
    return found


def read_batch(path: Path) -> pa.Table:
    """Return the rows of a ready file; ArrowInvalid when it is damaged."""
    with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as stream:
        return stream.read_all()
