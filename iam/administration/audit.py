"""Reading the audit, and remembering writes that are made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.metadata import AuditRow, AuditVerdict
from iam.administration.base import AdministrationBase, entry
from iam.model import Action, Principal


class AuditPart(AdministrationBase):
    """The audit."""

    def audit_page(
        self, principal: Principal, before_id: int | None = None, limit: int = 100, *, action: str = "", actor: str = ""
    ) -> list[AuditRow]:
        """Return up to `limit` rows before `before_id`, the newest first.

        Args:
            principal: who asks.
            before_id: the last row of the page before; None for the newest.
            limit: most rows.
            action: only this action, or all that begin so when it ends with a dot.
            actor: only what this principal did.
        """
        self._allow(principal, Action.AUDIT_READ, self._organisation_resource())
        return self._metadata.audit_page(before_id, limit, action=action, actor=actor)

    def verify_audit(self, principal: Principal, expected: str = "") -> AuditVerdict:
        """Walk the whole chain; `expected` is a hash it must contain, such as a head noted earlier."""
        self._allow(principal, Action.AUDIT_READ, self._organisation_resource())
        return self._metadata.verify_audit(expected)

    def record(self, principal: Principal, action: str, resource: str, details: Mapping[str, Any]) -> None:
        """Remember a write that is not made here. Whether it may be made, the caller has decided."""
        self._metadata.record(entry(principal, action, resource, **details))
