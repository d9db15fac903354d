"""Panels other parts of Amber put on the page of an issue: functions that build a component, or None for nothing.

A panel that reads something of its own should do so in the browser (a component that fetches), so that the page is not
slower by it; one that needs no request may be built here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from dash.development.base_component import Component

from dashboards.issues.grouping import grouping_panel
from dashboards.issues.merging import merging_panel
from dashboards.issues.models import Issue
from dashboards.issues.ownership import owners_panel, suspects_panel
from dashboards.issues.rootcause import rootcause_panel
from dashboards.ports import Ports
from dashboards.urls import UrlState


@dataclass(frozen=True, slots=True)
class PanelRequest:
    """What a panel may know.

    Attributes:
        issue: the document of the issue.
        event: `latest`, `oldest` or the id of the event that is shown.
        me: audit name of who looks, such as `user:ada@example.org`.
        state: range and filters of the address.
        ports: the API.
    """

    issue: Issue
    event: str
    me: str
    state: UrlState
    ports: Ports


Panel = Callable[[PanelRequest], Component | None]

HEAD: Final[tuple[Panel, ...]] = ()
"""Below the title, over the whole width: what must not be overlooked (merged into another issue)."""

MAIN: Final[tuple[Panel, ...]] = (rootcause_panel, grouping_panel)
"""Below the event, in the wide column: what caused it, why it was grouped so."""

SIDE: Final[tuple[Panel, ...]] = (suspects_panel, owners_panel, merging_panel)
"""In the narrow column between the tags and the activity: owners, similar issues."""


def built(panels: Sequence[Panel], request: PanelRequest) -> list[Component]:
    """Return the components of the panels that have something to show, in order."""
    return [component for component in (panel(request) for panel in panels) if component is not None]
