"""Which saved queries somebody may use without asking for one: the filters of searches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.metadata import MetadataStore, SavedQueryRow, SavedQueryWanted
from iam.model import Action, Kind, Principal, Resource
from iam.policy import decide

SHARED = "organisation"
TEAM = "team:"
"""How the sharing with a team begins; in the database its number follows, for people its slug."""

_MOST_FILTERS = 10_000


def query_resource(row: SavedQueryRow) -> Resource:
    """Return a saved query as decisions know it.

    One that is private is within nothing that roles could reach; one that is shared with a team is within that team
    only, so that a role on the organisation does not reach it.
    """
    organisation = row.organisation_id if row.sharing == SHARED else 0
    number = shared_team(row.sharing)
    teams = () if number is None else (number,)
    return Resource(Kind.QUERY, organisation_id=organisation, team_ids=teams, user_id=row.owner_id)


def shared_team(sharing: str) -> int | None:
    """Return the number of the team a query is shared with, None when it is with none."""
    return int(sharing.removeprefix(TEAM)) if sharing.startswith(TEAM) else None


def team_ids_of(principal: Principal) -> tuple[int, ...]:
    """Return the teams a principal has a role in."""
    return tuple(sorted({role.id for role in principal.roles if role.kind == Kind.TEAM}))


def shown_sharing(metadata: MetadataStore, rows: Iterable[SavedQueryRow]) -> dict[str, str]:
    """Return how the sharings of some rows are shown: teams by their slug, one that is gone by its number."""
    sharings = {row.sharing for row in rows}
    if not any(sharing.startswith(TEAM) for sharing in sharings):
        return {sharing: sharing for sharing in sharings}
    slugs = {f"{TEAM}{team.id}": f"{TEAM}{team.slug}" for team in metadata.teams()}
    return {sharing: slugs.get(sharing, sharing) for sharing in sharings}


def saved_filters(metadata: MetadataStore, principal: Principal) -> dict[str, str]:
    """Return the texts of the filters a principal may use in searches, by name.

    A token's scopes are not asked: a text means the same with every token of a person. Of one name one's own comes
    first, then a team's, the oldest of several, then the organisation's.
    """
    person = replace(principal, scopes=None)
    wanted = SavedQueryWanted(principal.user_id, team_ids_of(principal), kind="filter", limit=_MOST_FILTERS)
    rows = metadata.saved_queries(wanted)
    seen = [row for row in rows if decide(person, Action.QUERY_READ, query_resource(row))]
    nearest_last = sorted(seen, key=lambda row: (-distance(principal, row), -row.id))
    return {row.content.name: row.content.text for row in nearest_last}


def distance(principal: Principal, row: SavedQueryRow) -> int:
    """Return how far a saved query is from somebody: 0 for their private ones, then own, a team's, everybody's."""
    private = row.sharing != SHARED and not row.sharing.startswith(TEAM)
    if row.owner_id == principal.user_id:
        return 0 if private else 1
    return 2 if row.sharing.startswith(TEAM) else 3
