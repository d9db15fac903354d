"""The list of issues: its component asks the API by itself, so the server only places it."""

from __future__ import annotations

from dashboards.issues.components import IssueList
from dashboards.pages import Page, PageRequest, PageView
from dashboards.ports import Ports


def me_of(ports: Ports) -> str:
    """Return the audit name of who looks, such as `user:ada@example.org`; empty when it is no user."""
    user = ports.read("session").get("user") or {}
    email = user.get("email", "")
    return f"user:{email}" if email else ""


def render(request: PageRequest) -> PageView:
    """Return the page."""
    return PageView(IssueList(id="issues", me=me_of(request.ports)))


PAGE = Page("issues", ("/issues",), "Issues", render)
