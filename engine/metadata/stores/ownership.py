"""Who owns what, and how far new issues have been assigned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.commits import OwnershipRow
from engine.metadata import _issues, _ownership
from engine.metadata.rows import AuditEntry, IssueRow
from engine.metadata.stores.base import BaseStore, changed_members

_MEMBERS = ("rules", "codeowners", "syntax", "auto_assign", "mapping")


class OwnershipStore(BaseStore):
    """Ownership of projects."""

    def ownership(self, project_id: int) -> OwnershipRow:
        """Return who owns what in a project; the defaults, with version 0, when nobody has said."""
        with self._database.read() as connection:
            return _ownership.ownership(connection, project_id)

    def change_ownership(
        self,
        project_id: int,
        values: Mapping[str, Any],
        *,
        if_version: int | None = None,
        audit: AuditEntry | None = None,
    ) -> OwnershipRow:
        """Set members of a project's ownership and return it.

        Raises:
            NotFound: there is no such project.
            Changed: its version is not `if_version`.
        """
        with self._managed(audit) as write:
            before, after = _ownership.change(write.connection, project_id, values, if_version)
            write.note(**changed_members(before, after, _MEMBERS))
            return after

    def assigning_projects(self) -> list[OwnershipRow]:
        """Return the ownership of the live projects that assign new issues."""
        with self._database.read() as connection:
            return _ownership.assigning(connection)

    def advance_assignment(self, project_id: int, up_to: int, waiting: Sequence[int]) -> None:
        """Remember up to which issue (by number) assignment has looked, and which ones it comes back to."""
        with self._database.write() as connection:
            _ownership.advance(connection, project_id, up_to, waiting)

    def issues_behind(self, project_id: int, number: int, limit: int) -> list[IssueRow]:
        """Return up to `limit` issues of a project whose number is above `number`, in that order."""
        with self._database.read() as connection:
            found = _issues.page(connection, (project_id, number), limit)
        return [row for row in found if row.project_id == project_id]
