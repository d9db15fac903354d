"""When a normaliser makes a batch of what it has read, and how large."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ingest.limits import MIB


@dataclass(frozen=True, slots=True)
class BatchRules:
    """When a batch is made, and how large.

    The first events after a pause go out at once; then batches are `interval_s` apart, longer when the last one was
    large (a block costs the store about 40 ms of CPU, whatever is in it, and merges besides), `crowded_interval_s` when
    the writer lags. With `flooded_rows` in a batch there is no CPU to spare, and an event waits for longest.
    What comes meanwhile is worked on every `gather_s`, so that little is left to do when the time has come. When
    nothing has come for `quiet_s`, or `big_backlog_bytes` have, they do not wait longer, unless the writer lags; with
    `max_waiting_files` waiting for the writer everything stays in the raw spool, which has a budget.
    """

    idle_s: float = 0.02
    gather_s: float = 0.05
    quiet_s: float = 0.1
    interval_s: float = 0.2
    busy_interval_s: float = 0.5
    full_interval_s: float = 1.2
    flooded_interval_s: float = 2.0
    crowded_interval_s: float = 1.5
    busy_rows: int = 150
    full_rows: int = 400
    flooded_rows: int = 1_000
    crowded_files: int = 12
    big_backlog_bytes: int = 4 * MIB
    max_records: int = 5_000
    max_rows: int = 20_000
    max_bytes: int = 32 * MIB
    read_records: int = 250
    read_bytes: int = 4 * MIB
    max_waiting_files: int = 64
    outcome_interval_s: float = 2.0

    def shared_by(self, shards: int) -> BatchRules:
        """Return the rules of one of several shards: together they make about as many blocks as one would."""
        whole = (self.busy_rows, self.full_rows, self.flooded_rows, self.crowded_files)
        busy, full, flooded, crowded = (-(-n // shards) for n in whole)
        rows = replace(self, busy_rows=busy, full_rows=full, flooded_rows=flooded, crowded_files=crowded)
        pause, busy_pause = (min(s * shards, self.full_interval_s) for s in (self.interval_s, self.busy_interval_s))
        return replace(
            rows,
            interval_s=pause,
            busy_interval_s=busy_pause,
            outcome_interval_s=self.outcome_interval_s * shards,
        )
