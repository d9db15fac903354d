"""Files for `amber load`: envelopes, events, lists and lines of events, compressed or not, told apart by content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from engine.errors import UserError
from ingest.encodings import decompress
from ingest.envelope import Envelope, parse_envelope
from ingest.errors import InvalidItem, Malformed
from ingest.files import STDIN
from ingest.hexids import event_id_of
from ingest.items import ITEM_TYPES
from ingest.jsontext import decode_json, elements
from ingest.limits import MIB
from ingest.records import RawRecord

MAX_FILE_BYTES = 1024 * MIB
SKIPPED_SUFFIXES = (".headers.json", ".raw", ".md", ".txt", ".license")
"""Side files of captures, and notes."""

_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_FOREIGN = {
    "resourceSpans": "OTLP traces",
    "resourceLogs": "OTLP logs",
    "resourceMetrics": "OTLP metrics",
    "$schema": "a JSON schema",
}
_ENVELOPE_HEADERS = frozenset({"event_id", "dsn", "sdk", "sent_at", "trace"})
_ITEM_HEADERS = frozenset({"type", "content_type", "filename", "item_count", "attachment_type", "platform"})
"""Names of headers, to tell envelopes with items of unknown types from lines of records."""

_EVENT_MEMBERS = frozenset({"event_id", "timestamp", "message", "exception", "logentry", "platform", "contexts"})


@dataclass(frozen=True, slots=True)
class Submittable:
    """One thing a client could have sent.

    Attributes:
        kind: kind of the raw record: `envelope`, `store`, `otlp_traces` and so on.
        event_id: of envelopes and events it is always known.
        key: natural key that chooses the shard; the event id when there is none of its own.
        position: how many records or lines of its file end with it.
        count: how many lines it holds.
    """

    kind: str
    body: bytes
    event_id: str
    key: bytes = b""
    position: int = 0
    count: int = 1

    @property
    def shard_key(self) -> bytes:
        """The natural key: what is loaded again meets its first copy."""
        return self.key or self.event_id.encode()

    def record(self, project_id: int, received_at_ns: int) -> RawRecord:
        """Return the raw record of it."""
        return RawRecord(self.kind, received_at_ns, project_id, 0, self.body, event_id=self.event_id)


def find_files(paths: list[Path]) -> list[Path]:
    """Return the files named, those of directories recursively, without side files; sorted within a directory.

    Raises:
        UserError: a path does not exist.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (p for p in sorted(path.rglob("*")) if p.is_file() and not p.name.lower().startswith("license"))
            found += [p for p in inside if not p.name.lower().endswith(SKIPPED_SUFFIXES)]
        elif path.exists() or path == STDIN:
            found.append(path)
        else:
            raise UserError(f"There is no file {path}.", code="no-such-file")
    return found


def read_file(path: Path) -> Iterator[Submittable]:
    """Yield what a file holds.

    Raises:
        UserError: it is none of the forms `amber load` reads; the message says what was tried.
    """
    body = path.read_bytes()
    encoding = next((name for magic, name in _MAGIC.items() if body.startswith(magic)), "identity")
    try:
        text = decompress(body, encoding, MAX_FILE_BYTES)
        yield from submittables(text)
    except (InvalidItem, Malformed) as error:
        code = "otlp-unsupported" if error.code == "otlp" else "unreadable-file"
        raise UserError(f"{path}: {error.message}", code=code) from error


def submittables(text: bytes) -> Iterator[Submittable]:
    """Yield what decompressed content holds: an envelope, an event, a list of events, or one event per line.

    An envelope may also be written as a JSON list of its headers, an item header and that item's payload, and so on.

    Raises:
        InvalidItem, Malformed: it is none of them.
    """
    start = text.lstrip()[:1]
    if start == b"[":
        parts = elements(text)
        if len(parts) > 2 and is_item_header(parts[1]):
            text = _joined(parts)
        else:
            for element in parts:
                yield event_of(element)
            return
    elif start != b"{":
        raise InvalidItem("json", "neither an envelope nor JSON")
    envelope = _envelope(text)
    if envelope is not None:
        digest = hashlib.blake2b(text, digest_size=16).hexdigest()
        yield Submittable("envelope", text, event_id_of(envelope.headers.get("event_id")) or digest)
        return
    lines = [line for line in text.split(b"\n") if line.strip()]
    if len(lines) > 1 and all(_is_object(line) for line in lines[:2]):
        for line in lines:
            yield event_of(line)
        return
    yield event_of(text)


def _envelope(text: bytes) -> Envelope | None:
    """Return the envelope when the content is one: its second line must be an item header and not an event."""
    first, _, rest = text.lstrip(b"\n").partition(b"\n")
    second = rest.lstrip(b"\n").partition(b"\n")[0]
    return parse_envelope(text) if opens_envelope(first, second) else None


def opens_envelope(first: bytes, second: bytes) -> bool:
    """Tell whether two lines are the headers of an envelope and of its first item, rather than two records.

    The type of the item may be one nobody here knows; then the first line must have nothing but headers of envelopes.
    """
    header = _object(first)
    if header is None:
        return False
    return is_item_header(second) or (_ENVELOPE_HEADERS.issuperset(header) and _names_a_type(second))


def _names_a_type(line: bytes) -> bool:
    header = _object(line)
    if header is None or not isinstance(header.get("type"), str) or not header["type"]:
        return False
    return "length" in header or _ITEM_HEADERS.issuperset(header)


def is_item_header(text: bytes) -> bool:
    """Tell whether a line is the header of an item of an envelope."""
    header = _object(text)
    return header is not None and header.get("type") in ITEM_TYPES and _EVENT_MEMBERS.isdisjoint(header)


def _joined(parts: list[bytes]) -> bytes:
    """Return the envelope a list of headers and payloads stands for; lengths were of another spelling."""
    lines = []
    for index, part in enumerate(parts):
        header = _object(part) or {}
        if index % 2 and "length" in header:
            part = msgspec.json.encode({k: v for k, v in header.items() if k != "length"})  # noqa: PLW2901 - respelled
        # A line feed in JSON text stands between tokens: in strings it is escaped.
        lines.append(part.replace(b"\r", b" ").replace(b"\n", b" "))
    return b"\n".join(lines)


def event_of(text: bytes) -> Submittable:
    """Return one event; without an id it gets one made of its content, so that loading it twice changes nothing."""
    value = decode_json(text).value
    if not isinstance(value, dict):
        raise InvalidItem("not_an_object", "an event is not a JSON object")
    foreign = next((what for member, what in _FOREIGN.items() if member in value), "")
    if foreign:
        reason = "otlp" if foreign.startswith("OTLP") else "not_an_event"
        raise InvalidItem(reason, f"{foreign}, not an event")
    event_id = event_id_of(value.get("event_id"))
    return Submittable("store", text.strip(), event_id or hashlib.blake2b(text, digest_size=16).hexdigest())


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return value if isinstance(value, dict) else None


def _is_object(line: bytes) -> bool:
    return _object(line) is not None
