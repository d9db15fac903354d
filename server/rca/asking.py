"""Asking the store for an analysis: several texts at a time, with progress, an end, and what could not be answered."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from engine.errors import CapacityError
from engine.eventstore import QueryCancelled
from server.issues.looking import Look
from server.query_service import QueryService, Question
from server.rca.frames import Times

TOGETHER: Final = 2
"""Texts of one analysis that run at the same time: others ask too."""

PATIENCE_S: Final = 60.0
"""After so long nothing more is asked; the analysis is made of what is there."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One question.

    Attributes:
        name: what it is for, as notes and progress call it.
        text: Discover.
        times: of the question.
        params: of the text.
    """

    name: str
    text: str
    times: Times
    params: Mapping[str, Any] = field(default_factory=dict)


class Asking:
    """Asks on behalf of one principal, for one analysis.

    Args:
        queries: asks the store.
        look: who asks, and which projects and environments are looked at.
        on_progress: told the number of questions answered, and what the last one was about.
    """

    def __init__(
        self, queries: QueryService, look: Look, on_progress: Callable[[int, str], None] | None = None
    ) -> None:
        self._queries = queries
        self._look = look
        self._on_progress = on_progress
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._asked: set[str] = set()
        self._cancelled = False
        self.answered = 0
        self.rows_read = 0
        self.notes: list[str] = []

    @property
    def elapsed_s(self) -> float:
        """How long ago the analysis began."""
        return time.monotonic() - self._began

    def all(self, statements: Sequence[Statement]) -> dict[str, pa.Table]:
        """Return the answers by name, without those that need more than a query may use.

        Raises:
            UserError: a text, a project or the range is wrong, or the budget of the one who asks is spent.
            QueryCancelled: somebody cancelled the analysis.
        """
        with ThreadPoolExecutor(TOGETHER, thread_name_prefix="rca") as pool:
            # Each in a context of its own: that the client has gone is known by context.
            running = [(one.name, pool.submit(copy_context().run, self._guarded, one)) for one in statements]
            found = {name: future.result() for name, future in running}
        return {name: table for name, table in found.items() if table is not None}

    def one(self, statement: Statement) -> pa.Table | None:
        """Return one answer, as `all`."""
        return self._guarded(statement)

    def cancel(self) -> None:
        """Stop what runs, and ask nothing more."""
        with self._lock:
            self._cancelled = True
            asked = list(self._asked)
        for name in asked:
            self._queries.cancel(name, self._look.principal)

    def _guarded(self, statement: Statement) -> pa.Table | None:
        if self.elapsed_s > PATIENCE_S:
            self._note(f"{statement.name}: not asked, the analysis took too long.")
            return None
        name = f"rca-{uuid.uuid4().hex}"
        with self._lock:
            if self._cancelled:
                raise QueryCancelled("The analysis was cancelled.")
            self._asked.add(name)
        try:
            table = self._ask(statement, name)
        except CapacityError as error:
            if error.code == "query-budget":
                raise
            self._note(f"{statement.name}: not looked at. {error.message}")
            return None
        finally:
            with self._lock:
                self._asked.discard(name)
                self.answered += 1
            if self._on_progress is not None:
                self._on_progress(self.answered, statement.name)
        return table

    def _ask(self, statement: Statement, query_id: str) -> pa.Table:
        look = self._look
        start, end = statement.times
        question = Question(
            text=statement.text,
            projects=look.projects,
            environments=look.environments,
            start=start,
            end=end,
            params=dict(statement.params),
            action=look.action,
            limit=50_000,
            query_id=query_id,
        )
        result = self._queries.answer(question, look.principal)
        with self._lock:
            self.rows_read += result.cost.rows_read
        if result.truncated:
            self._note(f"{statement.name}: there is more than was looked at.")
        return result.table

    def _note(self, text: str) -> None:
        with self._lock:
            self.notes.append(text)
