"""The pages of issues and traces as component trees: no browser, compared by equality."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dash import html
from plotly.io.json import to_json_plotly

from dashboards.issues import detail, panels
from dashboards.issues import page as issues_page
from dashboards.issues.components import (
    IssueActivity,
    IssueEvent,
    IssueFacts,
    IssueHeader,
    IssueList,
    IssueTags,
)
from dashboards.issues.models import DocumentUnexpected, Event, Issue, checked, props
from dashboards.pages import PageRequest, PageTable
from dashboards.trace import page as trace_page
from dashboards.trace.page import TraceView
from dashboards.urls import UrlState
from engine.errors import AmberError, NotFound
from tests.dashboards.fake_issues import make_event, make_issues

ME = "user:ada@example.org"


class Documents:
    """Ports that answer from a table of documents; an error stands for a refusal."""

    version = "0"
    ingest_url = "http://ingest"

    def __init__(self, documents: dict[str, Any]) -> None:
        self.documents = {"session": {"user": {"email": "ada@example.org"}}, **documents}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def principal(self) -> Any:
        return None

    def read(self, path: str, **query: Any) -> dict[str, Any]:
        self.asked.append((path, query))
        found = self.documents[path]
        if isinstance(found, Exception):
            raise found
        return found


def issue_document() -> dict[str, Any]:
    return {**make_issues(3)[1], "activity": [], "possible_assignees": [], "events_query": "q", "tags_query": "t"}


def tree(component: Any) -> Any:
    """The tree as the browser gets it: types, properties and children as JSON values."""
    return json.loads(to_json_plotly(component))


def same(one: Any, other: Any) -> bool:
    return bool(tree(one) == tree(other))


def test_the_list_is_placed_for_who_looks() -> None:
    """The component fetches by itself; the server says only who looks, so that "mine" can be asked for."""
    view = issues_page.render(PageRequest(Documents({})))
    assert same(view.body, IssueList(id="issues", me=ME))


def test_a_token_has_no_issues_of_its_own() -> None:
    ports = Documents({"session": {"user": None}})
    assert same(issues_page.render(PageRequest(ports)).body, IssueList(id="issues", me=""))


def test_an_issue_is_its_head_its_newest_event_and_what_is_known_of_all_events(monkeypatch: Any) -> None:
    """The whole tree of the page, from the documents alone; panels of other parts stand in their places."""
    monkeypatch.setattr(panels, "HEAD", (lambda request: html.P(f"of {request.issue.id}"), lambda _: None))
    monkeypatch.setattr(panels, "MAIN", (lambda request: html.P(f"below {request.event}"),))
    monkeypatch.setattr(panels, "SIDE", (lambda request: html.P(f"beside, for {request.me}"),))
    issue, event = issue_document(), make_event(make_issues(3)[1], 1, 9)
    ports = Documents({"issues/SHOP-2": issue, "issues/SHOP-2/events/latest": event})
    view = detail.render(PageRequest(ports, {"issue": "SHOP-2"}, UrlState(range="24h")))
    document = props(checked(issue, Issue, "issue"))
    wanted = html.Article(
        [
            IssueHeader(id="issue-header", issue=document, me=ME),
            html.P("of SHOP-2"),
            html.Div(
                [
                    html.Div(
                        [
                            IssueEvent(id="issue-event", issue="SHOP-2", event=props(checked(event, Event, "event"))),
                            html.P("below latest"),
                        ],
                        className="issue-main",
                    ),
                    html.Aside(
                        [
                            IssueFacts(id="issue-facts", issue=document, step_s=3600.0),
                            IssueTags(id="issue-tags", issue="SHOP-2"),
                            html.P(f"beside, for {ME}"),
                            IssueActivity(id="issue-activity", activity=[]),
                        ],
                        className="issue-side",
                    ),
                ],
                className="issue-columns",
            ),
        ],
        className="issue-page",
    )
    assert same(view.body, wanted)
    assert view.title == f"SHOP-2 {issue['title'][:60]}"


def test_project_environment_and_range_of_the_address_reach_every_document() -> None:
    ports = Documents(
        {"issues/SHOP-2": issue_document(), "issues/SHOP-2/events/latest": make_event(make_issues(3)[1], 1, 9)}
    )
    state = UrlState(projects=("shop",), environments=("prod",), range="7d")
    detail.render(PageRequest(ports, {"issue": "SHOP-2"}, state))
    wanted = {"project": ["shop"], "environment": ["prod"], "range": "7d"}
    assert [query for path, query in ports.asked if path.startswith("issues/")] == [wanted, wanted]


def test_an_issue_without_an_event_in_the_range_still_shows_what_is_known_and_the_way_out() -> None:
    """A link of last week opens: the head stands, and the page says how to see the events."""
    gone = NotFound("none", code="event-unknown")
    ports = Documents({"issues/SHOP-2": issue_document(), "issues/SHOP-2/events/abc": gone})
    view = detail.render(PageRequest(ports, {"issue": "SHOP-2", "event": "abc"}, UrlState(range="15m")))
    text = str(view.body)
    assert "no such event in this time range" in text
    assert "/app/issues/SHOP-2/events/abc?range=30d" in text
    assert "IssueHeader" in text


def test_other_refusals_are_the_page_of_the_error() -> None:
    ports = Documents({"issues/SHOP-2": issue_document(), "issues/SHOP-2/events/latest": AmberError("broken")})
    with pytest.raises(AmberError, match="broken"):
        detail.render(PageRequest(ports, {"issue": "SHOP-2"}))


def test_names_in_addresses_cannot_leave_their_place_in_the_path() -> None:
    """A slash, a question mark or dots in an issue's name stay in the name."""
    ports = Documents({"issues/..%2F..%2Ftokens%3Fx": NotFound("no")})
    with pytest.raises(NotFound):
        detail.render(PageRequest(ports, {"issue": "../../tokens?x"}))


def test_a_document_of_another_shape_is_said_to_be_one() -> None:
    with pytest.raises(DocumentUnexpected, match="issue SHOP-1"):
        checked({"id": 4}, Issue, "issue SHOP-1")


@pytest.mark.parametrize(
    ("state", "seconds"),
    [
        (UrlState(range="24h"), 3600.0),
        (UrlState(range="15m"), 37.5),
        (UrlState(), 3600.0),
        (UrlState(start="2026-01-01T00:00:00Z", end="2026-01-02T00:00:00Z"), 3600.0),
        (UrlState(start="yesterday", end="now"), 0.0),
        (UrlState(range="soon"), 0.0),
    ],
)
def test_a_bar_of_the_trend_is_a_24th_of_the_range(state: UrlState, seconds: float) -> None:
    assert detail.trend_step_s(state, 24) == seconds


@pytest.mark.parametrize("sent", ["a" * 32, "A" * 32, "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"])
def test_a_trace_is_placed_by_its_id_in_any_spelling(sent: str) -> None:
    view = trace_page.render(PageRequest(Documents({}), {"trace": sent}))
    assert same(view.body, TraceView(id="trace", trace_id="a" * 32))


@pytest.mark.parametrize("sent", ["x", "a" * 31, "<script>", "javascript:alert(1)"])
def test_an_address_without_a_trace_id_is_not_found(sent: str) -> None:
    with pytest.raises(NotFound):
        trace_page.render(PageRequest(Documents({}), {"trace": sent}))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/app/issues", "issues"),
        ("/app/issues/SHOP-1", "issue"),
        ("/app/issues/SHOP-1/events/latest", "issue"),
        (f"/app/traces/{'a' * 32}", "trace"),
    ],
)
def test_addresses_lead_to_their_pages(path: str, name: str) -> None:
    found = PageTable([issues_page.PAGE, detail.PAGE, trace_page.PAGE]).find(path)
    assert found is not None
    assert found.page.name == name
