"""How many messages a request holds, before it is parsed: an empty span is two bytes on the wire and 180 in memory.

64 MiB of empty spans would take 6 GB. JSON is counted by its brackets; protobuf is walked by its wire format along the
fields that are messages, which is only worth its time above `FREE_BYTES`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from google.protobuf.descriptor import Descriptor

from ingest.errors import TooLarge

MAX_MESSAGES = 1_000_000
"""A span with ten attributes is some 25 messages, and on the wire about 400 bytes."""

FREE_BYTES = 2 * 1024 * 1024
"""Smaller bodies cannot hold more messages than memory allows."""

_LENGTHS = {1: 8, 5: 4}
"""Wire types of a fixed size, in bytes; 0 is a varint and 2 says its own length."""

_Fields = dict[int, Any]
"""By field number: the fields of the messages that field holds."""


def check_json(body: bytes) -> None:
    """Raise TooLarge when a JSON request may hold more objects and arrays than a request may."""
    _check(body.count(b"{") + body.count(b"["))


def check_protobuf(body: bytes, descriptor: Descriptor) -> None:
    """Raise TooLarge when a protobuf request holds more messages than a request may; broken bytes are the parser's."""
    if len(body) > FREE_BYTES:
        _check(count_messages(body, descriptor))


def count_messages(body: bytes, descriptor: Descriptor) -> int:
    """Return how many messages are in a message of some type, counting no further than just above `MAX_MESSAGES`."""
    count = 0
    waiting = [(_message_fields(descriptor), 0, len(body))]
    try:
        while waiting and count <= MAX_MESSAGES:
            fields, position, end = waiting.pop()
            count += _walk(body, fields, (position, end), waiting)
    except IndexError:
        pass  # the bytes end early: the parser says so
    return count


def _walk(body: bytes, fields: _Fields, span: tuple[int, int], waiting: list[tuple[_Fields, int, int]]) -> int:
    """Return how many messages one message holds itself, and note those that may hold more.

    Tags and lengths of one byte, which nearly all are, are read in place: a call costs more than all the rest.
    """
    position, end = span
    count = 0
    while position < end and count <= MAX_MESSAGES:
        tag = body[position]
        position += 1
        if tag > 0x7F:
            tag, position = _varint(body, position - 1)
        if tag & 7 == 2:
            length = body[position]
            position += 1
            if length > 0x7F:
                length, position = _varint(body, position - 1)
            inner = fields.get(tag >> 3)
            if inner is not None:
                count += 1
                if inner and length:
                    waiting.append((inner, position, min(end, position + length)))
            position += length
        elif tag & 7 == 0:
            _, position = _varint(body, position)
        elif tag & 7 in _LENGTHS:
            position += _LENGTHS[tag & 7]
        else:
            break
    return count


def _varint(body: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while (byte := body[position]) > 0x7F and shift < 64:
        value |= (byte & 0x7F) << shift
        shift += 7
        position += 1
    return value | byte << shift, position + 1


@lru_cache(maxsize=16)
def _message_fields(descriptor: Descriptor) -> _Fields:
    return _fields_of(descriptor, {})


def _fields_of(descriptor: Descriptor, known: dict[str, _Fields]) -> _Fields:
    """Return the fields of a type that are messages; types may hold themselves (AnyValue does)."""
    found = known.get(descriptor.full_name)
    if found is None:
        found = known[descriptor.full_name] = {}
        for field in descriptor.fields:
            if field.message_type is not None:
                found[field.number] = _fields_of(field.message_type, known)
    return found


def _check(count: int) -> None:
    if count > MAX_MESSAGES:
        raise TooLarge("too many parts", f"more than {MAX_MESSAGES} spans, attributes and other parts in one request")
