"""Templates of log lines, as far as they were refined."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.metadata import _log_templates, _template_mappings
from engine.metadata.rows import AuditEntry, LearntTemplates, TemplateMappingRow
from engine.metadata.stores.base import BaseStore

MINER = "model:templates"
"""The author of what the miner finds."""


class LogTemplateStore(BaseStore):
    """The state of each project's template miner, and which lines are one template."""

    def log_templates(self, project_id: int) -> tuple[Any, datetime] | None:
        """Return a project's state, a JSON value, and until when lines were read; None before the first time."""
        with self._database.read() as connection:
            return _log_templates.saved(connection, project_id)

    def save_log_templates(self, project_id: int, learnt: LearntTemplates) -> int:
        """Put a state in the place of the one there is; return how many hashes belong to another template now.

        State, moment and mapping are one transaction, so no line counts twice, and the mirror is told of the mapping.
        What people decided stays.
        """
        with self._database.write() as connection:
            _log_templates.save(connection, project_id, learnt.state, learnt.read_until)
            now = self._clock.now()
            return len(_template_mappings.refine(connection, project_id, learnt.templates, MINER, now))

    def undo_templates(self, project_id: int, author: str, audit: AuditEntry | None = None) -> int:
        """Take back what the miner changed last, for good; return how many hashes belong to another template now."""
        with self._managed(audit) as write:
            changed = _template_mappings.undo(write.connection, project_id, author, self._clock.now())
            write.note(hashes=len(changed))
            return len(changed)

    def template_mappings(self, project_id: int | None = None) -> list[TemplateMappingRow]:
        """Return which hashes belong to which template, exceptions only, of one project or of all."""
        with self._database.read() as connection:
            if project_id is None:
                return _template_mappings.every(connection)
            return _template_mappings.of_project(connection, project_id)

    def template_versions(self) -> tuple[int, int]:
        """Return the number of mappings and the sum of their versions: equal ones mean an equal mirror."""
        with self._database.read() as connection:
            return _template_mappings.versions(connection)
