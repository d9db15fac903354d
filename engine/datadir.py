"""The data directory: where everything of an embedded installation lies, and who owns it.

VERSION               format of the directory        amber.lock      held by the process that owns the store
store/                events (chDB)                  meta.sqlite3    metadata
blobs/                attachments and the like       run/            configuration snapshot, address of the server
spool/raw/<producer>/<shard>/                        what clients sent, as segments
spool/state/shard-<k>.sqlite3                        what a normaliser remembers
spool/ready/<shard>/                                 batches for the writer
spool/dead/                                          what could not be stored
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from engine.errors import StateError
from engine.files import make_directory, write_atomically
from engine.spool import SpoolKeys

FORMAT_VERSION = 1
"""Format of the directory as a whole. The stores in it have versions of their own, by migration."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that holds a data directory; `url` is empty when it serves nothing."""

    pid: int
    url: str


class DirectoryLock:
    """Holds a data directory until it is released or the process ends, however it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def describe(self, url: str) -> None:
        """Say who holds it, for the message a second process gets."""
        content = orjson.dumps({"pid": os.getpid(), "url": url}) + b"\n"
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, content, 0)

    def release(self) -> None:
        """Let go. Calling it again does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Paths of a data directory.

    Attributes:
        root: absolute path of the directory.
        spool_keys: what raw and dead-letter spools are encrypted with.
    """

    root: Path
    spool_keys: SpoolKeys = field(default_factory=SpoolKeys, repr=False)

    @classmethod
    def at(cls, path: str | Path, spool_key: str | None = None) -> DataDirectory:
        """Return the data directory at `path`, which may be relative, begin with `~`, and not exist yet.

        Args:
            path: of the directory.
            spool_key: the setting of that name.
        """
        return cls(Path(path).expanduser().absolute(), SpoolKeys.from_text(spool_key or ""))

    @property
    def store_url(self) -> str:
        """URL of the embedded event store."""
        return f"chdb://{self.store}"

    @property
    def metadata_url(self) -> str:
        """URL of the embedded metadata database."""
        return f"sqlite:///{self.root / 'meta.sqlite3'}"

    @property
    def blobs(self) -> Path:
        """Directory of blobs."""
        return self.root / "blobs"

    @property
    def incoming(self) -> Path:
        """Directory of large request bodies while they are looked at."""
        return self.blobs / ".incoming"

    @property
    def store(self) -> Path:
        """Directory of the embedded event store."""
        return self.root / "store"

    @property
    def spool(self) -> Path:
        """Directory of all spools."""
        return self.root / "spool"

    @property
    def config(self) -> Path:
        """File of the configuration snapshot, under the name ingest knows it by."""
        return self.config_snapshot

    @property
    def config_snapshot(self) -> Path:
        """File of the configuration snapshot."""
        return self.root / "run" / "config.json"

    @property
    def server_file(self) -> Path:
        """File in which a running server says how to reach it."""
        return self.root / "run" / "server.json"

    @property
    def dead_letters(self) -> Path:
        """Spool of what could not be stored."""
        return self.spool / "dead"

    @property
    def raw_root(self) -> Path:
        """Directory of all raw spools: `<producer>/<shard>` below it."""
        return self.spool / "raw"

    @property
    def ready_root(self) -> Path:
        """Directory of all ready spools: `<shard>` below it."""
        return self.spool / "ready"

    def raw_spool(self, producer: str, shard: int) -> Path:
        """Directory of the raw segments one producer (`ingest-0`, `web`, `load`) writes for one shard."""
        return self.raw_root / producer / str(shard)

    def producers(self) -> list[str]:
        """Return the names of all producers that ever wrote."""
        return sorted(p.name for p in self.raw_root.iterdir() if p.is_dir()) if self.raw_root.is_dir() else []

    def ready_spool(self, shard: int) -> Path:
        """Directory of the batches one normaliser hands to the writer."""
        return self.ready_root / str(shard)

    def shard_state(self, shard: int) -> Path:
        """Database file of one normaliser."""
        return self.spool / "state" / f"shard-{shard}.sqlite3"

    def create(self) -> None:
        """Make the directory, or check the one that is there. Safe to repeat.

        Raises:
            StateError: it was made by a newer Amber, or is not empty and not Amber's.
        """
        if (self.root / "VERSION").exists():
            self.check()
        elif self.root.is_dir() and any(self.root.iterdir()):
            raise StateError(
                f"{self.root} is not empty and no data directory of Amber.",
                code="data-directory-foreign",
                hint="Choose a new or an empty directory.",
            )
        for directory in (self.root, self.root / "run", self.raw_root, self.ready_root, self.spool / "state"):
            make_directory(directory, mode=0o700)
        for directory in (self.root / "store", self.blobs, self.dead_letters):
            make_directory(directory, mode=0o700)
        if not (self.root / "VERSION").exists():
            write_atomically(self.root / "VERSION", f"{FORMAT_VERSION}\n".encode())

    def check(self) -> None:
        """Return when this version of Amber can use the directory.

        Raises:
            StateError: there is none, or it was made by a newer Amber.
        """
        try:
            text = (self.root / "VERSION").read_text().strip()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise StateError(
                f"There is no data directory of Amber at {self.root}.",
                code="data-directory-missing",
                hint=f"Make one with `amber init --data {self.root}`.",
            ) from error
        if not text.isdigit():
            raise StateError(
                f"{self.root / 'VERSION'} does not hold a version.",
                code="data-directory-damaged",
                hint="Restore the file from a backup.",
            )
        if int(text) > FORMAT_VERSION:
            raise StateError(
                f"{self.root} has format {text}, this version of Amber knows formats up to {FORMAT_VERSION}.",
                code="data-directory-newer",
                hint=f"Use a version of Amber that knows format {text}; nothing was changed.",
            )

    def lock(self, url: str = "") -> DirectoryLock:
        """Become the owner of the directory: the only process that opens its store.

        Args:
            url: where the owner serves, for the message others get.

        Raises:
            StateError: another process owns it (`store-locked`).
        """
        descriptor = os.open(self.root / "amber.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise self._locked() from error
        lock = DirectoryLock(descriptor)
        lock.describe(url)
        return lock

    def owner(self) -> Owner | None:
        """Return the process that owns the directory now, or None."""
        try:
            descriptor = os.open(self.root / "amber.lock", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._described()
        finally:
            os.close(descriptor)
        return None

    def _described(self) -> Owner:
        try:
            content = orjson.loads((self.root / "amber.lock").read_bytes())
            return Owner(int(content["pid"]), str(content["url"]))
        except (OSError, ValueError, KeyError):
            return Owner(0, "")  # between taking the lock and saying so

    def _locked(self) -> StateError:
        owner = self._described()
        served = f" and serves {owner.url}" if owner.url else ""
        other = f"ask it with `amber query --url {owner.url}`" if owner.url else "wait until it is done"
        return StateError(
            f"{self.root} is in use: process {owner.pid or '?'} owns its store{served}.",
            code="store-locked",
            hint=f"Stop that process, or {other}.",
        )
