"""Traces whose structure was worked out, for a while: who opens one asks for many windows of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from server.traces.shown import Shown

_MOST_SPANS = 400_000
"""Spans of all kept traces together, some 400 bytes each."""


class KeptTraces:
    """The traces that were asked for last, by a key that differs whenever their spans may.

    Args:
        most_spans: spans of all kept traces together; the last one is always kept.
    """

    def __init__(self, most_spans: int = _MOST_SPANS) -> None:
        self._most_spans = most_spans
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, Shown] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Shown]) -> Shown:
        """Return the trace of a key, made if it is not kept."""
        with self._lock:
            known = self._found.get(key)
            if known is not None:
                self._found.move_to_end(key)
                return known
        made = make()
        with self._lock:
            self._found[key] = made
            while len(self._found) > 1 and sum(one.layout.size for one in self._found.values()) > self._most_spans:
                self._found.popitem(last=False)
        return made
