"""Saved queries, views and dashboards: one's own, and those that are shared with one's teams or the organisation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from engine.errors import NotFound, UserError
from engine.metadata import SavedQueryRow, SavedQueryText, SavedQueryWanted
from iam.administration.base import AdministrationBase, entry
from iam.model import Action, Kind, Principal, PrincipalKind, Resource
from iam.policy import decide
from iam.saved import SHARED, TEAM, distance, query_resource, team_ids_of

_OWNERS_OF_THE_DIRECTORY = {PrincipalKind.LOCAL, PrincipalKind.EMBEDDED}
QUERIES: Final = ("query", "filter")
"""The kinds that are called saved queries; `view` and `dashboard` are called by their own names."""


class SavedPart(AdministrationBase):
    """Saved queries, views and dashboards. What a text means is not looked at here; who saves one checks it before.

    `kinds` says which of them a number may be of: one of another kind is not found.
    """

    def saved_queries(self, principal: Principal, wanted: SavedQueryWanted) -> list[SavedQueryRow]:
        """Return the saved queries the principal may see, by name; on whose behalf `wanted` is, is set here."""
        every = principal.kind in _OWNERS_OF_THE_DIRECTORY
        behalf = replace(wanted, user_id=principal.user_id, team_ids=team_ids_of(principal), every=every)
        rows = self._metadata.saved_queries(behalf)
        return [row for row in rows if decide(principal, Action.QUERY_READ, query_resource(row))]

    def saved_query(self, principal: Principal, number: int, kinds: Collection[str] = QUERIES) -> SavedQueryRow:
        """Return a saved query as it is now."""
        return self._saved_query(principal, number, Action.QUERY_READ, kinds)

    def saved_query_called(self, principal: Principal, name: str) -> SavedQueryRow:
        """Return a saved query by its number or name; one's own comes before a team's, that before everybody's."""
        if name.isascii() and name.isdigit() and len(name) <= 18:
            return self.saved_query(principal, int(name))
        found = self.saved_queries(principal, SavedQueryWanted(0, search=name))
        same = [row for row in found if row.content.name.casefold() == name.casefold()]
        if not same:
            raise NotFound(f"There is no saved query called {name!r}.", code="saved-query-unknown")
        return min(same, key=lambda row: (distance(principal, row), row.id))

    def saved_query_versions(
        self, principal: Principal, number: int, kinds: Collection[str] = QUERIES
    ) -> list[SavedQueryRow]:
        """Return every version of a saved query, newest first."""
        return self._metadata.saved_query_versions(self.saved_query(principal, number, kinds).id)

    def saved_query_version(
        self, principal: Principal, number: int, version: int, kinds: Collection[str] = QUERIES
    ) -> SavedQueryRow:
        """Return a saved query as it was in one version."""
        return self._metadata.saved_query_version(self.saved_query(principal, number, kinds).id, version)

    def save_query(self, principal: Principal, content: SavedQueryText, sharing: str) -> SavedQueryRow:
        """Save a query as the principal's own; UserError when they have one of that name.

        `sharing` is `private`, `organisation`, or `team:` and the slug of a team the principal is a member of.
        """
        organisation = self._organisation().id
        self._allow(principal, Action.QUERY_WRITE, Resource(Kind.QUERY, user_id=principal.user_id))
        sharing = self._shared_with(principal, "private", sharing)
        word = _word(content.kind)
        audit = entry(principal, f"{word}.save", f"{word}:{content.name}", name=content.name)
        return self._metadata.create_saved_query(
            content,
            organisation_id=organisation,
            owner=(principal.user_id, principal.name),
            sharing=sharing,
            audit=audit,
        )

    def change_saved_query(
        self, principal: Principal, row: SavedQueryRow, content: SavedQueryText, sharing: str, if_version: int | None
    ) -> SavedQueryRow:
        """Make a new version of a saved query.

        An admin who makes somebody else's private gives it back to its owner, and no longer sees it.
        """
        row = self._saved_query(principal, row.id, Action.QUERY_WRITE, (row.content.kind,))
        sharing = self._shared_with(principal, row.sharing, sharing)
        word = _word(row.content.kind)
        audit = entry(principal, f"{word}.change", f"{word}:{row.content.name}", id=row.id)
        return self._metadata.change_saved_query(
            row.id, content, sharing=sharing, author=principal.name, if_version=if_version, audit=audit
        )

    def restore_saved_query(
        self,
        principal: Principal,
        number: int,
        version: int,
        if_version: int | None,
        kinds: Collection[str] = QUERIES,
    ) -> SavedQueryRow:
        """Make a new version that says what an old one said; who may see it stays."""
        row = self._saved_query(principal, number, Action.QUERY_WRITE, kinds)
        old = self._metadata.saved_query_version(row.id, version)
        return self.change_saved_query(principal, row, old.content, row.sharing, if_version)

    def delete_saved_query(
        self, principal: Principal, number: int, if_version: int | None, kinds: Collection[str] = QUERIES
    ) -> None:
        """Delete a saved query with all its versions; for 30 days it can be brought back."""
        row = self._saved_query(principal, number, Action.QUERY_WRITE, kinds)
        word = _word(row.content.kind)
        audit = entry(principal, f"{word}.delete", f"{word}:{row.content.name}")
        self._metadata.delete_saved_query(row.id, if_version=if_version, audit=audit)

    def bring_back_saved_query(
        self, principal: Principal, number: int, kinds: Collection[str] = QUERIES
    ) -> SavedQueryRow:
        """Undo the deletion of a saved query: who might have deleted it may."""
        row = self._seen(principal, self._metadata.deleted_saved_query(number), kinds)
        self._allow(principal, Action.QUERY_WRITE, query_resource(row))
        word = _word(row.content.kind)
        audit = entry(principal, f"{word}.bring_back", f"{word}:{row.content.name}", id=row.id)
        return self._metadata.bring_back_saved_query(row.id, audit=audit)

    def star_saved_query(
        self, principal: Principal, number: int, *, starred: bool, kinds: Collection[str] = QUERIES
    ) -> None:
        """Put a saved query among those the person likes, or no longer."""
        row = self.saved_query(principal, number, kinds)
        if not principal.user_id:
            raise UserError("Only people have stars.", code="star-of-nobody", hint="Sign in, or use a person's token.")
        word = _word(row.content.kind)
        audit = entry(principal, f"{word}.star", f"{word}:{row.content.name}", id=row.id, starred=starred)
        self._metadata.star_saved_query(row.id, principal.user_id, starred=starred, audit=audit)

    def _saved_query(self, principal: Principal, number: int, action: Action, kinds: Collection[str]) -> SavedQueryRow:
        row = self._seen(principal, self._metadata.saved_query(number, user_id=principal.user_id), kinds)
        self._allow(principal, action, query_resource(row))
        return row

    def _seen(self, principal: Principal, row: SavedQueryRow, kinds: Collection[str]) -> SavedQueryRow:
        seen = decide(replace(principal, scopes=None), Action.QUERY_READ, query_resource(row))
        if not seen or row.content.kind not in kinds:
            raise NotFound("There is no such saved query.", code="saved-query-unknown")
        return row

    def _shared_with(self, principal: Principal, before: str, after: str) -> str:
        """Return a sharing as it is stored, once the principal may share so; what stays as it is may."""
        if after == before:
            return before
        if after == SHARED:
            self._allow(principal, Action.QUERY_SHARE, self._organisation_resource())
        elif after.startswith(TEAM):
            team = self._team(principal, after.removeprefix(TEAM), Action.TEAM_READ)
            after = f"{TEAM}{team.id}"
            if after != before:
                # Not within the organisation: only who is in the team hands it something.
                self._allow(principal, Action.QUERY_SHARE, Resource(Kind.TEAM, team_ids=(team.id,)))
        return after


def _word(kind: str) -> str:
    """Return how the audit calls a kind."""
    return "query" if kind in QUERIES else kind
