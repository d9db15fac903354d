"""Pushes the metadata database could not take when they came: kept on disk, and told again when it answers.

Neither GitHub nor GitLab sends a delivery again by itself when it was answered with an error, and GitLab stops sending
to an address that answers so (docs.gitlab.com, webhooks that fail). A delivery that has proved its secret is therefore
answered with 200 once it is on disk, and a job tells it to the database, the oldest first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from engine.datadir import DataDirectory
from engine.errors import AmberError
from engine.files import make_directory, write_atomically
from engine.metadata import AuditEntry
from engine.spool import SpoolKeys, Tampered
from server.commits.registry import CommitRegistry
from server.commits.told import PUSH_READERS
from server.jobs import Job, JobRun

if TYPE_CHECKING:
    from server.compose import Installation

NAME = "pushes"
EVERY = timedelta(seconds=30)
MOST_WAITING = 10_000
"""Further ones are refused: the database has been away for long, and the disk is not for that."""

_SUFFIX = ".push"
_log = structlog.stdlib.get_logger(__name__)


class _Kept(msgspec.Struct):
    provider: str
    project_id: int
    at: datetime
    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WaitingPush:
    """A delivery that waits.

    Attributes:
        path: of its file.
        provider: `github` or `gitlab`.
        project_id: whose it is.
        at: when it came.
        told: what it says.
    """

    path: Path
    provider: str
    project_id: int
    at: datetime
    told: Mapping[str, Any]


class WaitingPushes:
    """The deliveries that wait in a data directory; encrypted as the spools are.

    Args:
        data: the directory.
    """

    def __init__(self, data: DataDirectory) -> None:
        self._directory = data.spool / "pushes"
        self._keys: SpoolKeys = data.spool_keys

    def keep(self, provider: str, project_id: int, at: datetime, told: Mapping[str, Any]) -> bool:
        """Keep a delivery, durably; False when too many wait already."""
        make_directory(self._directory)
        if sum(1 for _ in self._directory.glob(f"*{_SUFFIX}")) >= MOST_WAITING:
            return False
        body = msgspec.json.encode(_Kept(provider, project_id, at, dict(told)))
        digest = hashlib.blake2b(body, digest_size=8).hexdigest()
        sealer = self._keys.sealer()
        name = f"{int(at.timestamp() * 1e6):020d}-{digest}{_SUFFIX}"
        write_atomically(self._directory / name, sealer.sealed(body) if sealer else body, mode=0o600)
        return True

    def oldest_first(self) -> Iterator[WaitingPush]:
        """Yield what waits; a file that cannot be read stays where it is, and is told in the log."""
        for path in sorted(self._directory.glob(f"*{_SUFFIX}")):
            try:
                body = path.read_bytes()
                kept = msgspec.json.decode(body if body[:1] == b"{" else self._keys.unsealed(body), type=_Kept)
            except (OSError, AmberError, Tampered, msgspec.MsgspecError) as error:
                _log.warning("push.unreadable", file=str(path), error=str(error))
                continue
            yield WaitingPush(path, kept.provider, kept.project_id, kept.at.astimezone(UTC), kept.told)


def push_job(installation: Installation) -> Job:
    """Return the job that tells waiting pushes to the metadata database."""
    metadata = installation.metadata
    waiting = WaitingPushes(installation.data)
    registry = CommitRegistry(metadata, installation.clock)  # their rows of `changes` were made when they came

    def run(now: JobRun) -> str:
        count = 0
        for one in waiting.oldest_first():
            if now.stopping:
                break
            project = next((row for row in metadata.projects() if row.id == one.project_id), None)
            if project is not None:
                entry = AuditEntry(f"webhook:{one.provider}", "commits.push", f"project:{project.slug}")
                registry.pushed(project, one.provider, PUSH_READERS[one.provider](one.told, one.at), entry)
            one.path.unlink(missing_ok=True)
            count += 1
        return f"{count} pushes told" if count else "nothing waits"

    return Job(NAME, EVERY, run)
