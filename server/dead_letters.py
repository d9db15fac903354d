"""Dead letters for the API: looked at, sent again, dropped; the last two are in the audit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from engine.datadir import DataDirectory
from engine.errors import NotFound, UserError
from engine.metadata import AuditEntry, MetadataStore
from iam import Principal
from ingest.deadletters import DeadLetters
from ingest.records import DeadLetter
from ingest.sink import ShardedSink

KINDS = ("invalid", "set_aside", "undecodable", "rejected")
PRODUCER = "dlq"


class DeadLetterService:
    """The dead letters of a served data directory.

    Args:
        data: the directory.
        shards: number of its shards.
        metadata: remembers who did what.
    """

    def __init__(self, data: DataDirectory, shards: int, metadata: MetadataStore) -> None:
        self._data = data
        self._letters = DeadLetters(data)
        self._shards = shards
        self._metadata = metadata

    def page(self, *, kind: str = "", project_id: int | None = None, limit: int = 100) -> list[DeadLetter]:
        """Return the oldest letters."""
        return list(islice(self._letters.letters(kind=kind, project_id=project_id), limit))

    def one(self, letter_id: str) -> DeadLetter:
        """Return a letter; NotFound when there is none, or it was replayed or dropped."""
        found = self._letters.find(letter_id)
        if found is None:
            raise NotFound(f"There is no dead letter {letter_id[:200]!r}.", code="letter-unknown")
        return found

    def replay(self, principal: Principal, ids: Sequence[str], *, kind: str = "", everything: bool = False) -> int:
        """Send letters through the pipeline again and return how many could be; by id, or all of a kind."""

        def send(letters: Sequence[DeadLetter]) -> int:
            sink = ShardedSink(self._data.raw_root / PRODUCER, self._shards, keys=self._data.spool_keys)
            try:
                return self._letters.replay(letters, sink.append)
            finally:
                sink.close()

        return self._all(principal, "deadletter.replay", self._chosen(ids, kind, everything=everything), send)

    def drop(self, principal: Principal, ids: Sequence[str], *, kind: str = "", everything: bool = False) -> int:
        """Drop letters for good and return how many; by id, or all of a kind."""
        chosen = self._chosen(ids, kind, everything=everything)
        return self._all(principal, "deadletter.drop", chosen, self._letters.drop)

    def _chosen(self, ids: Sequence[str], kind: str, *, everything: bool) -> list[DeadLetter]:
        if bool(ids) == everything:
            raise UserError("Name the letters, or say `all`.", code="nothing-chosen")
        if everything:
            return list(self._letters.letters(kind=kind))
        return self._letters.named(ids)

    def _all(
        self,
        principal: Principal,
        action: str,
        letters: Sequence[DeadLetter],
        work: Callable[[Sequence[DeadLetter]], int],
    ) -> int:
        done = work(letters)
        details = {"asked": len(letters), "done": done, "ids": [letter.id for letter in letters[:20]]}
        self._metadata.record(AuditEntry(principal.name, action, "deadletters", details))
        return done


def letter_facts(letter: DeadLetter) -> dict[str, Any]:
    """Return what is told of a letter, without its body."""
    received = datetime.fromtimestamp(letter.received_at_ns / 1e9, UTC)
    return {
        "id": letter.id,
        "received_at": received.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "kind": letter.kind,
        "reason": letter.reason,
        "item_type": letter.item_type,
        "project_id": letter.project_id,
        "event_id": letter.event_id,
        "bytes": len(letter.body),
        "detail": letter.detail,
    }
