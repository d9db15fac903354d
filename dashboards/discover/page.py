"""The Discover page: its component asks the API by itself, so the server only places it."""

from __future__ import annotations

from dashboards.components import AmberComponent
from dashboards.discover.examples import EXAMPLES
from dashboards.pages import Page, PageRequest, PageView
from engine.schema import DATASETS


class Discover(AmberComponent):
    """Query line, chart, table and facets; everything it shows follows from the address."""

    props = ("examples", "datasets")


def render(_request: PageRequest) -> PageView:
    """Return the page."""
    examples = [{"title": e.title, "text": e.text, "teaches": e.teaches} for e in EXAMPLES]
    datasets = [{"name": d.name, "doc": d.doc} for d in DATASETS.values()]
    return PageView(Discover(id="discover", examples=examples, datasets=datasets))


PAGE = Page("discover", ("/", "/discover"), "Discover", render)
