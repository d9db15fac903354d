"""`amber.open(directory)`: the embedded transport.

While a server owns the directory, questions go through it; otherwise the directory is opened in this process, which
then owns it until the client is closed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import amber
from amber import (
    AuthError,
    ConnectionFailed,
    HttpTransport,
    Progress,
    QueryRequest,
    RawResult,
    RawStream,
    error_from_problem,
)
from engine.clock import SystemClock
from engine.datadir import DataDirectory
from engine.errors import AmberError
from server.problems import problem_of
from server.runfile import RunInfo, reach_server

if TYPE_CHECKING:
    import pyarrow as pa

    from server.owned import OwnedDirectory

_T = TypeVar("_T")


class EmbeddedTransport:
    """Answers queries about a data directory, through its server when one lives.

    Args:
        directory: the data directory.

    Attributes:
        server: the server questions go through, None when this process has the directory open itself.

    Raises:
        amber.AmberError: there is no Amber data in it, another program has it open, or it is from a newer version.
    """

    def __init__(self, directory: str | Path) -> None:
        self._data = Path(directory).expanduser().absolute()
        self.server: RunInfo | None = None
        self._inner = _told(self._resolve)

    def query(self, request: QueryRequest) -> RawResult:
        """Return the answer to a request; blocks until it is complete.

        Raises:
            amber.AmberError: as any transport.
        """
        try:
            return self._ask(request)
        except (AuthError, ConnectionFailed):
            # The server was stopped or started anew since: its token is another one, or the directory is free.
            if self.server is None:
                raise
            self._inner.close()
            self._inner = _told(self._resolve)
            return self._ask(request)

    @contextmanager
    def stream(self, request: QueryRequest) -> Iterator[RawStream]:
        """Give the answer batch by batch; errors as of `query`."""
        stack = ExitStack()
        raw = _told(lambda: stack.enter_context(self._inner.stream(request)), request.text)
        with stack:
            yield RawStream(raw.schema, raw.meta, _told_batches(raw.batches, request.text))

    def explain(self, request: QueryRequest) -> dict[str, Any]:
        """Return what a question would do; only where this process has the directory open."""
        if isinstance(self._inner, HttpTransport):
            raise TypeError("A server has the directory open: ask its API.")
        owned = self._inner
        return _told(lambda: owned.explain(request), request.text)

    def check(self, request: QueryRequest) -> list[dict[str, Any]]:
        """Return what is wrong or odd in a text; only where this process has the directory open."""
        if isinstance(self._inner, HttpTransport):
            raise TypeError("A server has the directory open: ask its API.")
        owned = self._inner
        return [item.as_dict() for item in _told(lambda: owned.check(request), request.text)]

    def progress(self, query_id: str) -> Progress | None:
        """Return how far a query is, or None when it is not known."""
        return self._inner.progress(query_id)

    def cancel(self, query_id: str) -> bool:
        """Stop a query; False when it was not running."""
        return self._inner.cancel(query_id)

    def saved(self, name: str) -> Mapping[str, Any]:
        """Return the saved query of a name; see `amber.Client.saved`.

        Raises:
            amber.AmberError: there is none.
        """
        if isinstance(self._inner, HttpTransport):
            return self._inner.saved(name)
        return _told(lambda: _saved_in(self._data, name))

    def assist(self, verb: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Help with a text; see `amber.EditorTransport.assist`."""
        if isinstance(self._inner, HttpTransport):
            return self._inner.assist(verb, body)
        owned = self._inner
        return _told(lambda: owned.assist(verb, body), str(body.get("query", "")))

    def ingest(self, dataset: str, body: bytes, kind: str, project: str) -> Mapping[str, Any]:
        """Send rows through the server that owns the directory; see `amber.IngestTransport.ingest`.

        Raises:
            amber.AmberError: no server owns it.
        """
        if isinstance(self._inner, HttpTransport):
            return self._inner.ingest(dataset, body, kind, project)
        raise amber.AmberError(
            f"Nobody serves {self._data}, so nothing takes rows for it.",
            code="ingest-unsupported",
            suggestion="Start `amber serve`, or write a file and `amber load` it.",
        )

    def rca(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make a root-cause analysis; see `amber.RcaTransport.rca`."""
        if isinstance(self._inner, HttpTransport):
            return self._inner.rca(asked)
        owned = self._inner
        return _told(lambda: owned.rca(asked), str(asked.get("query", "")))

    def close(self) -> None:
        """Release the directory or the connection. Calling it again does nothing."""
        self._inner.close()

    def _ask(self, request: QueryRequest) -> RawResult:
        return _told(lambda: self._inner.query(request), request.text)

    def _resolve(self) -> HttpTransport | OwnedDirectory:
        self.server = reach_server(self._data)
        if self.server is not None:
            return HttpTransport(self.server.url, self.server.token)
        DataDirectory.at(self._data).check()
        # Start-up time: the engine and the compiler take more than a second, and a served directory needs neither.
        from server.owned import OwnedDirectory  # noqa: PLC0415

        return OwnedDirectory(self._data)


def _saved_in(data: Path, name: str) -> Mapping[str, Any]:
    """Return the saved query of a name from the metadata database of a directory."""
    # Start-up time, as for the engine: a client that asks for no saved query needs no database of them.
    from iam import EMBEDDED, Administration  # noqa: PLC0415
    from server.metadata import open_metadata  # noqa: PLC0415
    from server.settings import load_settings  # noqa: PLC0415

    metadata = open_metadata(load_settings({"data": str(data)}, os.environ))
    try:
        content = Administration(metadata, SystemClock()).saved_query_called(EMBEDDED, name).content
    finally:
        metadata.close()
    return {"text": content.text, "language": content.language, "parameters": content.parameters}


def _told_batches(batches: Iterator[pa.RecordBatch], text: str) -> Iterator[pa.RecordBatch]:
    while True:
        batch = _told(lambda: next(batches, None), text)
        if batch is None:
            return
        yield batch


def _told(call: Callable[[], _T], text: str = "") -> _T:
    """Return what a call returns; our errors come out as the SDK's, as if they had come over HTTP."""
    try:
        return call()
    except AmberError as error:
        problem = problem_of(error)
        raise error_from_problem(problem, status=int(problem["status"]), text=text) from error
