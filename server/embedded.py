"""`amber.open(directory)`: the embedded transport.

While a server owns the directory, questions go through it; otherwise the directory is opened in this process, which
then owns it until the client is closed.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import amber
from amber import AuthError, ConnectionFailed, HttpTransport, Progress, QueryRequest, RawResult, error_from_problem
from engine.datadir import DataDirectory
from engine.errors import AmberError
from server.compose import Installation, open_installation
from server.principals import EMBEDDED_NAME, Principal
from server.problems import problem_of
from server.query_service import QueryService, Question
from server.runfile import RunInfo, reach_server
from server.settings import load_settings

_OWNER = Principal(EMBEDDED_NAME, None)
_WORKERS = 4
_QUEUE = 100


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
        self._inner: HttpTransport | _OwnedDirectory = self._told_resolve()

    def query(self, request: QueryRequest) -> RawResult:
        """Return the answer to a request; blocks until it is complete.

        Raises:
            amber.AmberError: as any transport.
        """
        try:
            return self._inner.query(request)
        except (AuthError, ConnectionFailed):
            # The server was stopped or started anew since: its token is another one, or the directory is free.
            if not isinstance(self._inner, HttpTransport):
                raise
            self._inner.close()
            self._inner = self._told_resolve()
            return self._inner.query(request)

    def progress(self, query_id: str) -> Progress | None:
        """Return how far a query is, or None when it is not known."""
        return self._inner.progress(query_id)

    def cancel(self, query_id: str) -> bool:
        """Stop a query; False when it was not running."""
        return self._inner.cancel(query_id)

    def close(self) -> None:
        """Release the directory or the connection. Calling it again does nothing."""
        self._inner.close()

    def explain(self, request: QueryRequest) -> dict[str, Any]:
        """Return what a question would do; only where this process has the directory open."""
        if isinstance(self._inner, HttpTransport):
            raise TypeError("A server has the directory open: ask its API.")
        return self._inner.explain(request)

    def _resolve(self) -> HttpTransport | _OwnedDirectory:
        self.server = reach_server(self._data)
        if self.server is not None:
            return HttpTransport(self.server.url, self.server.token)
        return _OwnedDirectory(_DIRECTORIES, self._data)

    def _told_resolve(self) -> HttpTransport | _OwnedDirectory:
        try:
            return self._resolve()
        except AmberError as error:
            raise _translated(error) from error


class _OwnedDirectory:
    """A directory this process has opened; clients of one directory share it."""

    def __init__(self, directories: _OpenDirectories, data: Path) -> None:
        self._directories = directories
        self._data = data
        self._service = directories.take(data)
        self._closed = False

    def query(self, request: QueryRequest) -> RawResult:
        question = Question(
            text=request.text,
            language=request.language,
            projects=tuple(request.project),
            start=request.start,
            end=request.end,
            limit=request.limit,
            params=dict(request.params),
            query_id=request.query_id,
            query_class="notebook",
        )
        try:
            result = self._service.answer(question, _OWNER)
        except AmberError as error:
            raise _translated(error, request.text) from error
        columns = [{"name": c.name, "type": c.type, "unit": c.unit} for c in result.columns]
        return RawResult(result.table, {**result.meta(), "columns": columns})

    def explain(self, request: QueryRequest) -> dict[str, Any]:
        question = Question(text=request.text, language=request.language, projects=tuple(request.project))
        try:
            return self._service.explain(question, _OWNER)
        except AmberError as error:
            raise _translated(error, request.text) from error

    def progress(self, query_id: str) -> Progress | None:
        found = self._service.progress(query_id, _OWNER)
        if found is None:
            return None
        far = found[1]
        return Progress(far.rows_read, far.total_rows or None, far.bytes_read, far.elapsed_s)

    def cancel(self, query_id: str) -> bool:
        return self._service.cancel(query_id, _OWNER)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._directories.release(self._data)


@dataclass(slots=True)
class _Shared:
    installation: Installation
    service: QueryService
    users: int = 1


class _OpenDirectories:
    """The directories this process has open, with the number of clients of each.

    The engine allows one path in a process, and its lock does not tell two clients of one process apart; running a
    notebook's `amber.open` cell twice must still work.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[Path, _Shared] = {}

    def take(self, data: Path) -> QueryService:
        with self._lock:
            shared = self._open.get(data)
            if shared is None:
                shared = self._open[data] = _open_shared(data)
            else:
                shared.users += 1
            return shared.service

    def release(self, data: Path) -> None:
        with self._lock:
            shared = self._open[data]
            shared.users -= 1
            if shared.users:
                return
            del self._open[data]
            shared.service.close()
            shared.installation.close()


_DIRECTORIES = _OpenDirectories()


def _open_shared(data: Path) -> _Shared:
    DataDirectory.at(data).check()
    installation = open_installation(load_settings({"data": str(data)}, {}))
    service = QueryService(
        installation.runner, installation.metadata, installation.clock, workers=_WORKERS, queue=_QUEUE
    )
    return _Shared(installation, service)


def _translated(error: AmberError, text: str = "") -> amber.AmberError:
    """Return the SDK's error for one of ours, as if it had come over HTTP."""
    problem = problem_of(error)
    return error_from_problem(problem, status=int(problem["status"]), text=text)
