"""Releases: the list, and one beside the one before. Their components ask the API by themselves."""

from __future__ import annotations

from dashboards.components import AmberComponent
from dashboards.pages import Page, PageRequest, PageView


class ReleaseList(AmberComponent):
    """The releases of the chosen projects with their health."""


class ReleaseView(AmberComponent):
    """One release of a project; `compare` of the address names what it is compared with."""

    props = ("project", "version")


def render_list(_request: PageRequest) -> PageView:
    """Return the list."""
    return PageView(ReleaseList(id="releases"))


def render_one(request: PageRequest) -> PageView:
    """Return one release; its version may hold slashes."""
    version = request.parts["version"]
    view = ReleaseView(id="release", project=request.parts["project"], version=version)
    return PageView(view, version[:100])


LIST = Page("releases", ("/releases",), "Releases", render_list)
ONE = Page("release", ("/releases/<project>/<path:version>",), "Release", render_one, rail="releases")
