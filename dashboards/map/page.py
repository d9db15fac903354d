"""The service map: the component asks the API by itself, so the server only places it."""

from __future__ import annotations

from dashboards.components import AmberComponent
from dashboards.pages import Page, PageRequest, PageView


class ServiceMap(AmberComponent):
    """Services and their calls with rate, errors and durations; as a picture or as tables."""

    props = ()


def render(_request: PageRequest) -> PageView:
    """Return the page."""
    return PageView(ServiceMap(id="service-map"), "Service map")


PAGE = Page("map", ("/map",), "Service map", render)
