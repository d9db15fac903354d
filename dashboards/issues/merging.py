"""What belongs together on the page of an issue; fetched in the browser, its TypeScript is beside the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.components import AmberComponent

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from dashboards.issues.panels import PanelRequest


class IssueMerging(AmberComponent):
    """The fingerprints of an issue (its short id), how to take them out, and the decisions; fetched by itself."""

    props = ("issue",)


def merging_panel(request: PanelRequest) -> Component:
    """Return the panel of what belongs together."""
    return IssueMerging(id="issue-merging", issue=request.issue.id)
