"""The embedded store: ClickHouse's engine in this process, on a directory it owns alone.

Writing and administration go through a clickhouse_connect client, as on a server. Answers are read from chDB's own
handles: the client counts the rows of the answer as rows read, and materialises Arrow instead of streaming it
(clickhouse-connect 1.12).
"""

from __future__ import annotations

import fcntl
import itertools
import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import chdb
import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.binding import bind_query
from clickhouse_connect.driver.client import Client

from engine.eventstore import _dedup_log
from engine.eventstore._base import ClickHouseStore
from engine.eventstore._failures import amber_error, code_of, told
from engine.eventstore._pool import Pool
from engine.eventstore._settings import clause, insert_settings, literal
from engine.eventstore._stream import Batches
from engine.eventstore._versions import Versions
from engine.eventstore.errors import StoreUnavailable
from engine.eventstore.port import DEFAULT_LIMITS, BatchStream, Limits, QueryStats

_PARAMETER = "param_"


class ChdbStore(ClickHouseStore):
    """chDB on a directory. A process can have one such directory open; see `engine.datadir` for other processes.

    Args:
        directory: absolute path; made when missing.
    """

    # The writer of the engine's own takes half the time of the Arrow library's (70 against 163 ms for a million
    # rows of three columns), and there is no network to compress for.
    _answer_settings: Mapping[str, object] = {
        "output_format_arrow_use_native_writer": 1,
        "output_format_arrow_compression_method": "none",
    }

    def __init__(self, directory: Path) -> None:
        super().__init__(f"chdb://{directory}")
        self._directory = directory
        self._readers = Pool(self._reader)
        self._opening = threading.Lock()
        self._anchor: Any = None
        self._logs_are_synchronous = False
        self._versions = Versions()

    def data_version(self, tables: Collection[str], project_ids: Collection[int]) -> str | None:
        """Return the version this process keeps: it is the only one that writes."""
        return str(self._versions.of(tables, project_ids))

    def _changed_everything(self) -> None:
        self._versions.changed_everything()

    def close(self) -> None:
        """Close every handle, and with the last one the engine; later calls raise `StoreUnavailable`."""
        self._readers.close()
        super().close()
        with self._opening:
            if self._anchor is not None:
                self._anchor.close()
                self._anchor = None

    def _open(self) -> Any:
        """Return a new handle. The first one stays open: the engine ends with the last, and takes 0.2 s to start."""
        with self._opening, _translated():
            if self._anchor is None:
                if not _engine_runs(self._directory):
                    _dedup_log.mend(self._directory)
                self._anchor = _connect(os.path.realpath(self._directory))
            return _connect(os.path.realpath(self._directory))

    def _reader(self) -> Any:
        handle = self._open()
        handle.query("SET readonly = 2")  # 2: limits may still be set for each statement
        return handle

    def _writer(self) -> Client:
        self._open().close()
        with told():
            return clickhouse_connect.get_client(interface="chdb", path=str(self._directory))

    def _create_database(self) -> None:
        """The engine makes its default database itself."""

    def _credentials(self) -> tuple[str, str, str]:
        return "default", "default", ""

    def migrate(self) -> list[str]:
        """Bring the schema up to date; return the names of the migrations that were applied."""
        done = super().migrate()
        self._logs_are_synchronous = _dedup_log.make_synchronous(self._directory)
        return done

    def _insert(self, table: str, path: Path, token: str | None) -> None:
        columns = ", ".join(f"`{name}`" for name in self._columns(table))
        sql = (
            f"INSERT INTO {table} ({columns}) FROM INFILE {literal(path.resolve())}"
            f" {clause(insert_settings(token))} FORMAT ArrowStream"
        )
        try:
            with told(), self._writers.take() as client:
                client.raw_query(sql)
        finally:
            # A statement that failed may have inserted all the same.
            self._versions.changed_file(table, path)
        if token is not None and not self._logs_are_synchronous:
            _dedup_log.sync(self._directory)

    def _answer(self, text: str, parameters: Mapping[str, object]) -> tuple[bytes, QueryStats]:
        bound, values = _bound(text, parameters)
        with _translated(), self._readers.take() as handle:
            result = handle.query(bound, "ArrowStream", params=values)
            stats = QueryStats(result.storage_rows_read(), result.storage_bytes_read(), result.elapsed())
            return result.bytes(), stats

    @contextmanager
    def stream(
        self,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        query_id: str = "",
    ) -> Iterator[BatchStream]:
        """Run one read-only SELECT and give its answer batch by batch."""
        bound, values = _bound(self._select(sql, limits, query_id, None), parameters or {})
        seen: dict[str, int] = {}
        with _translated():
            handle = self._reader()
            try:
                handle.set_progress_callback(seen.update)
                with handle.send_query(bound, "ArrowStream", params=values) as chunks:
                    batches = _batches(chunks)
                    first = next(batches, None)
                    schema = self._schema_of(sql, parameters) if first is None else first.schema
                    every = () if first is None else itertools.chain((first,), batches)
                    yield Batches(schema, every, lambda: _cost(seen))
            finally:
                handle.close()

    def _schema_of(self, sql: str, parameters: Mapping[str, object] | None) -> pa.Schema:
        """Return the schema of an answer without rows, of which chDB's stream says nothing."""
        empty = f"SELECT * FROM (\n{sql}\n) LIMIT 0"  # noqa: S608 - the text that was just run
        return self.query(empty, parameters).table.schema


def _bound(text: str, parameters: Mapping[str, object]) -> tuple[str | bytes, dict[str, str]]:
    """Return the statement and its parameters as chDB takes them."""
    bound, values = bind_query(text, dict(parameters) or None)
    return bound, {key.removeprefix(_PARAMETER): value for key, value in values.items()}


_connect: Callable[[str], Any] = chdb.connect


def _engine_runs(directory: Path) -> bool:
    """Return whether an engine, in this process or another, has the directory open: it locks a file there."""
    try:
        descriptor = os.open(directory / "status", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _cost(seen: Mapping[str, int]) -> QueryStats:
    """Return the cost in chDB's last word on progress."""
    return QueryStats(seen.get("read_rows", 0), seen.get("read_bytes", 0), seen.get("elapsed_ns", 0) / 1e9)


def _batches(chunks: Iterable[Any]) -> Iterator[pa.RecordBatch]:
    """Give the batches of an answer; each chunk is a whole Arrow stream of its own."""
    for chunk in chunks:
        with pa.ipc.open_stream(pa.py_buffer(chunk.bytes())) as reader:
            yield from reader


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (chdb.ChdbError, RuntimeError, pa.ArrowInvalid) as error:
        code = code_of(str(error))
        if not code:
            raise StoreUnavailable(f"The store failed: {error}") from error
        raise amber_error(str(error), code) from error
