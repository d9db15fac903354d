"""What a normaliser has in its hands: the raw spools it reads, and the range it is working on."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.snapshot import ConfigSnapshot
from engine.spool import Position, SpoolReader, SpoolRecord
from ingest.process import MAX_KEPT_BYTES, Batch, OutcomeKey, Processor
from ingest.records import DeadLetter, decode_raw


@dataclass(slots=True)
class Producer:
    """One producer's raw spool of this shard.

    Attributes:
        after: up to where it is published.
        next_at: when the next batch is due.
        soon_at: when it is due if nothing more comes.
        to_clean: segments may be done with.
    """

    name: str
    reader: SpoolReader
    after: Position | None
    damages: int = 0
    next_at: float = float("-inf")
    soon_at: float = float("-inf")
    to_clean: bool = True


@dataclass(slots=True)
class Gathered:
    """A range that is worked on and not pinned: nothing of it is on disk.

    Attributes:
        records: how many are in it.
        complete: nothing more may come into it.
        grew_at: when the last record came.
    """

    producer: Producer
    config: ConfigSnapshot
    processor: Processor
    start: Position
    end: Position
    batch: Batch = field(default_factory=Batch)
    records: int = 0
    complete: bool = False
    grew_at: float = 0.0


def give_up(origin: str, record: SpoolRecord, error: Exception, batch: Batch) -> None:
    """Make a dead letter of a record whose rows fit no column, and count it; `origin` is `producer/shard`."""
    raw = decode_raw(record.payload)
    letter = DeadLetter(
        f"{origin}/{record.position}",
        "undecodable",
        "internal",
        f"{type(error).__name__}: {error}"[:2000],
        raw.kind,
        raw.project_id,
        raw.key_id,
        raw.received_at_ns,
        raw.body if len(raw.body) <= MAX_KEPT_BYTES else b"",
        event_id=raw.event_id,
        encoding=raw.encoding,
    )
    batch.dead.append(letter)
    second = raw.received_at_ns // 1_000_000_000
    why = OutcomeKey(raw.project_id, raw.key_id, second, "dropped", "unknown", "internal", "normaliser")
    batch.count(why, 1, len(raw.body))
