"""Why an event is in its issue, on the page of the issue; fetched in the browser, its TypeScript is `grouped.tsx`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.components import AmberComponent

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from dashboards.issues.panels import PanelRequest


class IssueGrouping(AmberComponent):
    """What was hashed of an event (`latest`, `oldest` or its id) of an issue (its short id), frame by frame."""

    props = ("issue", "event")


def grouping_panel(request: PanelRequest) -> Component:
    """Return the panel that explains the grouping."""
    return IssueGrouping(id="issue-grouping", issue=request.issue.id, event=request.event)
