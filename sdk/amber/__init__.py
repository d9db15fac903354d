"""Amber's Python client: ask Discover questions, get Arrow tables and pandas frames.

import amber

client = amber.connect("http://127.0.0.1:8700", token)
client.query("from errors | summarize n=count() by error.type | sort n desc").df()
client.query(amber.errors.last("24h").where(level="error").make_series(n=amber.fn.count(), every="1h")).plot()
"""

from __future__ import annotations

from amber._async import AsyncClient, AsyncStream, connect_async
from amber._builder import (
    Query,
    changes,
    check_ins,
    errors,
    feedback,
    issues,
    logs,
    metrics,
    outcomes,
    profiles,
    replays,
    sessions,
    source,
    spans,
    transactions,
)
from amber._client import Client, connect
from amber._client import open_directory as open  # noqa: A004 - `amber.open(dir)` reads best
from amber._editor import Editor, EditorTransport
from amber._errors import (
    AmberError,
    AuthError,
    ConnectionFailed,
    QueryCancelled,
    QueryError,
    caret_picture,
    error_from_problem,
)
from amber._expressions import Expression, Field, f, field, fn, search
from amber._http import HttpTransport
from amber._ingest import Accepted, IngestTransport
from amber._rca import RcaAsked, RcaTransport, RootCause
from amber._result import Column, Result, Stats
from amber._stream import Stream
from amber._transport import Progress, QueryRequest, RawResult, RawStream, StreamTransport, Transport

__all__ = [
    "Accepted",
    "AmberError",
    "AsyncClient",
    "AsyncStream",
    "AuthError",
    "Client",
    "Column",
    "ConnectionFailed",
    "Editor",
    "EditorTransport",
    "Expression",
    "Field",
    "HttpTransport",
    "IngestTransport",
    "Progress",
    "Query",
    "QueryCancelled",
    "QueryError",
    "QueryRequest",
    "RawResult",
    "RawStream",
    "RcaAsked",
    "RcaTransport",
    "Result",
    "RootCause",
    "Stats",
    "Stream",
    "StreamTransport",
    "Transport",
    "caret_picture",
    "changes",
    "check_ins",
    "connect",
    "connect_async",
    "error_from_problem",
    "errors",
    "f",
    "feedback",
    "field",
    "fn",
    "issues",
    "logs",
    "metrics",
    "open",
    "outcomes",
    "profiles",
    "replays",
    "search",
    "sessions",
    "source",
    "spans",
    "transactions",
]


def load_ipython_extension(shell: object) -> None:
    """What `%load_ext amber` calls: the cell magics `%%amber` and `%%ambersql`."""
    from amber._magics import load_ipython_extension as load  # noqa: PLC0415 - needs IPython, which is optional

    load(shell)
