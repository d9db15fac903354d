"""The store on a ClickHouse server, over HTTP."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import clickhouse_connect
import orjson
import pyarrow as pa
from clickhouse_connect.driver.client import Client

from engine.eventstore._address import Address
from engine.eventstore._base import ClickHouseStore
from engine.eventstore._failures import told
from engine.eventstore._pool import Pool
from engine.eventstore._settings import insert_settings
from engine.eventstore._stream import Batches
from engine.eventstore._versions import source_table
from engine.eventstore.port import DEFAULT_LIMITS, BatchStream, Limits, QueryStats
from engine.schema import DICTIONARIES

_WAIT = {"wait_end_of_query": 1}
"""The server answers when it is done: errors come as errors instead of in the middle of the data, and the summary
in the headers is complete. The server buffers the answer, on its disk when it is large."""
_VERSION_LIMITS = Limits(max_seconds=5.0)
_MAPPING_LOGS = frozenset(dictionary.log.name for dictionary in DICTIONARIES.values())
"""What rows mean lies here, and in the dictionaries made of it: a change of theirs may change any answer."""

_PARTS = """
SELECT t.name AS name, NOT endsWith(t.engine, 'MergeTree') AS elsewhere, p.parts AS parts, (
    SELECT toString((max(last_successful_update_time), sum(element_count)))
    FROM system.dictionaries WHERE database = currentDatabase()
) AS loaded
FROM system.tables AS t
LEFT JOIN (
    SELECT table, [max(max_block_number), sum(rows), toUInt64(max(data_version))] AS parts
    FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table
) AS p ON p.table = t.name
WHERE t.database = currentDatabase() AND t.name IN {tables:Array(String)}
ORDER BY name
"""
_TIMEOUT_S = 3600
_PROTOCOL = "http"


class HttpStore(ClickHouseStore):
    """A ClickHouse server.

    Args:
        address: where it is, and who we are there.
    """

    def __init__(self, address: Address) -> None:
        super().__init__(address.shown)
        self._address = address
        self._readers = Pool(self._reader)

    def close(self) -> None:
        """Close every client; later calls raise `StoreUnavailable`."""
        self._readers.close()
        super().close()

    def data_version(self, tables: Collection[str], project_ids: Collection[int]) -> str | None:
        """Return what the engine says of the parts of the tables, whatever the projects: others may write as well.

        Every insert takes new block numbers and every mutation a new version of the data; a merge changes neither the
        newest of them nor the rows. The parts of a distributed table lie elsewhere, so it has no version here.
        """
        names = sorted({source_table(name) for name in tables} | _MAPPING_LOGS)
        rows = self.query(_PARTS, {"tables": names}, limits=_VERSION_LIMITS).table.to_pylist()
        if len(rows) != len(names) or any(row["elsewhere"] for row in rows):
            return None
        return repr([(row["name"], row["parts"], row["loaded"]) for row in rows])

    def _changed_everything(self) -> None:
        """Nothing to note: the engine knows."""

    def _client(self, settings: Mapping[str, object], database: str | None) -> Client:
        address = self._address
        with told():
            return clickhouse_connect.get_client(
                interface="https" if address.secure else _PROTOCOL,
                host=address.host,
                port=address.port,
                username=address.user,
                password=address.password,
                database=database,
                verify=address.verify,
                settings=dict(settings),
                send_receive_timeout=_TIMEOUT_S,
                autogenerate_session_id=False,  # a session would allow one statement at a time, and pins a server
                compress=False,
            )

    def _reader(self) -> Client:
        return self._client({"readonly": 2}, self._address.database)

    def _writer(self) -> Client:
        return self._client({}, self._address.database)

    def _create_database(self) -> None:
        name = self._address.database.replace("`", "")
        with told():
            client = self._client({}, None)
            try:
                client.command(f"CREATE DATABASE IF NOT EXISTS `{name}`")
            finally:
                client.close()

    def _credentials(self) -> tuple[str, str, str]:
        return self._address.database, self._address.user, self._address.password

    def _answer(self, text: str, parameters: Mapping[str, object]) -> tuple[bytes, QueryStats]:
        with self._response(text, parameters) as response:
            return response.read(), _cost(response)

    @contextmanager
    def _response(self, text: str, parameters: Mapping[str, object]) -> Iterator[Any]:
        """Give the server's response, whose headers the client's other calls keep to themselves."""
        with told(), self._readers.take() as client:
            response: Any = client.raw_stream(text, parameters=dict(parameters) or None, settings=dict(_WAIT))
            try:
                yield response
            finally:
                response.close()

    def _insert(self, table: str, path: Path, token: str | None) -> None:
        settings = {**insert_settings(token), **_WAIT}
        with told(), self._writers.take() as client, path.open("rb") as file:
            client.raw_insert(table, self._columns(table), file, settings=settings, fmt="ArrowStream")

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
        text = self._select(sql, limits, query_id, None)
        with self._response(text, parameters or {}) as response, pa.ipc.open_stream(response) as reader:
            yield Batches(reader.schema, reader, lambda: _cost(response))


def _cost(response: Any) -> QueryStats:
    """Return the cost the server put into the headers of its response."""
    summary = orjson.loads(response.headers.get("X-ClickHouse-Summary", "{}"))
    return QueryStats(
        rows_read=int(summary.get("read_rows", 0)),
        bytes_read=int(summary.get("read_bytes", 0)),
        elapsed_s=int(summary.get("elapsed_ns", 0)) / 1e9,
    )
