"""Dash on the server's Flask app: which pages there are, and how an address becomes a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import Dash, Input, Output, html, no_update
from flask import Flask, request
from plotly.io import json as plotly_json

from dashboards.boards import page as boards_page
from dashboards.bundle import BundleMissing, is_built
from dashboards.delivery import serve_compactly
from dashboards.discover import page as discover_page
from dashboards.issues import detail as issue_page
from dashboards.issues import page as issues_page
from dashboards.issues import review as review_page
from dashboards.map import page as map_page
from dashboards.monitors import page as monitors_page
from dashboards.pages import Found, Page, PageRequest, PageTable, PageView
from dashboards.ports import Ports
from dashboards.profiles import page as profiles_page
from dashboards.releases import page as releases_page
from dashboards.replays import page as replays_page
from dashboards.replays.frame import serve_frame
from dashboards.reports import page as reports_page
from dashboards.settings import page as settings_page
from dashboards.shell import PAGE_ID, SHELL_ID, layout, not_found, problem
from dashboards.trace import page as trace_page
from dashboards.transactions import page as transactions_page
from dashboards.urls import BASE, parse_search
from dashboards.welcome import page as welcome_page
from engine.errors import AmberError

PAGES: Final[tuple[Page, ...]] = (
    discover_page.PAGE,
    issues_page.PAGE,
    review_page.PAGE,
    issue_page.PAGE,
    trace_page.LIST,
    trace_page.PAGE,
    transactions_page.PAGE,
    map_page.PAGE,
    profiles_page.PAGE,
    replays_page.LIST,
    replays_page.ONE,
    releases_page.LIST,
    releases_page.ONE,
    boards_page.LIST,
    boards_page.ONE,
    monitors_page.LIST,
    monitors_page.ONE,
    reports_page.PAGE,
    settings_page.PAGE,
    welcome_page.PAGE,
)
"""Every page; a feature adds its line here."""

THEME_COOKIE: Final = "amber_theme"
_THEMES: Final = frozenset({"light", "dark"})
_INDEX: Final = """<!DOCTYPE html>
<html lang="en"{theme}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath \
d='M8 1c3 3.4 5 6 5 8.600a5 5 0 0 1-10 0C3 7 5 4.400 8 1z' fill='%23d98206'/%3E%3C/svg%3E">
{css}
</head>
<body>
{app_entry}
{config}
{scripts}
{renderer}
</body>
</html>
"""
_ENTRY: Final = '<div id="react-entry-point"><div class="boot" aria-busy="true"></div></div>'


class Pages(Dash):
    """Dash with Amber's document, and without the component libraries no page uses."""

    def interpolate_index(self, **parts: str) -> str:  # type: ignore[override]  # called by keyword only
        """Return the HTML document; the chosen theme is in it, so that nothing flashes."""
        theme = request.cookies.get(THEME_COOKIE, "")
        return _INDEX.format(
            theme=f' data-theme="{theme}"' if theme in _THEMES else "",
            title="Amber",
            css=parts["css"],
            app_entry=_ENTRY,
            config=parts["config"],
            scripts=parts["scripts"],
            renderer=parts["renderer"],
        )

    def set_up_now(self) -> None:
        """Do what Dash would do in the first request of anybody, where nobody is signed in yet."""
        self.layout = html.Div()
        with self.server.app_context():
            self._setup_server()  # type: ignore[no-untyped-call]

    def _collect_and_register_resources(
        self, resources: Sequence[Mapping[str, Any]], include_async: bool = True, url_attr: str = "src"
    ) -> list[Any]:
        # Dash always loads its core components and its data table: 120 KB compressed that no page of Amber uses.
        kept = [r for r in resources if not str(r.get("relative_package_path", "")).startswith(("dcc/", "dash_table/"))]
        collected: list[Any] = super()._collect_and_register_resources(  # type: ignore[no-untyped-call]
            kept, include_async, url_attr
        )
        return collected


class Mounted:
    """The pages on their Flask app."""

    def __init__(self, dash: Pages) -> None:
        self._dash = dash
        self._hashes: tuple[str, ...] | None = None

    def csp_hashes(self) -> tuple[str, ...]:
        """Return the sources of the inline scripts, such as `'sha256-…'`, for the policy of the pages.

        Dash adds inline scripts while it makes the first document, so call this in a request, not at start.
        """
        if self._hashes is None:
            self._hashes = tuple(self._dash.csp_hashes())
        return self._hashes


def mount(app: Flask, ports: Ports, pages: Sequence[Page] = PAGES) -> Mounted:
    """Put the pages under `/app/` of a Flask app.

    Raises:
        BundleMissing: the scripts were not built.
    """
    if not is_built():
        raise BundleMissing
    # Dash writes its answers with plotly's encoder, whose way by orjson looks into `sys.modules["pandas"]`: while
    # another thread imports pandas (the first query does), that is half a module and the answer a 500.
    plotly_json.config.default_engine = "json"
    table = PageTable(pages)
    dash = Pages(
        "dashboards",
        server=app,  # type: ignore[arg-type]  # a Flask app is what Dash documents
        url_base_pathname=f"{BASE}/",
        serve_locally=True,
        include_assets_files=False,
        use_pages=False,
        title="Amber",
        update_title="",
        enable_mcp=False,
        suppress_callback_exceptions=True,
        add_log_handler=False,
    )
    _route(dash, table, ports)
    serve_frame(app)
    dash.set_up_now()
    dash.layout = lambda: layout(ports, [page.name for page in pages])
    serve_compactly(app, BASE)
    return Mounted(dash)


def _route(dash: Pages, table: PageTable, ports: Ports) -> None:
    @dash.callback(
        Output(PAGE_ID, "children"),
        Output(SHELL_ID, "shown"),
        Input(SHELL_ID, "location"),
        prevent_initial_call=True,
    )
    def show(location: Mapping[str, str] | None) -> tuple[Any, Any]:
        if not location:
            return no_update, no_update
        pathname, search = location["pathname"], location.get("search", "")
        found = table.find(pathname)
        view = _view(found, search, ports)
        shown = {
            "pathname": pathname,
            "search": search,
            "name": (found.page.rail or found.page.name) if found else "",
            "title": view.title or (found.page.title if found else ""),
            "reads_search": bool(found and found.page.reads_search),
        }
        return view.body, shown


def _view(found: Found | None, search: str, ports: Ports) -> PageView:
    if found is None:
        return not_found()
    try:
        return found.page.render(PageRequest(ports, found.parts, parse_search(search)))
    except AmberError as error:
        return problem(error)
