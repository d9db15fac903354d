"""Which saved queries somebody may use without asking for one: the filters of searches."""

from __future__ import annotations

from dataclasses import replace

from engine.metadata import MetadataStore, SavedQueryRow, SavedQueryWanted
from iam.model import Action, Kind, Principal, Resource
from iam.policy import decide

SHARED = "organisation"
_MOST_FILTERS = 10_000


def query_resource(row: SavedQueryRow) -> Resource:
    """Return a saved query as decisions know it: one that is private is within nothing that roles could reach."""
    organisation = row.organisation_id if row.sharing == SHARED else 0
    return Resource(Kind.QUERY, organisation_id=organisation, user_id=row.owner_id)


def saved_filters(metadata: MetadataStore, principal: Principal) -> dict[str, str]:
    """Return the texts of the filters a principal may use in searches, by name.

    A token's scopes are not asked: a text means the same with every token of a person. One's own comes before a shared
    one of the same name.
    """
    person = replace(principal, scopes=None)
    rows = metadata.saved_queries(SavedQueryWanted(principal.user_id, kind="filter", limit=_MOST_FILTERS))
    seen = [row for row in rows if decide(person, Action.QUERY_READ, query_resource(row))]
    shared_first = sorted(seen, key=lambda row: row.sharing != SHARED)
    return {row.content.name: row.content.text for row in shared_first}
