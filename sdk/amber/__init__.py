"""Amber's Python client: ask Discover questions, get Arrow tables and pandas frames.

import amber

client = amber.connect("http://127.0.0.1:8700", token)
client.query("from errors | summarize n=count() by error.type | sort n desc").df()
"""

from __future__ import annotations

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
from amber._http import HttpTransport
from amber._result import Column, Result, Stats
from amber._stream import Stream
from amber._transport import Progress, QueryRequest, RawResult, RawStream, StreamTransport, Transport

__all__ = [
    "AmberError",
    "AuthError",
    "Client",
    "Column",
    "ConnectionFailed",
    "Editor",
    "EditorTransport",
    "HttpTransport",
    "Progress",
    "QueryCancelled",
    "QueryError",
    "QueryRequest",
    "RawResult",
    "RawStream",
    "Result",
    "Stats",
    "Stream",
    "StreamTransport",
    "Transport",
    "caret_picture",
    "connect",
    "error_from_problem",
    "open",
]
