"""Webhooks of GitHub and GitLab: deployments, releases and commits become rows of `changes`.

`POST /api/<project>/webhooks/github|gitlab`, the project by number or short name. Each request must prove the project's
webhook secret (the project option `webhook_secret`): GitHub signs with HMAC-SHA256 (`X-Hub-Signature-256`), GitLab
sends the secret itself (`X-Gitlab-Token`). A redelivery has the id of the first delivery and counts once.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

from engine.snapshot import ConfigSnapshot, KeyConfig
from ingest.answers import Answer
from ingest.auth import Credentials
from ingest.calls import Call
from ingest.edge import Edge, Sender
from ingest.endpoints import Endpoint
from ingest.errors import InvalidItem, Malformed, Refused
from ingest.jsontext import decode_json
from ingest.limits import MIB
from ingest.native.door import take_lines
from ingest.normalise.values import listed, mapping, short

_MAX_BODY_BYTES = 25 * MIB
"""GitHub's own limit."""

_MAX_COMMITS = 2048
_FORM = "application/x-www-form-urlencoded"
_Change = dict[str, Any]
_Told = Mapping[str, Any]


def github(edge: Edge, call: Call) -> Answer:
    """Take a delivery of GitHub."""
    sender, told = proven(edge, call, "github")
    read = _GITHUB.get(call.header("X-GitHub-Event"), _nothing)
    return _take(edge, call, sender, read(told), call.header("X-GitHub-Delivery"))


def gitlab(edge: Edge, call: Call) -> Answer:
    """Take a delivery of GitLab."""
    sender, told = proven(edge, call, "gitlab")
    read = _GITLAB.get(short(told.get("object_kind"), 32), _nothing)
    name = call.header("Idempotency-Key") or call.header("X-Gitlab-Event-UUID")
    return _take(edge, call, sender, read(told), name)


def proven(edge: Edge, call: Call, provider: str) -> tuple[Sender, dict[str, Any]]:
    """Return whose delivery it is and what it tells, when it proves the secret of its project.

    Args:
        edge: of this process.
        call: the request; the project is a part of its path.
        provider: `github` or `gitlab`.

    Raises:
        Refused: 403, the secret was not proven; 400, the body is no JSON object.
    """
    sender, body = _received(edge, call, provider)
    secret = sender.project.webhook_secret.encode()
    if provider == "gitlab":
        if not hmac.compare_digest(secret, call.header("X-Gitlab-Token").encode()):
            raise _unproven("X-Gitlab-Token is not the project's webhook secret")
        return sender, _document(body)
    expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), call.header("X-Hub-Signature-256").encode()):
        raise _unproven("X-Hub-Signature-256 is not the HMAC of the body with the project's webhook secret")
    if call.content_type == _FORM:
        body = parse_qs(body.decode("utf-8", "replace")).get("payload", [""])[0].encode()
    return sender, _document(body)


def _received(edge: Edge, call: Call, client: str) -> tuple[Sender, bytes]:
    snapshot = edge.snapshot()
    project_id = _project_id(snapshot, call.project)
    if project_id is None or not snapshot.projects[project_id].webhook_secret:
        # One answer for both: whether a project exists is nobody's business here.
        raise _unproven("there is no such project, or it has no webhook secret (option `webhook_secret`)")
    sender = Sender(KeyConfig(0, project_id), Credentials("", client), snapshot)
    return sender, edge.decoded(call, sender, _MAX_BODY_BYTES)


def _project_id(snapshot: ConfigSnapshot, name: str) -> int | None:
    found = (p.id for p in snapshot.projects.values() if name in {str(p.id), p.slug})
    return next(found, None)


def _unproven(cause: str) -> Refused:
    return Refused("not authorised", status=403, reason="bad_signature", causes=(cause,))


def _document(body: bytes) -> dict[str, Any]:
    try:
        value = decode_json(body).value
    except InvalidItem as error:
        raise Malformed("bad webhook", error.message) from error
    if not isinstance(value, dict):
        raise Malformed("bad webhook", "not a JSON object")
    return value


def _take(edge: Edge, call: Call, sender: Sender, changes: Iterable[_Change], delivery: str) -> Answer:
    texts = [msgspec.json.encode({name: v for name, v in one.items() if v not in (None, "")}) for one in changes]
    return take_lines(edge, call, sender, "changes", enumerate(texts, 1), delivery[:200])


def _nothing(_told: _Told) -> list[_Change]:
    """Events that tell of no change: pings, issues, stars."""
    return []


_STATES = {
    "success": "succeeded",
    "failure": "failed",
    "error": "failed",
    "failed": "failed",
    "canceled": "failed",
    "in_progress": "started",
    "running": "started",
}
"""States of deployments that are told, by either; queued and pending ones have not begun."""


def _github_status(told: _Told) -> list[_Change]:
    state = mapping(told.get("deployment_status"))
    status = _STATES.get(short(state.get("state"), 32), "")
    if not status:
        return []
    change = _github_deploy(mapping(told.get("deployment")), told)
    at = state.get("updated_at") or state.get("created_at")
    change |= {
        "timestamp": at,
        "status": status,
        "finished": at if status != "started" else None,
        "link": state.get("environment_url") or state.get("target_url") or state.get("log_url"),
        "description": state.get("description") or change["description"],
        "environment": state.get("environment") or change["environment"],
    }
    return [change]


def _github_deployment(told: _Told) -> list[_Change]:
    deployment = mapping(told.get("deployment"))
    return [{**_github_deploy(deployment, told), "status": "started"}]


def _github_deploy(deployment: _Told, told: _Told) -> _Change:
    environment, ref = short(deployment.get("environment"), 64), short(deployment.get("ref"), 200)
    repository = _github_repository(told)
    return {
        "kind": "deploy",
        "title": f"Deploy {ref or short(deployment.get('sha'), 12)} to {environment or 'an environment'}",
        "description": short(deployment.get("description"), 10_000),
        "timestamp": deployment.get("created_at"),
        "started": deployment.get("created_at"),
        "author": _login(deployment.get("creator")) or _login(told.get("sender")),
        "environment": environment,
        "after": short(deployment.get("sha"), 64),
        "tags": {"repository": repository, "ref": ref, "deployment": short(deployment.get("id"), 32)},
    }


def _github_push(told: _Told) -> list[_Change]:
    repository, ref = _github_repository(told), short(told.get("ref"), 200)
    return [_commit(commit, repository, ref, _author(commit)) for commit in listed(told.get("commits"))[:_MAX_COMMITS]]


def _github_release(told: _Told) -> list[_Change]:
    if told.get("action") != "published":
        return []
    release = mapping(told.get("release"))
    tag = short(release.get("tag_name"), 200)
    return [
        {
            "kind": "release",
            "title": short(release.get("name"), 200) or f"Release {tag}",
            "description": short(release.get("body"), 10_000),
            "timestamp": release.get("published_at"),
            "link": release.get("html_url"),
            "author": _login(release.get("author")),
            "release": tag,
            "tags": {"repository": _github_repository(told), "ref": tag},
        }
    ]


def _github_repository(told: _Told) -> str:
    return short(mapping(told.get("repository")).get("full_name"), 200)


def _login(user: object) -> str:
    return short(mapping(user).get("login"), 200)


def _commit(commit: object, repository: str, ref: str, author: str) -> _Change:
    told = mapping(commit)
    message = short(told.get("message"), 10_000)
    return {
        "kind": "commit",
        "title": message.partition("\n")[0][:200] or short(told.get("id"), 12),
        "description": message,
        "timestamp": told.get("timestamp"),
        "link": told.get("url"),
        "author": author,
        "after": short(told.get("id"), 64),
        "tags": {"repository": repository, "ref": ref.removeprefix("refs/heads/")},
    }


def _author(commit: object) -> str:
    author = mapping(mapping(commit).get("author"))
    return short(author.get("username") or author.get("name"), 200)


def _gitlab_deployment(told: _Told) -> list[_Change]:
    status = _STATES.get(short(told.get("status"), 32), "")
    if not status:
        return []
    environment, ref = short(told.get("environment"), 64), short(told.get("ref"), 200)
    at = _gitlab_time(told.get("status_changed_at"))
    return [
        {
            "kind": "deploy",
            "title": f"Deploy {ref or short(told.get('short_sha'), 12)} to {environment or 'an environment'}",
            "description": short(told.get("commit_title"), 10_000),
            "timestamp": at,
            "started": at if status == "started" else None,
            "finished": at if status != "started" else None,
            "status": status,
            "link": told.get("environment_external_url") or told.get("deployable_url"),
            "author": short(mapping(told.get("user")).get("username"), 200),
            "environment": environment,
            "after": short(told.get("short_sha"), 64),
            "tags": {
                "repository": _gitlab_repository(told),
                "ref": ref,
                "deployment": short(told.get("deployment_id"), 32),
            },
        }
    ]


def _gitlab_push(told: _Told) -> list[_Change]:
    repository, ref = _gitlab_repository(told), short(told.get("ref"), 200)
    return [_commit(commit, repository, ref, _author(commit)) for commit in listed(told.get("commits"))[:_MAX_COMMITS]]


def _gitlab_release(told: _Told) -> list[_Change]:
    if told.get("action") != "create":
        return []
    tag = short(told.get("tag"), 200)
    return [
        {
            "kind": "release",
            "title": short(told.get("name"), 200) or f"Release {tag}",
            "description": short(told.get("description"), 10_000),
            "timestamp": _gitlab_time(told.get("released_at") or told.get("created_at")),
            "link": told.get("url"),
            "author": short(mapping(mapping(told.get("commit")).get("author")).get("name"), 200),
            "release": tag,
            "tags": {"repository": _gitlab_repository(told), "ref": tag},
        }
    ]


def _gitlab_repository(told: _Told) -> str:
    return short(mapping(told.get("project")).get("path_with_namespace"), 200)


def _gitlab_time(value: object) -> str:
    """Return a time of GitLab, `2021-04-28 21:50:00 +0200` or `… UTC`, without the blank before the zone."""
    date, _, rest = short(value, 40).partition(" ")
    return f"{date}T{rest.replace(' ', '')}" if rest else date


_GITHUB: Mapping[str, Callable[[_Told], list[_Change]]] = {
    "deployment": _github_deployment,
    "deployment_status": _github_status,
    "push": _github_push,
    "release": _github_release,
}
_GITLAB: Mapping[str, Callable[[_Told], list[_Change]]] = {
    "deployment": _gitlab_deployment,
    "push": _gitlab_push,
    "release": _gitlab_release,
}

WEBHOOK_ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("github", "/api/<project>/webhooks/github", github, doc="Deployments, releases and pushes of GitHub."),
    Endpoint("gitlab", "/api/<project>/webhooks/gitlab", gitlab, doc="Deployments, releases and pushes of GitLab."),
)
