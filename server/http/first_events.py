"""When the first event of a project arrived; asked every other second by who waits for it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from engine.clock import Clock
from iam import LOCAL
from queries.result import rfc3339
from server.query_service import QueryService, Question

_DATASETS = ("errors", "spans", "logs", "metrics", "sessions", "check_ins", "feedback", "profiles", "replays")
"""What a project may send first; those without rows cost next to nothing to ask."""
_KEPT = timedelta(days=400)


class FirstEvents:
    """Earliest stored event by project. What was found once is remembered; only projects without events are asked for.

    It asks in the name of the server: that a project has events is a fact about the project, and who sees the project
    may know it.

    Args:
        queries: asks the store.
        clock: for the range.
    """

    def __init__(self, queries: QueryService, clock: Clock) -> None:
        self._queries = queries
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[int, str] = {}

    def of(self, project_ids: Sequence[int]) -> dict[int, str]:
        """Return the time of the first event (RFC 3339) of each project that has one."""
        with self._lock:
            unknown = tuple(number for number in project_ids if number not in self._known)
        if unknown:
            found = self._asked(unknown)
            with self._lock:
                self._known |= found
        with self._lock:
            return {number: self._known[number] for number in project_ids if number in self._known}

    def _asked(self, project_ids: tuple[int, ...]) -> dict[int, str]:
        now = self._clock.now()
        earliest: dict[int, datetime] = {}
        for dataset in _DATASETS:
            text = f"from {dataset} | summarize first=first_seen() by project_id"
            question = Question(text, projects=project_ids, start=now - _KEPT, end=now + timedelta(days=1))
            for row in self._queries.answer(question, LOCAL).table.to_pylist():
                number, first = row["project_id"], row["first"]
                earliest[number] = min(first, earliest.get(number, first))
        return {number: rfc3339(first) for number, first in earliest.items()}
