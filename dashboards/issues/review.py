"""Merges and splits the model suggests, to be accepted or refused; its component asks the API by itself."""

from __future__ import annotations

from dashboards.components import AmberComponent
from dashboards.pages import Page, PageRequest, PageView


class IssueReview(AmberComponent):
    """The suggestions one by one with what speaks for them; `status` of the address chooses the answered ones."""


def render(_request: PageRequest) -> PageView:
    """Return the page."""
    return PageView(IssueReview(id="issue-review"))


PAGE = Page("issue-review", ("/issues/review",), "Merges to review", render, rail="issues")
