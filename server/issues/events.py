"""Events of an issue: pages of them, one with its neighbours, and the payload as it was sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from engine.errors import NotFound, UserError
from engine.metadata import IssueRow
from engine.snapshot import ProjectConfig
from ingest.hexids import event_id_of
from ingest.symbols import Symbolicator
from queries.result import rfc3339
from server.issues import texts
from server.issues.attachments import attachments_of
from server.issues.event_document import event_document
from server.issues.looking import Look, rows
from server.query_service import QueryService


@dataclass(frozen=True, slots=True)
class EventPage:
    """A page of events; `after` is (timestamp, event id) of the last one, None when there is no further page."""

    items: list[dict[str, Any]]
    after: tuple[datetime, str] | None


class EventReader:
    """Reads the events of issues for principals.

    Args:
        queries: asks the store.
        symbols: resolves minified frames; None to leave them.
    """

    def __init__(self, queries: QueryService, symbols: Symbolicator | None = None) -> None:
        self._queries = queries
        self._symbols = symbols

    @property
    def symbols(self) -> Symbolicator | None:
        """What resolves minified frames."""
        return self._symbols

    def page(
        self, look: Look, issue: IssueRow, search: str, limit: int, after: tuple[datetime, str] | None
    ) -> EventPage:  # fmt: skip
        """Return a page of the events of an issue, newest first."""
        text = texts.events_text(texts.search_of(search), after=after is not None, limit=limit + 1)
        params: dict[str, Any] = {"issue": issue.short_id}
        if after is not None:
            params |= {"at": after[0], "id": after[1]}
        found = rows(replace(look, projects=(issue.project_id,)).ask(self._queries, text, params))
        shown = found[:limit]
        more = len(found) > limit
        return EventPage([_listed(row) for row in shown], (shown[-1]["timestamp"], shown[-1]["id"]) if more else None)

    def event(self, look: Look, issue: IssueRow, project: ProjectConfig, which: str) -> dict[str, Any]:
        """Return the document of one event of an issue: `latest`, `oldest`, or the one with an id.

        Raises:
            NotFound: the issue has no such event in the range.
        """
        look = replace(look, projects=(issue.project_id,))
        row = self._row(look, issue, texts.event_text(which), which)
        return {
            **event_document(row, project, issue.short_id, self._symbols),
            **self._place(look, issue.short_id, row),
            "payload_url": f"/api/v1/events/{row['id']}?{urlencode({'project': project.slug})}",
            "attachments": attachments_of(self._queries, look, row["id"]),
        }

    def said(self, look: Look, issue: IssueRow, project: ProjectConfig, which: str) -> dict[str, Any]:
        """Return what an event itself says: the document without neighbours, place and files, which cost more to find.

        Raises:
            NotFound: the issue has no such event in the range.
        """
        look = replace(look, projects=(issue.project_id,))
        row = self._row(look, issue, texts.event_text(which), which)
        return event_document(row, project, issue.short_id, self._symbols)

    def named(self, look: Look, issue: IssueRow, which: str) -> str:
        """Return the id of an event of an issue: `latest`, `oldest`, or the one with an id.

        Raises:
            NotFound: the issue has no such event in the range.
        """
        look = replace(look, projects=(issue.project_id,))
        return str(self._row(look, issue, texts.event_text(which, "id"), which)["id"])

    def _row(self, look: Look, issue: IssueRow, text: str, which: str) -> dict[str, Any]:
        params: dict[str, Any] = {"issue": issue.short_id}
        if which not in {"latest", "oldest"}:
            params["id"] = _event_id(which)
        found = rows(look.ask(self._queries, text, params))
        if not found:
            raise NotFound("The issue has no such event in this time range.", code="event-unknown")
        return found[0]

    def payload(self, look: Look, event_id: str) -> bytes:
        """Return the JSON of an event exactly as it is stored.

        Raises:
            NotFound: no visible project has such an event in the range.
        """
        found = rows(look.ask(self._queries, texts.payload_text(), {"id": _event_id(event_id)}))
        if not found:
            raise NotFound("There is no such event in this time range.", code="event-unknown")
        stored = found[0]["payload"]
        return stored.encode() if isinstance(stored, str) else b"{}"

    def _place(self, look: Look, short_id: str, row: dict[str, Any]) -> dict[str, Any]:
        """Return the event's neighbours and its place among those of its issue, the newest being 1."""
        params = {"issue": short_id, "at": row["timestamp"], "id": row["id"]}
        counts = rows(look.ask(self._queries, texts.place_text(), params))[0]
        newer, count = counts["newer"], counts["count"]
        older_id = self._neighbour(look, params, older=True) if newer + 1 < count else None
        return {
            "previous": older_id,
            "next": self._neighbour(look, params, older=False) if newer else None,
            "index": newer + 1,
            "count": count,
        }

    def _neighbour(self, look: Look, params: dict[str, Any], *, older: bool) -> str | None:
        found = rows(look.ask(self._queries, texts.neighbour_text(older=older), params))
        return found[0]["id"] if found else None


def _event_id(sent: str) -> str:
    found = event_id_of(sent)
    if not found:
        raise UserError("An event id is 32 hex digits.", code="event-id-invalid")
    return found


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_id": row["id"],
        "timestamp": rfc3339(row["timestamp"]),
        "title": row["title"] or "",
        "release": row["release"] or "",
        "environment": row["environment"] or "",
        "user": row["user"] or "",
        "trace_id": row["trace"] or "",
    }
