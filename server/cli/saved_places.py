"""Where `amber saved` finds and keeps queries: a data directory as its owner, or a server as its token says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

from amber._saved import pick
from engine.errors import UserError
from engine.metadata import SavedQueryRow, SavedQueryText, SavedQueryWanted
from iam import shown_sharing
from queries.plan import PlanContext
from queries.sentry import read_source, to_discover
from server.api_client import ApiClient
from server.cli.managed import Managed, managed, shown_time
from server.cli.target import sdk_errors, server_of
from server.saved import checked_content

Facts = dict[str, Any]
"""A saved query as `/api/v1/saved-queries` has it."""

_MOST = 10_000
_PAGE = 500
PRIVATE = "private"
SHARED = "organisation"


def sharing_of(team: str, *, everybody: bool) -> str:
    """Return the sharing that the options --team and --share ask for; UserError for both at once."""
    if team and everybody:
        raise UserError("--share is for everybody, --team for one team: give one of them.", code="options-conflict")
    return f"team:{team}" if team else SHARED if everybody else PRIVATE


class SavedPlace(Protocol):
    """A place with saved queries; queries are named by name or number."""

    def listed(self, search: str) -> list[Facts]:
        """Return those whose name holds the letters, by name."""
        ...

    def found(self, query: str, version: int | None = None) -> Facts:
        """Return one, as it is now or was in a version."""
        ...

    def versions(self, query: str) -> list[Facts]:
        """Return every version of one, newest first."""
        ...

    def saved(self, content: SavedQueryText, sharing: str) -> Facts:
        """Save a text; a new version where one of its own has the name already."""
        ...

    def restored(self, query: str, version: int) -> Facts:
        """Make a new version that says what an old one said."""
        ...

    def deleted(self, query: str) -> str:
        """Delete one, and return its name."""
        ...

    def imported(self, source: str) -> list[Mapping[str, Any]]:
        """Return queries of Sentry as texts, with `name`, `text` and `warnings`; nothing is saved."""
        ...


@contextmanager
def saved_place(
    data: Path | None, url: str | None, token: str | None, config: Path | None = None
) -> Iterator[SavedPlace]:
    """Open what a verb's options name: a server by --url, else the data directory."""
    server = server_of(data, url, token)
    with sdk_errors():
        if server is not None:
            yield ServerSaved(server)
            return
        with managed(config, data) as place:
            yield DirectorySaved(place)


class DirectorySaved:
    """The queries of a data directory, which its owner sees all."""

    def __init__(self, place: Managed) -> None:
        self._place = place
        self._queries = place.administration

    def listed(self, search: str) -> list[Facts]:
        """Return those whose name holds the letters."""
        return [self._facts(row) for row in self._rows(search)]

    def found(self, query: str, version: int | None = None) -> Facts:
        """Return one by its name or number."""
        return self._facts(self._row(query, version))

    def versions(self, query: str) -> list[Facts]:
        """Return every version of one."""
        rows = self._queries.saved_query_versions(self._place.principal, self._row(query).id)
        return [self._facts(row) for row in rows]

    def saved(self, content: SavedQueryText, sharing: str) -> Facts:
        """Save the content; a new version when what is looked up under its name has it already."""
        content, who = checked_content(content), self._place.principal
        rows = self._rows(content.name)
        shown = shown_sharing(self._place.metadata, rows)
        same = [
            row
            for row in rows
            if row.content.name.casefold() == content.name.strip().casefold()
            and shown[row.sharing] == sharing
            and (sharing != PRIVATE or not row.owner_id)
        ]
        if not same:
            return self._facts(self._queries.save_query(who, content, sharing))
        kept = same[0]
        return self._facts(self._queries.change_saved_query(who, kept, content, kept.sharing, kept.row_version))

    def restored(self, query: str, version: int) -> Facts:
        """Make a new version that says what an old one said."""
        row = self._row(query)
        return self._facts(self._queries.restore_saved_query(self._place.principal, row.id, version, row.row_version))

    def deleted(self, query: str) -> str:
        """Delete one with all its versions."""
        row = self._row(query)
        self._queries.delete_saved_query(self._place.principal, row.id, row.row_version)
        return row.content.name

    def imported(self, source: str) -> list[Mapping[str, Any]]:
        """Return queries of Sentry as texts."""
        projects = {row.id: row.slug for row in self._queries.projects(self._place.principal)}
        context = PlanContext(now=datetime.now(UTC), projects=projects)
        made = [to_discover(asked, context) for asked in read_source(source)]
        return [{"name": one.name, "text": one.text, "warnings": one.warnings} for one in made]

    def _rows(self, search: str) -> list[SavedQueryRow]:
        wanted = SavedQueryWanted(0, search=search, limit=_MOST)
        return self._queries.saved_queries(self._place.principal, wanted)

    def _row(self, query: str, version: int | None = None) -> SavedQueryRow:
        row = self._queries.saved_query_called(self._place.principal, query)
        if version is None:
            return row
        return self._queries.saved_query_version(self._place.principal, row.id, version)

    def _facts(self, row: SavedQueryRow) -> Facts:
        owner = next((user.email for user in self._place.metadata.users() if user.id == row.owner_id), "")
        return {
            "id": row.id,
            "name": row.content.name,
            "description": row.content.description,
            "kind": row.content.kind,
            "language": row.content.language,
            "text": row.content.text,
            "parameters": [dict(one) for one in row.content.parameters],
            "sharing": shown_sharing(self._place.metadata, [row])[row.sharing],
            "owner": owner,
            "version": row.version,
            "author": row.author,
            "changed_at": shown_time(row.changed_at),
        }


class ServerSaved:
    """The queries of a server, as far as the token may see and change them."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    def listed(self, search: str) -> list[Facts]:
        """Return those whose name holds the letters, all pages of them."""
        found: list[Facts] = []
        cursor: str | None = None
        while True:
            asked = {"search": search, "limit": _PAGE, **({"cursor": cursor} if cursor else {})}
            page = self._api.call("GET", f"{_PATH}?{urlencode(asked)}")
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                return found

    def found(self, query: str, version: int | None = None) -> Facts:
        """Return one by its name or number."""
        by_number = query.isascii() and query.isdigit()
        number = int(query) if by_number else int(pick(self.listed(query), query)["id"])
        end = "" if version is None else f"/versions/{version}"
        return self._api.call("GET", f"{_PATH}/{number}{end}")

    def versions(self, query: str) -> list[Facts]:
        """Return every version of one."""
        found: list[Facts] = self._api.call("GET", f"{_PATH}/{self.found(query)['id']}/versions")["items"]
        return found

    def saved(self, content: SavedQueryText, sharing: str) -> Facts:
        """Save the content; a new version where one's own, or a shared one that may be changed, has the name."""
        body: Facts = {
            "name": content.name,
            "text": content.text,
            "description": content.description,
            "kind": content.kind,
            "language": content.language,
            "parameters": [dict(one) for one in content.parameters],
            "sharing": sharing,
        }
        same = [
            one
            for one in self.listed(content.name)
            if str(one["name"]).casefold() == content.name.strip().casefold()
            and one["sharing"] == sharing
            and (one["own"] or sharing != PRIVATE)
        ]
        if same:
            return self._api.call("PATCH", f"{_PATH}/{same[0]['id']}", body, text=content.text)
        return self._api.call("POST", _PATH, body, text=content.text)

    def restored(self, query: str, version: int) -> Facts:
        """Make a new version that says what an old one said."""
        return self._api.call("POST", f"{_PATH}/{self.found(query)['id']}/versions/{version}/restore")

    def deleted(self, query: str) -> str:
        """Delete one with all its versions."""
        found = self.found(query)
        self._api.call("DELETE", f"{_PATH}/{found['id']}")
        return str(found["name"])

    def imported(self, source: str) -> list[Mapping[str, Any]]:
        """Return queries of Sentry as texts."""
        items: list[Mapping[str, Any]] = self._api.call("POST", f"{_PATH}/import", {"source": source})["items"]
        return items


_PATH = "/api/v1/saved-queries"


def single_name(name: str, count: int) -> None:
    """Raise UserError when one name is given to several queries."""
    if name and count > 1:
        raise UserError("--name is for a single query; these are several.", code="options-conflict")
