"""One raw record to rows, outcomes and dead letters, in memory: the walk over records and items.

What becomes of an item is the business of its handler (`ingest.handlers`). Nothing here touches a disk or a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.blobs import BlobStore
from engine.errors import StateError
from engine.snapshot import ConfigSnapshot, ProjectConfig
from engine.spool import SpoolRecord
from ingest.blobs.waiting import WaitingFiles
from ingest.encodings import decompress
from ingest.envelope import Item, parse_envelope
from ingest.errors import InvalidItem, Refused
from ingest.handlers import HANDLERS, Tools
from ingest.handlers.model import MAX_KEPT_BYTES, Batch, OutcomeKey, Place, count, letter
from ingest.items import ItemType, item_type, record_type
from ingest.normalise.model import Arrival
from ingest.normalise.times import drift_ns
from ingest.records import DeadLetter, ItemBlob, RawRecord, decode_counts, decode_raw
from ingest.scrub import scrubber_for

if TYPE_CHECKING:
    from ingest.symbols import Symbolicator

__all__ = ["MAX_KEPT_BYTES", "Batch", "OutcomeKey", "Processor"]

_STORE_HEADER: Mapping[str, Any] = {"type": "event"}


class Processor:
    """Turns raw records into a batch under one configuration.

    Args:
        origin: `producer/shard`, part of the ids of dead letters.
        seen: returns which of the given keys an earlier range has committed.
        blobs: where contents of files go; None for a survey that stores nothing.
        symbols: resolves minified frames; None to leave them.
        waiting: payloads that were too large for their records.
    """

    def __init__(
        self,
        config: ConfigSnapshot,
        origin: str,
        seen: Callable[[Sequence[bytes]], set[bytes]],
        blobs: BlobStore | None = None,
        symbols: Symbolicator | None = None,
        waiting: WaitingFiles | None = None,
    ) -> None:
        self._config = config
        self._origin = origin
        self._tools = Tools(seen, blobs, symbols=symbols, waiting=waiting)

    def add(self, spooled: SpoolRecord, batch: Batch) -> None:
        """Add one raw record to the batch. Bad data becomes a dead letter; nothing is raised for it."""
        origin = f"{self._origin}/{spooled.position}"
        try:
            record = decode_raw(spooled.payload)
        except StateError as error:
            batch.dead.append(
                DeadLetter(
                    origin, "undecodable", "record", error.message, "", 0, 0, 0, spooled.payload[:MAX_KEPT_BYTES]
                )
            )
            batch.count(OutcomeKey(0, 0, 0, "dropped", "unknown", "record", "normaliser"), 1, len(spooled.payload))
            return
        if record.kind == "outcome":
            _add_counts(record, batch)
            return
        batch.files += [blob.file for blob in record.blobs if blob.file]
        batch.newest_s = max(batch.newest_s, record.received_at_ns // 1_000_000_000)
        project = self._config.projects.get(record.project_id)
        if project is None:
            count(record, batch, ("dropped", "unknown", "unknown_project"), 1, len(record.body))
            return
        self._record(record, project, origin, batch)

    def _record(self, record: RawRecord, project: ProjectConfig, origin: str, batch: Batch) -> None:
        kind = record_type(record.kind)
        try:
            items, headers = _items(record, self._config)
        except (Refused, InvalidItem) as error:
            why = ("undecodable", error.code, "; ".join((error.message, *_causes(error))))
            batch.dead.append(letter(record, origin, why))
            category = "unknown" if kind is None else kind.category
            count(record, batch, ("invalid", category, error.code), 1, len(record.body))
            return
        address = scrubber_for(project).address(record.remote_addr)
        # What is loaded from a file comes from no address, and was sent long ago.
        drift = drift_ns(headers.get("sent_at"), record.received_at_ns) if record.remote_addr else 0
        for index, item in enumerate(items):
            arrival = Arrival(
                project,
                record.received_at_ns,
                record.event_id,
                address,
                record.user_agent,
                record.client,
                headers,
                item.header,
                drift,
            )
            known = item_type(item.type) if kind is None else kind
            self._item(item, Place(record, origin, arrival, index, items), known, batch)

    def _item(self, item: Item, place: Place, known: ItemType, batch: Batch) -> None:
        try:
            HANDLERS[known.handling](item, place, batch, self._tools)
        except InvalidItem as error:
            _invalid(item, place, batch, (known.category, error.reason, error.message))
        except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
            # A defect of ours on odd data: the record is kept and named, and must not stop its neighbours.
            _invalid(item, place, batch, (known.category, "internal", f"{type(error).__name__}: {error}"))


def _invalid(item: Item, place: Place, batch: Batch, why: tuple[str, str, str]) -> None:
    category, reason, detail = why
    batch.dead.append(letter(place.record, place.id, ("invalid", reason, detail[:2000]), item))
    count(place.record, batch, ("invalid", category, reason), 1, item.size)


def _items(record: RawRecord, config: ConfigSnapshot) -> tuple[Sequence[Item], Mapping[str, Any]]:
    """Return the items of a record and the envelope's headers; a record of another kind is one item of that type."""
    body = decompress(record.body, record.encoding, config.limits.max_decompressed_bytes)
    if record.kind == "store":
        return (Item(_STORE_HEADER, body),), {}
    if record_type(record.kind) is not None:
        return (Item({"type": record.kind}, body),), {}
    envelope = parse_envelope(body, config.limits.max_items)
    return _with_blobs(envelope.items, record.blobs), envelope.headers


def _with_blobs(items: Sequence[Item], blobs: Sequence[ItemBlob]) -> Sequence[Item]:
    """Return the items, those whose payload is in a file saying where."""
    if not blobs:
        return items
    kept = {blob.index: blob for blob in blobs}
    return [replace(item, blob=kept.get(index)) for index, item in enumerate(items)]


def _causes(error: Exception) -> tuple[str, ...]:
    return error.causes if isinstance(error, Refused) else ()


def _add_counts(record: RawRecord, batch: Batch) -> None:
    for c in decode_counts(record.body):
        key = OutcomeKey(c.project_id, c.key_id, c.timestamp_ms // 1000, c.outcome, c.category, c.reason, c.source)
        batch.count(key, c.quantity, c.bytes)
