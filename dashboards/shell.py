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

    `nav` lists the rail's entries (`group`, `name`, `label`, `href`, `icon`, `keys`), `me` is who is signed in,
    `projects` what they may see, `facts` the version; `shown` is what the server put into the page (`name`, `title`,
    `reads_search`, `pathname`).
    """

    props = ("nav", "me", "projects", "facts", "location", "shown")


_DISCOVER, _ISSUES, _OBSERVE, _DELIVER, _MANAGE = "Discover", "Issues", "Observe", "Deliver", "Manage"


def _entry(group: str, name: str, label: str, keys: str, icon: str = "") -> Mapping[str, str]:
    return {
        "group": group,
        "name": name,
        "label": label,
        "href": page_url(name),
        "icon": icon or name,
        "keys": keys,
    }


NAV: Sequence[Mapping[str, str]] = (
    _entry(_DISCOVER, "discover", "Discover", "g d"),
    _entry(_ISSUES, "issues", "Issues", "g i"),
    _entry(_OBSERVE, "traces", "Traces", "g e"),
    _entry(_OBSERVE, "transactions", "Transactions", "g t"),
    _entry(_OBSERVE, "map", "Service map", "g m"),
    _entry(_OBSERVE, "profiles", "Profiles", "g f"),
    _entry(_OBSERVE, "replays", "Replays", "g p"),
    _entry(_DELIVER, "releases", "Releases", "g r"),
    _entry(_DELIVER, "dashboards", "Dashboards", "g b"),
    _entry(_DELIVER, "monitors", "Monitors", "g c"),
    _entry(_DELIVER, "reports", "Reports", "g o"),
    _entry(_MANAGE, "settings", "Settings", "g s"),
    _entry(_MANAGE, "welcome", "Send data", "g w", "send"),
)
"""The rail, in five groups; an entry shows when there is a page of its name (`PAGES`)."""


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
