"""Looking at dead letters and replaying them: what `amber dlq` does."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from engine.files import fsync_directory, make_directory
from ingest.deadbox import read_box
from ingest.envelope import print_envelope
from ingest.items import record_type
from ingest.layout import DEAD, READY, REJECTED, DataPaths
from ingest.ready import ReadyName
from ingest.records import DeadLetter, RawRecord, encode_record

_REPLAYED = "replayed"


class DeadLetters:
    """All boxes of a data directory. Reading needs no lock; a live server may be writing beside it."""

    def __init__(self, data: DataPaths) -> None:
        self._dead = data.spool / DEAD
        self._rejected = data.spool / REJECTED
        self._ready = data.spool / READY
        self._keys = data.spool_keys

    def letters(self, *, kind: str = "", project_id: int | None = None) -> Iterator[DeadLetter]:
        """Yield letters that were not replayed, box by box, oldest first.

        Args:
            kind: only `invalid`, `set_aside`, `undecodable` or `rejected`; empty for all.
            project_id: only this project's.
        """
        replayed = self._replayed()
        for letter in self._all():
            wanted = (not kind or letter.kind == kind) and (project_id is None or letter.project_id == project_id)
            if wanted and letter.id not in replayed:
                yield letter

    def find(self, letter_id: str) -> DeadLetter | None:
        """Return one letter, None when there is none or it was replayed."""
        return next((letter for letter in self.letters() if letter.id == letter_id), None)

    def replay(self, letters: Iterable[DeadLetter], append: Callable[[bytes, bytes], None]) -> int:
        """Send letters through the pipeline again and return how many could be.

        Args:
            letters: what to replay; each leaves the list, and comes back under a new id when it fails again.
            append: takes shard key and raw record and returns when it is durable (`ShardedSink.append`).
        """
        count = 0
        for letter in list(letters):
            if letter.kind == "rejected":
                done = self._readmit(letter)
            else:
                record = _record(letter)
                done = record is not None
                if record is not None:
                    append(_shard_key(record), encode_record(record))
                    self._mark(letter.id)
            count += done
        return count

    def named(self, ids: Sequence[str]) -> list[DeadLetter]:
        """Return the letters with these ids; those that are gone are left out."""
        wanted = set(ids)
        return [letter for letter in self.letters() if letter.id in wanted]

    def drop(self, letters: Iterable[DeadLetter]) -> int:
        """Leave letters out of every list from now on, and return how many; their boxes are emptied as they age."""
        count = 0
        for letter in list(letters):
            if letter.kind == "rejected":
                count += self._remove(letter)
            else:
                self._mark(letter.id)
                count += 1
        return count

    def _all(self) -> Iterator[DeadLetter]:
        if not self._dead.is_dir():
            return
        for box in sorted(self._dead.iterdir()):
            if box.is_dir() and box != self._rejected:
                yield from read_box(box, self._keys)
        yield from self._rejected_files()

    def _rejected_files(self) -> Iterator[DeadLetter]:
        for path in sorted(self._rejected.glob("*/*.arrow")):
            said: dict[str, Any] = {}
            with contextlib.suppress(OSError, ValueError):
                said = json.loads(path.with_name(f"{path.name}.json").read_bytes())
            name = ReadyName.parse(path.name)
            with contextlib.suppress(FileNotFoundError):
                size = path.stat()
                yield DeadLetter(
                    f"{path.parent.name}/{path.name}",
                    "rejected",
                    "store_rejected",
                    f"{said.get('reason', '')} ({size.st_size} bytes)",
                    name.dataset if name else "",
                    0,
                    0,
                    size.st_mtime_ns,
                    b"",
                )

    def _readmit(self, letter: DeadLetter) -> bool:
        """Move a rejected file back to the ready ones."""
        shard, _, name = letter.id.partition("/")
        path = self._rejected / shard / name
        if ReadyName.parse(name) is None or not path.is_file():
            return False
        target = self._ready / shard
        make_directory(target)
        path.replace(target / name)
        fsync_directory(target)
        path.with_name(f"{name}.json").unlink(missing_ok=True)
        return True

    def _remove(self, letter: DeadLetter) -> bool:
        """Delete a rejected file."""
        shard, _, name = letter.id.partition("/")
        path = self._rejected / shard / name
        if ReadyName.parse(name) is None or not path.is_file():
            return False
        path.unlink(missing_ok=True)
        path.with_name(f"{name}.json").unlink(missing_ok=True)
        return True

    def _replayed(self) -> set[str]:
        try:
            return set((self._dead / _REPLAYED).read_text().splitlines())
        except FileNotFoundError:
            return set()

    def _mark(self, letter_id: str) -> None:
        with (self._dead / _REPLAYED).open("a") as file:
            file.write(f"{letter_id}\n")
            file.flush()
            os.fsync(file.fileno())


def _record(letter: DeadLetter) -> RawRecord | None:
    """Return the raw record that sends a letter again, None when nothing of it was kept."""
    if not letter.body:
        return None
    is_kind = record_type(letter.item_type) is not None
    if letter.kind == "undecodable" and not is_kind and letter.item_type not in {"envelope", "store"}:
        return None
    # Items set aside are of types nobody knows: a client may have called one as a kind of record is called.
    if letter.kind == "undecodable" or (letter.kind == "invalid" and is_kind):
        body, kind, encoding = letter.body, letter.item_type, letter.encoding
    else:
        headers = {"event_id": letter.event_id} if letter.event_id else {}
        header = msgspec.json.decode(letter.header)
        body, kind, encoding = print_envelope(headers, ((header, letter.body),)), "envelope", "identity"
    return RawRecord(
        kind,
        letter.received_at_ns,
        letter.project_id,
        letter.key_id,
        body,
        encoding,
        event_id=letter.event_id,
    )


def _shard_key(record: RawRecord) -> bytes:
    return record.event_id.encode() or hashlib.blake2b(record.body, digest_size=16).digest()
