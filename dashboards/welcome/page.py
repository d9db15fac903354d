"""First run: which project, its DSN, what to paste, and the light that turns green."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from dash import html

from dashboards.components import AmberComponent
from dashboards.pages import Page, PageRequest, PageView
from dashboards.settings.controls import CopyText
from dashboards.settings.models import Organisation, Project, Team
from dashboards.settings.pages.projects import new_project, project_url
from dashboards.settings.parts import Tree, aria, empty, note
from dashboards.settings.reading import every, every_if_allowed, one
from dashboards.settings.rights import Rights
from dashboards.urls import UrlState, discover_url, page_url
from dashboards.welcome.snippets import SNIPPET_BY_ID, SNIPPETS, Snippet
from iam import Action

_FIRST_QUESTION = "from errors | summarize n=count() by title | sort n desc"


class FirstEvent(AmberComponent):
    """Waits for the first event of `project` and turns green; `issues`, `discover`, `state` are where one goes then."""

    props: ClassVar[Sequence[str]] = ("project", "first_event_at", "issues", "discover", "state")


def render(request: PageRequest) -> PageView:
    """Return the page of the project the address names, or of the first one."""
    ports = request.ports
    organisation = one(ports.read("session")["organisation"], Organisation)
    rights = Rights(ports.principal(), organisation.id)
    projects = every(ports, "projects", Project)
    chosen = _chosen(projects, request.state)
    language = SNIPPET_BY_ID.get(request.state.page.get("lang", ""), SNIPPETS[0])
    return PageView(
        build(projects, chosen, language, rights, every_if_allowed(ports, "teams", Team)), "Send your first event"
    )


def build(
    projects: Sequence[Project],
    chosen: Project | None,
    language: Snippet,
    rights: Rights,
    teams: Sequence[Team] = (),
) -> html.Div:
    """Return the page's tree."""
    create = new_project(teams, rights, look="primary" if chosen is None else "quiet")
    head = html.Div(
        [
            html.H1("Send your first event"),
            html.P(
                "Amber takes what Sentry's clients send: put this DSN into your program and leave the rest as it is.",
                className="set-lead",
            ),
        ],
        className="welcome-head",
    )
    if chosen is None:
        text = (
            "A project is one program or service; it has a DSN to send to."
            if create is not None
            else "You have no project yet. Ask an administrator for a role on one."
        )
        return html.Div([head, empty("First, a project", text, create)], className="welcome")
    steps = [
        _step(1, "Project", _project_choice(projects, chosen, language, create)),
        _step(2, "DSN", _dsn(chosen, rights)),
        _step(3, "Program", _program(chosen, language)) if chosen.dsn else None,
        _step(4, "First event", _light(chosen, rights)),
    ]
    return html.Div(
        [head, html.Ol([step for step in steps if step is not None], className="welcome-steps")], className="welcome"
    )


def _chosen(projects: Sequence[Project], state: UrlState) -> Project | None:
    """Return the project the address names; otherwise the first that waits, so that one sees what is left to do."""
    named = next((project for project in projects if project.slug in state.projects), None)
    waiting = next((project for project in projects if not project.first_event_at), None)
    return named or waiting or next(iter(projects), None)


def _step(number: int, title: str, content: Tree) -> html.Li:
    return html.Li([html.H2([html.Span(str(number), className="welcome-number"), title]), html.Div(content)])


def _project_choice(projects: Sequence[Project], chosen: Project, language: Snippet, create: Tree) -> html.Div:
    links = [
        html.A(
            project.name or project.slug,
            href=_url(project, language),
            className="set-tab",
            **(aria(current="true") if project is chosen else {}),
        )
        for project in projects
    ]
    body: list[Tree] = [html.Nav(links, className="set-tabs", **aria(label="Projects"))]
    if create is not None:
        body.append(create)
    return html.Div(body, className="welcome-projects")


def _dsn(project: Project, rights: Rights) -> Tree:
    if project.dsn:
        more = html.A("Keys and options of the project", href=project_url(project.slug))
        return [CopyText(text=project.dsn, name="DSN"), html.P(more, className="set-dim")]
    if rights.on_project(Action.KEY_READ, project):
        return note(
            html.Span(["The project has no active key. ", html.A("Make one", href=project_url(project.slug))]), "warn"
        )
    return note("Members of the project see its DSN. Ask one of them, or an administrator for that role.")


def _program(project: Project, language: Snippet) -> list[Tree]:
    tabs = [
        html.A(
            snippet.label,
            href=_url(project, snippet),
            className="set-tab",
            **(aria(current="true") if snippet is language else {}),
        )
        for snippet in SNIPPETS
    ]
    parts: list[Tree] = [html.Nav(tabs, className="set-tabs", **aria(label="Languages"))]
    if language.install:
        parts += [html.P("Install the client:"), CopyText(text=language.install, name="Install command", block=True)]
    parts.append(html.P(["Put this into ", html.Code(language.file), ":"] if language.file else "In a terminal:"))
    parts.append(CopyText(text=language.code(project.dsn or ""), name=f"Code for {language.label}", block=True))
    if language.run:
        parts += [html.P("Run it:"), CopyText(text=language.run, name="Run command", block=True)]
    return parts


def _light(project: Project, rights: Rights) -> FirstEvent:
    scope = UrlState((project.slug,))
    return FirstEvent(
        id="first-event",
        project=project.slug,
        first_event_at=project.first_event_at,
        issues=page_url("issues", scope),
        discover=discover_url(_FIRST_QUESTION, scope),
        state=page_url("settings/state") if rights.installation(Action.STATE_READ) else "",
    )


def _url(project: Project, language: Snippet) -> str:
    return page_url("welcome", UrlState((project.slug,), page={"lang": language.id}))


PAGE = Page(name="welcome", paths=("/welcome",), title="Send your first event", render=render, reads_search=True)
"""The first-run page."""
