"""The frame of every page: the rail, the bar, the place of the page, and the pages shown instead of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.components import AmberComponent
from dashboards.pages import PageView
from dashboards.ports import Ports
from dashboards.urls import page_url
from engine.errors import AmberError

PAGE_ID = "page"
SHELL_ID = "shell"


class Shell(AmberComponent):
    """The frame. It follows the address bar and tells the server, by `location`, which page to show.

    `nav` lists the rail's entries (`name`, `label`, `href`, `icon`, `keys`), `me` is who is signed in, `projects` what
    they may see, `facts` the version; `shown` is what the server put into the page (`name`, `title`, `reads_search`,
    `pathname`).
    """

    props = ("nav", "me", "projects", "facts", "location", "shown")


NAV: Sequence[Mapping[str, str]] = (
    {"name": "discover", "label": "Discover", "href": page_url("discover"), "icon": "discover", "keys": "g d"},
    {"name": "issues", "label": "Issues", "href": page_url("issues"), "icon": "issues", "keys": "g i"},
    {"name": "releases", "label": "Releases", "href": page_url("releases"), "icon": "releases", "keys": "g r"},
    {
        "name": "transactions",
        "label": "Transactions",
        "href": page_url("transactions"),
        "icon": "traces",
        "keys": "g t",
    },
    {"name": "map", "label": "Service map", "href": page_url("map"), "icon": "map", "keys": "g m"},
    {"name": "profiles", "label": "Profiles", "href": page_url("profiles"), "icon": "profiles", "keys": "g f"},
    {"name": "settings", "label": "Settings", "href": page_url("settings"), "icon": "settings", "keys": "g s"},
)


def layout(ports: Ports, page_names: Sequence[str]) -> Component:
    """Return the frame for who is signed in, with an empty place for the page."""
    session = ports.read("session")
    return Shell(
        [html.Div(id=PAGE_ID)],
        id=SHELL_ID,
        nav=[dict(entry) for entry in NAV if entry["name"] in page_names],
        me=_me(session),
        projects=_projects(session),
        facts={"version": ports.version, "ingest_url": ports.ingest_url},
    )


def _me(session: Mapping[str, Any]) -> dict[str, str]:
    user = session.get("user") or {}
    organisation = session.get("organisation") or {}
    return {
        "email": str(user.get("email", "")),
        "name": str(user.get("name", "") or user.get("email", "")),
        "role": str(session.get("role", "") or user.get("role", "")),
        "organisation": str(organisation.get("name", "")),
    }


def _projects(session: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"slug": str(project["slug"]), "name": str(project.get("name") or project["slug"])}
        for project in session.get("projects", ())
    ]


def not_found() -> PageView:
    """Return the page for an address that means nothing."""
    return PageView(
        _notice(
            "There is no such page",
            "The address is misspelt, or what it showed is gone.",
            html.A("Go to Discover", href=page_url("discover"), className="button"),
        ),
        "Not found",
    )


def problem(error: AmberError) -> PageView:
    """Return the page for an error: what happened, what to do, and the code to quote."""
    if error.http_status == 404:
        return PageView(
            _notice(error.message, error.hint, html.Code(error.code, className="notice-code")),
            "Not found",
        )
    return PageView(_notice(error.message, error.hint, html.Code(error.code, className="notice-code")), "Problem")


def _notice(title: str, hint: str, extra: Component) -> Component:
    parts: list[Component] = [html.H1(title)]
    if hint:
        parts.append(html.P(hint))
    return html.Div([*parts, extra], className="notice", role="alert")
