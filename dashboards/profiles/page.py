"""Profiles: the component asks the API by itself, so the server only places it."""

from __future__ import annotations

from dashboards.components import AmberComponent
from dashboards.pages import Page, PageRequest, PageView


class Profiles(AmberComponent):
    """Flame graphs of the profiles that the address names: filter, release, comparison, way to show them."""

    props = ()


def render(_request: PageRequest) -> PageView:
    """Return the page."""
    return PageView(Profiles(id="profiles"), "Profiles")


PAGE = Page("profiles", ("/profiles",), "Profiles", render)
