"""Rows of saved queries, as the rest of Amber sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class SavedQueryText:
    """What a saved query, view or dashboard says; each version holds one.

    Attributes:
        name: what people call it; a filter's is the word that stands in searches.
        kind: `query`; `filter`, a search used by name; `view`, the state of a page; or `dashboard`.
        language: how the text is read: `discover` or `sql`; of a view the page whose query string it is; `json`.
        parameters: declarations of `$name`, JSON values as `queries.parameters` reads them.
    """

    name: str
    text: str
    description: str = ""
    kind: str = "query"
    language: str = "discover"
    parameters: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class SavedQueryRow:
    """A saved query as one of its versions, usually the newest, has it.

    Attributes:
        owner_id: the person it belongs to; 0 for the owner of the data directory.
        sharing: `private`, `organisation`, or `team:` and the number of a team.
        version: number of this version.
        author: who made this version, as the audit names them.
        changed_at: when this version was made.
        row_version: number of the newest version.
        starred: whether the person on whose behalf it was read has starred it.
    """

    id: int
    organisation_id: int
    owner_id: int
    sharing: str
    content: SavedQueryText
    version: int
    author: str
    created_at: datetime
    changed_at: datetime
    row_version: int
    starred: bool = False


@dataclass(frozen=True, slots=True)
class SavedQueryWanted:
    """Which saved queries a list is of.

    Attributes:
        user_id: on whose behalf; 0 for the owner of the data directory. What is shared is listed, and what is theirs.
        team_ids: the teams they are in.
        every: also what is private to others.
        search: letters that must occur in the name, in any case; empty for all.
        kind: only this one; None for queries and filters.
        language: only texts that are read so; None for all.
        starred: only what the person has starred.
        after: (name in folded case, number) of the last row of the page before.
        limit: most rows.
    """

    user_id: int
    team_ids: tuple[int, ...] = ()
    every: bool = False
    search: str = ""
    kind: str | None = None
    language: str | None = None
    starred: bool = False
    after: tuple[str, int] = ("", 0)
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class DefaultView:
    """The view a page begins with.

    Attributes:
        page: the page, `issues`.
        project_id: the project it is shown for; 0 when several or none are chosen.
        user_id: whose default it is; 0 for everybody who has none of their own.
        view_id: the view.
    """

    page: str
    project_id: int
    user_id: int
    view_id: int
