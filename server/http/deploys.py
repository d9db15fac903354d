"""Deployments of releases as `sentry-cli deploys` tells them; each becomes a row of `changes`."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPMethod
from typing import Any

from flask import Response

from engine.artifacts import ReleaseRow
from engine.errors import NotFound, StateError, UserError
from engine.metadata import ProjectRow
from ingest.hexids import row_id
from ingest.native.own import submit_own
from ingest.normalise.times import time_ns
from queries.result import rfc3339
from server.http.artifacts import WRITE, audit, projects_of
from server.http.documents import artifacts as documents
from server.http.documents.common import BODY, CONFLICT, NOT_FOUND
from server.http.guard import principal
from server.http.problems import SENTRY_API
from server.http.routes import Routes, answer
from server.http.services import Services

MAX_DEPLOYS = 100
"""Of a release, in the list; as rows of `changes` there may be more."""

_MEMBERS = ("id", "environment", "name", "url", "dateStarted", "dateFinished")


def deploy_routes(services: Services) -> Routes:
    """Return the routes of deployments."""
    routes = Routes("deploys", "Deployments of releases, as sentry-cli tells them.", prefix=SENTRY_API)
    rule = "/organizations/<organization>/releases/<version>/deploys/"

    @routes.on(HTTPMethod.GET, rule, WRITE, {200: documents.list_of(documents.Deploy), **NOT_FOUND})
    def deploys(path: documents.ReleasePath) -> Response:
        """List the deployments of a release, the newest first."""
        found = [
            dict.fromkeys(_MEMBERS) | deploy
            for _, row in _having(services, path)
            for deploy in row.facts.get("deploys", [])
        ]
        found.sort(key=lambda deploy: deploy["dateFinished"] or "", reverse=True)
        return answer([{**deploy, "id": deploy["id"] or ""} for deploy in found])

    @routes.on(HTTPMethod.POST, rule, WRITE, {201: documents.Deploy, **NOT_FOUND, **BODY, **CONFLICT})
    def add_deploy(path: documents.ReleasePath, body: documents.DeployBody) -> Response:
        """Remember a deployment of a release; Discover finds it in `changes`. One told twice counts once."""
        if services.edge is None:
            raise StateError("Nothing is taken here.", code="no-ingest")
        made = body.model_dump()
        for name in ("dateStarted", "dateFinished"):
            if made[name] is not None and time_ns(made[name]) is None:
                raise UserError(f"`{name}` is no time.", code="parameter-invalid", hint="ISO 8601, with a zone.")
        made["dateFinished"] = made["dateFinished"] or rfc3339(services.clock.now())
        told: list[dict[str, Any]] = []
        for project, row in _having(services, path):
            deploy = {"id": row_id("deploy", project.id, row.version, *(made[name] or "" for name in _MEMBERS[1:]))}
            deploy |= made
            # The row first: told again after a fault between the two, it has the same id, and the list below too.
            submit_own(services.edge, project.id, "changes", [change_of(deploy, row.version, principal().name)])
            before = [one for one in row.facts.get("deploys", []) if one.get("id") != deploy["id"]]
            entry = audit("release.deploy", f"project:{project.slug}")
            kept = {"deploys": [*before, deploy][-MAX_DEPLOYS:]}
            services.metadata.put_release(project.id, row.version, kept, audit=entry)
            told.append(deploy)
        return answer(told[0], 201)

    return routes


def change_of(deploy: Mapping[str, Any], release: str, author: str) -> dict[str, Any]:
    """Return a deployment as a line of `changes`.

    Args:
        deploy: with its id; a member that was not told is None.
        release: what was deployed.
        author: whose token told it.
    """
    name = deploy["name"] or ""
    return {
        "id": deploy["id"],
        "kind": "deploy",
        "title": f"Deploy {release} to {deploy['environment']}",
        "description": name,
        "timestamp": deploy["dateFinished"],
        "started": deploy["dateStarted"],
        "finished": deploy["dateFinished"],
        "status": "succeeded",
        "link": deploy["url"],
        "author": author,
        "environment": deploy["environment"],
        "release": release,
        "after": release,
    }


def _having(services: Services, path: documents.ReleasePath) -> list[tuple[ProjectRow, ReleaseRow]]:
    """Return the projects one may upload to that have the release of a path; NotFound when none has."""
    having = []
    for project in projects_of(services, path.organization):
        try:
            having.append((project, services.metadata.release(project.id, path.version)))
        except NotFound:
            continue
    if not having:
        raise NotFound("There is no such release.", code="release-unknown")
    return having
