"""The body of a request, decompressed: in memory when it is small, in a file when it is large, or printed by ourselves.

All give the same: the envelope in it, and what of it goes into the raw record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from ingest.blobs.bodies import Bodies, ReceivedBody
from ingest.envelope import Envelope, parse_envelope, print_envelope
from ingest.records import ItemBlob

_READ_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands in the raw record: the body in its encoding, and the items that went to waiting files."""

    body: bytes
    encoding: str = "identity"
    blobs: tuple[ItemBlob, ...] = ()


class Body(Protocol):
    """A body; closing it drops what it holds."""

    def envelope(self, max_items: int) -> Envelope:
        """Return the envelope; Malformed."""
        ...

    def decoded(self) -> bytes:
        """Return all of it in memory."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Yield it from its start."""
        ...

    def kept(self, envelope: Envelope, *, untouched: bool) -> Kept:
        """Return what is kept of it, large items in waiting files by then.

        Args:
            envelope: the body's own, or one with some of its items.
            untouched: it is the body's own.

        Raises:
            CapacityError, OSError: the disk is full or broken.
        """
        ...

    def __enter__(self) -> Self:
        """Return the body."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop it."""
        ...


class _Held:
    """A body with nothing to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return


class Printed(_Held):
    """No body: the envelope was made here."""

    def kept(self, envelope: Envelope, *, untouched: bool) -> Kept:
        """Return the envelope as bytes."""
        return Kept(print_envelope(envelope.headers, tuple((item.header, item.payload) for item in envelope.items)))


class SmallBody(_Held):
    """A body in memory.

    Args:
        sent: as the client sent it.
        encoding: of `sent`.
        decoded: decompressed.
    """

    def __init__(self, sent: bytes, encoding: str, decoded: bytes) -> None:
        self._sent = sent
        self._encoding = encoding
        self._decoded = decoded

    def envelope(self, max_items: int) -> Envelope:
        """Return the envelope; Malformed."""
        return parse_envelope(self._decoded, max_items)

    def decoded(self) -> bytes:
        """Return all of it."""
        return self._decoded

    def chunks(self) -> Iterator[bytes]:
        """Yield it."""
        yield self._decoded

    def kept(self, envelope: Envelope, *, untouched: bool) -> Kept:
        """Return the body as it was sent, when all of its envelope is kept."""
        if untouched:
            return Kept(self._sent, self._encoding)
        return Printed().kept(envelope, untouched=untouched)


class LargeBody:
    """A body in a file.

    Args:
        bodies: where its large items go.
        received: the file.
    """

    def __init__(self, bodies: Bodies, received: ReceivedBody) -> None:
        self._bodies = bodies
        self._received = received

    def envelope(self, max_items: int) -> Envelope:
        """Return the envelope, large items by their size only; Malformed, TooLarge."""
        return self._received.envelope(max_items)

    def decoded(self) -> bytes:
        """Return all of it in memory."""
        return self._received.read()

    def chunks(self) -> Iterator[bytes]:
        """Yield it from its start."""
        stream = self._received.stream()
        while part := stream.read(_READ_BYTES):
            yield part

    def kept(self, envelope: Envelope, *, untouched: bool) -> Kept:
        """Return the envelope without its large items, which are in waiting files by then."""
        small, blobs = self._bodies.keep(self._received, envelope)
        return Kept(small, "identity", blobs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._received.close()
