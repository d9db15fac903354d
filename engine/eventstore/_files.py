"""Arrow files on their way into the store."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from engine.errors import StateError
from engine.eventstore.errors import StoreRejected, StoreUnavailable


def _batch_count(path: Path) -> int:
    """Return how many record batches an Arrow IPC stream file has, without decoding them."""
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.MessageReader.open_stream(source)
        return sum(message.type == "record batch" for message in reader)


@contextmanager
def as_one_batch(path: Path) -> Iterator[Path | None]:
    """Give a file with the rows of `path` as a single record batch; None when there are no rows.

    The engine hashes its chunks into what it remembers of a token, and a record batch is a chunk: the same rows cut
    otherwise count as another insert (chDB 26.9).

    Raises:
        StateError: there is no such file.
        StoreRejected: it is no Arrow IPC stream, or cut short.
        StoreUnavailable: it cannot be read for now.
    """
    count, table = _read(path)
    if table is None:
        yield path if count else None
        return
    with tempfile.NamedTemporaryFile(prefix="amber-", suffix=".arrow") as file:
        write_stream(file.name, table)
        yield Path(file.name)


def _read(path: Path) -> tuple[int, pa.Table | None]:
    """Return how many record batches a file has, and its rows as one when they are more than one."""
    try:
        count = _batch_count(path)
        if count < 2:
            return count, None
        with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as reader:
            return count, reader.read_all().combine_chunks()
    except FileNotFoundError as error:
        raise StateError(f"There is no file {path} to insert.", code="file-missing") from error
    except (pa.ArrowInvalid, OSError) as error:
        # The system's errors (too many open files, a failing disk) pass; a file that is cut short has no number.
        if isinstance(error, OSError) and error.errno:
            raise StoreUnavailable(f"{path.name} cannot be read for now: {error}.") from error
        raise StoreRejected(f"{path.name} is no whole Arrow stream: {error}.") from error


def write_stream(path: str | Path, table: pa.Table) -> None:
    """Write `table` as an Arrow IPC stream file."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
