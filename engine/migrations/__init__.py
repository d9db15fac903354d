"""Migrations of the event store: ordered, checksummed, idempotent."""

from __future__ import annotations

from engine.migrations._promotion import promote_tag, promoted_tags
from engine.migrations._run import MIGRATIONS, Migration, StatementRunner, dictionary_sources, run_migrations

__all__ = [
    "MIGRATIONS",
    "Migration",
    "StatementRunner",
    "dictionary_sources",
    "promote_tag",
    "promoted_tags",
    "run_migrations",
]
