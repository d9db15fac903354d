"""Answers that are kept, and the key under which one may be given again.

A question about the last day asks for another range every moment. Such questions share a key within a bucket of time, a
small part of the range's length; the answer then says the range it was computed for, so it is exact. That is for ranges
that move with the clock only, as the text's `last` or the default one: a question with a start or an end of its own, as
of an HTTP request, is answered for exactly that, even when it ends now. Any answer is given again only while the
version of the data it read is unchanged.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from queries.ast import Query
from queries.frames import ASKING
from queries.plan import FrameStep, Plan, PlanContext, SqlStep
from queries.result import Result

_BUCKETS_IN_RANGE = 1440
_SHORTEST_BUCKET = dt.timedelta(seconds=1)
_LONGEST_BUCKET = dt.timedelta(seconds=60)
_ENTRY_BYTES = 4096
"""What an entry takes beside its rows, roughly."""

_LARGEST_SHARE = 8
"""An answer that would take more than this part of the cache is not kept."""


def bucket_of(length: dt.timedelta) -> dt.timedelta:
    """Return how long questions about a range of this length that ends now are the same question."""
    return min(max(length / _BUCKETS_IN_RANGE, _SHORTEST_BUCKET), _LONGEST_BUCKET)


_CLOCK = re.compile(r"\b(?:now|now64|today|yesterday|current_timestamp|current_date)\s*\(", re.IGNORECASE)


def may_be_kept(made: Plan) -> bool:
    """Whether an answer stays the same while the data its statements read does."""
    asks = any(isinstance(step, FrameStep) and step.operation in ASKING for step in made.steps)
    return not asks and not reads_clock(made)


def reads_clock(made: Plan) -> bool:
    """Whether a statement somebody wrote asks the engine for the time: its answer is another one each moment.

    A Discover text is planned with one reading of the clock, which is part of its statement.
    """
    return any(isinstance(step, SqlStep) and step.written and _CLOCK.search(step.sql) for step in made.steps)


def cache_key(made: Plan, context: PlanContext, *, query_class: str, text: str | Query) -> str:
    """Return the key under which an answer may be kept, together with the version of the data.

    Args:
        made: the plan.
        context: what it was made with: scope, environments, parameters, limits.
        query_class: whose limits hold.
        text: what was asked.
    """
    start, end = made.time_range
    if context.time_range is not None or end != context.now:  # moments that were asked for, however close to now
        when: tuple[object, ...] = (start, end)
        what: object = [_described(step) for step in made.steps]
    else:
        bucket = bucket_of(end - start)
        when = (end - start, int(context.now.timestamp() / bucket.total_seconds()))
        # The statement of a SELECT holds its range, so there the text is the canonical one.
        what = made.canonical if made.columns else str(text).strip()
    facts = [
        (field.name, _stable(getattr(context, field.name)))
        for field in dataclasses.fields(context)
        if field.name not in {"now", "time_range"}
    ]
    parts = (what, made.canonical if made.columns else "", when, made.row_limit, made.explain, query_class, facts)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _described(step: SqlStep | FrameStep) -> object:
    if isinstance(step, SqlStep):
        return (step.id, step.sql, _stable(step.parameters), step.cap)
    return (step.id, step.inputs, step.operation, _stable(step.options))


def _stable(value: object) -> object:
    if isinstance(value, Mapping):
        return sorted((repr(key), repr(_stable(item))) for key, item in value.items())
    if isinstance(value, frozenset):
        return sorted(map(repr, value))
    return value


@dataclass(frozen=True, slots=True)
class CacheFigures:
    """What a cache has done since it was made, and what it holds."""

    hits: int
    misses: int
    entries: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _Entry:
    version: str
    result: Result
    size: int
    kept_at: float


class ResultCache:
    """Finished answers, the least recently used forgotten first.

    Args:
        max_bytes: memory for all of them.
        max_age_s: the longest an answer is given again; rows also leave the store by age, which nobody announces.
        monotonic: tells the time in seconds.
    """

    def __init__(
        self, max_bytes: int, max_age_s: float = 600.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._bytes = 0
        self._hits = 0
        self._misses = 0

    def get(self, key: str, version: str) -> tuple[Result, float] | None:
        """Return an answer and its age in seconds, None when there is none of this version of the data."""
        with self._lock:
            entry = self._entries.get(key)
            age_s = 0.0 if entry is None else self._monotonic() - entry.kept_at
            if entry is None or entry.version != version or age_s > self._max_age_s:
                self._misses += 1
                if entry is not None:
                    self._forget(key)
                return None
            self._hits += 1
            self._entries.move_to_end(key)
            return entry.result, age_s

    def put(self, key: str, version: str, result: Result) -> None:
        """Keep an answer, unless it is too large for that."""
        size = result.table.get_total_buffer_size() + sum(map(len, result.sql)) + len(key) + _ENTRY_BYTES
        if size * _LARGEST_SHARE > self._max_bytes:
            return
        with self._lock:
            if key in self._entries:
                self._forget(key)
            self._entries[key] = _Entry(version, result, size, self._monotonic())
            self._bytes += size
            while self._bytes > self._max_bytes:
                self._forget(next(iter(self._entries)))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    def figures(self) -> CacheFigures:
        """Return how it does."""
        with self._lock:
            return CacheFigures(self._hits, self._misses, len(self._entries), self._bytes)

    def _forget(self, key: str) -> None:
        self._bytes -= self._entries.pop(key).size
