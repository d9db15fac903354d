"""What several ingest tests build: an installation in a directory, envelopes, arrivals."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.blobs import BlobStore
from engine.snapshot import ConfigSnapshot, KeyConfig, ProjectConfig
from engine.spool import Position, SpoolKeys, SpoolRecord
from ingest.jsontext import decode_json
from ingest.normalise.event import event_row
from ingest.normalise.model import Arrival
from ingest.normalise.spans import span_rows
from ingest.normalise.transaction import transaction_rows
from ingest.pacing import BatchRules
from ingest.ports import FixedSnapshot
from ingest.process import Batch, Processor
from ingest.ready import ReadyShard
from ingest.records import DeadLetter, RawRecord, encode_record
from ingest.shard import ShardNormaliser, ShardPorts
from ingest.state import ShardState
from ingest.symbols import Symbolicator

KEY = "0123456789abcdef0123456789abcdef"
OTHER_KEY = "f" * 32
REVOKED_KEY = "e" * 32
SHARED = Path(__file__).resolve().parents[2].parent / "shared"
NOW_NS = 1_795_222_800_000_000_000
"""2026-11-21T01:00:00Z, shortly after the captures."""

TRACE = "a" * 32
SPAN = "b" * 16


def snapshot(*, project_id: int = 1, version: int = 1, **project: Any) -> ConfigSnapshot:
    """A configuration with one project, a second one, and a revoked key."""
    return ConfigSnapshot(
        version,
        {
            KEY: KeyConfig(7, project_id),
            OTHER_KEY: KeyConfig(8, 2),
            REVOKED_KEY: KeyConfig(9, project_id, active=False),
        },
        {project_id: ProjectConfig(project_id, "shop", **project), 2: ProjectConfig(2, "other")},
    )


def arrival(**given: Any) -> Arrival:
    """An arrival at NOW_NS in project 1."""
    values: dict[str, Any] = {"project": ProjectConfig(1, "shop"), "received_at_ns": NOW_NS, "event_id": "9" * 32}
    return Arrival(**(values | given))


def event(data: dict[str, Any], **given: Any) -> dict[str, Any]:
    """The row of an event."""
    return event_row(decode_json(json.dumps(data).encode()), arrival(**given))


def transaction(data: dict[str, Any] | bytes, **given: Any) -> list[dict[str, Any]]:
    """The rows of a transaction."""
    text = data if isinstance(data, bytes) else json.dumps(data).encode()
    return transaction_rows(decode_json(text), arrival(**given))


def spans(container: dict[str, Any] | bytes, **given: Any) -> tuple[list[dict[str, Any]], list[Any]]:
    """The rows and invalid spans of a container."""
    text = container if isinstance(container, bytes) else json.dumps(container).encode()
    found = span_rows(decode_json(text), arrival(**given))
    return found.rows, found.invalid


def envelope(*items: tuple[dict[str, Any], bytes], **headers: Any) -> bytes:
    """An envelope as Node writes it: no lengths unless given."""
    parts = [json.dumps(headers).encode()]
    for header, payload in items:
        parts += [json.dumps(header).encode(), payload]
    return b"\n".join(parts)


def event_envelope(event_id: str, **data: Any) -> bytes:
    """An envelope with one event."""
    body = json.dumps({"event_id": event_id, "timestamp": NOW_NS / 1e9, **data}).encode()
    return envelope(({"type": "event"}, body), event_id=event_id)


def raw(body: bytes, *, project_id: int = 1, event_id: str = "", kind: str = "envelope") -> RawRecord:
    """A raw record of a body."""
    return RawRecord(kind, NOW_NS, project_id, 7, body, event_id=event_id)


def processed(
    *records: RawRecord | bytes,
    config: ConfigSnapshot | None = None,
    seen: Sequence[bytes] = (),
    blobs: BlobStore | None = None,
    symbols: Symbolicator | None = None,
) -> Batch:
    """The batch that records become."""
    found = set(seen)
    processor = Processor(config or snapshot(), "test/0", found.intersection, blobs, symbols)
    batch = Batch()
    for number, record in enumerate(records):
        payload = record if isinstance(record, bytes) else encode_record(record)
        processor.add(SpoolRecord(Position(1, number), Position(1, number + 1), payload), batch)
    return batch


def tally(batch: Batch) -> dict[tuple[str, str, str], int]:
    """Quantities by outcome, category and reason."""
    return {(c.outcome, c.category, c.reason): c.quantity for c in batch.outcomes()}


@dataclass
class Paths:
    """A data directory as ingest sees it."""

    root: Path

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def config(self) -> Path:
        return self.root / "run" / "config.json"

    @property
    def spool_keys(self) -> SpoolKeys:
        return SpoolKeys()


@dataclass
class ListBox:
    """A dead-letter box that keeps letters in memory."""

    letters: list[DeadLetter] = field(default_factory=list)

    def add(self, letters: Sequence[DeadLetter]) -> None:
        self.letters += letters

    def expire(self, _now_s: float) -> int:
        """Keep them all."""
        return 0


def shard_normaliser(
    root: Path, config: ConfigSnapshot, *, shard: int = 0, rules: BatchRules | None = None, box: ListBox | None = None
) -> ShardNormaliser:
    """A normaliser over real files, with its dead letters in memory."""
    paths = Paths(root)
    letters = box or ListBox()
    ports = ShardPorts(
        paths.spool / "raw",
        ShardState(paths.spool / "state" / f"shard-{shard}.sqlite3"),
        ReadyShard(paths.spool / "ready" / str(shard)),
        letters,
        letters,
        FixedSnapshot(config),
    )
    return ShardNormaliser(shard, ports, rules or BatchRules())


def wait_until(condition: Any, seconds: float = 60.0) -> bool:
    """Whether a condition came true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.01)
    return False
