"""The values of fields, for completion; kept for a moment, because an editor asks with every key pressed.

A field is asked for once without letters. While its commonest values are all there are, what contains the letters that
are typed next is found among them; of a field with more, the store is asked for the letters, and that answer is kept.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from engine.errors import AmberError
from iam import Principal
from queries.editor import Completions
from queries.editor.completion import MAX_ITEMS
from server.query_service import QueryService, Question

KEPT_S = 60.0
_MOST = 500
_Key = tuple[tuple[int, ...], tuple[str, ...], timedelta | None, str]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Values:
    at: float
    rows: list[Row]

    @property
    def complete(self) -> bool:
        """Whether these are all values of the field, not its commonest ones."""
        return len(self.rows) < MAX_ITEMS


class KnownValues:
    """Commonest values of fields with their counts, by projects, environments and length of the range.

    Args:
        queries: asks the store.
    """

    def __init__(self, queries: QueryService) -> None:
        self._queries = queries
        self._lock = threading.Lock()
        self._known: OrderedDict[_Key, _Values] = OrderedDict()

    def of(self, found: Completions, asked: Question, who: Principal, projects: tuple[int, ...]) -> list[Row]:
        """Return rows of `value` and `count` for a completion, best first; none when they cannot be had."""
        if found.value_query is None or found.all_values_query is None:
            return []
        long = None if asked.start is None or asked.end is None else asked.end - asked.start
        place = (projects, asked.environments, long)
        every = self._kept((*place, found.all_values_query))
        if every is not None and (every.complete or not found.prefix):
            return [row for row in every.rows if _holds(row["value"], found.prefix)]
        known = self._kept((*place, found.value_query))
        if known is None:
            known = self._asked(replace(asked, text=found.value_query), who)
            if known is None:
                return []
            self._keep((*place, found.value_query), known)
        return known.rows

    def _asked(self, question: Question, who: Principal) -> _Values | None:
        try:
            table = self._queries.answer(replace(question, query_class="alert"), who).table
        except AmberError:
            return None  # the text around the cursor is unfinished: what cannot be looked up is not offered
        return _Values(time.monotonic(), [row for row in table.to_pylist() if row.get("value") is not None])

    def _kept(self, key: _Key) -> _Values | None:
        with self._lock:
            known = self._known.get(key)
        return known if known is not None and time.monotonic() - known.at < KEPT_S else None

    def _keep(self, key: _Key, values: _Values) -> None:
        with self._lock:
            self._known[key] = values
            self._known.move_to_end(key)
            if len(self._known) > _MOST:
                self._known.popitem(last=False)


def _holds(value: object, letters: str) -> bool:
    return letters.lower() in str(value).lower()
