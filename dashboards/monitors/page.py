"""Monitors: the list, and one with its runs. Their components ask the API by themselves."""

from __future__ import annotations

from dashboards.components import AmberComponent
from dashboards.pages import Page, PageRequest, PageView


class MonitorList(AmberComponent):
    """The monitors of the chosen projects: how each stands, its last runs, when the next is due."""


class MonitorView(AmberComponent):
    """One monitor of a project, with its schedule and its newest check-ins."""

    props = ("project", "monitor")


def render_list(_request: PageRequest) -> PageView:
    """Return the list."""
    return PageView(MonitorList(id="monitors"))


def render_one(request: PageRequest) -> PageView:
    """Return one monitor; its slug may hold slashes."""
    slug = request.parts["monitor"]
    return PageView(MonitorView(id="monitor", project=request.parts["project"], monitor=slug), slug[:100])


LIST = Page("monitors", ("/monitors",), "Monitors", render_list)
ONE = Page("monitor", ("/monitors/<project>/<path:monitor>",), "Monitor", render_one, rail="monitors")
