"""What a model suggests of issues, what people answered, and what the model has looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import UserError
from engine.metadata import _audit, _issues, _learned
from engine.metadata.decisions import Author, NewSuggestion, SuggestionRow
from engine.metadata.rows import AuditEntry
from engine.metadata.stores.base import BaseStore


class SuggestionStore(BaseStore):
    """Suggestions, and the memory of re-clustering: features of fingerprints and how far it has come."""

    def suggest(self, new: Sequence[NewSuggestion]) -> None:
        """Keep suggestions; one that was accepted or rejected stays as it is, whatever is suggested again."""
        if new:
            with self._database.write() as connection:
                _learned.suggest(connection, new, self._clock.now())

    def suggestions(
        self, project_ids: Sequence[int], status: str = "open", before_id: int | None = None, limit: int = 100
    ) -> list[SuggestionRow]:
        """Return suggestions of projects that are open, accepted, rejected or stale, the newest first."""
        with self._database.read() as connection:
            return _learned.suggestions(connection, project_ids, status, before_id, limit)

    def suggestion(self, number: int) -> SuggestionRow:
        """Return a suggestion; NotFound when there is none with the number."""
        with self._database.read() as connection:
            return _learned.suggestion(connection, number)

    def answer_suggestion(self, number: int, author: Author, *, accepted: bool) -> SuggestionRow:
        """Remember how a person answered; audited. What is rejected is a verdict and never suggested again.

        Raises:
            NotFound: there is no such suggestion.
            UserError: it was answered already.
        """
        now, status = self._clock.now(), "accepted" if accepted else "rejected"
        with self._database.write() as connection:
            head = _audit.lock_head(connection)
            found = _learned.suggestion(connection, number)
            if found.status in {"accepted", "rejected"}:
                raise UserError(f"Suggestion {number} was {found.status} already.", code="suggestion-answered")
            said = found.suggestion
            pairs = [(said.project_id, issue_id) for issue_id in (said.issue_id, said.other_id) if issue_id]
            rows = [row for _, row in sorted(_issues.by_ids(connection, pairs).items())]
            if said.kind == "merge" and not accepted and len(rows) == len(pairs):
                pair = (rows[0].fingerprint, rows[1].fingerprint)
                _learned.state(connection, said.project_id, {pair: False}, author.name, now)
            _learned.close(connection, number, status, author.name, now)
            details = {"suggestion": number, "kind": said.kind, "probability": said.probability}
            entries = [
                AuditEntry(author.name, f"issue.suggestion-{status}", f"issue:{row.short_id}", details) for row in rows
            ]
            _audit.append(connection, head, entries, now)
            return _learned.suggestion(connection, number)

    def features(self, project_id: int) -> dict[int, Any]:
        """Return fingerprint -> the JSON value `learn_features` was given."""
        with self._database.read() as connection:
            return _learned.features(connection, project_id)

    def learn_features(self, project_id: int, bodies: Mapping[int, Any]) -> None:
        """Keep what re-clustering compares of fingerprints, JSON values."""
        with self._database.write() as connection:
            _learned.learn(connection, project_id, bodies)

    def cluster_cursor(self, project_id: int) -> tuple[int, str]:
        """Return the number of the last issue looked at and the model's version; (0, "") before the first run."""
        with self._database.read() as connection:
            return _learned.cursor(connection, project_id)

    def advance_cluster_cursor(self, project_id: int, number: int, model_version: str) -> None:
        """Say how far re-clustering has come."""
        with self._database.write() as connection:
            _learned.advance(connection, project_id, number, model_version, self._clock.now())
