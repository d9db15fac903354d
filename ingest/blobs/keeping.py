"""Contents into the blob store, scrubbed when they are text; the row that names them comes after.

A content may be in the item, or in a file that waits because it was too large for the raw record (in the blob store, of
records of earlier versions). Of a store that
keeps nothing (a survey) the references are made all the same, so the rows are those that would be stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from engine.blobs import BlobRef, BlobStore
from engine.errors import StateError
from engine.snapshot import ProjectConfig
from ingest.blobs.streams import stream_of
from ingest.blobs.waiting import GONE, WaitingFiles
from ingest.envelope import Item
from ingest.errors import InvalidItem
from ingest.limits import MIB
from ingest.scrub import scrubber_for

_BLOCK_BYTES = MIB
_SNIFFED_BYTES = 4096
_JSON_BYTES = 16 * MIB
"""JSON up to this is scrubbed by its members; larger texts by what their lines look like."""

_TEXT_CONTROLS = frozenset(b"\t\n\v\f\r\b\x1b")


class Contents:
    """The contents of one project's items.

    Args:
        blobs: where they are kept; None to keep none.
        project: whose they are, and whose rules scrub them.
        waiting: payloads that were too large for their records.
    """

    def __init__(self, blobs: BlobStore | None, project: ProjectConfig, waiting: WaitingFiles | None = None) -> None:
        self._blobs = blobs
        self._project = project
        self._waiting = waiting

    def put(self, content: bytes) -> BlobRef:
        """Keep a content as it is, durably."""
        if self._blobs is None:
            return BlobRef(self._project.id, hashlib.sha256(content).hexdigest(), len(content))
        return self._blobs.put(self._project.id, content)

    def read(self, item: Item, max_bytes: int) -> bytes:
        """Return the payload of an item, wherever it is.

        Raises:
            InvalidItem: it has more than `max_bytes` bytes.
        """
        if item.size > max_bytes:
            raise InvalidItem("too_large", f"{item.size} bytes, more than {max_bytes}")
        with self.open(item) as stream:
            return stream.read()

    def open(self, item: Item) -> BinaryIO:
        """Return the payload of an item as a stream, to be closed by the caller.

        Raises:
            InvalidItem: it is gone; reason `content_lost`.
        """
        if item.blob is not None and item.blob.file and self._waiting is not None:
            return _found(self._waiting, item.blob.file)
        if item.blob is None or self._blobs is None:
            return stream_of([item.payload])
        return self._blobs.open(BlobRef(self._project.id, item.blob.sha256, item.blob.size))

    def keep_file(self, item: Item, skip_bytes: int = 0) -> BlobRef:
        """Keep the payload of an item, but for its first bytes; text is scrubbed."""
        with self.open(item) as stream:
            stream.read(skip_bytes)
            head = stream.read(_SNIFFED_BYTES)
            if is_text(head):
                return self._keep_text(head, stream, item.size - skip_bytes)
            if item.blob is not None and not item.blob.file and not skip_bytes:
                return BlobRef(self._project.id, item.blob.sha256, item.blob.size)
            return self._put_stream(_blocks(head, stream))

    def _keep_text(self, head: bytes, stream: BinaryIO, size: int) -> BlobRef:
        scrubber = scrubber_for(self._project)
        if head.lstrip()[:1] in {b"{", b"["} and size <= _JSON_BYTES:
            return self.put(scrubber.payload(head + stream.read(), "attachments").text)
        lines = _whole_lines(_blocks(head, stream))
        return self._put_stream(_scrubbed(lines, scrubber.text))

    def _put_stream(self, blocks: Iterable[bytes]) -> BlobRef:
        if self._blobs is not None:
            with stream_of(blocks) as stream:
                return self._blobs.put(self._project.id, stream)
        digest, size = hashlib.sha256(), 0
        for block in blocks:
            digest.update(block)
            size += len(block)
        return BlobRef(self._project.id, digest.hexdigest(), size)


def _found(waiting: WaitingFiles, name: str) -> BinaryIO:
    try:
        return waiting.open(name)
    except StateError as error:
        if error.code != GONE:
            raise
        # Removed by hand, or by a broken disk: what is left of the record must not wait for it.
        raise InvalidItem("content_lost", error.message) from error


def is_text(head: bytes) -> bool:
    """Tell whether a content that begins so is text in UTF-8, with no control characters but those of terminals."""
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # A letter may be cut at the end of what was looked at.
        if error.reason != "unexpected end of data" or len(head) < _SNIFFED_BYTES:
            return False
    return not any(byte < 32 and byte not in _TEXT_CONTROLS for byte in head)


def _scrubbed(blocks: Iterable[bytes], scrub: Callable[[str], str]) -> Iterator[bytes]:
    for block in blocks:
        try:
            text = block.decode()
        except UnicodeDecodeError:
            text = block.decode("latin-1")
            yield scrub(text).encode("latin-1", "replace")
        else:
            yield scrub(text).encode()


def _blocks(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    yield head
    while block := stream.read(_BLOCK_BYTES):
        yield block


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes, cut behind line feeds where there are any, so that no secret lies across two blocks."""
    rest = b""
    for block in blocks:
        text = rest + block
        end = text.rfind(b"\n") + 1 or (len(text) if len(text) > _BLOCK_BYTES else 0)
        if end:
            yield text[:end]
        rest = text[end:]
    if rest:
        yield rest
