"""The tag keys there are, for completion; asked now and then, because an editor asks with every key pressed."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import replace
from datetime import timedelta

import structlog

from engine.clock import Clock
from engine.errors import AmberError
from iam import Principal
from queries.catalog import catalog
from server.query_service import QueryService, Question

_log = structlog.stdlib.get_logger(__name__)
_Key = tuple[tuple[int, ...], tuple[str, ...]]
_DATASETS = ("errors", "spans", "logs", "metrics")
_LOOKED_AT = timedelta(hours=1)
_KEPT_S = 300.0
_MOST = 200
_PATIENCE_S = 0.03
"""Of who asks first: the words of the language are offered at once, tags with the next key."""

_MARK, _END = 'tags["', '"]'
"""How `facets` names a tag whose name a field has."""


class TagKeys:
    """Most frequent tag keys by data set, of the last hour, for the projects and environments a question is about.

    Nobody waits long for them: the first who asks gets what is there after a moment, later ones what was found last.

    Args:
        queries: asks the store.
        clock: for the range.
    """

    def __init__(self, queries: QueryService, clock: Clock) -> None:
        self._queries = queries
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[_Key, tuple[float, dict[str, tuple[str, ...]]]] = OrderedDict()
        self._looking: dict[_Key, threading.Event] = {}

    def of(self, question: Question, principal: Principal, projects: tuple[int, ...]) -> dict[str, tuple[str, ...]]:
        """Return the keys by data set; those that cannot be had are absent."""
        key = (projects, question.environments)
        with self._lock:
            known = self._known.get(key)
            fresh = known is not None and time.monotonic() - known[0] < _KEPT_S
            looking = self._looking.get(key)
            if not fresh and looking is None:
                looking = self._looking[key] = threading.Event()
                work = (key, question, principal, looking)
                threading.Thread(target=self._look, args=work, name="tag-keys", daemon=True).start()
        if known is None and looking is not None and looking.wait(_PATIENCE_S):
            with self._lock:
                known = self._known.get(key)
        return {} if known is None else known[1]

    def _look(self, key: _Key, question: Question, principal: Principal, done: threading.Event) -> None:
        now = self._clock.now()
        asked = replace(question, start=now - _LOOKED_AT, end=now, params=None, query_id="", language="discover")
        found = {}
        try:
            for dataset in _DATASETS:
                found[dataset] = self._asked(replace(asked, text=f"from {dataset} | facets top 1"), principal, dataset)
        except Exception:  # noqa: BLE001 - nobody waits for this thread, and completion goes on without tags
            _log.debug("tag keys are not known", exc_info=True)
        finally:
            with self._lock:
                del self._looking[key]
                if len(found) == len(_DATASETS):
                    self._known[key] = (time.monotonic(), found)
                    self._known.move_to_end(key)
                    if len(self._known) > _MOST:
                        self._known.popitem(last=False)
            done.set()

    def _asked(self, question: Question, principal: Principal, dataset: str) -> tuple[str, ...]:
        try:
            table = self._queries.answer(question, principal).table
        except AmberError:
            return ()  # completion goes on without
        known = catalog(dataset).fields
        fields = dict.fromkeys(str(field) for field in table.column("field").to_pylist())
        return tuple(field.removeprefix(_MARK).removesuffix(_END) for field in fields if field not in known)
