"""Merging and splitting issues, the decisions behind it, and what the model suggests."""

from __future__ import annotations

from http import HTTPMethod
from typing import cast

from flask import Response

from engine.errors import NotFound
from engine.metadata import IssueRow
from iam import Action, Denied, decide, project_resource
from server.http.access import needs
from server.http.documents import merging as documents
from server.http.documents.common import BODY, CHANGED, CONFLICT, NOT_FOUND, QUERY_LIMIT, Look
from server.http.documents.issues import IssuePath
from server.http.guard import principal
from server.http.issues import looked_at
from server.http.paging import cursor_of, read_cursor
from server.http.routes import Routes, answer
from server.http.services import Services

_READ = needs(Action.ISSUE_READ)
_WRITE = needs(Action.ISSUE_WRITE)
_DECIDED = {200: documents.DecisionDocument, **NOT_FOUND, **CONFLICT, **CHANGED, **QUERY_LIMIT}
_CURSOR = "suggestions"


def merging_routes(services: Services) -> Routes:
    """Return the routes of merges, splits, decisions and suggestions."""
    routes = Routes("merging", "Which errors are one issue: merges, splits, undo, and what the model suggests.")
    _deciding(routes, services)
    _suggesting(routes, services)
    return routes


def _deciding(routes: Routes, services: Services) -> None:
    @routes.on(HTTPMethod.POST, "/issues/merge", _WRITE, {**_DECIDED, **BODY})
    def merge(body: documents.MergeBody) -> Response:
        """Make several issues one; counts, users and times are of all of them from now on.

        The others keep their names and lead to it. The answer is the decision; undo it to have them back as they were.
        """
        return answer(services.merging.merge(principal(), body.ids, body.into))

    @routes.on(
        HTTPMethod.GET,
        "/issues/<issue>/fingerprints",
        _READ,
        {200: documents.FingerprintList, **NOT_FOUND, **QUERY_LIMIT},
    )
    def fingerprints(path: IssuePath, query: Look) -> Response:
        """List the fingerprints that belong to an issue with their counts, and the decisions behind it."""
        row, _ = services.issues.find(principal(), path.issue)
        return answer(services.merging.fingerprints(looked_at(services, query, Action.ISSUE_READ), row))

    @routes.on(HTTPMethod.POST, "/issues/<issue>/split", _WRITE, {**_DECIDED, **BODY})
    def split(path: IssuePath, body: documents.PartBody) -> Response:
        """Take fingerprints out of an issue, into one issue of their own."""
        return _take_out(services, path, body, together=True)

    @routes.on(HTTPMethod.POST, "/issues/<issue>/unmerge", _WRITE, {**_DECIDED, **BODY})
    def unmerge(path: IssuePath, body: documents.PartBody) -> Response:
        """Take fingerprints out of an issue, each back into the issue it had."""
        return _take_out(services, path, body, together=False)

    @routes.on(HTTPMethod.POST, "/decisions/<decision>/undo", _WRITE, _DECIDED)
    def undo(path: documents.DecisionPath) -> Response:
        """Take a merge, a split or an undo back; fingerprints go where they were before.

        409 when a later decision moved the same fingerprints: that one has to be undone first.
        """
        return answer(services.merging.undo(principal(), path.decision))


def _take_out(services: Services, path: IssuePath, body: documents.PartBody, *, together: bool) -> Response:
    row, _ = services.issues.find(principal(), path.issue, Action.ISSUE_WRITE)
    numbers = [int(fingerprint) for fingerprint in body.fingerprints]
    look = looked_at(services, Look(), Action.ISSUE_WRITE)
    return answer(services.merging.take_out(look, row, numbers, together=together))


def _suggesting(routes: Routes, services: Services) -> None:
    @routes.on(HTTPMethod.GET, "/suggestions", _READ, {200: documents.SuggestionPage})
    def suggestions(query: documents.SuggestionListQuery) -> Response:
        """List merges and splits the model is not sure enough of to make them, the newest first."""
        kind = f"{_CURSOR}:{query.status}"
        before = None if query.cursor is None else cast("int", read_cursor(query.cursor, kind, [int])[0])
        items = services.merging.suggestions(principal(), query.status, before, query.limit + 1)
        shown = items[: query.limit]
        following = cursor_of(kind, [shown[-1]["id"]]) if len(items) > query.limit else None
        return answer({"items": shown, "next": following})

    answered = {200: documents.SuggestionDocument, **NOT_FOUND, **CONFLICT}

    @routes.on(HTTPMethod.POST, "/suggestions/<suggestion>/accept", _WRITE, answered)
    def accept(path: documents.SuggestionPath) -> Response:
        """Do what is suggested, as a decision of one's own."""
        return answer(services.merging.answer_suggestion(principal(), path.suggestion, accept=True))

    @routes.on(HTTPMethod.POST, "/suggestions/<suggestion>/reject", _WRITE, answered)
    def reject(path: documents.SuggestionPath) -> Response:
        """Say that it is wrong; it is never suggested again, and the model learns from it."""
        return answer(services.merging.answer_suggestion(principal(), path.suggestion, accept=False))

    @routes.on(
        HTTPMethod.POST,
        "/recluster",
        _WRITE,
        {200: documents.ReclusterReport, **NOT_FOUND, **QUERY_LIMIT, **BODY},
    )
    def recluster(body: documents.ReclusterBody) -> Response:
        """Compare the new issues of a project with the others now, as the job does every ten minutes."""
        project = next((row for row in services.metadata.projects() if body.project in {row.slug, str(row.id)}), None)
        if project is None or not decide(principal(), Action.ISSUE_READ, project_resource(project)):
            raise NotFound(f"There is no project called {body.project[:100]!r}.", code="project-unknown")
        verdict = decide(principal(), Action.ISSUE_WRITE, project_resource(project))
        if not verdict:
            raise Denied(verdict.why)
        return answer(services.recluster().run(project.slug, dry_run=body.dry_run).document())


def target_of(services: Services, row: IssueRow) -> str | None:
    """Return the short id of what an issue was merged into, None when it stands by itself."""
    target = services.merging.target(row)
    return None if target is None else target.short_id
