"""Projects: which there are, whether they receive, and a new one."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from dashboards.settings.controls import Choice, CopyText, Field, Form, When, field_props
from dashboards.settings.models import Project, Team
from dashboards.settings.parts import NOTHING, Tree, badge, empty, section, table, two_lines
from dashboards.settings.rights import Rights
from dashboards.urls import UrlState, page_url
from iam import Action

SLUG_PATTERN = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_SLUG_HINT = "Small letters, digits and dashes; stands in addresses and queries, and in the numbers of issues."


def build(projects: Sequence[Project], teams: Sequence[Team], rights: Rights) -> list[Tree]:
    """Return the page."""
    create = new_project(teams, rights)
    lead = "A project is one program or service. It has a DSN to send to, and people who may see it."
    if not projects:
        text = (
            "Make the first one, put its DSN into your program, and its errors appear here."
            if create is not None
            else "Ask an administrator to give you a role on a project or a team."
        )
        return [section("Projects", empty("No project yet", text, create), lead=lead)]
    heads = ("Project", "Receives", "DSN", "Created")
    return [section("Projects", table("Projects", heads, map(_row, projects)), lead=lead, aside=create)]


def new_project(teams: Sequence[Team], rights: Rights, *, look: str = "primary") -> Form | None:
    """Return the form that makes a project; None for those who may not. `look` is that of the button."""
    allowed = [team for team in teams if rights.on_team(Action.PROJECT_CREATE, team)]
    everywhere = rights.here(Action.PROJECT_CREATE)
    if not (everywhere or allowed):
        return None
    fields = [
        Field("name", "Name", required=True, placeholder="Checkout"),
        Field(
            "slug", "Short name", required=True, pattern=SLUG_PATTERN, hint=_SLUG_HINT, max_length=50, follows="name"
        ),
    ]
    if allowed:
        none = (Choice("", "No team"),) if everywhere else ()
        options = (*none, *(Choice(team.slug, team.name or team.slug) for team in allowed))
        fields.append(Field("team", "Team", "select", options[0].value, "Its people see the project.", choices=options))
    return Form(
        id="new-project",
        method="POST",
        path="projects",
        fields=field_props(fields),
        submit="Create project",
        opener="New project",
        look=look,
        title="New project",
        done="The project is there. Now send it something.",
        go=f"{page_url('welcome')}?project={{slug}}",
    )


def project_url(slug: str) -> str:
    """Return the address of a project's settings."""
    return page_url(f"settings/projects/{slug}")


def _row(project: Project) -> list[Tree]:
    name = two_lines(html.A(project.name or project.slug, href=project_url(project.slug)), project.slug)
    if project.first_event_at:
        receives: Tree = badge("receiving", "good")
    else:
        receives = html.A("waiting for the first event", href=page_url("welcome", UrlState((project.slug,))))
    dsn = CopyText(text=project.dsn, name=f"DSN of {project.slug}") if project.dsn else html.Span(NOTHING)
    return [name, receives, dsn, When(at=project.created_at)]
