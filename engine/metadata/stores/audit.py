"""The audit: reading and verifying it; it is written by the writes it remembers."""

from __future__ import annotations

from engine.metadata import _audit
from engine.metadata.rows import AuditEntry, AuditRow, AuditVerdict
from engine.metadata.stores.base import BaseStore


class AuditStore(BaseStore):
    """What was done, by whom, in which order."""

    def record(self, audit: AuditEntry) -> None:
        """Remember something that is not written here."""
        with self._managed(audit):
            pass

    def audit_page(
        self, before_id: int | None = None, limit: int = 100, *, action: str = "", actor: str = ""
    ) -> list[AuditRow]:
        """Return up to `limit` rows before `before_id`, the newest first.

        Args:
            before_id: the last row of the page before; None for the newest.
            limit: most rows.
            action: only this action, or all that begin so when it ends with a dot.
            actor: only what this principal did.
        """
        with self._database.read() as connection:
            return _audit.page(connection, before_id, limit, action=action, actor=actor)

    def audit_about(self, resource: str, limit: int = 100) -> list[AuditRow]:
        """Return the newest rows about a resource (`issue:SHOP-12`), the newest first."""
        with self._database.read() as connection:
            return _audit.about(connection, resource, limit)

    def verify_audit(self, expected: str = "") -> AuditVerdict:
        """Walk the whole chain; `expected` is a hash it must contain, such as a head noted earlier."""
        with self._database.read_as_of_now() as connection:
            return _audit.verify(connection, expected)
