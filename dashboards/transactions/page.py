"""Transactions: the component asks Discover by itself, so the server only places it."""

from __future__ import annotations

from dashboards.components import AmberComponent
from dashboards.pages import Page, PageRequest, PageView


class Transactions(AmberComponent):
    """Percentiles, breakdown, regressions and what slow requests have in common, by transaction."""

    props = ()


def render(_request: PageRequest) -> PageView:
    """Return the page."""
    return PageView(Transactions(id="transactions"), "Transactions")


PAGE = Page("transactions", ("/transactions",), "Transactions", render)
