"""Saved queries."""

from __future__ import annotations

from engine.metadata import _saved
from engine.metadata.rows import AuditEntry
from engine.metadata.saved_rows import SavedQueryRow, SavedQueryText, SavedQueryWanted
from engine.metadata.stores.base import BaseStore, changed_members

_AUDITED = ("name", "description", "kind", "language", "text", "parameters")


class SavedQueryStore(BaseStore):
    """Queries with names and versions. Every change makes a new version; none is ever rewritten."""

    def create_saved_query(
        self,
        content: SavedQueryText,
        *,
        organisation_id: int,
        owner: tuple[int, str],
        sharing: str,
        audit: AuditEntry | None = None,
    ) -> SavedQueryRow:
        """Create a saved query.

        Args:
            content: what it says.
            organisation_id: where it belongs.
            owner: number of the person (0 for the owner of the data directory), and the name the version keeps.
            sharing: `private`, `organisation`, or `team:` and the number of a team.
            audit: what is to be remembered.

        Raises:
            UserError: the name is taken where it would be looked up, or a member is none of the known ones.
        """
        with self._managed(audit) as write:
            user_id, author = owner
            written = _saved.Written(content, sharing, author, self._clock.now())
            row = _saved.create(write.connection, organisation_id, user_id, written)
            write.note(id=row.id, kind=row.content.kind, text=row.content.text, sharing=sharing)
            return row

    def change_saved_query(
        self,
        query_id: int,
        content: SavedQueryText,
        *,
        sharing: str,
        author: str,
        if_version: int | None = None,
        audit: AuditEntry | None = None,
    ) -> SavedQueryRow:
        """Make a new version of a saved query; NotFound, Changed, UserError as for a new one."""
        with self._managed(audit) as write:
            before = _saved.get(write.connection, query_id)
            written = _saved.Written(content, sharing, author, self._clock.now())
            row = _saved.change(write.connection, before, written, if_version)
            write.note(version=row.version, **changed_members(before.content, row.content, _AUDITED))
            if before.sharing != row.sharing:
                write.note(sharing=[before.sharing, row.sharing])
            return row

    def delete_saved_query(
        self, query_id: int, *, if_version: int | None = None, audit: AuditEntry | None = None
    ) -> None:
        """Delete a saved query; for 30 days it can be brought back. The audit keeps what the last version said."""
        with self._managed(audit) as write:
            before = _saved.get(write.connection, query_id)
            write.note(id=query_id, text=before.content.text, version=before.version)
            _saved.remove(write.connection, query_id, if_version, self._clock.now())

    def bring_back_saved_query(self, query_id: int, *, audit: AuditEntry | None = None) -> SavedQueryRow:
        """Undo a deletion; NotFound when there is none, UserError when somebody else has the name by now."""
        with self._managed(audit) as write:
            row = _saved.bring_back(write.connection, query_id)
            write.note(version=row.version)
            return row

    def deleted_saved_query(self, query_id: int) -> SavedQueryRow:
        """Return a saved query that was deleted and can be brought back; NotFound when there is none."""
        with self._database.read() as connection:
            return _saved.deleted(connection, query_id)

    def star_saved_query(self, query_id: int, user_id: int, *, starred: bool, audit: AuditEntry | None = None) -> None:
        """Remember that a person likes a saved query, or no longer; NotFound when there is none."""
        with self._managed(audit) as write:
            _saved.get(write.connection, query_id)
            _saved.star(write.connection, query_id, user_id, starred=starred)

    def saved_query(self, query_id: int, *, user_id: int = 0) -> SavedQueryRow:
        """Return a saved query as it is now; NotFound when there is none."""
        with self._database.read() as connection:
            return _saved.get(connection, query_id, user_id)

    def saved_query_version(self, query_id: int, number: int) -> SavedQueryRow:
        """Return a saved query as it was in one version; NotFound when there is none."""
        with self._database.read() as connection:
            return _saved.version(connection, query_id, number)

    def saved_query_versions(self, query_id: int) -> list[SavedQueryRow]:
        """Return every version of a saved query, newest first; none for an unknown one."""
        with self._database.read() as connection:
            return _saved.versions(connection, query_id)

    def saved_queries(self, wanted: SavedQueryWanted) -> list[SavedQueryRow]:
        """Return the saved queries that are wanted, by name."""
        with self._database.read() as connection:
            return _saved.page(connection, wanted)
