"""What a page is, and which page an address means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from dash.development.base_component import Component
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect, Rule

from dashboards.ports import Ports
from dashboards.urls import BASE, UrlState


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a page is asked to show.

    Attributes:
        ports: the server.
        parts: the variable parts of the path, by name.
        state: the query string.
    """

    ports: Ports
    parts: Mapping[str, str] = field(default_factory=dict)
    state: UrlState = field(default_factory=UrlState)


@dataclass(frozen=True, slots=True)
class PageView:
    """What a page shows.

    Attributes:
        body: the component tree.
        title: of the window, without the product's name; empty for the page's own.
    """

    body: Component
    title: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the application.

    Attributes:
        name: unique, such as `issues`.
        paths: below `/app`, in werkzeug's form: `/issues/<issue>`.
        title: of the window when the view has none.
        render: makes the view; raises AmberError for what cannot be shown.
        rail: name of the entry of the rail to mark; its own name when empty.
        reads_search: whether a changed query string needs a new view from the server. Pages whose components
            fetch by themselves leave it off.
    """

    name: str
    paths: Sequence[str]
    title: str
    render: Callable[[PageRequest], PageView]
    reads_search: bool = False
    rail: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The page of an address and the variable parts of its path."""

    page: Page
    parts: Mapping[str, str]


class PageTable:
    """The pages by address."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.pages = tuple(pages)
        rules = [
            Rule(f"{BASE}{path}", endpoint=index, strict_slashes=False)
            for index, page in enumerate(self.pages)
            for path in page.paths
        ]
        self._map = Map(rules, merge_slashes=False, redirect_defaults=False)

    def find(self, pathname: str) -> Found | None:
        """Return the page of a path, or None when there is none."""
        try:
            index, parts = self._map.bind("").match(pathname)
        except (HTTPException, RequestRedirect):
            return None
        # The browser gives the path as it stands in the address: `shop%401.2` is `shop@1.2`.
        return Found(self.pages[index], {name: unquote(str(value)) for name, value in parts.items()})
