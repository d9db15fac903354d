"""Reports: the component asks the API by itself, so the server only places it."""

from __future__ import annotations

from dashboards.components import AmberComponent
from dashboards.pages import Page, PageRequest, PageView


class ReportPage(AmberComponent):
    """The reports that were made, one of them to read, and the schedules that make them."""

    props = ()


def render(_request: PageRequest) -> PageView:
    """Return the page."""
    return PageView(ReportPage(id="reports"), "Reports")


PAGE = Page("reports", ("/reports",), "Reports", render)
