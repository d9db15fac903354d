"""What stands in the spools: raw records, outcome counts and dead letters, as msgpack arrays.

Fields are only ever added at the end, with a default: an older record must stay readable.
"""

from __future__ import annotations

import msgspec

from engine.errors import StateError


class OutcomeCount(msgspec.Struct, frozen=True, array_like=True):
    """So many items had this outcome. `timestamp_ms` is milliseconds since the epoch."""

    project_id: int
    key_id: int
    timestamp_ms: int
    outcome: str
    category: str
    reason: str
    source: str
    quantity: int
    bytes: int


class ItemBlob(msgspec.Struct, frozen=True, array_like=True):
    """The payload of an item that stands in a waiting file, not in the record.

    Attributes:
        index: which item of the envelope, from 0.
        sha256: 64 hex digits of its content; empty before it is stored.
        size: bytes.
        file: name of the file (`ingest.blobs.waiting`); empty in records of earlier versions, whose payloads are in
            the blob store of the project.
    """

    index: int
    sha256: str
    size: int
    file: str = ""


class RawRecord(msgspec.Struct, frozen=True, array_like=True):
    """One acknowledged request, or counts of refused ones.

    Attributes:
        kind: `envelope`, `store` (the body is one event) or `outcome` (the body is a list of `OutcomeCount`).
        received_at_ns: when the edge had read the request, nanoseconds since the epoch; becomes `ingested_at`.
        encoding: canonical content encoding of `body`, which stands as the client sent it.
        remote_addr: peer address, for `{{auto}}`.
        user_agent: User-Agent header of the request.
        client: `sentry_client` of the authentication, such as `raven-python/6.10.0`.
        event_id: the id the client was told, 32 hex digits, or empty.
        blobs: items of the envelope whose payload was too large for the record; in `body` it is empty.
    """

    kind: str
    received_at_ns: int
    project_id: int
    key_id: int
    body: bytes
    encoding: str = "identity"
    remote_addr: str = ""
    user_agent: str = ""
    client: str = ""
    event_id: str = ""
    blobs: tuple[ItemBlob, ...] = ()


class DeadLetter(msgspec.Struct, frozen=True, array_like=True):
    """Something acknowledged that did not become a row.

    Attributes:
        id: where it came from (`producer/shard/segment:offset#item`); a redone range writes the same id again, and
            readers keep the first, so a dead letter counts once.
        kind: `invalid` (wrong data), `set_aside` (a kind of item Amber does not read yet), `undecodable` (the record
            itself) or `rejected` (a batch the store refused).
        reason: word of the outcome vocabulary, or the item type of something set aside.
        detail: what exactly was wrong.
        body: the item's payload, the whole record's body when `undecodable`, or the Arrow file when `rejected`.
        header: the item header as JSON; for `rejected`, the name of the ready file.
    """

    id: str
    kind: str
    reason: str
    detail: str
    item_type: str
    project_id: int
    key_id: int
    received_at_ns: int
    body: bytes
    header: bytes = b"{}"
    event_id: str = ""
    encoding: str = "identity"


_encoder = msgspec.msgpack.Encoder()
_raw_decoder = msgspec.msgpack.Decoder(RawRecord)
_dead_decoder = msgspec.msgpack.Decoder(DeadLetter)
_counts_decoder = msgspec.msgpack.Decoder(list[OutcomeCount])


def encode_record(record: RawRecord | DeadLetter | list[OutcomeCount]) -> bytes:
    """Return the spool payload of a record."""
    return _encoder.encode(record)


def decode_raw(payload: bytes) -> RawRecord:
    """Return the raw record in a spool payload; StateError when it is not one."""
    try:
        return _raw_decoder.decode(payload)
    except msgspec.MsgspecError as error:
        raise StateError(f"not a raw record: {error}", code="bad-record") from error


def decode_dead(payload: bytes) -> DeadLetter:
    """Return the dead letter in a spool payload; StateError when it is not one."""
    try:
        return _dead_decoder.decode(payload)
    except msgspec.MsgspecError as error:
        raise StateError(f"not a dead letter: {error}", code="bad-record") from error


def decode_counts(payload: bytes) -> list[OutcomeCount]:
    """Return the outcome counts in a record's body; StateError when they are not."""
    try:
        return _counts_decoder.decode(payload)
    except msgspec.MsgspecError as error:
        raise StateError(f"not outcome counts: {error}", code="bad-record") from error
