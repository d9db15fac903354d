"""How many queries may run or wait: a bounded number, of which one who asks never takes the last place."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from engine.errors import CapacityError
from iam import Principal, PrincipalKind

_FREE = frozenset({PrincipalKind.LOCAL, PrincipalKind.EMBEDDED})
"""Who holds the data directory asks for nobody else to wait for."""


class NoPlace(CapacityError):
    """All places are taken."""

    code = "too-many-queries"

    def __init__(self) -> None:
        super().__init__(
            "Too many queries are running.", hint="Try again in a moment, or raise query_workers and query_queue."
        )


class NoPlaceForOne(CapacityError):
    """Somebody has as many queries under way as one may have; there are places for others."""

    code = "too-many-queries"
    http_status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, most: int) -> None:
        super().__init__(
            f"One token or person has at most {most} queries running or waiting at once.",
            hint="Wait for one of yours, or cancel it. More query_workers and query_queue give everybody more.",
        )


class QueryPlaces:
    """Places for queries that run or wait.

    Args:
        workers: queries that run at the same time.
        queue: queries that may wait.

    One who asks may have half of all places, or as many as run at the same time and one that waits if that is more;
    but one place stays for others whenever there are two or more.
    """

    def __init__(self, workers: int, queue: int) -> None:
        self._together = workers + queue
        wanted = max(workers + 1, self._together // 2)
        self._each = max(1, min(wanted, self._together - 1))
        self._lock = threading.Lock()
        self._taken: Counter[tuple[str, str, int]] = Counter()

    @contextmanager
    def one(self, principal: Principal) -> Iterator[None]:
        """Hold a place for one query.

        Raises:
            NoPlace: all are taken.
            NoPlaceForOne: those of one are.
        """
        key = (principal.kind, principal.name, principal.token_id)
        with self._lock:
            if self._taken.total() >= self._together:
                raise NoPlace
            if self._taken[key] >= self._each and principal.kind not in _FREE:
                raise NoPlaceForOne(self._each)
            self._taken[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[key] -= 1
                if not self._taken[key]:
                    del self._taken[key]
