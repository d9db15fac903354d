"""What handlers of items work with: the batch they fill, the place of their item, and the tools of the walk.

A handler turns one item into rows. It is a pure function of the item, its place and what an earlier range has
committed: no clock, no dice, no disk but the blob store, so that a range that is done again gives the same rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from engine.blobs import BlobStore
from engine.snapshot import ProjectConfig
from ingest.blobs.keeping import Contents
from ingest.blobs.waiting import WaitingFiles
from ingest.envelope import Item
from ingest.errors import InvalidItem
from ingest.items import DATASET_CATEGORIES
from ingest.jsontext import Document, decode_json
from ingest.limits import MIB
from ingest.normalise.model import Arrival, Row
from ingest.records import DeadLetter, OutcomeCount, RawRecord
from ingest.scrub import scrubber_for

if TYPE_CHECKING:
    # Its library is loaded where there are source maps only.
    from ingest.symbols import Symbolicator

NATURAL_KEYS: dict[bytes, tuple[str, str]] = {
    b"e": ("event, minidump, browser's report", "event id"),
    b"t": ("transaction", "event id"),
    b"s": ("span", "trace id and span id"),
    b"l": ("container of logs", "its bytes"),
    b"m": ("container of metrics", "its bytes"),
    b"n": ("session", "session id with the number of the update, or with its bytes when it has none"),
    b"c": ("check-in", "id of the run and status"),
    b"f": ("feedback", "event id; of a user report all that it says"),
    b"a": ("attachment", "event, name and content"),
    b"r": ("replay segment", "replay id and number of the segment"),
    b"k": ("profile, profile chunk", "its ids"),
    b"p": ("request of OpenTelemetry logs or metrics, exception", "its bytes; of an exception what it says and when"),
    b"q": ("exception that came as span event and as log record", "trace, span, type and message"),
    b"x": ("row of native ingest", "its id"),
}
"""By what something that was sent before is known, by the letter its keys in the seen-set begin with."""

MAX_KEPT_BYTES = MIB
"""Payloads set aside above this are counted, but not kept."""


class OutcomeKey(NamedTuple):
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
        files: waiting files of the range's records; they go when it is committed.
    """

    rows: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    dead: list[DeadLetter] = field(default_factory=list)
    keys: dict[bytes, None] = field(default_factory=dict)
    bytes: int = 0
    newest_s: int = 0
    files: list[str] = field(default_factory=list)
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
class Place:
    """Where an item is.

    Attributes:
        record: the record it came in.
        origin: `producer/shard/segment:offset` of the record.
        arrival: circumstances, as normalisation wants them.
        index: number of the item in its envelope.
        items: all items of the envelope, this one too.
    """

    record: RawRecord
    origin: str
    arrival: Arrival
    index: int
    items: Sequence[Item]

    @property
    def id(self) -> str:
        """Id of the item, part of the ids of dead letters."""
        return f"{self.origin}#{self.index}"

    @property
    def project_id(self) -> int:
        """The project the item was sent to."""
        return self.record.project_id


@dataclass(frozen=True, slots=True)
class Refused:
    """A part of an item (one span of a container, one log record) that cannot become a row.

    Attributes:
        number: which part, from 0.
        part: the part as an item of its own, so that it can be sent again when it was mended.
        reason: word of the outcome vocabulary.
        detail: what exactly was wrong.
    """

    number: int
    part: Item
    reason: str
    detail: str


Scrub = Callable[[Document, Arrival, str], Document]
"""Returns a document without what the project's rules call personal; the last argument names the dataset."""


def scrub_document(document: Document, arrival: Arrival, dataset: str) -> Document:
    """Return a document scrubbed by the rules of the project; StateError when they cannot be read."""
    return scrubber_for(arrival.project).document(document, dataset)


@dataclass(frozen=True, slots=True)
class Tools:
    """What the walk offers to handlers.

    Attributes:
        seen: returns which of the given keys an earlier range has committed.
        blobs: where contents of files go; None when there is no store, as in a survey.
        scrub: takes personal data out of a document, before anything else reads it.
        symbols: resolves minified frames; None to leave them.
        waiting: payloads that were too large for their records.
    """

    seen: Callable[[Sequence[bytes]], set[bytes]]
    blobs: BlobStore | None = None
    scrub: Scrub = scrub_document
    symbols: Symbolicator | None = None
    waiting: WaitingFiles | None = None

    def contents(self, project: ProjectConfig) -> Contents:
        """Return what reads and keeps the contents of a project's items."""
        return Contents(self.blobs, project, self.waiting)

    def symbolicated(self, document: Document, arrival: Arrival) -> Document:
        """Return an event with the frames people wrote, as far as source maps are there; its text stays."""
        return document if self.symbols is None else self.symbols.document(document, arrival.project)

    def read(
        self, item: Item, place: Place, dataset: str, decode: Callable[[bytes], Document] = decode_json
    ) -> Document:
        """Return the scrubbed JSON object an item holds.

        Raises:
            InvalidItem: the payload is no JSON, or no object.
        """
        return self.scrub(json_object(decode(item.payload)), place.arrival, dataset)

    def fresh(self, keys: Sequence[bytes], batch: Batch) -> list[bool]:
        """Return for each key whether it is met for the first time, and remember it."""
        known = self.seen(keys)
        found: list[bool] = []
        for key in keys:
            new = key not in known and key not in batch.keys
            if new:
                batch.keys[key] = None
            found.append(new)
        return found

    def is_new(self, key: bytes, place: Place, batch: Batch, what: tuple[str, int]) -> bool:
        """Return whether a natural key is met for the first time, and remember it; a resent one is counted.

        Args:
            key: natural key, see `natural_key`.
            place: of the item.
            batch: gets the key, or the count.
            what: category and size in bytes, for the count.
        """
        if self.fresh((key,), batch)[0]:
            return True
        count(place.record, batch, ("duplicate", what[0], "resent"), 1, what[1])
        return False

    def accept(self, dataset: str, rows: Sequence[Row], place: Place, batch: Batch, size: int | None = None) -> None:
        """Put rows into the batch and count them as accepted.

        Args:
            dataset: name of the table.
            rows: with every stored column.
            place: of the item.
            batch: gets them.
            size: bytes to count; those of the payloads when not given.
        """
        if not rows:
            return
        payloads = sum(len(row["payload"]) for row in rows)
        batch.rows[dataset] += rows
        batch.bytes += payloads
        counted = payloads if size is None else size
        count(place.record, batch, ("accepted", DATASET_CATEGORIES[dataset], ""), len(rows), counted)

    def refuse(self, refused: Sequence[Refused], place: Place, batch: Batch, category: str) -> None:
        """Make a dead letter of each part that cannot become a row, and count them as invalid."""
        for part in refused:
            why = ("invalid", part.reason, part.detail[:2000])
            batch.dead.append(letter(place.record, f"{place.id}.{part.number}", why, part.part))
            count(place.record, batch, ("invalid", category, part.reason[:64]), 1, part.part.size)

    def put_aside(self, item: Item, place: Place, batch: Batch, what: tuple[str, str]) -> None:
        """Keep an item Amber does not read; `what` is the reason and the category."""
        reason, category = what
        batch.dead.append(letter(place.record, place.id, ("set_aside", reason, ""), item))
        count(place.record, batch, ("set_aside", category, reason[:64]), 1, item.size)


Handler = Callable[[Item, Place, Batch, Tools], None]
"""Puts what an item holds into the batch.

Raises InvalidItem when the whole item cannot become rows; it must not have touched the batch before."""


def json_object(document: Document) -> Document:
    """Return the document; InvalidItem when it is no JSON object."""
    if not isinstance(document.value, dict):
        raise InvalidItem("not_an_object", "the payload is not a JSON object")
    return document


def natural_key(kind: bytes, project_id: int, *ids: str | bytes) -> bytes:
    """Return a key for the seen-set.

    Args:
        kind: a letter of `NATURAL_KEYS`, so that ids of two kinds never meet.
        project_id: ids are unique within it.
        ids: hex digits, or bytes such as a digest.
    """
    parts = (bytes.fromhex(part) if isinstance(part, str) else part for part in ids)
    return kind + project_id.to_bytes(8, "big") + b"".join(parts)


def count(
    record: RawRecord, batch: Batch, what: tuple[str, str, str], quantity: int, size: int, source: str = "normaliser"
) -> None:
    """Count an outcome of a record's items; `what` is outcome, category and reason."""
    outcome, category, reason = what
    second = record.received_at_ns // 1_000_000_000
    batch.count(OutcomeKey(record.project_id, record.key_id, second, outcome, category, reason, source), quantity, size)


def letter(record: RawRecord, letter_id: str, why: tuple[str, str, str], item: Item | None = None) -> DeadLetter:
    """Return a dead letter of an item, or of the whole record; `why` is kind, reason and detail."""
    kind, reason, detail = why
    body = record.body if item is None else item.payload
    size = len(body) if item is None else item.size
    kept = size <= MAX_KEPT_BYTES and (item is None or item.blob is None)
    header: Mapping[str, Any] = {} if item is None else item.header
    return DeadLetter(
        letter_id,
        kind,
        reason[:64],
        detail if kept else f"{detail} (payload of {size} bytes not kept)".strip(),
        record.kind if item is None else item.type[:64],
        record.project_id,
        record.key_id,
        record.received_at_ns,
        body if kept else b"",
        msgspec.json.encode(header),
        record.event_id,
        record.encoding if item is None else "identity",
    )
