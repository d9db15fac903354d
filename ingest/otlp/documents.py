"""Items with what they belong to, scrubbed, as JSON text: what rows are made of and what their payloads keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from ingest.jsontext import Document
from ingest.normalise.model import Arrival, Row
from ingest.otlp.bounded import TRIMMED, bounded
from ingest.otlp.model import Item, Part
from ingest.otlp.resource import Origin, origin_of

Scrub = Callable[[Document, Arrival, str], Document]
"""`ingest.handlers.model.Scrub`: takes personal data out of a document; the last argument names the dataset."""

_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Told:
    """One item as a row is made of it.

    Attributes:
        part: where it stood in the request, as decoded: its ids are looked up there.
        sent: the item as decoded.
        item: the item scrubbed.
        origin: what its scrubbed resource and scope say.
        payload: JSON of the item with its resource and scope.
        remarks: what scrubbing changed.
    """

    part: Part
    sent: Item
    item: dict[str, Any]
    origin: Origin
    payload: bytes
    remarks: tuple[str, ...]


def told(parts: list[Part], arrival: Arrival, scrub: Scrub, dataset: str) -> Iterator[Told]:
    """Yield every item of a request, scrubbed, in the order sent."""
    for part in parts:
        resource, scope = bounded(part.resource), bounded(part.scope)
        trimmed = () if resource is part.resource and scope is part.scope else (TRIMMED,)
        holder = scrubbed({"resource": resource, "scope": scope}, arrival, scrub, dataset)
        origin = origin_of(holder.value["resource"], holder.value["scope"], arrival)
        for sent in part.items:
            document = scrubbed(sent, arrival, scrub, dataset)
            payload = _joined(document.text, holder.text)
            yield Told(part, sent, document.value, origin, payload, (*trimmed, *holder.remarks, *document.remarks))


@dataclass(frozen=True, slots=True)
class Failed:
    """An item of which no row could be made: a defect of ours, which must not cost its neighbours.

    Attributes:
        number: which item, from 0.
        detail: what went wrong.
        payload: of the item.
    """

    number: int
    detail: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Made:
    """The rows of a request in the order sent, and what failed."""

    rows: list[Row]
    failed: list[Failed]


def made(items: Iterable[Told], make: Callable[[int, Told], Row]) -> Made:
    """Make a row of each item; `make` gets its number too."""
    found = Made([], [])
    for number, item in enumerate(items):
        try:
            found.rows.append(make(number, item))
        except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
            found.failed.append(Failed(number, f"{type(error).__name__}: {error}", item.payload))
    return found


def scrubbed(value: dict[str, Any], arrival: Arrival, scrub: Scrub, dataset: str) -> Document:
    """Return plain data as a scrubbed document."""
    return scrub(Document(value, _encoder.encode(value)), arrival, dataset)


def _joined(first: bytes, second: bytes) -> bytes:
    """Return one JSON object with the members of both."""
    if first == b"{}":
        return second
    return first[:-1] + b"," + second[1:]
