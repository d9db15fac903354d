"""Asking for the issue service: a text, within what a principal and a request look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from iam import Action, Principal
from queries.result import Result
from server.query_service import QueryService, Question


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks at what.

    Attributes:
        principal: whose projects count.
        projects: slugs or numbers; empty for all visible ones.
        environments: empty for all.
        start: begin of the range, inclusive.
        end: end of the range, exclusive.
        action: what must be allowed on a project for it to be looked at.
    """

    principal: Principal
    projects: tuple[str | int, ...]
    environments: tuple[str, ...]
    start: datetime
    end: datetime
    action: Action = Action.ISSUE_READ

    def ask(self, service: QueryService, text: str, params: Mapping[str, Any] | None = None) -> Result:
        """Return the answer to a text; errors as for `QueryService.answer`."""
        question = Question(
            text=text,
            projects=self.projects,
            environments=self.environments,
            start=self.start,
            end=self.end,
            params=dict(params or {}),
            action=self.action,
            limit=50_000,
        )
        return service.answer(question, self.principal)


def rows(result: Result) -> list[dict[str, Any]]:
    """Return the rows of an answer with Python's own values."""
    found: list[dict[str, Any]] = result.table.to_pylist()
    return found
