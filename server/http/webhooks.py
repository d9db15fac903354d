"""Webhooks of GitHub and GitLab on the web port: the commits of pushes are kept, all else goes the way of ingest.

The ingest port takes the same deliveries below `/api/PROJECT/webhooks/…` and makes rows of `changes` of them; it has no
metadata database, so suspect commits need the webhook here. A delivery must prove the project's webhook secret; sent
again it changes nothing, because commits have ids. A push that comes while the database is away waits on disk
(`server.commits.waiting`): who delivers it does not send it again.
"""

from __future__ import annotations

from http import HTTPMethod

from flask import Response, request

from engine.datadir import DataDirectory
from engine.errors import StateError
from engine.metadata import AuditEntry, MetadataUnavailable, ProjectRow
from ingest.answers import Answer, document
from ingest.calls import Call
from ingest.edge import Edge
from ingest.endpoints import Endpoint, answer_to
from ingest.errors import Refused
from ingest.http import response_of
from ingest.native.own import submit_own
from ingest.native.webhooks import WEBHOOK_ENDPOINTS, proven
from server.commits.registry import CommitRegistry
from server.commits.told import PUSH_READERS, github_renamed
from server.commits.waiting import WaitingPushes
from server.http.access import public
from server.http.documents import commits as documents
from server.http.documents.common import CONFLICT
from server.http.routes import Routes
from server.http.services import Services

_OWN_CHECK = public("The delivery proves the project's webhook secret.")
_KINDS = {"github": ("X-GitHub-Event", "push"), "gitlab": ("X-Gitlab-Event", "Push Hook")}
_REFUSAL = {"content": {"application/json": {"schema": {"type": "object"}}}}


def webhook_routes(services: Services) -> Routes:
    """Return the route of webhooks."""
    routes = Routes("webhooks", "What GitHub and GitLab tell: pushes, deployments, releases.")
    ways = {endpoint.name: endpoint for endpoint in WEBHOOK_ENDPOINTS}

    @routes.on(
        HTTPMethod.POST,
        "/projects/<project>/webhooks/<provider>",
        _OWN_CHECK,
        {
            200: documents.Pushed,
            400: {"description": "The body cannot be read.", **_REFUSAL},
            403: {"description": "The secret was not proven, or there is no such project.", **_REFUSAL},
            503: {"description": "There is no room on the disk; nothing was stored.", **_REFUSAL},
            **CONFLICT,
        },
    )
    def webhook(path: documents.WebhookPath) -> Response:
        """Take a delivery of GitHub or GitLab: commits of pushes for suspect commits, and rows of `changes`."""
        if services.edge is None:
            raise StateError("Nothing is taken here.", code="no-ingest")
        call = Call(request.environ, {"project": path.project})
        header, push = _KINDS[path.provider]
        kind = request.headers.get(header)
        if kind == push:
            way = Endpoint("push", "", lambda edge, call: _pushed(services, edge, call, path.provider))
        elif (path.provider, kind) == ("github", "repository"):
            way = Endpoint("repository", "", lambda edge, call: _renamed(services, edge, call))
        else:
            way = ways[path.provider]
        return response_of(answer_to(way, services.edge, call))

    return routes


def _project(services: Services, number: int) -> ProjectRow:
    project = next((row for row in services.metadata.projects() if row.id == number), None)
    if project is None:
        raise Refused("not authorised", status=403, reason="unknown_project", causes=("the project is gone",))
    return project


def _renamed(services: Services, edge: Edge, call: Call) -> Answer:
    sender, told = proven(edge, call, "github")
    project, renamed = _project(services, sender.project_id), github_renamed(told)
    if renamed is not None:
        entry = AuditEntry(
            "webhook:github", "repositories.rename", f"project:{project.slug}", {"to": renamed.repository}
        )
        CommitRegistry(services.metadata, services.clock).renamed(project, "github", renamed, entry)
    return document({"commits": 0})


def _pushed(services: Services, edge: Edge, call: Call, provider: str) -> Answer:
    sender, told = proven(edge, call, provider)
    now = services.clock.now()
    push = PUSH_READERS[provider](told, now)
    registry = CommitRegistry(
        services.metadata, services.clock, lambda number, lines: submit_own(edge, number, "changes", lines)
    )
    try:
        project = _project(services, sender.project_id)
        entry = AuditEntry(f"webhook:{provider}", "commits.push", f"project:{project.slug}")
        return document({"commits": registry.pushed(project, provider, push, entry)})
    except MetadataUnavailable:
        data = DataDirectory.at(services.settings.data, services.settings.spool_key)
        if not WaitingPushes(data).keep(provider, sender.project_id, now, told):
            raise
    registry.tell_changes(sender.project_id, push)
    return document({"commits": len(push.commits)})
