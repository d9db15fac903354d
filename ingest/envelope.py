r"""Envelope framing: `Headers { "\n" Item } [ "\n" ]`, item = header line, `\n`, payload.

Sentry's developer documentation, "Envelopes". Items without `length` are the normal case: Node, browser and Ruby
omit it for every JSON item, and their payload runs to the next line feed. With `length` exactly that many bytes
follow, then a line feed or the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ingest.errors import InvalidItem, Malformed
from ingest.jsontext import decode_json
from ingest.records import ItemBlob

BOM = b"\xef\xbb\xbf"
_decoder = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its header as sent, and the bytes of its payload.

    Attributes:
        blob: where the payload is when it was too large to hold; `payload` is empty then.
    """

    header: Mapping[str, Any]
    payload: bytes
    blob: ItemBlob | None = None

    @property
    def size(self) -> int:
        """Bytes of the payload, wherever it is."""
        return len(self.payload) if self.blob is None else self.blob.size

    @property
    def type(self) -> str:
        """The item type, empty when the header names none."""
        value = self.header.get("type")
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Headers and items in the order sent."""

    headers: Mapping[str, Any]
    items: tuple[Item, ...]


def parse_envelope(body: bytes, max_items: int = 1000) -> Envelope:
    """Split a decoded body into headers and items.

    Raises:
        Malformed: with the cause; a wrong length, a header line that is no JSON object, more than `max_items` items.
    """
    start = len(BOM) if body.startswith(BOM) else 0
    while body[start : start + 1] == b"\n":
        start += 1
    end = _line_end(body, start)
    headers = header_of(body[start:end], "envelope header")
    items: list[Item] = []
    position = end + 1
    while position < len(body):
        if body[position : position + 1] == b"\n":
            position += 1
            continue
        item, position = _item(body, position, len(items))
        if len(items) >= max_items:
            raise Malformed("too many items", f"more than {max_items} items", reason="too_many_items")
        items.append(item)
    return Envelope(headers, tuple(items))


def print_envelope(headers: Mapping[str, Any], items: tuple[tuple[Mapping[str, Any], bytes], ...]) -> bytes:
    """Return the bytes of an envelope; every item gets its `length`, so any payload survives."""
    parts = [msgspec.json.encode(headers)]
    for header, payload in items:
        parts += [msgspec.json.encode({**header, "length": len(payload)}), payload]
    return b"\n".join(parts) + b"\n"


def _line_end(body: bytes, start: int) -> int:
    end = body.find(b"\n", start)
    return len(body) if end < 0 else end


def header_of(line: bytes, what: str) -> dict[str, Any]:
    """Return the header a line holds; Malformed when it is no JSON object."""
    try:
        header = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            header = decode_json(line).value
        except InvalidItem as error:
            raise Malformed("bad envelope", f"{what}: {error.message}") from error
    if not isinstance(header, dict):
        raise Malformed("bad envelope", f"{what}: not a JSON object")
    return header


def length_of(header: Mapping[str, Any], index: int) -> int | None:
    """Return the `length` of an item header, None when it has none; Malformed when it is no natural number."""
    length = header.get("length")
    if length is None:
        return None
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise Malformed("bad envelope", f"item {index}: length is not a natural number")
    return length


def _item(body: bytes, start: int, index: int) -> tuple[Item, int]:
    """Return the item whose header starts at `start`, and where the next one may start."""
    header_end = _line_end(body, start)
    header = header_of(body[start:header_end], f"header of item {index}")
    payload_start = min(header_end + 1, len(body))
    length = length_of(header, index)
    if length is None:
        end = _line_end(body, payload_start)
        return Item(header, body[payload_start:end]), end + 1
    end = payload_start + length
    if end > len(body):
        raise Malformed("bad envelope", f"item {index}: length {length} reaches beyond the end of the body")
    if end < len(body) and body[end : end + 1] != b"\n":
        raise Malformed("bad envelope", f"item {index}: no line feed after {length} bytes of payload")
    return Item(header, body[payload_start:end]), end + 1
