"""What the engine's error numbers mean to Amber."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.exceptions import ClickHouseError
from clickhouse_connect.driver.exceptions import Error as DriverError

from engine.errors import AmberError
from engine.eventstore.errors import LimitExceeded, QueryCancelled, StoreRejected, StoreUnavailable

# Numbers from ClickHouse's src/Common/ErrorCodes.cpp.
_LIMITS = {
    158: "max_rows_read",  # TOO_MANY_ROWS
    159: "max_seconds",  # TIMEOUT_EXCEEDED
    160: "max_seconds",  # TOO_SLOW
    241: "max_memory_bytes",  # MEMORY_LIMIT_EXCEEDED
    307: "max_bytes_read",  # TOO_MANY_BYTES
    396: "max_result_rows",  # TOO_MANY_ROWS_OR_BYTES
}
_CANCELLED = frozenset({394, 735})  # QUERY_WAS_CANCELLED, QUERY_WAS_CANCELLED_BY_CLIENT
# The disk, the network or the server fails for now: the same statement may work later.
_UNAVAILABLE = frozenset(
    {
        74,  # CANNOT_READ_FROM_FILE_DESCRIPTOR
        75,  # CANNOT_WRITE_TO_FILE_DESCRIPTOR
        76,  # CANNOT_OPEN_FILE
        77,  # CANNOT_CLOSE_FILE
        87,  # CANNOT_SEEK_THROUGH_FILE
        88,  # CANNOT_TRUNCATE_FILE
        95,  # CANNOT_READ_FROM_SOCKET
        96,  # CANNOT_WRITE_TO_SOCKET
        172,  # CANNOT_CREATE_DIRECTORY
        173,  # CANNOT_ALLOCATE_MEMORY
        198,  # DNS_ERROR
        202,  # TOO_MANY_SIMULTANEOUS_QUERIES
        203,  # NO_FREE_CONNECTION
        204,  # CANNOT_FSYNC
        209,  # SOCKET_TIMEOUT
        210,  # NETWORK_ERROR
        225,  # NO_ZOOKEEPER
        236,  # ABORTED: the server is shutting down
        242,  # TABLE_IS_READ_ONLY
        243,  # NOT_ENOUGH_SPACE
        252,  # TOO_MANY_PARTS: merges are behind
        279,  # ALL_CONNECTION_TRIES_FAILED
        425,  # SYSTEM_ERROR
        439,  # CANNOT_SCHEDULE_TASK
        516,  # AUTHENTICATION_FAILED
        745,  # SERVER_OVERLOADED
        999,  # KEEPER_EXCEPTION
        1001,  # STD_EXCEPTION
        1002,  # UNKNOWN_EXCEPTION, as the file system's errors come
    }
)
_HINTS = {
    "max_rows_read": "Narrow the time range or the projects.",
    "max_seconds": "Narrow the time range, add a filter, or run it with a longer limit.",
    "max_memory_bytes": "Group by fewer distinct values, or narrow the time range.",
    "max_bytes_read": "Narrow the time range, or show fewer columns.",
    "max_result_rows": "Add `limit`, or summarize.",
    "max_result_bytes": "Show fewer columns, or add `limit`.",
}
_WORDS = {
    "max_rows_read": "rows it may read",
    "max_seconds": "time it may take",
    "max_memory_bytes": "memory it may use",
    "max_bytes_read": "bytes it may read",
    "max_result_rows": "rows its answer may have",
    "max_result_bytes": "bytes its answer may have",
}
_RESULT_BYTES = re.compile(r"max bytes|(?:maximum|current bytes): [0-9.]+ [KMGT]?i?B", re.IGNORECASE)
_CODE = re.compile(r"\bCode: (\d+)\.")
_TRAILER = re.compile(r"\s*\(version [^)]*(?:\([^)]*\))?\)\s*$")


def amber_error(message: str, engine_code: int) -> AmberError:
    """Return the error of the store that an engine error with this text and number is."""
    detail = _TRAILER.sub("", message).strip()
    if engine_code in _CANCELLED:
        return QueryCancelled("The query was cancelled.")
    if engine_code == 241 and "(total)" in detail:
        return StoreUnavailable("The store is out of memory for now.", hint=detail)
    if engine_code in _LIMITS:
        limit = _LIMITS[engine_code]
        if limit == "max_result_rows" and _RESULT_BYTES.search(detail):
            limit = "max_result_bytes"  # one number for both
        return LimitExceeded(f"The query needs more than the {_WORDS[limit]}.", limit=limit, hint=_HINTS[limit])
    if engine_code in _UNAVAILABLE or "No space left on device" in detail:
        return StoreUnavailable(f"The store failed: {detail}")
    return StoreRejected(detail, engine_code=engine_code)


def code_of(message: str) -> int:
    """Return the error number in an engine's message, 0 when there is none."""
    found = _CODE.search(message)
    return int(found.group(1)) if found else 0


@contextmanager
def told() -> Iterator[None]:
    """Turn the driver's errors into the store's."""
    try:
        yield
    except ClickHouseError as error:
        code = (error.code if isinstance(error, DriverError) else None) or code_of(str(error))
        if not code:
            raise StoreUnavailable(f"The store does not answer: {error}") from error
        raise amber_error(str(error), code) from error
