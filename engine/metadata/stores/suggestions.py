"""What a model suggests of issues, what people answered, and what the model has looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from engine.errors import UserError
from engine.metadata import _audit, _issues, _learned
from engine.metadata._decisions import Wanted
from engine.metadata.decisions import Author, NewSuggestion, SuggestionRow
from engine.metadata.rows import AuditEntry, NewIssue
from engine.metadata.stores.decisions import DecisionStore


class SuggestionStore(DecisionStore):
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

    def accept_suggestion(self, number: int, author: Author, faces: Sequence[NewIssue] = ()) -> SuggestionRow:
        """Do what is suggested, as a decision of a person, and remember the answer, in one transaction; audited.

        Args:
            number: of the suggestion.
            author: who accepts it.
            faces: what the new issue of a split shows, one for each of its fingerprints.

        Raises:
            NotFound: there is no such suggestion, or its issues are gone.
            UserError: it was answered already, its issues are one by now, or no fingerprint tells the causes apart.
        """
        with self._database.write() as connection:
            # The audit's end first, as everywhere: two that answer at once cannot wait for each other.
            _audit.lock_head(connection)
            said = _unanswered(connection, number).suggestion
            if said.kind == "merge":
                into = (said.project_id, said.issue_id)
                self._merge(connection, into, [said.other_id], author, said.evidence)
            elif not said.fingerprints:
                raise UserError(
                    "Its causes share one fingerprint, which cannot be split.",
                    code="fingerprint-shared",
                    hint="Write a fingerprint rule of the project that tells them apart; it holds for new events.",
                )
            else:
                wanted = Wanted(said.project_id, "split", author, {}, said.evidence)
                self._part(connection, said.issue_id, faces, wanted)
            return self._answered(connection, number, author, "accepted")

    def reject_suggestion(self, number: int, author: Author) -> SuggestionRow:
        """Remember that a person refused it, which is a verdict: it is never suggested again. Audited.

        Raises:
            NotFound: there is no such suggestion.
            UserError: it was answered already.
        """
        with self._database.write() as connection:
            _audit.lock_head(connection)
            said = _unanswered(connection, number).suggestion
            rows = list(_issues.by_ids(connection, _pairs(said)).values())
            if said.kind == "merge" and len(rows) > 1:
                pair = (rows[0].fingerprint, rows[1].fingerprint)
                _learned.state(connection, said.project_id, {pair: False}, author.name, self._clock.now())
            return self._answered(connection, number, author, "rejected")

    def _answered(self, connection: Connection, number: int, author: Author, status: str) -> SuggestionRow:
        now, said = self._clock.now(), _learned.suggestion(connection, number).suggestion
        rows = [row for _, row in sorted(_issues.by_ids(connection, _pairs(said)).items())]
        _learned.close(connection, number, status, author.name, now)
        details = {"suggestion": number, "kind": said.kind, "probability": said.probability}
        entries = [
            AuditEntry(author.name, f"issue.suggestion-{status}", f"issue:{row.short_id}", details) for row in rows
        ]
        _audit.append(connection, _audit.lock_head(connection), entries, now)
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


def _unanswered(connection: Connection, number: int) -> SuggestionRow:
    found = _learned.suggestion(connection, number)
    if found.status in {"accepted", "rejected"}:
        raise UserError(f"Suggestion {number} was {found.status} already.", code="suggestion-answered")
    return found


def _pairs(said: NewSuggestion) -> list[tuple[int, int]]:
    return [(said.project_id, issue_id) for issue_id in (said.issue_id, said.other_id) if issue_id]
