"""One issue: what happened, how often, to whom, and what was done about it."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

from dashboards.issues import panels
from dashboards.issues.components import IssueActivity, IssueEvent, IssueFacts, IssueHeader, IssueTags
from dashboards.issues.models import Event, Issue, checked, props
from dashboards.issues.page import me_of
from dashboards.issues.panels import PanelRequest, built
from dashboards.pages import Page, PageRequest, PageView
from dashboards.ports import meanwhile
from dashboards.urls import UrlState, issue_url
from engine.errors import AmberError

_NOT_FOUND: Final = 404
_RANGE_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_TITLE: Final = 60


def render(request: PageRequest) -> PageView:
    """Return the page of an issue, with its newest event in the range or the one the address names.

    Raises:
        AmberError: there is no such issue, or it may not be seen.
    """
    name = request.parts["issue"]
    which = request.parts.get("event", "latest")
    event = meanwhile(partial(_read_event, request, name, which))
    path = f"issues/{quote(name, safe='')}"
    issue = checked(request.ports.read(path, **request.state.api_query()), Issue, f"issue {name}")
    if issue.id != name:  # an issue that was merged away leads to the one it is part of
        event = meanwhile(partial(_read_event, request, issue.id, which))
    wanted = PanelRequest(issue, which, me_of(request.ports), request.state, request.ports)
    return PageView(
        issue_page(wanted, event_part(request, event, issue.id)),
        f"{issue.id} {issue.title[:_TITLE]}",
    )


def _read_event(request: PageRequest, issue: str, which: str) -> dict[str, Any]:
    path = f"issues/{quote(issue, safe='')}/events/{quote(which, safe='')}"
    return request.ports.read(path, **request.state.api_query())


def issue_page(request: PanelRequest, event: Component) -> Component:
    """Return the tree of the page: the head above, the event to the left, the issue as a whole to the right."""
    issue, state = request.issue, request.state
    document = props(issue)
    return html.Article(
        [
            IssueHeader(id="issue-header", issue=document, me=request.me),
            *built(panels.HEAD, request),
            html.Div(
                [
                    html.Div([event, *built(panels.MAIN, request)], className="issue-main"),
                    html.Aside(
                        [
                            IssueFacts(id="issue-facts", issue=document, step_s=trend_step_s(state, len(issue.trend))),
                            IssueTags(id="issue-tags", issue=issue.id),
                            *built(panels.SIDE, request),
                            IssueActivity(id="issue-activity", activity=document["activity"]),
                        ],
                        className="issue-side",
                    ),
                ],
                className="issue-columns",
            ),
        ],
        className="issue-page",
    )


def event_part(request: PageRequest, read: Future[dict[str, Any]], issue: str) -> Component:
    """Return the event that is being read; when the range has none, what to do about that."""
    which = request.parts.get("event", "latest")
    try:
        document = read.result()
    except AmberError as error:
        if error.http_status != _NOT_FOUND:
            raise
        return no_event(issue, request.state, which)
    event = checked(document, Event, f"event {which}")
    return IssueEvent(id="issue-event", issue=issue, event=props(event))


def no_event(issue: str, state: UrlState, which: str) -> Component:
    """Return what stands in place of an event that the range, or the issue, does not have."""
    wide = UrlState(range="30d")
    one = which not in {"latest", "oldest"}
    said = "The issue has no such event in this time range." if one else "The issue had no event in this time range."
    ways = [html.A("Look at 30 days", href=issue_url(issue, wide, event=which if one else ""), className="button")]
    if one:
        ways.append(html.A("Newest event", href=issue_url(issue, state), className="button"))
    return html.Div(
        [html.H2("No event here"), html.P(said), html.Div(ways, className="empty-acts")], className="empty card"
    )


def trend_step_s(state: UrlState, buckets: int) -> float:
    """Return the width of a bar of the trend in seconds: the range in equal parts."""
    query = state.api_query()
    if "range" in query:
        text = str(query["range"])
        length_s = float(text[:-1] or 0) * _RANGE_S.get(text[-1:], 0) if text[:-1].isdigit() else 0.0
    else:
        length_s = _length_s(state.start, state.end)
    return length_s / max(buckets, 1)


def _length_s(start: str, end: str) -> float:
    try:
        return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


PAGE = Page(
    "issue", ("/issues/<issue>", "/issues/<issue>/events/<event>"), "Issue", render, reads_search=True, rail="issues"
)
