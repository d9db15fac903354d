"""How many streams may be open: one lasts as long as its reader likes, so they must not take every place of queries."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from engine.errors import CapacityError
from iam import Principal


class TooManyStreams(CapacityError):
    """Somebody, or everybody together, reads as many streams as may be open."""

    code = "too-many-streams"
    http_status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, most: int, whose: str) -> None:
        super().__init__(
            f"{whose} at most {most} streams at once.", hint="Read one to its end, or close it, before the next."
        )


class StreamPlaces:
    """Counts open streams, all of them and by who reads them.

    Args:
        each: most of one token, session or person.
        together: most of all.
    """

    def __init__(self, each: int, together: int) -> None:
        self._each = each
        self._together = together
        self._lock = threading.Lock()
        self._open: Counter[tuple[str, str, int]] = Counter()

    @contextmanager
    def one(self, principal: Principal) -> Iterator[None]:
        """Hold a place for one stream.

        Raises:
            TooManyStreams: there is none left.
        """
        key = (principal.kind, principal.name, principal.token_id)
        with self._lock:
            if self._open[key] >= self._each:
                raise TooManyStreams(self._each, "One token or person reads")
            if self._open.total() >= self._together:
                raise TooManyStreams(self._together, "All together read")
            self._open[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[key] -= 1
                if not self._open[key]:
                    del self._open[key]
