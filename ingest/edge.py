"""The edge without HTTP: from credentials and a body to a durable raw record, or a refusal.

Everything that can make a request fail is checked here, before the 200; everything expensive is left to the normaliser.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec

from engine.clock import Clock, SystemClock
from engine.errors import CapacityError, StateError
from engine.ids import new_event_id
from engine.snapshot import ConfigSnapshot, KeyConfig
from ingest.auth import Credentials, authorise, from_dsn, from_request, project_from_path
from ingest.encodings import decompress, normal_encoding
from ingest.envelope import Envelope, parse_envelope
from ingest.errors import InvalidItem, Malformed, Refused, TooLarge
from ingest.hexids import event_id_of
from ingest.items import item_type
from ingest.jsontext import decode_json
from ingest.limits import IngestLimits
from ingest.ports import Snapshots
from ingest.records import RawRecord, encode_record
from ingest.refusals import Refusal, RefusalCounter
from ingest.sink import RawSink
from ingest.store import store_text


@dataclass(frozen=True, slots=True)
class Submission:
    """One request, read whole, independent of the web framework.

    Attributes:
        project: the project part of the path, empty when the path has none.
        body: as sent, not decompressed.
        is_store: sent to the legacy store endpoint.
    """

    project: str
    body: bytes
    query: str = ""
    sentry_auth: str = ""
    authorization: str = ""
    content_encoding: str = ""
    content_type: str = ""
    remote_addr: str = ""
    user_agent: str = ""
    is_store: bool = False


class _StorePeek(msgspec.Struct):
    """The members of a stored event the edge needs; the rest is skipped unread."""

    event_id: Any = None


@dataclass(frozen=True, slots=True)
class _Checked:
    """A request that passed: what the raw record needs beyond the submission."""

    key: KeyConfig
    credentials: Credentials
    body: bytes
    encoding: str
    event_id: str
    shard_key: bytes
    kind: str


class Edge:
    """Accepts submissions into the raw spool.

    Args:
        sink: where acknowledged requests go.
        snapshot: keys, projects and limits.
    """

    def __init__(self, sink: RawSink, snapshot: Snapshots, limits: IngestLimits, clock: Clock | None = None) -> None:
        self.limits = limits
        self._sink = sink
        self._snapshot = snapshot
        self._clock = clock or SystemClock()
        self._refusals = RefusalCounter(
            lambda payload: sink.append(b"outcome", payload), self._clock, max_pending=limits.max_pending_refusals
        )

    def accept(self, submission: Submission) -> str:
        """Return the event id the client is told, empty when there is none; the record is on disk by then.

        Raises:
            Refused: with status, causes and reason; it has been counted.
        """
        try:
            checked = self._check(submission)
            record = RawRecord(
                checked.kind,
                self._clock.now_ns(),
                checked.key.project_id,
                checked.key.key_id,
                checked.body,
                checked.encoding,
                submission.remote_addr,
                submission.user_agent[:200],
                checked.credentials.client,
                checked.event_id,
            )
            self._append(checked.shard_key, encode_record(record))
        except Refused as refusal:
            self.count_refusal(refusal, submission)
            raise
        return checked.event_id

    def count_refusal(self, refusal: Refused, submission: Submission) -> None:
        """Count a refusal; the project is only named when the request proved its key."""
        key = self._proven_key(submission)
        outcome = "rate_limited" if refusal.http_status in {429, 503} else "invalid"
        counted = Refusal(key.project_id if key else 0, key.key_id if key else 0, outcome, "default", refusal.reason)
        self._refusals.count(counted, len(submission.body))

    def close(self) -> None:
        """Flush the refusal counts; the sink stays open, it is the caller's."""
        self._refusals.close()

    def _check(self, submission: Submission) -> _Checked:
        snapshot = self._current_snapshot()
        project_id = project_from_path(submission.project) if submission.project else None
        credentials = from_request(submission.query, submission.sentry_auth, submission.authorization)
        key = authorise(snapshot, credentials, project_id) if credentials else None
        if len(submission.body) > snapshot.limits.max_envelope_bytes:
            raise TooLarge("request body is too large", f"body exceeds {snapshot.limits.max_envelope_bytes} bytes")
        encoding = normal_encoding(submission.content_encoding)
        decoded = decompress(submission.body, encoding, snapshot.limits.max_decompressed_bytes)
        if submission.is_store and not submission.content_type.startswith("application/x-sentry-envelope"):
            return self._check_store(snapshot, decoded, credentials, key)
        envelope = parse_envelope(decoded, snapshot.limits.max_items)
        credentials, key = _agree(snapshot, envelope, credentials, key, project_id)
        _check_sizes(envelope, snapshot, key)
        event_id = _event_id(envelope)
        shard_key = _shard_key(envelope, event_id, decoded)
        return _Checked(key, credentials, submission.body, encoding, event_id, shard_key, "envelope")

    def _check_store(
        self, snapshot: ConfigSnapshot, decoded: bytes, credentials: Credentials | None, key: KeyConfig | None
    ) -> _Checked:
        if credentials is None or key is None:
            raise _no_credentials()
        text = store_text(decoded, snapshot.limits.max_decompressed_bytes)
        limit = min(self.limits.max_event_bytes, snapshot.projects[key.project_id].max_event_bytes)
        if len(text) > limit:
            raise TooLarge("event is too large", f"event exceeds {limit} bytes")
        event_id = _peek_event_id(text) or new_event_id()
        return _Checked(key, credentials, text, "identity", event_id, event_id.encode(), "store")

    def _append(self, shard_key: bytes, payload: bytes) -> None:
        try:
            self._sink.append(shard_key, payload)
        except CapacityError as error:
            raise Refused(
                "the spool is full",
                status=429,
                reason="spool_full",
                # What the disk looks like is the operator's business: the health check says it, not the answer.
                causes=("the disk or its budget for waiting events is spent",),
                retry_after_s=self.limits.retry_after_s,
            ) from error

    def _current_snapshot(self) -> ConfigSnapshot:
        try:
            return self._snapshot.current()
        except StateError as error:
            raise Refused(
                "the configuration is not available",
                status=503,
                reason="no_configuration",
                causes=(error.message,),
                retry_after_s=self.limits.retry_after_s,
            ) from error

    def _proven_key(self, submission: Submission) -> KeyConfig | None:
        try:
            snapshot = self._snapshot.current()
            credentials = from_request(submission.query, submission.sentry_auth, submission.authorization)
            project_id = project_from_path(submission.project) if submission.project else None
            return authorise(snapshot, credentials, project_id) if credentials else None
        except (Refused, StateError):
            return None


def _no_credentials() -> Refused:
    return Refused(
        "not authenticated",
        status=401,
        reason="no_credentials",
        causes=("send sentry_key in the query, X-Sentry-Auth, Authorization or the envelope's dsn",),
    )


def _agree(
    snapshot: ConfigSnapshot,
    envelope: Envelope,
    credentials: Credentials | None,
    key: KeyConfig | None,
    project_id: int | None,
) -> tuple[Credentials, KeyConfig]:
    """Return credentials and key of the request, or of the envelope's `dsn`; when both are there they must agree."""
    dsn = from_dsn(envelope.headers.get("dsn"))
    if credentials is None or key is None:
        if dsn is None:
            raise _no_credentials()
        if project_id is not None and project_id != dsn.project_id:
            raise Malformed("bad envelope", "the dsn names another project than the URL", reason="dsn_mismatch")
        return dsn, authorise(snapshot, dsn, dsn.project_id)
    if dsn is not None and (dsn.public_key != credentials.public_key or dsn.project_id != key.project_id):
        raise Malformed("bad envelope", "the dsn names another key or project than the request", reason="dsn_mismatch")
    return credentials, key


def _check_sizes(envelope: Envelope, snapshot: ConfigSnapshot, key: KeyConfig) -> None:
    event_limit = snapshot.projects[key.project_id].max_event_bytes
    for item in envelope.items:
        known = item_type(item.type)
        limit = min(known.max_bytes, event_limit) if known.name in {"event", "transaction"} else known.max_bytes
        if len(item.payload) > limit:
            raise TooLarge(f"{known.name} is too large", f"{known.name} item exceeds {limit} bytes")


def _event_id(envelope: Envelope) -> str:
    """Return the envelope's id: its header's, else its event's, else a new one when an item needs one, else empty."""
    event_id = event_id_of(envelope.headers.get("event_id"))
    if event_id:
        return event_id
    needing = [item for item in envelope.items if item_type(item.type).needs_event_id]
    if not needing:
        return ""
    for item in needing:
        if item.type in {"event", "transaction", "feedback"}:
            found = _peek_event_id(item.payload)
            if found:
                return found
    return new_event_id()


def _shard_key(envelope: Envelope, event_id: str, decoded: bytes) -> bytes:
    """Return the natural key: event id, else the trace (so that a resent span meets its first copy), else the body."""
    if event_id:
        return event_id.encode()
    trace = envelope.headers.get("trace")
    trace_id = event_id_of(trace.get("trace_id")) if isinstance(trace, dict) else ""
    return trace_id.encode() or hashlib.blake2b(decoded, digest_size=16).digest()


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
