"""The outbox and the settings of the installation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.metadata import _outbox, _settings
from engine.metadata.rows import OutboxRow
from engine.metadata.stores.base import BaseStore


class SettingStore(BaseStore):
    """Follow-up work, and values by name."""

    def drain_outbox(self, apply: Callable[[list[OutboxRow]], None], limit: int = 1000) -> int:
        """Hand the oldest rows to `apply`, then remove them; return how many. At least once: `apply` must bear repeats.

        `apply` runs outside any transaction, so it may take its time; when it raises, the rows stay.
        """
        with self._database.read() as connection:
            rows = _outbox.waiting(connection, limit)
        if rows:
            apply(rows)
            with self._database.write() as connection:
                _outbox.remove(connection, [row.id for row in rows])
        return len(rows)

    def outbox_length(self) -> int:
        """Return how many rows wait in the outbox."""
        with self._database.read() as connection:
            return _outbox.length(connection)

    def setting(self, name: str) -> Any:
        """Return the JSON value of a setting of the installation, None when it was never set."""
        with self._database.read() as connection:
            return _settings.get(connection, name)

    def set_setting(self, name: str, value: Any) -> None:
        """Set a setting of the installation to a JSON value. `limits` (see `LimitConfig`) is part of the snapshot.

        Raises:
            UserError: `limits` with unknown members or values of the wrong type.
        """
        with self._database.write() as connection:
            _settings.put(connection, name, value)
