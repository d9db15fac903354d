"""What every subject of the metadata store stands on: the database, the clock, and writes that are remembered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from engine.clock import Clock, SystemClock
from engine.metadata import _audit
from engine.metadata._database import Database
from engine.metadata.rows import AuditEntry


@dataclass(slots=True)
class ManagedWrite:
    """A write under way. What it finds out (a new number, a state before) it adds to what the audit will say."""

    connection: Connection
    found: dict[str, Any] = field(default_factory=dict)

    def note(self, **details: Any) -> None:
        """Add members to the details of the audit entry."""
        self.found.update(details)


class BaseStore:
    """One metadata database.

    Args:
        url: `sqlite:////abs/file` or `postgresql+psycopg://user:pw@host/name`.
        clock: what tells the time.

    Raises:
        StateError: the URL names no database Amber can use.
    """

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        self._database = Database(url)
        self._clock: Clock = clock or SystemClock()

    @contextmanager
    def _managed(self, audit: AuditEntry | None) -> Iterator[ManagedWrite]:
        """Give a writing transaction that ends with the audit entry, or not at all.

        The end of the chain is locked first, so managed writes happen one after the other. Without an entry it is
        the program itself that writes, and nothing is remembered.
        """
        with self._database.write() as connection:
            head = None if audit is None else _audit.lock_head(connection)
            write = ManagedWrite(connection)
            yield write
            if audit is not None and head is not None:
                entry = replace(audit, details={**audit.details, **write.found})
                _audit.append(connection, head, [entry], self._clock.now())


def changed_members(before: object, after: object, names: tuple[str, ...]) -> Mapping[str, Any]:
    """Return {"before": ..., "after": ...} with those of the named members that differ, for the audit."""
    differ = [name for name in names if getattr(before, name) != getattr(after, name)]
    return {
        "before": {name: getattr(before, name) for name in differ},
        "after": {name: getattr(after, name) for name in differ},
    }
