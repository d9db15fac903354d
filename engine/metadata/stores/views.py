"""Default views."""

from __future__ import annotations

from engine.metadata import _views
from engine.metadata.rows import AuditEntry
from engine.metadata.saved_rows import DefaultView
from engine.metadata.stores.base import BaseStore


class DefaultViewStore(BaseStore):
    """With which saved view a page begins."""

    def set_default_view(self, default: DefaultView, *, audit: AuditEntry | None = None) -> None:
        """Let a page begin with a view, in place of another."""
        with self._managed(audit) as write:
            _views.put(write.connection, default, self._clock.now())

    def drop_default_view(self, default: DefaultView, *, audit: AuditEntry | None = None) -> None:
        """Let a page no longer begin with this view; nothing happens when it begins with another."""
        with self._managed(audit) as write:
            _views.drop(write.connection, default)

    def default_views(self, page: str, user_id: int) -> list[DefaultView]:
        """Return the defaults of a page that count for a person: everybody's (`user_id` 0) and their own."""
        with self._database.read() as connection:
            return _views.of_page(connection, page, user_id)
