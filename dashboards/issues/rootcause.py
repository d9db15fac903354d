"""What caused an issue, on its page; asked in the browser on demand, its TypeScript is `frontend/src/rca/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.components import AmberComponent

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from dashboards.issues.panels import PanelRequest


class IssueRootCause(AmberComponent):
    """The root-cause analysis of an issue (its short id): asked on demand, followed, cancelled."""

    props = ("issue",)


def rootcause_panel(request: PanelRequest) -> Component:
    """Return the panel."""
    return IssueRootCause(id="issue-root-cause", issue=request.issue.id)
