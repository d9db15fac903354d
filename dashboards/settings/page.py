"""The settings pages: which areas there are, who sees them, and how an address becomes one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dash import html

from dashboards.pages import Page, PageRequest, PageView
from dashboards.ports import Ports
from dashboards.settings.models import (
    AuditEntry,
    BrowserSession,
    IngestState,
    Key,
    Me,
    Organisation,
    Person,
    Project,
    ProjectRole,
    Team,
    Token,
    Verdict,
)
from dashboards.settings.pages import account, audit, general, people, projects, state, teams, tokens
from dashboards.settings.pages import project as project_page
from dashboards.settings.parts import Tree, aria
from dashboards.settings.reading import every, every_if_allowed, many, one
from dashboards.settings.rights import Rights
from dashboards.urls import page_url
from engine.errors import AmberError
from iam import Action

_AUDIT_LIMIT = 50


class NoSuchArea(AmberError):
    """The address names an area that does not exist, or that the reader does not see."""

    code = "page-unknown"
    http_status = 404


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for one area."""

    request: PageRequest
    rights: Rights
    organisation: Organisation

    @property
    def ports(self) -> Ports:
        """The server."""
        return self.request.ports

    def items(self, path: str, kind: type[Any], **query: Any) -> tuple[Any, ...]:
        """Return the items of a list document, all pages of it."""
        return every(self.ports, path, kind, **query)

    def items_if_allowed(self, path: str, kind: type[Any]) -> tuple[Any, ...]:
        """Return the items of a list document; nothing for those who may not read it."""
        return every_if_allowed(self.ports, path, kind)

    def me(self) -> Me | None:
        """Return the reader's account; None for a principal that is no person."""
        return one(self.ports.read("me"), Me) if self.rights.user_id else None


@dataclass(frozen=True, slots=True)
class Area:
    """One area.

    Attributes:
        name: in the address; empty for the first.
        show: makes its content.
        seen_by: whether somebody with these rights gets to see it.
    """

    name: str
    title: str
    show: Callable[[Visit], list[Tree]]
    seen_by: Callable[[Rights], bool] = lambda _rights: True


def _general(visit: Visit) -> list[Tree]:
    ports = visit.ports
    organisation = one(ports.read("organisation"), Organisation)
    return general.build(organisation, visit.me(), visit.rights, version=ports.version, ingest_url=ports.ingest_url)


def _projects(visit: Visit) -> list[Tree]:
    listed = visit.items("projects", Project)
    return projects.build(listed, visit.items_if_allowed("teams", Team), visit.rights)


def _project(visit: Visit) -> list[Tree]:
    slug = visit.request.parts["project"]
    project = one(visit.ports.read(f"projects/{slug}"), Project)
    may_see = visit.rights.on_project(Action.KEY_READ, project)
    keys = visit.items(f"projects/{slug}/keys", Key) if may_see else None
    roles = visit.items_if_allowed(f"projects/{slug}/roles", ProjectRole)
    return project_page.build(project, keys, roles, visit.items_if_allowed("users", Person), visit.rights)


def _tokens(visit: Visit) -> list[Tree]:
    everyone = bool(visit.request.state.page.get("everyone")) and visit.rights.on_tokens_of(Action.TOKEN_READ, 0)
    asked = {"everyone": "true"} if everyone else {}
    listed = visit.items("tokens", Token, **asked)
    return tokens.build(
        listed, visit.items("projects", Project), visit.rights, now=datetime.now(UTC), everyone=everyone
    )


def _people(visit: Visit) -> list[Tree]:
    return people.build(visit.items("users", Person), visit.rights)


def _teams(visit: Visit) -> list[Tree]:
    listed = visit.items("teams", Team)
    return teams.build(listed, visit.items_if_allowed("users", Person), visit.items("projects", Project), visit.rights)


def _account(visit: Visit) -> list[Tree]:
    me = visit.me()
    if me is None:
        raise NoSuchArea("Only people have an account.", hint="Sign in with e-mail and password.")
    return account.build(me, visit.items("me/sessions", BrowserSession))


def _state(visit: Visit) -> list[Tree]:
    read = one(visit.ports.read("state"), IngestState)
    return state.build(read, may_read_dead=visit.rights.installation(Action.DEADLETTER_READ))


def _audit(visit: Visit) -> list[Tree]:
    given = visit.request.state.page
    chosen = {name: given.get(name, "") for name in ("actor", "action", "cursor")}
    asked = {name: value for name, value in chosen.items() if value}
    document = visit.ports.read("audit", limit=_AUDIT_LIMIT, **asked)
    verdict = one(visit.ports.read("audit/verify"), Verdict) if given.get("verify") else None
    return audit.build(many(document, AuditEntry), document.get("next"), chosen, verdict)


AREAS: tuple[Area, ...] = (
    Area("", "General", _general),
    Area("projects", "Projects", _projects),
    Area("tokens", "Tokens", _tokens, lambda rights: rights.on_tokens_of(Action.TOKEN_READ, rights.user_id)),
    Area("people", "People", _people, lambda rights: rights.here(Action.MEMBER_READ)),
    Area("teams", "Teams", _teams),
    Area("account", "Account", _account, lambda rights: rights.user_id != 0),
    Area("state", "Ingest state", _state, lambda rights: rights.installation(Action.STATE_READ)),
    Area("audit", "Audit", _audit, lambda rights: rights.here(Action.AUDIT_READ)),
)
"""Every area, in the order of the list at the left."""


def render(request: PageRequest) -> PageView:
    """Return the area an address means, beside the list of all the reader sees."""
    organisation = _organisation(request.ports)
    rights = Rights(request.ports.principal(), organisation.id)
    area = next((area for area in AREAS if area.name == request.parts.get("area", "")), None)
    single = "project" in request.parts
    if single:
        area = next(area for area in AREAS if area.name == "projects")
    if area is None or not area.seen_by(rights):
        raise NoSuchArea("There is no such page in the settings.", hint="It may need a role that you do not have.")
    show = _project if single else area.show
    content = show(Visit(request, rights, organisation))
    title = f"{request.parts['project']} · Settings" if single else f"{area.title} · Settings"
    return PageView(frame(area, rights, content), title)


def frame(area: Area, rights: Rights, content: list[Tree]) -> html.Div:
    """Return the content beside the list of areas."""
    links = [
        html.Li(
            html.A(
                each.title,
                href=page_url(f"settings/{each.name}".rstrip("/")),
                className="set-nav-link",
                **(aria(current="page") if each is area else {}),
            )
        )
        for each in AREAS
        if each.seen_by(rights)
    ]
    nav = html.Nav([html.H1("Settings"), html.Ul(links)], className="set-nav", **aria(label="Settings"))
    return html.Div([nav, html.Div(content, className="set-content")], className="set")


def _organisation(ports: Ports) -> Organisation:
    return one(ports.read("session")["organisation"], Organisation)


PAGE = Page(
    name="settings",
    paths=("/settings", "/settings/<area>", "/settings/projects/<project>"),
    title="Settings",
    render=render,
    reads_search=True,
)
"""The settings."""
