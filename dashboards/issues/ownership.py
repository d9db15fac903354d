"""Suspect commits and owners on the page of an issue; fetched in the browser, their TypeScript is beside the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.components import AmberComponent

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from dashboards.issues.panels import PanelRequest


class IssueSuspects(AmberComponent):
    """The commits that may have caused an issue (its short id), or why none is known; fetched by itself."""

    props = ("issue",)


class IssueOwners(AmberComponent):
    """The rules that say who owns an issue (its short id), and who that is; fetched by itself."""

    props = ("issue",)


def suspects_panel(request: PanelRequest) -> Component:
    """Return the panel of suspect commits."""
    return IssueSuspects(id="issue-suspects", issue=request.issue.id)


def owners_panel(request: PanelRequest) -> Component:
    """Return the panel of owners."""
    return IssueOwners(id="issue-owners", issue=request.issue.id)
