"""The edge without HTTP: who sends, what they may send, and the durable raw record.

Everything that can make a request fail is checked before the 200; everything expensive is left to the normaliser. What
the doors (`ingest.doors`, `ingest.otlp`, `ingest.native`) have in common is here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from engine.clock import Clock, SystemClock
from engine.errors import CapacityError, StateError
from engine.snapshot import ConfigSnapshot, KeyConfig, ProjectConfig
from ingest.auth import Credentials, authorise, bearer_token, from_path, from_request, project_from_path
from ingest.blobs.bodies import LARGE_BODY_BYTES, Bodies
from ingest.bodies import Body, Kept, LargeBody, SmallBody
from ingest.calls import Call
from ingest.encodings import decompress, normal_encoding
from ingest.errors import Refused, TooLarge
from ingest.limiter import FREE, RateLimiter, Verdict
from ingest.limits import IngestLimits
from ingest.ports import Snapshots
from ingest.records import RawRecord, encode_record
from ingest.refusals import Refusal, RefusalCounter
from ingest.sink import RawSink

_MAX_CLIENT = 100
_LARGEST_RATIO = 100
"""Real bodies of more than 8 MiB do not shrink further than to a hundredth; 155 KB events to a sixtieth do occur."""


class TokenDoor(Protocol):
    """Knows API tokens; only the process with the metadata database has one."""

    def project_of(self, token: str, project: str) -> int:
        """Return the project a token may send to, by its short name or number; Refused when it may not."""
        ...


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: a key that was found valid, under one configuration.

    Attributes:
        credentials: what the client said about itself.
        snapshot: the configuration the request is judged by.
    """

    key: KeyConfig
    credentials: Credentials
    snapshot: ConfigSnapshot

    @property
    def project_id(self) -> int:
        """Number of the project."""
        return self.key.project_id

    @property
    def project(self) -> ProjectConfig:
        """Settings of the project."""
        return self.snapshot.projects[self.key.project_id]

    @property
    def client(self) -> str:
        """Name and version of the client, as it said."""
        return self.credentials.client


class Edge:
    """Accepts what clients send into the raw spool.

    Args:
        sink: where acknowledged requests go.
        snapshot: keys, projects and limits.
        bodies: receives large bodies into files; without it they are held in memory.
        tokens: knows API tokens; without it only keys of projects are taken.
    """

    def __init__(
        self,
        sink: RawSink,
        snapshot: Snapshots,
        limits: IngestLimits,
        clock: Clock | None = None,
        *,
        bodies: Bodies | None = None,
        tokens: TokenDoor | None = None,
    ) -> None:
        self.limits = limits
        self._sink = sink
        self._snapshot = snapshot
        self._clock = clock or SystemClock()
        self._bodies = bodies
        self._tokens = tokens
        self._limiter = RateLimiter(self._clock)
        self._refusals = RefusalCounter(
            lambda payload: sink.append(b"outcome", payload), self._clock, max_pending=limits.max_pending_refusals
        )

    def snapshot(self) -> ConfigSnapshot:
        """Return the configuration in force.

        Raises:
            Refused: 503, there is none; nothing is accepted without it.
        """
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

    def claimed(self, call: Call, snapshot: ConfigSnapshot | None = None) -> Sender | None:
        """Return who sends by path, query and headers, None when these name nobody.

        Raises:
            Refused: 400, 403, what they name is malformed, unknown, revoked or of another project.
        """
        snapshot = snapshot or self.snapshot()
        project_id = project_from_path(call.project) if call.project else None
        authorization = call.header("Authorization")
        credentials = from_path(call.arguments.get("key", "")) or from_request(
            call.query, call.header("X-Sentry-Auth"), authorization
        )
        if credentials is not None:
            return Sender(authorise(snapshot, credentials, project_id), credentials, snapshot)
        token = bearer_token(authorization)
        if not token or self._tokens is None:
            return None
        found = self._tokens.project_of(token, call.project or call.parameter("project"))
        if found not in snapshot.projects:
            raise Refused("not authorised", status=403, reason="unknown_project", causes=("no such project",))
        return Sender(KeyConfig(0, found), Credentials("", call.user_agent[:_MAX_CLIENT]), snapshot)

    def sender(self, call: Call) -> Sender:
        """Return who sends; Refused with 401 when the request names nobody, and as `claimed`."""
        found = self.claimed(call)
        if found is None:
            raise no_credentials()
        return found

    def received(self, call: Call, snapshot: ConfigSnapshot, max_bytes: int | None = None) -> Body:
        """Return the body decompressed, in memory or, when it is large, in a file; the caller closes it.

        Raises:
            TooLarge: it, or what it decompresses to, is above a limit; no more than the limit was ever held.
            Malformed: it is not in its encoding, or ended early.
        """
        most = self.limits.max_body_bytes if max_bytes is None else min(max_bytes, self.limits.max_body_bytes)
        sent_limit = min(most, snapshot.limits.max_envelope_bytes)
        limit = snapshot.limits.max_decompressed_bytes
        limit = limit if max_bytes is None else min(limit, max_bytes)
        encoding = normal_encoding(call.header("Content-Encoding"))
        chunks = call.chunks(sent_limit)
        first: list[bytes] = []
        for part in chunks:
            first.append(part)
            if self._bodies is not None and call.received_bytes > LARGE_BODY_BYTES:
                return LargeBody(self._bodies, self._bodies.receive(chain(first, chunks), encoding, limit))
        sent = first[0] if len(first) == 1 else b"".join(first)
        return self._small(sent, encoding, limit)

    def _small(self, sent: bytes, encoding: str, limit: int) -> Body:
        if self._bodies is None:
            return SmallBody(sent, encoding, decompress(sent, encoding, limit))
        try:
            return SmallBody(sent, encoding, decompress(sent, encoding, min(limit, 2 * LARGE_BODY_BYTES)))
        except TooLarge:
            # A small body of a large envelope, or a bomb: once more, into a file, and never without bound.
            limit = min(limit, max(2 * LARGE_BODY_BYTES, _LARGEST_RATIO * len(sent)))
            return LargeBody(self._bodies, self._bodies.receive((sent,), encoding, limit))

    def written(self, chunks: Iterable[bytes]) -> Body:
        """Return a body made here, in memory or, when it is large, in a file; the caller closes it."""
        most = self.limits.max_envelope_bytes
        first: list[bytes] = []
        size = 0
        more = iter(chunks)
        for part in more:
            first.append(part)
            size += len(part)
            if self._bodies is not None and size > LARGE_BODY_BYTES:
                return LargeBody(self._bodies, self._bodies.receive(chain(first, more), "identity", most))
        whole = b"".join(first)
        return SmallBody(whole, "identity", whole)

    def decoded(self, call: Call, sender: Sender, max_bytes: int | None = None) -> bytes:
        """Return the body decompressed and in memory; TooLarge, Malformed."""
        with self.received(call, sender.snapshot, max_bytes) as body:
            return body.decoded()

    def admit(self, sender: Sender, wanted: Sequence[tuple[str, int]]) -> Verdict:
        """Return what the rate limits of the sender let pass of so many items of these categories."""
        if not sender.project.rate_limits:
            return FREE
        quantities: Counter[str] = Counter()
        for category, quantity in wanted:
            quantities[category] += quantity
        return self._limiter.admit(sender.project, sender.key, quantities)

    def keep(
        self, sender: Sender, call: Call, kind: str, body: Kept | bytes, shard_key: bytes, *, event_id: str = ""
    ) -> None:
        """Return once the record is on disk; the arguments are those of `record`, and the key it is sharded by.

        Raises:
            Refused: 503, the disk or its budget is spent.
        """
        self.append(shard_key, self.record(sender, call, kind, body, event_id=event_id))

    def record(self, sender: Sender, call: Call, kind: str, body: Kept | bytes, *, event_id: str = "") -> RawRecord:
        """Return the raw record of a request, received now.

        Args:
            sender: who sends.
            call: its address and user agent are kept too.
            kind: kind of the raw record, as the normaliser's table of handlers knows it.
            body: what stands in the record; bytes are not compressed.
            event_id: the id the client is told.
        """
        kept = Kept(body) if isinstance(body, bytes) else body
        return RawRecord(
            kind,
            self._clock.now_ns(),
            sender.project_id,
            sender.key.key_id,
            kept.body,
            kept.encoding,
            call.remote_addr,
            call.user_agent[:200],
            sender.client,
            event_id,
            kept.blobs,
        )

    def append(self, shard_key: bytes, record: RawRecord) -> None:
        """Return once a record is on disk; Refused with 503 when it cannot be."""
        try:
            self._sink.append(shard_key, encode_record(record))
        except CapacityError as error:
            raise self.full() from error
        except ValueError as error:
            raise TooLarge("request body is too large", str(error)) from error

    def full(self) -> Refused:
        """Return the refusal while there is no room on the disk."""
        return Refused(
            "the spool is full",
            status=503,
            reason="spool_full",
            # What the disk looks like is the operator's business: the health check says it, not the answer.
            causes=("the disk or its budget for waiting events is spent",),
            retry_after_s=self.limits.retry_after_s,
        )

    def now_ns(self) -> int:
        """Return the time of arrival, nanoseconds since the epoch."""
        return self._clock.now_ns()

    def count(
        self, sender: Sender, outcome: str, category: str, reason: str, *, quantity: int = 1, size: int = 0
    ) -> None:
        """Count parts of a request that were refused while the rest was taken."""
        counted = Refusal(sender.project_id, sender.key.key_id, outcome, category, reason)
        self._refusals.count(counted, size, quantity)

    def count_refusal(self, refusal: Refused, call: Call) -> None:
        """Count a refused request; the project is only named when the request proved its key."""
        key = self._proven_key(call)
        outcome = "rate_limited" if refusal.http_status in {429, 503} else "invalid"
        counted = Refusal(key.project_id if key else 0, key.key_id if key else 0, outcome, "default", refusal.reason)
        self._refusals.count(counted, call.received_bytes)

    def close(self) -> None:
        """Flush the refusal counts; the sink stays open, it is the caller's."""
        self._refusals.close()

    def _proven_key(self, call: Call) -> KeyConfig | None:
        try:
            sender = self.claimed(call)
        except Refused:
            return None
        return sender.key if sender else None


def no_credentials() -> Refused:
    """Return the refusal of a request that names no key."""
    return Refused(
        "not authenticated",
        status=401,
        reason="no_credentials",
        causes=("send sentry_key in the query, X-Sentry-Auth, Authorization or the envelope's dsn",),
    )
