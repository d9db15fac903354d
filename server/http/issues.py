"""`/api/v1/issues` and `/api/v1/events`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPMethod
from typing import Any, cast

from flask import Response

from engine.errors import UserError
from engine.metadata import IssueRow
from engine.snapshot import ProjectConfig
from iam import Action
from server.http.access import needs
from server.http.documents import issues as documents
from server.http.documents.common import BODY, CHANGED, MOVED, NOT_FOUND, QUERY_LIMIT
from server.http.documents.common import Look as LookParameters
from server.http.guard import principal
from server.http.paging import cursor_of, read_cursor
from server.http.period import TimeRange, given_range, scope_of
from server.http.routes import JSON, Routes, answer, moved
from server.http.services import Services
from server.http.tags import etag, wanted_version
from server.issues.looking import Look
from server.issues.service import AfterKey, ListRequest
from server.issues.wishes import Wish, wish_of

_READ = needs(Action.ISSUE_READ)
_WRITE = needs(Action.ISSUE_WRITE)
_BEFORE_FIRST = timedelta(days=31)
"""Events are accepted up to 30 days late, so one may lie before the first that was met."""

_KEPT = timedelta(days=400)


def issue_routes(services: Services) -> Routes:
    """Return the routes of issues and events."""
    routes = Routes("issues", "Issues: lists, one issue, its events and tags, and what people decide about them.")
    _reading(routes, services)
    _events(routes, services)
    _writing(routes, services)
    return routes


def _reading(routes: Routes, services: Services) -> None:
    @routes.on(HTTPMethod.GET, "/issues", _READ, {200: documents.IssuePageDocument, **QUERY_LIMIT})
    def issues(query: documents.IssueListQuery) -> Response:
        """List issues with what their events in the range say.

        A cursor keeps the range of the first page, so that issues that move meanwhile are neither lost nor shown twice.
        """
        look, after = _page_look(services, query)
        wanted = ListRequest(query.query, query.sort, query.limit, after, query.total)
        page = services.issues.page(look, wanted)
        following = None if page.after is None else _list_cursor(query.sort, look, page.after)
        return answer({"items": page.items, "next": following, "meta": page.meta})

    @routes.on(
        HTTPMethod.GET, "/issues/<issue>", _READ, {200: documents.IssueDetail, **MOVED, **NOT_FOUND, **QUERY_LIMIT}
    )
    def issue(path: documents.IssuePath, query: LookParameters) -> Response:
        """Return one issue; the ETag is its version. One that was merged away leads to what it is part of (307)."""
        row, slug = services.issues.find(principal(), path.issue)
        if (target := services.merging.target(row)) is not None:
            return moved(f"/issues/{target.short_id}", {"id": row.short_id, "merged_into": target.short_id})
        document = services.issues.detail(_look(services, query), row, slug)
        return answer(document, headers=etag(row.row_version))

    @routes.on(HTTPMethod.GET, "/issues/<issue>/tags", _READ, {200: documents.IssueTags, **NOT_FOUND, **QUERY_LIMIT})
    def tags(path: documents.IssuePath, query: documents.IssueTagsQuery) -> Response:
        """Return how the values of an issue's events are distributed."""
        row, _ = services.issues.find(principal(), path.issue)
        return answer(services.issues.tags(_look(services, query, _life(services, row)), row, query.top))


def _events(routes: Routes, services: Services) -> None:
    @routes.on(
        HTTPMethod.GET, "/issues/<issue>/events", _READ, {200: documents.EventPageDocument, **NOT_FOUND, **QUERY_LIMIT}
    )
    def events(path: documents.IssuePath, query: documents.IssueEventsQuery) -> Response:
        """List the events of an issue, newest first; of its whole life when no range is given."""
        row, _ = services.issues.find(principal(), path.issue)
        look = _look(services, query, _life(services, row))
        page = services.issues.events.page(look, row, query.query, query.limit, _event_after(query.cursor))
        following = None
        if page.after is not None:
            following = cursor_of("events", [page.after[0].isoformat(), page.after[1]])
        return answer({"items": page.items, "next": following})

    @routes.on(
        HTTPMethod.GET,
        "/issues/<issue>/events/<which>",
        _READ,
        {200: documents.EventDocument, **NOT_FOUND, **QUERY_LIMIT},
    )
    def event(path: documents.IssueEventPath, query: LookParameters) -> Response:
        """Return one event of an issue and its neighbours; of its whole life when no range is given."""
        row, slug = services.issues.find(principal(), path.issue)
        look = _look(services, query, _life(services, row))
        return answer(services.issues.events.event(look, row, _config(services, row, slug), path.which))

    @routes.on(
        HTTPMethod.GET,
        "/events/<event_id>",
        needs(Action.EVENT_READ),
        {200: {"content": {JSON: {"schema": {}}}, "description": "The event."}, **NOT_FOUND, **QUERY_LIMIT},
    )
    def payload(path: documents.EventPath, query: LookParameters) -> Response:
        """Return the JSON of an event, byte for byte as it is stored: scrubbed, otherwise as it was sent."""
        look = _allowing(_look(services, query, _everything(services)), Action.EVENT_READ)
        return Response(services.issues.events.payload(look, path.event_id), content_type=JSON)


def _writing(routes: Routes, services: Services) -> None:
    @routes.on(
        HTTPMethod.PATCH,
        "/issues/<issue>",
        _WRITE,
        {200: documents.Issue, **NOT_FOUND, **CHANGED, **QUERY_LIMIT, **BODY},
    )
    def change(path: documents.IssuePath, query: LookParameters, body: documents.IssueSet) -> Response:
        """Change the state of an issue.

        `If-Match` may hold the ETag; then nothing is changed when somebody else was faster (412).
        """
        row, slug = services.issues.find(principal(), path.issue, Action.ISSUE_WRITE)
        changed = services.issues.workflow.change(principal(), row, _set(body), wanted_version())
        document = services.issues.item(_look(services, query), changed, slug)
        return answer(document, headers=etag(changed.row_version))

    @routes.on(HTTPMethod.POST, "/issues/bulk", _WRITE, {200: documents.BulkAnswer, **NOT_FOUND, **QUERY_LIMIT, **BODY})
    def bulk(body: documents.BulkBody) -> Response:
        """Change many issues at once, all or none: by `ids` or by `match`; or put them back with `restore`.

        The answer's `before` is what `restore` takes to undo it.
        """
        before = _bulk(services, body)
        return answer({"changed": len(before), "before": before})


def _bulk(services: Services, body: documents.BulkBody) -> list[dict[str, Any]]:
    workflow = services.issues.workflow
    given = [name for name in ("ids", "match", "restore") if getattr(body, name) is not None]
    if len(given) != 1 or (body.set is None) == (body.restore is None):
        raise UserError("Give `set` with `ids` or `match`, or `restore` alone.", code="body-invalid")
    if body.restore is not None:
        return workflow.restore(principal(), [_state(state) for state in body.restore])
    wanted = _set(body.set or documents.IssueSet())
    if body.ids is not None:
        return workflow.change_many(principal(), workflow.named(principal(), body.ids), wanted)
    match = body.match or documents.IssueMatch()
    look = _look(services, LookParameters.model_validate(match.model_dump(exclude={"query"})))
    found = services.issues.matching(_allowing(look, Action.ISSUE_WRITE), match.query, 10_000)
    return workflow.change_many(principal(), found, wanted)


def looked_at(services: Services, given: LookParameters, action: Action) -> Look:
    """Return what a request looks at, of all that is kept when it names no time, where an action is allowed."""
    return _allowing(_look(services, given, _everything(services)), action)


def _allowing(look: Look, action: Action) -> Look:
    """Return a look at the projects on which another action is allowed."""
    return replace(look, action=action)


def _set(body: documents.IssueSet) -> Wish:
    wanted = body.model_dump(by_alias=True, exclude_none=True)
    if body.archive is not None and body.archive.date is not None:
        wanted["archive"]["date"] = _utc(body.archive.date)
    return wish_of(wanted)


def _state(state: documents.IssueState) -> dict[str, Any]:
    said = state.model_dump(exclude={"condition"})
    if state.condition is not None:
        said["condition"] = state.condition.model_dump(by_alias=True, exclude_none=True)
        if state.condition.date is not None:
            said["condition"]["date"] = _zoned(state.condition.date).isoformat()
    return {**said, "since": _utc(state.since)}


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else _zoned(at)


def _zoned(at: datetime) -> datetime:
    hint = "Write 2026-01-31T12:00:00Z."
    if at.tzinfo is None:
        raise UserError("A time without a zone says little.", code="time-invalid", hint=hint)
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise UserError("That is no time of this calendar.", code="time-invalid", hint=hint) from error


def _look(services: Services, given: LookParameters, default: TimeRange | None = None) -> Look:
    scope = scope_of(given, services.clock.now(), default)
    return Look(principal(), scope.projects, scope.environments, *scope.time_range)


def _life(services: Services, row: IssueRow) -> TimeRange:
    now = services.clock.now()
    return max(row.first_seen - _BEFORE_FIRST, now - _KEPT), now + timedelta(days=1)


def _everything(services: Services) -> TimeRange:
    now = services.clock.now()
    return now - _KEPT, now + timedelta(days=1)


def _config(services: Services, row: IssueRow, slug: str) -> ProjectConfig:
    return services.metadata.config_snapshot().projects.get(row.project_id) or ProjectConfig(row.project_id, slug)


def _list_cursor(sort: str, look: Look, after: AfterKey) -> str:
    key, seen, tie = after
    shown = key.isoformat() if isinstance(key, datetime) else key
    return cursor_of(f"issues:{sort}", [look.start.isoformat(), look.end.isoformat(), shown, seen.isoformat(), tie])


def _page_look(services: Services, query: documents.IssueListQuery) -> tuple[Look, AfterKey | None]:
    look = _look(services, query)
    if query.cursor is None:
        return look, None
    timed = query.sort in {"last_seen", "first_seen"}
    kind = f"issues:{query.sort}"
    start, end, key, seen, tie = read_cursor(query.cursor, kind, [str, str, str if timed else int, str, str])
    begin, until = given_range(None, _cursor_time(start), _cursor_time(end), look.end) or (look.start, look.end)
    look = Look(look.principal, look.projects, look.environments, begin, until)
    number = max(-(2**62), min(cast("int", key), 2**62)) if not timed else 0
    return look, (_cursor_time(key) if timed else number, _cursor_time(seen), cast("str", tie))


def _event_after(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    at, event_id = read_cursor(cursor, "events", [str, str])
    return _cursor_time(at), cast("str", event_id)


def _cursor_time(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UserError("`cursor` is not one this list has given.", code="cursor-invalid") from error
