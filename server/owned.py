"""A data directory this process has opened itself, as the embedded transport asks it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amber import Progress, QueryRequest, RawResult, RawStream
from iam import EMBEDDED
from queries.editor import Diagnostic, check
from server.compose import Installation, open_installation
from server.editing import Editing
from server.owned_stream import taken_elsewhere
from server.query_service import QueryService, Question
from server.runner import make_runner
from server.settings import load_settings

_WORKERS = 4
_QUEUE = 100


class OwnedDirectory:
    """One client of a data directory in this process; clients of one directory share the opened store.

    Args:
        data: absolute path.

    Raises:
        StateError: another process owns it, or its stores are from a newer version.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._service = _DIRECTORIES.take(data)
        self._editing = Editing(self._service)
        self._closed = False

    def query(self, request: QueryRequest) -> RawResult:
        """Return the answer; raises the errors of `engine` and `queries`."""
        result = self._service.answer(_question(request), EMBEDDED)
        columns = [{"name": c.name, "type": c.type, "unit": c.unit} for c in result.columns]
        return RawResult(result.table, {**result.meta(), "columns": columns})

    @contextmanager
    def stream(self, request: QueryRequest) -> Iterator[RawStream]:
        """Give the answer batch by batch; raises the errors of `engine` and `queries`."""
        question = _question(request)
        with taken_elsewhere(
            lambda: self._service.stream(question, EMBEDDED), lambda: self.cancel(question.query_id)
        ) as raw:
            yield raw

    def explain(self, request: QueryRequest) -> dict[str, Any]:
        """Return what a question would do and cost."""
        return self._service.estimate(_question(request), EMBEDDED)

    def check(self, request: QueryRequest) -> tuple[Diagnostic, ...]:
        """Return what is wrong or odd in a text, without running it."""
        return check(request.text, self._service.context(_question(request), EMBEDDED))

    def assist(self, verb: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return what an editor asks about a text, as `/api/v1/query/VERB` says it."""
        return self._editing.answer(verb, body, EMBEDDED)

    def rca(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return a root-cause analysis, as `/api/v1/rca` says it."""
        # Start-up time: nobody needs what makes analyses before the first one.
        from server.rca.opening import analysed  # noqa: PLC0415

        return analysed(_DIRECTORIES.installation(self._data), asked)

    def progress(self, query_id: str) -> Progress | None:
        """Return how far a query is, None when it does not run."""
        found = self._service.progress(query_id, EMBEDDED)
        if found is None:
            return None
        far = found[1]
        percent = None if far.fraction is None else far.fraction * 100
        return Progress(far.rows_read, far.total_rows or None, far.bytes_read, far.elapsed_s, percent)

    def cancel(self, query_id: str) -> bool:
        """Stop a query; False when it was not running."""
        return self._service.cancel(query_id, EMBEDDED)

    def close(self) -> None:
        """Let go; the last client closes the store."""
        if not self._closed:
            self._closed = True
            _DIRECTORIES.release(self._data)


def _question(request: QueryRequest) -> Question:
    return Question(
        text=request.text,
        language=request.language,
        projects=tuple(request.project),
        start=request.start,
        end=request.end,
        limit=request.limit,
        params=dict(request.params),
        query_id=request.query_id,
        query_class="notebook",
        after=request.after,
        fresh=request.fresh,
    )


@dataclass(slots=True)
class _Shared:
    installation: Installation
    service: QueryService
    users: int = 1


class _OpenDirectories:
    """The directories this process has open, with the number of clients of each.

    One for the process, as the engine is: it opens one path in a process, and its lock cannot tell two clients of one
    process apart. Running a notebook's `amber.open` cell twice must work all the same.
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

    def installation(self, data: Path) -> Installation:
        with self._lock:
            return self._open[data].installation

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
    installation = open_installation(load_settings({"data": str(data)}, os.environ))
    service = QueryService(
        make_runner(installation), installation.metadata, installation.clock, workers=_WORKERS, queue=_QUEUE
    )
    return _Shared(installation, service)
