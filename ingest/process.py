"""One raw record to rows, outcomes and dead letters, in memory. Nothing here touches a disk or a clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine.errors import StateError
from engine.snapshot import ConfigSnapshot
from engine.spool import SpoolRecord
from ingest.encodings import decompress
from ingest.envelope import Item, parse_envelope
from ingest.errors import InvalidItem, Refused
from ingest.items import Handling, item_type
from ingest.jsontext import Document, decode_json
from ingest.limits import MIB
from ingest.normalise import CONTENT_TYPE, Arrival, Row, event_row, payload_type, span_rows, transaction_rows
from ingest.normalise.reading import decode_event
from ingest.normalise.values import listed, mapping, short, small_int
from ingest.records import DeadLetter, OutcomeCount, RawRecord, decode_counts, decode_raw

MAX_KEPT_BYTES = MIB
"""Payloads set aside above this are counted, but not kept."""

_STORE_HEADER: Mapping[str, Any] = {"type": "event"}
_MAX_CLIENT_REPORTS = 100


@dataclass(frozen=True, slots=True)
class OutcomeKey:
    """What is counted together, within a second."""

    project_id: int
    key_id: int
    second: int
    outcome: str
    category: str
    reason: str
    source: str


@dataclass(slots=True)
class Batch:
    """What a raw range becomes.

    Attributes:
        rows: by dataset.
        keys: natural keys of the rows, for the seen-set.
        bytes: payload bytes of the rows.
        newest_s: newest arrival in the range, seconds since the epoch; the clock of everything that depends on time,
            so that a redone range is decided alike.
    """

    rows: dict[str, list[Row]] = field(default_factory=lambda: {"errors": [], "spans": []})
    dead: list[DeadLetter] = field(default_factory=list)
    keys: dict[bytes, None] = field(default_factory=dict)
    bytes: int = 0
    newest_s: int = 0
    _quantities: Counter[OutcomeKey] = field(default_factory=Counter)
    _sizes: Counter[OutcomeKey] = field(default_factory=Counter)

    def count(self, key: OutcomeKey, quantity: int, size: int) -> None:
        """Add to the outcomes."""
        self._quantities[key] += quantity
        self._sizes[key] += size

    def outcomes(self) -> list[OutcomeCount]:
        """Return the counts, in the order the keys were first met."""
        return [
            OutcomeCount(
                k.project_id,
                k.key_id,
                k.second * 1000,
                k.outcome,
                k.category,
                k.reason,
                k.source,
                quantity,
                self._sizes[k],
            )
            for k, quantity in self._quantities.items()
        ]

    @property
    def row_count(self) -> int:
        """Rows of all datasets."""
        return sum(map(len, self.rows.values()))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an item is: its record, the project's arrival, and its index in the envelope."""

    record: RawRecord
    origin: str
    arrival: Arrival
    index: int

    @property
    def id(self) -> str:
        return f"{self.origin}#{self.index}"


class Processor:
    """Turns raw records into a batch under one configuration.

    Args:
        origin: `producer/shard`, part of the ids of dead letters.
        seen: returns which of the given keys an earlier range has committed.
    """

    def __init__(self, config: ConfigSnapshot, origin: str, seen: Callable[[Sequence[bytes]], set[bytes]]) -> None:
        self._config = config
        self._origin = origin
        self._seen = seen
        self._handlers: dict[Handling, Callable[[Item, _Place, Batch], None]] = {
            Handling.EVENT: self._event,
            Handling.TRANSACTION: self._transaction,
            Handling.SPANS: self._spans,
            Handling.CLIENT_REPORT: self._client_report,
            Handling.SET_ASIDE: self._set_aside,
        }

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
        batch.newest_s = max(batch.newest_s, record.received_at_ns // 1_000_000_000)
        project = self._config.projects.get(record.project_id)
        if project is None:
            _count(record, batch, ("dropped", "unknown", "unknown_project"), 1, len(record.body))
            return
        try:
            items, headers = _items(record, self._config)
        except (Refused, InvalidItem) as error:
            letter = _letter(record, origin, ("undecodable", error.code, "; ".join((error.message, *_causes(error)))))
            batch.dead.append(letter)
            _count(record, batch, ("invalid", "unknown", error.code), 1, len(record.body))
            return
        for index, item in enumerate(items):
            arrival = Arrival(
                project,
                record.received_at_ns,
                record.event_id,
                record.remote_addr,
                record.user_agent,
                record.client,
                headers,
                item.header,
            )
            self._item(item, _Place(record, origin, arrival, index), batch)

    def _item(self, item: Item, place: _Place, batch: Batch) -> None:
        known = item_type(item.type)
        handler = self._handlers[known.handling]
        try:
            handler(item, place, batch)
        except InvalidItem as error:
            self._invalid(item, place, batch, (known.category, error.reason, error.message))
        except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
            # A defect of ours on odd data: the record is kept and named, and must not stop its neighbours.
            self._invalid(item, place, batch, (known.category, "internal", f"{type(error).__name__}: {error}"))

    def _event(self, item: Item, place: _Place, batch: Batch) -> None:
        document = _object(decode_event(item.payload))
        real_type = payload_type(document.value)
        if real_type == "transaction":
            self._transaction(item, place, batch)
            return
        if real_type != "event":
            self._put_aside(item, place, batch, real_type, item_type(real_type).category)
            return
        row = event_row(document, place.arrival)
        category = "error" if row["type"] == "error" else "default"
        key = _key(b"e", row["project_id"], row["event_id"])
        if self._is_new(key, place.record, batch, category, len(item.payload)):
            batch.rows["errors"].append(row)
            batch.bytes += len(row["payload"])
            _count(place.record, batch, ("accepted", category, ""), 1, len(item.payload))

    def _transaction(self, item: Item, place: _Place, batch: Batch) -> None:
        rows = transaction_rows(_object(decode_json(item.payload)), place.arrival)
        key = _key(b"t", rows[0]["project_id"], rows[0]["event_id"])
        if self._is_new(key, place.record, batch, "transaction", len(item.payload)):
            batch.rows["spans"] += rows
            batch.bytes += len(item.payload)
            _count(place.record, batch, ("accepted", "transaction", ""), 1, len(item.payload))
            _count(place.record, batch, ("accepted", "span", ""), len(rows), 0)

    def _spans(self, item: Item, place: _Place, batch: Batch) -> None:
        if item.header.get("content_type") != CONTENT_TYPE:
            self._put_aside(item, place, batch, "span_v1", "span")
            return
        rows, invalid = span_rows(_object(decode_json(item.payload)), place.arrival)
        keys = [_key(b"s", row["project_id"], row["trace_id"], row["span_id"]) for row in rows]
        known = self._seen(keys)
        for key, row in zip(keys, rows, strict=True):
            if key in known or key in batch.keys:
                _count(place.record, batch, ("duplicate", "span", "resent"), 1, len(row["payload"]))
                continue
            batch.keys[key] = None
            batch.rows["spans"].append(row)
            batch.bytes += len(row["payload"])
            _count(place.record, batch, ("accepted", "span", ""), 1, len(row["payload"]))
        for number, span in enumerate(invalid):
            part = Item({"type": "span", "content_type": CONTENT_TYPE, "item_count": 1}, _container(span.text))
            why = ("invalid", span.reason, span.detail)
            batch.dead.append(_letter(place.record, f"{place.id}.{number}", why, part))
            _count(place.record, batch, ("invalid", "span", span.reason), 1, len(span.text))

    def _client_report(self, item: Item, place: _Place, batch: Batch) -> None:
        report = _object(decode_json(item.payload)).value
        for entry in listed(report.get("discarded_events"))[:_MAX_CLIENT_REPORTS]:
            lost = mapping(entry)
            quantity = small_int(lost.get("quantity"), 10**9)
            reason = (short(lost.get("category"), 32) or "unknown", short(lost.get("reason"), 64) or "unknown")
            if quantity:
                _count(place.record, batch, ("client_discard", *reason), quantity, 0, source="client")

    def _set_aside(self, item: Item, place: _Place, batch: Batch) -> None:
        name = item.type[:64] or "unknown"
        self._put_aside(item, place, batch, name, item_type(item.type).category)

    def _put_aside(self, item: Item, place: _Place, batch: Batch, reason: str, category: str) -> None:
        batch.dead.append(_letter(place.record, place.id, ("set_aside", reason, ""), item))
        _count(place.record, batch, ("set_aside", category, reason[:64]), 1, len(item.payload))

    def _invalid(self, item: Item, place: _Place, batch: Batch, why: tuple[str, str, str]) -> None:
        category, reason, detail = why
        batch.dead.append(_letter(place.record, place.id, ("invalid", reason, detail[:2000]), item))
        _count(place.record, batch, ("invalid", category, reason), 1, len(item.payload))

    def _is_new(self, key: bytes, record: RawRecord, batch: Batch, category: str, size: int) -> bool:
        if key in batch.keys or self._seen([key]):
            _count(record, batch, ("duplicate", category, "resent"), 1, size)
            return False
        batch.keys[key] = None
        return True


def _items(record: RawRecord, config: ConfigSnapshot) -> tuple[Sequence[Item], Mapping[str, Any]]:
    body = decompress(record.body, record.encoding, config.limits.max_decompressed_bytes)
    if record.kind == "store":
        return (Item(_STORE_HEADER, body),), {}
    envelope = parse_envelope(body, config.limits.max_items)
    return envelope.items, envelope.headers


def _object(document: Document) -> Document:
    if not isinstance(document.value, dict):
        raise InvalidItem("not_an_object", "the payload is not a JSON object")
    return document


def _container(span: bytes) -> bytes:
    return b'{"version":2,"items":[' + span + b"]}"


def _key(kind: bytes, project_id: int, *ids: str) -> bytes:
    """Return the natural key of an event, transaction or span, for the seen-set."""
    return kind + project_id.to_bytes(8, "big") + bytes.fromhex("".join(ids))


def _causes(error: Exception) -> tuple[str, ...]:
    return error.causes if isinstance(error, Refused) else ()


def _count(
    record: RawRecord, batch: Batch, what: tuple[str, str, str], quantity: int, size: int, source: str = "normaliser"
) -> None:
    outcome, category, reason = what
    second = record.received_at_ns // 1_000_000_000
    batch.count(OutcomeKey(record.project_id, record.key_id, second, outcome, category, reason, source), quantity, size)


def _add_counts(record: RawRecord, batch: Batch) -> None:
    for c in decode_counts(record.body):
        key = OutcomeKey(c.project_id, c.key_id, c.timestamp_ms // 1000, c.outcome, c.category, c.reason, c.source)
        batch.count(key, c.quantity, c.bytes)


def _letter(record: RawRecord, letter_id: str, why: tuple[str, str, str], item: Item | None = None) -> DeadLetter:
    """Return a dead letter of an item, or of the whole record; `why` is kind, reason and detail."""
    kind, reason, detail = why
    body = record.body if item is None else item.payload
    kept = len(body) <= MAX_KEPT_BYTES
    return DeadLetter(
        letter_id,
        kind,
        reason[:64],
        detail if kept else f"{detail} (payload of {len(body)} bytes not kept)".strip(),
        record.kind if item is None else item.type[:64],
        record.project_id,
        record.key_id,
        record.received_at_ns,
        body if kept else b"",
        b"{}" if item is None else msgspec.json.encode(item.header),
        record.event_id,
        record.encoding if item is None else "identity",
    )
