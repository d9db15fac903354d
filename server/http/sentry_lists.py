"""What `sentry-cli` lists and changes besides releases: organisations, projects, issues and events, in Sentry's shapes.

The shapes are those sentry-cli 3.8 reads, and of https://docs.sentry.io/api/; pages follow each other by the `Link`
header.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPMethod
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, request

from engine.errors import NotFound, UserError
from engine.metadata import ProjectRow
from iam import Action, Denied, decide, project_resource, visible_projects
from queries.result import rfc3339
from server.http.access import needs
from server.http.artifacts import organisation_of
from server.http.documents import lists as documents
from server.http.documents.artifacts import OrganisationPath, ProjectPath, list_of
from server.http.documents.common import BODY, NOT_FOUND, QUERY_LIMIT
from server.http.guard import principal
from server.http.paging import cursor_of, read_cursor
from server.http.problems import SENTRY_API
from server.http.routes import Routes, answer
from server.http.services import Services
from server.issues.looking import Look, rows
from server.issues.service import ListRequest
from server.issues.wishes import wish_of

PERIOD: Final = timedelta(days=90)
"""What Sentry looks at when a request names no time."""

PAGE: Final = 100
_STATUS: Final = {"resolved": "resolved", "unresolved": "unresolved", "ignored": "ignored", "muted": "ignored"}
"""Statuses clients ask for; `muted` is what sentry-cli calls archived."""

_MOST = 10_000
_EVENTS = (
    "from errors{behind} | sort timestamp desc, id desc | project id, timestamp, title, message, culprit, platform,"
    " release, dist, user_id=user.id, user_email=user.email, user_name=user.username, user_ip=user.ip, tags,"
    f" issue=issue.id | limit {PAGE + 1}"
)
_BEHIND = " | where timestamp < $at or (timestamp = $at and id < $id)"


def sentry_list_routes(services: Services) -> Routes:
    """Return the routes."""
    routes = Routes(
        "sentry-lists", "What sentry-cli lists: organisations, projects, issues, events.", prefix=SENTRY_API
    )
    _places(routes, services)
    _issues(routes, services)
    _events(routes, services)
    return routes


def _places(routes: Routes, services: Services) -> None:
    @routes.on(
        HTTPMethod.GET, "/organizations/", needs(Action.ORGANISATION_READ), {200: list_of(documents.Organisation)}
    )
    def organizations() -> Response:
        """List the organisations; there is one page. One is as old as its first project."""
        began: dict[int, datetime] = {}
        for project in services.metadata.projects():
            first = began.get(project.organisation_id, project.created_at)
            began[project.organisation_id] = min(first, project.created_at)
        return answer(
            [
                {
                    "id": str(row.id),
                    "slug": row.slug,
                    "name": row.name,
                    "dateCreated": rfc3339(began.get(row.id, services.clock.now())),
                    "isEarlyAdopter": False,
                    "require2FA": False,
                    "requireEmailVerification": False,
                    "features": [],
                }
                for row in services.metadata.organisations()
            ]
        )

    @routes.on(
        HTTPMethod.GET,
        "/organizations/<organization>/projects/",
        needs(Action.PROJECT_READ),
        {200: list_of(documents.ListedProject), **NOT_FOUND},
    )
    def organization_projects(path: OrganisationPath) -> Response:
        """List the projects of an organisation one may see; there is one page."""
        organisation = organisation_of(services, path.organization)
        seen = visible_projects(services.metadata, principal(), Action.PROJECT_READ)
        theirs = [row for row in services.metadata.projects() if row.organisation_id == organisation.id]
        return answer(
            [
                {"id": str(row.id), "slug": row.slug, "name": row.name, "platform": None, "team": None}
                for row in theirs
                if row.id in seen
            ]
        )


def _issues(routes: Routes, services: Services) -> None:
    rule = "/projects/<organization>/<project>/issues/"

    @routes.on(
        HTTPMethod.GET,
        rule,
        needs(Action.ISSUE_READ),
        {200: list_of(documents.ListedIssue), **NOT_FOUND, **QUERY_LIMIT},
    )
    def project_issues(path: ProjectPath, query: documents.IssuesQuery) -> Response:
        """List the issues of a project with events in the last 90 days, those seen last first."""
        project = _project(services, path, Action.ISSUE_READ)
        after, end = None, services.clock.now()
        if query.cursor:
            until, key, tie = (str(value) for value in read_cursor(query.cursor, "sentry-issues", [str, str, str]))
            seen, end = _moment(key), _moment(until)
            after = (seen, seen, tie)
        look = Look(principal(), (project.id,), tuple(request.args.getlist("environment")), end - PERIOD, end)
        page = services.issues.page(look, ListRequest(query.query, "last_seen", PAGE, after))
        following = ""
        if page.after is not None:
            following = cursor_of("sentry-issues", [end.isoformat(), page.after[1].isoformat(), page.after[2]])
        return answer([_issue(project, item) for item in page.items], headers=_links(following))

    @routes.on(
        HTTPMethod.PUT,
        rule,
        needs(Action.ISSUE_WRITE),
        {200: documents.ChangedIssues, **NOT_FOUND, **QUERY_LIMIT, **BODY},
    )
    def change_project_issues(path: ProjectPath, query: documents.IssuesChosen, body: documents.IssuesBody) -> Response:
        """Resolve, open or archive issues of a project: those with an `id`, or all, or all with a `status`."""
        if body.status not in _STATUS:
            raise UserError("There is no such status.", code="parameter-invalid", hint=f"One of {', '.join(_STATUS)}.")
        project = _project(services, path, Action.ISSUE_WRITE)
        pairs = _named(services, project, query.id) if query.id else _matching(services, project, query.status)
        services.issues.workflow.change_many(principal(), pairs, wish_of({"status": _STATUS[body.status]}))
        return answer({"status": _STATUS[body.status]})


def _events(routes: Routes, services: Services) -> None:
    @routes.on(
        HTTPMethod.GET,
        "/projects/<organization>/<project>/events/",
        needs(Action.EVENT_READ),
        {200: list_of(documents.ListedEvent), **NOT_FOUND, **QUERY_LIMIT},
    )
    def project_events(path: ProjectPath, query: documents.PageQuery) -> Response:
        """List the errors of a project in the last 90 days, newest first."""
        project = _project(services, path, Action.EVENT_READ)
        now = services.clock.now()
        look = Look(principal(), (project.id,), (), now - PERIOD, now + timedelta(days=1), Action.EVENT_READ)
        params: dict[str, Any] = {}
        if query.cursor:
            at, event_id = read_cursor(query.cursor, "sentry-events", [str, str])
            params = {"at": _moment(str(at)), "id": event_id}
        found = rows(look.ask(services.queries, _EVENTS.format(behind=_BEHIND if params else ""), params))
        following = ""
        if len(found) > PAGE:
            last = found[PAGE - 1]
            following = cursor_of("sentry-events", [last["timestamp"].isoformat(), last["id"]])
        return answer([_event(project, row) for row in found[:PAGE]], headers=_links(following))


def _project(services: Services, path: ProjectPath, action: Action) -> ProjectRow:
    """Return the project of a path; one that may not be seen is as unknown as one that is not.

    Raises:
        NotFound: it is unknown, or may not be seen.
        Denied: it may be seen, and the action is not allowed on it.
    """
    organisation = organisation_of(services, path.organization)
    for row in services.metadata.projects():
        if path.project in {row.slug, str(row.id)} and row.organisation_id == organisation.id:
            resource = project_resource(row)
            if verdict := decide(principal(), action, resource):
                return row
            if decide(principal(), Action.PROJECT_READ, resource):
                raise Denied(verdict.why)
            break
    raise NotFound(f"There is no project called {path.project[:100]!r}.", code="project-unknown")


def _named(services: Services, project: ProjectRow, names: list[str]) -> list[tuple[int, int]]:
    """Return the issues of a project by number or short id; NotFound when one is none of it."""
    found = []
    for name in dict.fromkeys(names):
        number = int(name) if name.isascii() and name.isdigit() and len(name) <= len(str(2**64)) else None
        row = services.metadata.issue_by_short_id(name) if number is None else None
        if number is not None and 0 < number < 2**64:
            row = services.metadata.issues([(project.id, number)]).get((project.id, number))
        if row is None or row.project_id != project.id:
            raise NotFound(f"There is no issue called {name[:100]!r} in {project.slug}.", code="issue-unknown")
        found.append((row.project_id, row.issue_id))
    return found


def _matching(services: Services, project: ProjectRow, status: str) -> list[tuple[int, int]]:
    if status and status not in _STATUS:
        raise UserError("There is no such status.", code="parameter-invalid", hint=f"One of {', '.join(_STATUS)}.")
    now = services.clock.now()
    look = Look(principal(), (project.id,), (), now - PERIOD, now + timedelta(days=1), Action.ISSUE_WRITE)
    return services.issues.matching(look, f"is:{_STATUS[status]}" if status else "", _MOST)


def _issue(project: ProjectRow, item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": item["issue_id"],
        "shortId": item["id"],
        "title": item["title"],
        "culprit": item["culprit"],
        "level": item["level"],
        "status": item["status"],
        "substatus": item["substatus"] or None,
        "count": str(item["events"]),
        "userCount": item["users"],
        "firstSeen": item["first_seen"],
        "lastSeen": item["last_seen"],
        "project": {"id": str(project.id), "slug": project.slug, "name": project.name},
    }


def _event(project: ProjectRow, row: dict[str, Any]) -> dict[str, Any]:
    user = {
        name: row[column] or None
        for name, column in (
            ("id", "user_id"),
            ("email", "user_email"),
            ("username", "user_name"),
            ("ip_address", "user_ip"),
        )
    }
    return {
        "id": row["id"],
        "eventID": row["id"],
        "groupID": str(row["issue"]) if row["issue"] else None,
        "projectID": str(project.id),
        "dateCreated": rfc3339(row["timestamp"]),
        "title": row["title"] or "",
        "message": row["message"] or "",
        "culprit": row["culprit"] or "",
        "platform": row["platform"] or "other",
        "release": row["release"] or None,
        "dist": row["dist"] or None,
        "user": user if any(user.values()) else None,
        "tags": [{"key": key, "value": value} for key, value in dict(row["tags"] or ()).items()],
    }


def _links(following: str) -> dict[str, str]:
    """Return the Link header: the next page, and that there is none before that a client could go back to."""
    others = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]

    def link(relation: str, cursor: str, *, results: bool) -> str:
        address = f"{request.base_url}?{urlencode([*others, ('cursor', cursor)])}"
        return f'<{address}>; rel="{relation}"; results="{str(results).lower()}"; cursor="{cursor}"'

    return {"Link": f"{link('previous', '', results=False)}, {link('next', following, results=bool(following))}"}


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError("`cursor` is not one this list has given.", code="cursor-invalid") from error
    if found.tzinfo is None:
        raise UserError("`cursor` is not one this list has given.", code="cursor-invalid")
    return found
