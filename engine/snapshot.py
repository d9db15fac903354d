"""The configuration snapshot: what ingest and normalisers know of the metadata database, as one file.

It is published by atomic rename and polled, so these processes run on while the database is down, and a revoked key
dies within two polls.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import NamedTuple

import msgspec

from engine.errors import StateError
from engine.files import make_directory, write_atomically


class KeyConfig(msgspec.Struct, frozen=True):
    """One public key of a DSN.

    Attributes:
        key_id: number of the key, as in `outcomes`.
        project_id: the project it sends to.
        active: False when revoked or when its project is deleted.
    """

    key_id: int
    project_id: int
    active: bool = True


class RateLimitConfig(msgspec.Struct, frozen=True):
    """How much of some categories a project or a key may send; what is above is refused with 429.

    Attributes:
        quantity: items a window; 0 takes none at all.
        window_s: length of the window in seconds.
        categories: data categories (`error`, `transaction`, `span`, `log_item` …), counted together; empty for all.
        scope: `project` counts all keys together, `key` each by itself.
    """

    quantity: int
    window_s: int = 60
    categories: tuple[str, ...] = ()
    scope: str = "project"


class ProjectConfig(msgspec.Struct, frozen=True):
    """Settings of one project that ingest and normalisers need.

    Attributes:
        slug: the project's name in URLs and queries.
        in_app_include: prefixes of modules that are the project's own code.
        in_app_exclude: prefixes of modules that are not.
        grouping_version: version of the grouping algorithm.
        retention_days: days until errors are dropped.
        span_retention_days: days until spans are dropped.
        max_event_bytes: largest event item, uncompressed.
        rate_limits: how much it may send.
        webhook_secret: what GitHub and GitLab sign their webhooks with; empty takes none.
        grouping_before: the version before, while events stay in the issues it made; empty outside of such a time.
        grouping_before_until: when that time ends, in seconds since 1970.
        fingerprint_rules: rules that say which events are one issue, one a line (`ml.grouping.project`).
        in_app_rules: stack-trace rules, one a line (`ml.grouping.project`).
        scrub_rules: rules for personal data, one a line (`ingest.scrub.rules`).
        scrub_defaults: whether the default rules hold too.
        scrub_ip: what becomes of IP addresses: `keep`, `mask`, `hash` or `remove`.
        scrub_email: the same for e-mail addresses.
        scrub_key: secret text that hashes are keyed with, so that nobody can guess what was hashed; the project's own.
        artifacts: highest number of an uploaded bundle of source maps; 0 for none. No option: it grows by uploads, and
            is pinned with a raw range, so that a range done again sees the same files.
        auto_resolve_days: days without events after which an issue is resolved by itself; 0 for never.
    """

    id: int
    slug: str
    in_app_include: tuple[str, ...] = ()
    in_app_exclude: tuple[str, ...] = ()
    grouping_version: str = "v1"
    retention_days: int = 90
    span_retention_days: int = 30
    max_event_bytes: int = 1024 * 1024
    rate_limits: tuple[RateLimitConfig, ...] = ()
    webhook_secret: str = ""
    grouping_before: str = ""
    grouping_before_until: int = 0
    fingerprint_rules: str = ""
    in_app_rules: str = ""
    scrub_rules: str = ""
    scrub_defaults: bool = True
    scrub_ip: str = "keep"
    scrub_email: str = "keep"
    scrub_key: str = ""
    artifacts: int = 0
    auto_resolve_days: int = 0


class LimitConfig(msgspec.Struct, frozen=True):
    """Limits that hold for the whole installation.

    Attributes:
        max_envelope_bytes: largest request body as sent.
        max_decompressed_bytes: largest request body after decompression.
        max_items: most items in one envelope.
    """

    max_envelope_bytes: int = 200 * 1024 * 1024
    max_decompressed_bytes: int = 200 * 1024 * 1024
    max_items: int = 1000


class ConfigSnapshot(msgspec.Struct, frozen=True):
    """Everything ingest and normalisers need to know, at one version.

    Attributes:
        version: grows with each change; pinned per raw range by normalisers.
        keys: by public key.
        projects: by project id; deleted projects are absent.
    """

    version: int
    keys: dict[str, KeyConfig] = {}
    projects: dict[int, ProjectConfig] = {}
    limits: LimitConfig = LimitConfig()


class _ProjectRules(msgspec.Struct, frozen=True):
    """What must not be absent: a default would let personal data pass that the project has rules for."""

    scrub_rules: str
    scrub_defaults: bool


class _Rules(msgspec.Struct, frozen=True):
    projects: dict[int, _ProjectRules] = {}


def encode(snapshot: ConfigSnapshot) -> bytes:
    """Return the snapshot as the JSON text that is published; equal snapshots give equal bytes."""
    ordered = msgspec.structs.replace(
        snapshot, keys=dict(sorted(snapshot.keys.items())), projects=dict(sorted(snapshot.projects.items()))
    )
    return msgspec.json.encode(ordered)


def decode(data: bytes, *, pinned: bool = False) -> ConfigSnapshot:
    """Return the snapshot in `data`.

    Args:
        data: what `encode` gave.
        pinned: it belongs to a range that is to be redone, perhaps after an upgrade: what it does not say has its
            default.

    Raises:
        StateError: `data` is not a snapshot of this version of Amber, or a project in it says nothing of scrubbing:
            nothing may be processed then.
    """
    try:
        if not pinned:
            msgspec.json.decode(data, type=_Rules)
        return msgspec.json.decode(data, type=ConfigSnapshot)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StateError(
            f"The configuration snapshot cannot be read: {error}.",
            code="snapshot-unreadable",
            hint="Restart `amber serve`, which publishes it anew.",
        ) from error


def publish(path: Path, snapshot: ConfigSnapshot) -> None:
    """Replace the snapshot at `path`, durably and atomically; it holds secrets, so only its owner may read it."""
    make_directory(path.parent)
    write_atomically(path, encode(snapshot), mode=0o600)


class _Seen(NamedTuple):
    stamp: tuple[int, int, int]
    snapshot: ConfigSnapshot


class SnapshotReader:
    """Gives the newest published snapshot; safe to call from many threads and for every request.

    Args:
        path: the file `publish` writes.
        poll_s: how old an answer may be, in seconds.
    """

    def __init__(self, path: Path, poll_s: float = 1.0) -> None:
        self._path = path
        self._poll_s = poll_s
        self._lock = threading.Lock()
        self._seen: _Seen | None = None
        self._checked_at = float("-inf")

    def current(self) -> ConfigSnapshot:
        """Return the newest snapshot, at most `poll_s` seconds old.

        Raises:
            StateError: there is none, or it cannot be read. Callers must stop processing: without a snapshot
                neither keys nor scrub rules are known.
        """
        seen = self._seen
        if seen is not None and time.monotonic() - self._checked_at < self._poll_s:
            return seen.snapshot
        with self._lock:
            return self._refresh()

    def _refresh(self) -> ConfigSnapshot:
        checked_at = time.monotonic()
        if self._seen is not None and checked_at - self._checked_at < self._poll_s:
            return self._seen.snapshot
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
                if self._seen is None or self._seen.stamp != stamp:
                    self._seen = _Seen(stamp, decode(file.read()))
        except OSError as error:
            self._seen = None
            raise StateError(
                f"There is no configuration snapshot at {self._path}.",
                code="snapshot-missing",
                hint="`amber serve` publishes it; is it running on this data directory?",
            ) from error
        self._checked_at = checked_at
        return self._seen.snapshot
