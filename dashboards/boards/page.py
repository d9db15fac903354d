"""Dashboards: the list, and one with its panels. Their components ask the API by themselves."""

from __future__ import annotations

from dashboards.components import AmberComponent
from dashboards.pages import Page, PageRequest, PageView
from engine.errors import NotFound
from engine.schema import DATASETS


class BoardList(AmberComponent):
    """The dashboards one may see, and those one can start from."""


class BoardView(AmberComponent):
    """One dashboard; `edit` of the address says that it is edited, `datasets` where variables can take values from."""

    props = ("number", "datasets")


def render_list(_request: PageRequest) -> PageView:
    """Return the list."""
    return PageView(BoardList(id="boards"))


def render_one(request: PageRequest) -> PageView:
    """Return one dashboard.

    Raises:
        NotFound: the address holds no number.
    """
    number = request.parts["dashboard"]
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise NotFound(f"{number[:100]!r} is no number of a dashboard.", code="dashboard-unknown")
    return PageView(BoardView(id="board", number=number, datasets=list(DATASETS)))


LIST = Page("dashboards", ("/dashboards",), "Dashboards", render_list)
ONE = Page("dashboard", ("/dashboards/<dashboard>",), "Dashboard", render_one, rail="dashboards")
