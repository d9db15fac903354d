"""`/envelope/`, the legacy `/store/`, and tunnels: what nearly all clients use.

A tunnel is a path of an application's own that passes envelopes on. The key stands in the envelope's `dsn` alone and is
looked up here; nothing is ever forwarded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from engine.errors import CapacityError
from engine.ids import new_event_id
from ingest.answers import Answer, pixel, refused, taken
from ingest.auth import authorise, from_dsn
from ingest.bodies import Body, Printed
from ingest.calls import Call
from ingest.edge import Edge, Sender, no_credentials
from ingest.endpoints import Endpoint
from ingest.envelope import Envelope, Item
from ingest.errors import InvalidItem, Malformed, Refused, TooLarge
from ingest.hexids import event_id_of
from ingest.itemlimits import check_items
from ingest.items import item_type
from ingest.jsontext import decode_json
from ingest.limiter import REASON, Verdict
from ingest.records import RawRecord
from ingest.store import store_text

ENVELOPE_TYPE = "application/x-sentry-envelope"
_CARRIERS = {"event": ("attachment", "form_data", "user_report"), "transaction": ("profile",)}
"""Items that are nothing without another one of their envelope."""


class _StorePeek(msgspec.Struct):
    """The members of a stored event the edge needs; the rest is skipped unread."""

    event_id: Any = None


class _OwnPeek(msgspec.Struct):
    """The ids of a session or check-in."""

    sid: Any = None
    check_in_id: Any = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that was looked through and is to be kept.

    Attributes:
        shard_key: natural key: the same for the same thing sent again.
        record: what is kept of it.
        answer: what the client is told once the record is on disk.
    """

    shard_key: bytes
    record: RawRecord
    answer: Answer


def envelope(edge: Edge, call: Call) -> Answer:
    """Take an envelope."""
    snapshot = edge.snapshot()
    sender = edge.claimed(call, snapshot)
    with edge.received(call, snapshot) as body:
        parsed = body.envelope(snapshot.limits.max_items)
        return take_envelope(edge, call, agreed(edge, call, parsed, sender), parsed, body)


def store(edge: Edge, call: Call) -> Answer:
    """Take one event of an old client, in the body or, by GET, in the query."""
    if call.content_type == ENVELOPE_TYPE:
        return envelope(edge, call)
    sender = edge.sender(call)
    if call.method == "GET":
        # "+" of unescaped base64 arrives as a blank.
        decoded = call.parameter("sentry_data").replace(" ", "+").encode()
        if not decoded:
            raise Malformed("bad event", "GET needs sentry_data in the query")
    else:
        decoded = edge.decoded(call, sender)
    return _kept(edge, examined_event(edge, call, sender, decoded))


def examined_event(edge: Edge, call: Call, sender: Sender, decoded: bytes) -> Taken | Answer:
    """Return what to keep of an old client's event, or the answer when a limit holds it back; nothing is kept yet."""
    text = store_text(decoded, sender.snapshot.limits.max_decompressed_bytes)
    limit = min(edge.limits.max_event_bytes, sender.project.max_event_bytes)
    if len(text) > limit:
        raise TooLarge("event is too large", f"event exceeds {limit} bytes")
    event_id = _peek_event_id(text) or new_event_id()
    verdict = edge.admit(sender, [("error", 1)])
    if verdict.limited:
        edge.count(sender, "rate_limited", "error", REASON, size=len(text))
        return too_many(verdict)
    record = edge.record(sender, call, "store", text, event_id=event_id)
    answer = pixel() if call.method == "GET" else taken(event_id, verdict.headers())
    return Taken(event_id.encode(), record, answer)


def tunnel(edge: Edge, call: Call) -> Answer:
    """Take an envelope that an application passed on: its `dsn` names the project, nothing else counts."""
    snapshot = edge.snapshot()
    with edge.received(call, snapshot) as body:
        parsed = body.envelope(snapshot.limits.max_items)
        dsn = from_dsn(parsed.headers.get("dsn"))
        if dsn is None:
            raise no_credentials()
        sender = Sender(authorise(snapshot, dsn, dsn.project_id), dsn, snapshot)
        return take_envelope(edge, call, sender, parsed, body)


def tunnels(paths: Sequence[str]) -> tuple[Endpoint, ...]:
    """Return the endpoints of tunnels at some paths."""
    doc = "An envelope an application passed on; its `dsn` names the project."
    return tuple(Endpoint(f"tunnel{n}", path.rstrip("/"), tunnel, doc=doc) for n, path in enumerate(paths))


def take_envelope(edge: Edge, call: Call, sender: Sender, parsed: Envelope, body: Body | None = None) -> Answer:
    """Keep an envelope, or the part of it that rate limits let pass, and return the answer.

    `body` is where it came from; without it the envelope is printed.
    """
    return _kept(edge, examined_envelope(edge, call, sender, parsed, body))


def _kept(edge: Edge, found: Taken | Answer) -> Answer:
    """Return the answer, after what is to be kept is on disk."""
    if isinstance(found, Answer):
        return found
    edge.append(found.shard_key, found.record)
    return found.answer


def examined_envelope(
    edge: Edge, call: Call, sender: Sender, parsed: Envelope, body: Body | None = None
) -> Taken | Answer:
    """Return what to keep of an envelope, or the answer when limits hold all of it back; no record is kept yet."""
    check_items(parsed, sender.project.max_event_bytes)
    event_id = _event_id(parsed)
    verdict = edge.admit(sender, [(item_type(item.type).category, quantity_of(item)) for item in parsed.items])
    items = _passing(parsed.items, verdict.limited) if verdict.limited else parsed.items
    whole = parsed
    if len(items) < len(parsed.items):
        _count_limited(edge, sender, parsed.items, items)
        if not items:
            return too_many(verdict)
        whole = Envelope(parsed.headers, tuple(items))
    try:
        kept = (body or Printed()).kept(whole, untouched=whole is parsed)
    except (CapacityError, OSError) as error:
        raise edge.full() from error
    record = edge.record(sender, call, "envelope", kept, event_id=event_id)
    answer = too_many(verdict) if verdict.limited else taken(event_id, verdict.headers(retry_after=False))
    return Taken(_shard_key(whole, event_id), record, answer)


def too_many(verdict: Verdict) -> Answer:
    """Return the 429 of a rate limit; what passed has been kept."""
    said = "rate limit reached; what was below it has been taken"
    return refused(Refused(said, status=429, reason=REASON, headers=verdict.headers()))


def quantity_of(item: Item) -> int:
    """Return how many things an item holds: a container says so."""
    count = item.header.get("item_count")
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 < count <= 100_000 else 1


def _passing(items: Sequence[Item], limited: frozenset[str]) -> list[Item]:
    """Return the items that no limit holds back, without those that are nothing without one that is."""
    gone = {item.type for item in items if item_type(item.type).category in limited}
    orphans = {name for carrier in gone for name in _CARRIERS.get(carrier, ())}
    return [item for item in items if item.type not in gone and item.type not in orphans]


def _count_limited(edge: Edge, sender: Sender, before: Sequence[Item], after: Sequence[Item]) -> None:
    kept = {id(item) for item in after}
    for item in before:
        if id(item) not in kept:
            category = item_type(item.type).category
            edge.count(sender, "rate_limited", category, REASON, quantity=quantity_of(item), size=item.size)


def agreed(edge: Edge, call: Call, parsed: Envelope, sender: Sender | None) -> Sender:
    """Return who sends by the request, or by the envelope's `dsn`; when both are there they must agree."""
    dsn = from_dsn(parsed.headers.get("dsn"))
    if sender is None:
        if dsn is None:
            raise no_credentials()
        if call.project and int(call.project) != dsn.project_id:
            raise Malformed("bad envelope", "the dsn names another project than the URL", reason="dsn_mismatch")
        snapshot = edge.snapshot()
        return Sender(authorise(snapshot, dsn, dsn.project_id), dsn, snapshot)
    other_key = dsn is not None and sender.credentials.public_key not in {"", dsn.public_key}
    if dsn is not None and (other_key or dsn.project_id != sender.project_id):
        raise Malformed("bad envelope", "the dsn names another key or project than the request", reason="dsn_mismatch")
    return sender


def _event_id(parsed: Envelope) -> str:
    """Return the envelope's id: its header's, else its event's, else a new one when an item needs one, else empty."""
    event_id = event_id_of(parsed.headers.get("event_id"))
    if event_id:
        return event_id
    needing = [item for item in parsed.items if item_type(item.type).needs_event_id]
    if not needing:
        return ""
    for item in needing:
        if item.type in {"event", "transaction", "feedback"}:
            found = _peek_event_id(item.payload)
            if found:
                return found
    return new_event_id()


def _shard_key(parsed: Envelope, event_id: str) -> bytes:
    """Return the natural key, by which what is sent again meets its first copy.

    A session's updates and a check-in's two halves must meet too, so their ids come first; then the event, the trace
    (of spans), and at last the content.
    """
    for item in parsed.items:
        if item.type == "session" or (item.type == "check_in" and not event_id):
            found = _peek_own_id(item.payload)
            if found:
                return found.encode()
    if event_id:
        return event_id.encode()
    trace = parsed.headers.get("trace")
    trace_id = event_id_of(trace.get("trace_id")) if isinstance(trace, dict) else ""
    if trace_id:
        return trace_id.encode()
    digest = hashlib.blake2b(digest_size=16)
    for item in parsed.items:
        digest.update(item.payload)
    return digest.digest()


def _peek_own_id(text: bytes) -> str:
    """Return the id of a session or check-in, empty when it has none."""
    try:
        found = msgspec.json.decode(text, type=_OwnPeek)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return event_id_of(found.sid) or event_id_of(found.check_in_id)


def _peek_event_id(text: bytes) -> str:
    """Return the event id in an event's text, empty when there is none; broken JSON is the normaliser's to report."""
    try:
        return event_id_of(msgspec.json.decode(text, type=_StorePeek).event_id)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:
        value = decode_json(text).value
    except InvalidItem:
        return ""
    return event_id_of(value.get("event_id")) if isinstance(value, dict) else ""


ENVELOPES: tuple[Endpoint, ...] = (
    Endpoint("envelope", "/api/<project>/envelope", envelope, doc="An envelope: what every SDK of today sends."),
    Endpoint(
        "store",
        "/api/<project>/store",
        store,
        ("POST", "GET"),
        "One event of an old SDK: JSON, base64, zlib; by GET in `sentry_data`, answered with an image.",
    ),
    Endpoint(
        "store_by_key", "/api/store", store, ("POST", "GET"), "The same; the key alone says which project is meant."
    ),
)
