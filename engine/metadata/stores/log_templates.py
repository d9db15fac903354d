"""Templates of log lines, as far as they were refined."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.metadata import _log_templates
from engine.metadata.stores.base import BaseStore


class LogTemplateStore(BaseStore):
    """The state of each project's template miner."""

    def log_templates(self, project_id: int) -> tuple[Any, datetime] | None:
        """Return a project's state, a JSON value, and until when lines were read; None before the first time."""
        with self._database.read() as connection:
            return _log_templates.saved(connection, project_id)

    def save_log_templates(self, project_id: int, state: Any, read_until: datetime) -> None:
        """Put a state in the place of the one there is; with the moment in one transaction, so no line counts twice."""
        with self._database.write() as connection:
            _log_templates.save(connection, project_id, state, read_until)
