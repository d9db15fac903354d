"""Request bodies above `LARGE_BODY_BYTES`: received into a file, so that an attachment of 200 MiB needs no memory.

The envelope's framing is read from the file. Items whose content is kept as a blob anyway (attachments, recordings,
profiles, kinds of items Amber does not know) are copied to waiting files, durably, before the raw record is written;
the record holds the envelope with these payloads empty and says beside it which file belongs to which item. A client
cannot name a file: the references are members of the record, not of item headers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from engine.files import make_directory
from ingest.blobs.decoding import decoded
from ingest.blobs.waiting import WaitingFiles
from ingest.envelope import BOM, Envelope, Item, header_of, length_of, print_envelope
from ingest.errors import Malformed, TooLarge
from ingest.items import item_type
from ingest.limits import MIB
from ingest.records import ItemBlob

LARGE_BODY_BYTES = 4 * MIB
"""Bodies above this are received into a file."""

INLINE_BYTES = MIB
"""Payloads up to this stay in the raw record."""

MAX_TOGETHER_BYTES = 32 * MIB
"""Most bytes of payloads that one large body may leave in its raw record."""

_INLINE_TYPE_BYTES = 12 * MIB
"""Item types with a limit up to this are JSON the normaliser reads whole: they stay in the record."""

_HEADER_BYTES = 1 * MIB
_READ_BYTES = 256 * 1024


class Bodies:
    """Receives large bodies.

    Args:
        waiting: where large items are kept.
        directory: for bodies while they are looked at; on the disk of the data directory, not in memory.
    """

    def __init__(self, waiting: WaitingFiles, directory: Path) -> None:
        self._waiting = waiting
        self._directory = directory

    def receive(self, chunks: Iterable[bytes], encoding: str, max_bytes: int) -> ReceivedBody:
        """Return the decoded body, in a file without a name that goes when it is closed.

        Raises:
            TooLarge: it has more than `max_bytes` bytes.
            Malformed: it is not in that encoding.
        """
        make_directory(self._directory, mode=0o700)
        file = cast("BinaryIO", tempfile.TemporaryFile(dir=self._directory))  # noqa: SIM115 - the body closes it
        try:
            for part in decoded(chunks, encoding, max_bytes):
                file.write(part)
            file.flush()
        except BaseException:
            file.close()
            raise
        return ReceivedBody(file, file.tell())

    def keep(self, body: ReceivedBody, envelope: Envelope) -> tuple[bytes, tuple[ItemBlob, ...]]:
        """Put the large items of a body into waiting files; return the envelope without them, and what they are.

        Raises:
            CapacityError, OSError: the disk is full or broken.
        """
        kept = []
        for index, item in enumerate(envelope.items):
            if item.blob is not None:
                # Its own number: of an envelope that rate limits have shortened, items have moved up.
                file = self._waiting.put(body.part(item.blob.index))
                kept.append(ItemBlob(index, file.sha256, file.size, file.name))
        small = print_envelope(envelope.headers, tuple((item.header, item.payload) for item in envelope.items))
        return small, tuple(kept)


@dataclass(slots=True)
class ReceivedBody:
    """A decoded body in a file.

    Attributes:
        size: bytes.
    """

    _file: BinaryIO
    size: int
    _parts: dict[int, tuple[int, int]] | None = None

    def envelope(self, max_items: int = 1000) -> Envelope:
        """Return the envelope, as `parse_envelope` would; of large items `blob` says the size and no more.

        Raises:
            Malformed: with the cause, as `parse_envelope`.
            TooLarge: what would stay in the record is too much.
        """
        reader = _Reader(self._file, self.size)
        headers = reader.header("envelope header")
        items: list[Item] = []
        self._parts = {}
        together = 0
        while reader.skip_blank():
            if len(items) >= max_items:
                raise Malformed("too many items", f"more than {max_items} items", reason="too_many_items")
            item, start = reader.item(len(items))
            if item.blob is not None:
                self._parts[len(items)] = (start, start + item.size)
            together += len(item.payload)
            if together > MAX_TOGETHER_BYTES:
                raise TooLarge("envelope is too large", f"its items together exceed {MAX_TOGETHER_BYTES} bytes")
            items.append(item)
        return Envelope(headers, tuple(items))

    def part(self, index: int) -> BinaryIO:
        """Return a stream of the payload of a large item."""
        start, end = (self._parts or {})[index]
        return cast("BinaryIO", _Part(self._file, start, end))

    def read(self) -> bytes:
        """Return the whole body, for those that must be in memory after all."""
        self._file.seek(0)
        return self._file.read()

    def stream(self) -> BinaryIO:
        """Return the body as a stream, from its start."""
        return cast("BinaryIO", _Part(self._file, 0, self.size))

    def close(self) -> None:
        """Drop the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Part:
    """Reads a section of a file."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file = file
        self._at = start
        self._end = end

    def read(self, size: int = -1) -> bytes:
        left = self._end - self._at
        self._file.seek(self._at)
        data = self._file.read(left if size < 0 else min(size, left))
        self._at += len(data)
        return data


class _Reader:
    """Reads the framing of an envelope from a file; see `ingest.envelope` for the rules."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        file.seek(0)
        self._at = len(BOM) if file.read(len(BOM)) == BOM else 0
        self.skip_blank()

    def skip_blank(self) -> bool:
        """Go over line feeds; return whether anything follows."""
        self._file.seek(self._at)
        while self._at < self._size:
            block = self._file.read(_READ_BYTES)
            stripped = block.lstrip(b"\n")
            self._at += len(block) - len(stripped)
            if stripped:
                return True
        return False

    def header(self, what: str) -> dict[str, object]:
        end = self._line_end(self._at)
        if end - self._at > _HEADER_BYTES:
            raise Malformed("bad envelope", f"{what}: longer than {_HEADER_BYTES} bytes")
        line = self._slice(self._at, end)
        self._at = end + 1
        return header_of(line, what)

    def item(self, index: int) -> tuple[Item, int]:
        """Return the next item, and where its payload starts."""
        header = self.header(f"header of item {index}")
        start = min(self._at, self._size)
        length = length_of(header, index)
        end = self._line_end(start) if length is None else start + length
        if end > self._size:
            raise Malformed("bad envelope", f"item {index}: length {length} reaches beyond the end of the body")
        if end < self._size and self._slice(end, end + 1) != b"\n":
            raise Malformed("bad envelope", f"item {index}: no line feed after {length} bytes of payload")
        self._at = end + 1
        size = end - start
        item = Item(header, b"")
        known = item_type(item.type)
        if size <= INLINE_BYTES or size <= known.max_bytes <= _INLINE_TYPE_BYTES:
            return replace(item, payload=self._slice(start, end)), start
        # Above the limit of its type it is refused by its size, whatever it says.
        return replace(item, blob=ItemBlob(index, "", size)), start

    def _slice(self, start: int, end: int) -> bytes:
        self._file.seek(start)
        return self._file.read(end - start)

    def _line_end(self, start: int) -> int:
        at = start
        self._file.seek(start)
        while block := self._file.read(_READ_BYTES):
            found = block.find(b"\n")
            if found >= 0:
                return at + found
            at += len(block)
        return self._size
