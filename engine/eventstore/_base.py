"""What both stores share: statements, progress, cancel, migrations. Both speak through clickhouse_connect clients."""

from __future__ import annotations

import tempfile
import uuid
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from engine.arrow import arrow_schema
from engine.eventstore._failures import told
from engine.eventstore._files import as_one_batch, write_stream
from engine.eventstore._pool import Pool
from engine.eventstore._settings import QUERY_TAG, clause, limit_settings
from engine.eventstore.errors import LimitExceeded, StoreRejected, StoreUnavailable
from engine.eventstore.port import DEFAULT_LIMITS, BatchStream, Estimate, Limits, Progress, QueryStats, StoreResult
from engine.migrations import dictionary_sources, run_migrations
from engine.schema import TABLES, Dictionary

_ADMIN_LIMITS = Limits(max_seconds=10.0)
_PROCESS = """
SELECT query_id, read_rows, read_bytes, total_rows_approx, elapsed
FROM system.processes
WHERE Settings['log_comment'] = {id:String}
"""


def new_query_id() -> str:
    """Return a name for a statement nobody else uses."""
    return uuid.uuid4().hex


class ClickHouseStore(ABC):
    """An event store on ClickHouse's engine, wherever it runs.

    Readers and writers have clients of their own: a reader's session is read-only, so that no text handed to
    `query` can change anything, whatever it says.
    """

    # Settings of every statement with an answer.
    _answer_settings: Mapping[str, object] = {}

    def __init__(self, url: str) -> None:
        self._url = url
        self._writers = Pool(self._writer)

    @property
    def url(self) -> str:
        """The URL the store was opened with, without its password."""
        return self._url

    def query(
        self,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        query_id: str = "",
        settings: Mapping[str, object] | None = None,
    ) -> StoreResult:
        """Run one read-only SELECT and return the whole answer."""
        body, stats = self._answer(self._select(sql, limits, query_id, settings), parameters or {})
        with pa.ipc.open_stream(pa.py_buffer(body)) as reader:
            return StoreResult(reader.read_all(), stats)

    @abstractmethod
    def stream(
        self,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        query_id: str = "",
    ) -> AbstractContextManager[BatchStream]:
        """Run one read-only SELECT and give its answer batch by batch; leaving the context stops it."""

    def progress(self, query_id: str) -> Progress | None:
        """Return how far a running statement is, or None when no such one runs."""
        rows = self.query(_PROCESS, {"id": query_id}, limits=_ADMIN_LIMITS).table.to_pylist()
        if not rows:
            return None
        row = rows[0]
        return Progress(row["read_rows"], row["read_bytes"], max(0, row["total_rows_approx"]), row["elapsed"])

    def cancel(self, query_id: str, *, wait: bool = True) -> bool:
        """Stop a running statement, and wait until it stopped; False when no such one runs."""
        kill = "KILL QUERY WHERE query_id = {id:String} " + ("SYNC" if wait else "ASYNC")
        rows = self.query(_PROCESS, {"id": query_id}, limits=_ADMIN_LIMITS).table.to_pylist()
        for row in rows:
            self._command(kill, {"id": row["query_id"]})
        return bool(rows)

    def estimate(self, sql: str, parameters: Mapping[str, object] | None = None) -> Estimate:
        """Return what a SELECT would read, without running it."""
        table = self.query(f"EXPLAIN ESTIMATE {sql}", parameters, limits=_ADMIN_LIMITS).table
        rows = table.to_pylist()
        return Estimate(*(sum(row[name] for row in rows) for name in ("parts", "rows", "marks")))

    @abstractmethod
    def data_version(self, tables: Collection[str], project_ids: Collection[int]) -> str | None:
        """Return a text that is another one whenever rows of these tables and projects may have changed since."""

    def insert_file(self, table: str, path: Path, token: str) -> None:
        """Insert an Arrow IPC stream file as one block, durably; see the port."""
        with as_one_batch(path) as file:
            if file is not None:
                self._insert(table, file, token)

    def insert_rows(self, table: str, rows: pa.Table, token: str | None = None) -> None:
        """Insert a small table, durably."""
        if not rows.num_rows:
            return
        with tempfile.NamedTemporaryFile(prefix="amber-", suffix=".arrow") as file:
            write_stream(file.name, rows.combine_chunks())
            self._insert(table, Path(file.name), token)

    def statement(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """Run an administrative statement."""
        try:
            self._command(sql, parameters)
        finally:
            self._changed_everything()

    def _command(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """Run a statement that changes no row."""
        with told(), self._writers.take() as client:
            client.command(sql, parameters=dict(parameters or {}) or None)

    @abstractmethod
    def _changed_everything(self) -> None:
        """Note that any row may have changed."""

    def reload_dictionary(self, dictionary: Dictionary) -> None:
        """Make the rows of a log of exceptions visible to queries through its dictionary."""
        self.statement(f"SYSTEM RELOAD DICTIONARY {dictionary.name}")

    def migrate(self) -> list[str]:
        """Bring the schema up to date; return the names of the migrations that were applied."""
        self._create_database()
        return run_migrations(self, dictionary_sources(*self._credentials()))

    def health(self) -> None:
        """Return when the store answers; raise `StoreUnavailable` when it does not."""
        try:
            self.query("SELECT 1", limits=Limits(max_seconds=5.0))
        except (LimitExceeded, StoreRejected) as error:
            raise StoreUnavailable(f"The store does not work: {error.message}") from error

    def close(self) -> None:
        """Close every client; later calls raise `StoreUnavailable`."""
        self._writers.close()

    @abstractmethod
    def _answer(self, text: str, parameters: Mapping[str, object]) -> tuple[bytes, QueryStats]:
        """Run a SELECT that cannot write; return its answer as an Arrow stream, and its cost."""

    @abstractmethod
    def _writer(self) -> Client:
        """Make a client for inserts and administration."""

    @abstractmethod
    def _insert(self, table: str, path: Path, token: str | None) -> None:
        """Insert a file that holds one record batch; without a token, never as a repetition."""

    @abstractmethod
    def _create_database(self) -> None:
        """Create the database of the URL when it does not exist."""

    @abstractmethod
    def _credentials(self) -> tuple[str, str, str]:
        """Return database, user and password the engine reads its own tables with."""

    def _select(self, sql: str, limits: Limits, query_id: str, settings: Mapping[str, object] | None) -> str:
        """Return `sql` with its settings and the format of the answer."""
        every = {
            QUERY_TAG: query_id or new_query_id(),
            **self._answer_settings,
            **limit_settings(limits),
            **(settings or {}),
        }
        return f"{sql}\n{clause(every)}\nFORMAT ArrowStream"

    def _columns(self, table: str) -> Sequence[str]:
        return arrow_schema(TABLES[table]).names
