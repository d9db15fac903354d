"""Counting what the edge refuses, and putting the counts into the spool every second."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from engine.clock import Clock
from engine.errors import CapacityError
from ingest.records import OutcomeCount, RawRecord, encode_record


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is counted together. `project_id` and `key_id` are 0 when the request did not prove them."""

    project_id: int
    key_id: int
    outcome: str
    category: str
    reason: str


class RefusalCounter:
    """Counts refusals and hands them to `append` as one record a second.

    Args:
        append: writes a raw record durably; SpoolFull leaves the counts for the next second.
        max_pending: distinct kinds held; further ones are counted under the reason `other`, so that a flood of
            made-up projects cannot fill memory.
    """

    def __init__(
        self, append: Callable[[bytes], None], clock: Clock, *, interval_s: float = 1.0, max_pending: int = 10_000
    ) -> None:
        self._append = append
        self._clock = clock
        self._interval_s = interval_s
        self._max_pending = max_pending
        self._lock = threading.Lock()
        self._counts: Counter[Refusal] = Counter()
        self._bytes: Counter[Refusal] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="refusals", daemon=True)
        self._thread.start()

    def count(self, refusal: Refusal, size: int, quantity: int = 1) -> None:
        """Count refused items, `size` bytes together."""
        with self._lock:
            if len(self._counts) >= self._max_pending and refusal not in self._counts:
                refusal = Refusal(0, 0, refusal.outcome, "unknown", "other")
            self._counts[refusal] += quantity
            self._bytes[refusal] += size

    def flush(self) -> None:
        """Append what was counted since the last flush; does nothing when that is nothing."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            sizes, self._bytes = self._bytes, Counter()
        if not counts:
            return
        now_ns = self._clock.now_ns()
        body = [
            OutcomeCount(
                r.project_id, r.key_id, now_ns // 1_000_000, r.outcome, r.category, r.reason, "ingest", n, sizes[r]
            )
            for r, n in counts.items()
        ]
        try:
            self._append(encode_record(RawRecord("outcome", now_ns, 0, 0, encode_record(body))))
        except CapacityError:
            with self._lock:
                self._counts.update(counts)
                self._bytes.update(sizes)

    def close(self) -> None:
        """Stop the thread and flush for the last time."""
        self._stop.set()
        self._thread.join()
        self.flush()

    def _run(self) -> None:
        while not self._stop.wait(self._interval_s):
            self.flush()
