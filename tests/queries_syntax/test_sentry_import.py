"""Sentry's URLs and saved queries become Discover texts that parse and plan, and say what could not be said."""

from __future__ import annotations

import datetime as dt
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.errors import QueryError
from queries.parser import parse
from queries.plan import PlanContext, plan
from queries.printer import print_query
from queries.sentry import SentryQuery, looks_like_url, read_saved, read_url, series_of, to_discover

CONTEXT = PlanContext(now=dt.datetime(2026, 11, 21, tzinfo=dt.UTC), projects={1: "shop", 2: "vault"})
HOST = "https://acme.sentry.io"


def url(page: str = "/organizations/acme/discover/results/", **parameters: str | list[str]) -> str:
    """A URL as a browser shows it."""
    return f"{HOST}{page}?{urlencode(parameters, doseq=True)}"


def text_of(address: str) -> str:
    """The text a URL becomes; nothing may be left unsaid."""
    found = to_discover(read_url(address), CONTEXT)
    assert found.warnings == ()
    return found.text


ERRORS = {"dataset": "errors"}


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        (
            {"field": ["title", "event.type"], "sort": "-timestamp", "statsPeriod": "24h", **ERRORS},
            "from errors last 24h | sort timestamp desc | project title, event.type",
        ),
        (
            {
                "field": ["title", "count()", "count_unique(user)"],
                "query": "level:error count():>10",
                "sort": "-count",
                "statsPeriod": "7d",
                **ERRORS,
            },
            (
                "from errors last 7d level:error count():>10 "
                "| summarize count=count(), count_unique_user=count_unique(user) by title | sort count desc"
            ),
        ),
        (
            {"field": ["tags[foo-bar]", "count()"], "sort": "-count()", **ERRORS},
            'from errors last 14d | summarize count=count() by tags["foo-bar"] | sort count desc',
        ),
        (
            {"field": ["title", "project.name"], "project": ["shop", "-1"], "environment": ["prod", "a b"], **ERRORS},
            'from errors last 14d project:shop environment:[prod, "a b"] | project title, project',
        ),
        (
            {
                "field": "title",
                "start": "2026-11-01T00:00:00",
                "end": "2026-11-05T12:30:00.000",
                "utc": "true",
                **ERRORS,
            },
            "from errors between 2026-11-01T00:00:00Z and 2026-11-05T12:30:00Z | project title",
        ),
        (
            {
                "field": ["transaction", "p95(transaction.duration)", "tpm()", "apdex(300)", "apdex()"],
                "query": "event.type:transaction transaction.op:http.server",
                "sort": "-p95_transaction_duration",
                "dataset": "transactions",
            },
            (
                "from transactions last 14d transaction.op:http.server "
                "| summarize p95_transaction_duration=p95(transaction.duration), tpm=epm(), apdex_300=apdex(300ms), "
                "apdex=apdex(300ms) by transaction | sort p95_transaction_duration desc"
            ),
        ),
        (
            {
                "field": [
                    "transaction",
                    "count_if(transaction.duration,greater,1000)",
                    "equation|count_if(transaction.status,notEquals,ok) / count()",
                ],
                "sort": "-equation[0]",
                "queryDataset": "transaction-like",
            },
            (
                "from transactions last 14d "
                "| summarize count_if_transaction_duration_greater_1000=count_if(transaction.duration > 1s), "
                'equation=count_if(transaction.status != "ok") / count() by transaction | sort equation desc'
            ),
        ),
    ],
)
def test_a_discover_url_becomes_the_text_that_asks_the_same(parameters, text):
    """Columns, search, order, time, projects, environments, equations; milliseconds get their unit."""
    assert print_query(parse(text)) == text_of(url(**parameters))


def test_a_chart_of_the_largest_groups_is_a_series_of_its_own():
    """`display=top5` with interval and axis; the previous period is compared with."""
    parameters = {"field": ["title", "count()"], "yAxis": "count()", "statsPeriod": "1d", "sort": "-count", **ERRORS}
    top = to_discover(read_url(url(**parameters, display="top5", topEvents="7", interval="1h")), CONTEXT)
    expected = "from errors last 1d | make-series count=count() every 1h by title top 7 by count() other"
    assert top.chart == print_query(parse(expected))
    assert to_discover(read_url(url(**parameters)), CONTEXT).chart == ""


@pytest.mark.parametrize(
    ("display", "series"),
    [
        ("daily", "make-series count=count() every 1d"),
        ("dailytop5", "make-series count=count() every 1d by title top 5 by count() other"),
        ("previous", "make-series count=count() | compare to previous"),
        ("default", ""),
    ],
)
def test_a_display_that_says_more_than_rows_over_time_is_a_chart(display, series):
    """Days, the largest groups, the period before."""
    asked = read_url(url(field=["title", "count()"], yAxis="count()", display=display, **ERRORS))
    wanted = print_query(parse(f"from errors last 14d | {series}")) if series else ""
    assert to_discover(asked, CONTEXT).chart == wanted


def test_parameters_written_as_arrays_are_those_without():
    """`field[]=a&field[]=b` and `field[0]=a`, as some libraries write them."""
    plain = url(field=["title", "count()"], sort="-count", query="level:error", **ERRORS)
    for form in ("field%5B%5D=", "field[]=", "field[0]="):
        assert read_url(plain.replace("field=", form)) == read_url(plain)


def test_explore_traces_are_spans_by_their_groups():
    """The page keeps keys and axes as JSON inside of its URL."""
    groups = [json.dumps({"groupBy": "span.op"}), json.dumps({"yAxes": ["p90(span.duration)", "count(span.duration)"]})]
    address = url(
        "/explore/traces/",
        mode="aggregate",
        aggregateField=groups,
        query="span.op:db",
        aggregateSort="-p90(span.duration)",
        statsPeriod="1h",
    )
    assert text_of(address) == print_query(
        parse(
            "from spans last 1h span.op:db | summarize p90_span_duration=p90(span.duration), "
            "count_span_duration=count() by span.op | sort p90_span_duration desc"
        )
    )
    samples = url("/traces/", field=["id", "span.duration"], query="", sort="-span.duration", statsPeriod="1h")
    assert text_of(samples) == "from spans last 1h | sort span.duration desc | project id, span.duration"


def test_the_list_of_issues_is_errors_by_issue():
    """With what the list shows, in its order."""
    text = text_of(url("/organizations/acme/issues/", query="is:unresolved level:error", sort="freq", statsPeriod="2d"))
    assert text.startswith(
        "from errors last 2d is:unresolved level:error | summarize any_title=any(title), count=count()"
    )
    assert text.endswith("by issue | sort count desc")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"field": ["title", "frobnicate(x)"], **ERRORS}, "frobnicate(x) is left out"),
        ({"field": "title", "query": "(((", **ERRORS}, "The search `(((` is left out"),
        ({"field": "title", "query": "count():>5", **ERRORS}, "The search `count():>5` is left out"),
        ({"field": "title", "statsPeriod": "1y", **ERRORS}, "The period 1y cannot be read"),
        ({"field": "title", "start": "soon", "end": "later", **ERRORS}, "cannot be read"),
        ({"field": "title", "project": "4711", **ERRORS}, "project 4711 of Sentry is not known here"),
        ({"field": "title", "sort": "-p95()", **ERRORS}, "The order"),
        ({"field": "title", "dataset": "discover"}, "errors are read"),
        ({"field": "title", "dataset": "uptime_results"}, "uptime_results is not known here"),
    ],
)
def test_what_cannot_be_said_is_a_warning_and_the_rest_stands(parameters, said):
    """One sentence that names it."""
    found = to_discover(read_url(url(**parameters)), CONTEXT)
    assert any(said in warning for warning in found.warnings), found.warnings
    assert "project title" in found.text
    assert plan(found.text, CONTEXT).columns


def test_a_saved_query_of_the_api_becomes_the_same_text_as_its_url():
    """The list `discover/saved/` gives `orderby`, `range`, and a bare `yAxis`."""
    document = {
        "id": "12",
        "name": "Worst",
        "version": 2,
        "fields": ["title", "count()"],
        "query": "level:error",
        "orderby": "-count",
        "yAxis": "count()",
        "range": "7d",
        "projects": [],
        "environment": ["prod"],
        "queryDataset": "error-events",
        "display": "default",
    }
    found = to_discover(read_saved(document), CONTEXT)
    assert (found.name, found.warnings) == ("Worst", ())
    assert found.text == text_of(
        url(
            field=["title", "count()"],
            query="level:error",
            sort="-count",
            statsPeriod="7d",
            environment="prod",
            dataset="errors",
        )
    )


@pytest.mark.parametrize("document", [{}, {"fields": []}, {"fields": ["title"], "conditions": []}, {"fields": 5}])
def test_what_is_no_saved_query_is_refused(document):
    """And its first form of 2018 as well."""
    with pytest.raises(QueryError) as caught:
        to_discover(read_saved(document), CONTEXT)
    assert caught.value.code == "sentry-saved-unknown"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "level:error",
        "https://example.org",
        f"{HOST}/settings/?query=x",
        f"{HOST}/organizations/acme/discover/results/",
        f"see {url(field='title')}",
        f"{url(field='title')}\nand more",
        "http://[::1",
    ],
)
def test_other_texts_are_no_urls_of_queries(text):
    """So that a pasted search stays what it is."""
    assert not looks_like_url(text)
    with pytest.raises(QueryError):
        read_url(text)


def test_a_series_has_an_axis_for_each_that_is_asked_for():
    """As `events-stats/` wants it: no projects in the text, they are the request's."""
    asked = SentryQuery(
        dataset="errors", fields=("title",), y_axes=("count()", "epm()"), interval="5m", period="1h", projects=("shop",)
    )
    assert series_of(asked, CONTEXT).text == "from errors last 1h | make-series count=count(), epm=epm() every 5min"
    with_top = series_of(asked, CONTEXT, top=True)
    assert with_top.text == print_query(
        parse("from errors last 1h | make-series count=count(), epm=epm() every 5m by title top 5 by count() other")
    )
    assert [column.sentry for column in with_top.columns] == ["title", "count()", "epm()"]
    with pytest.raises(QueryError):
        series_of(SentryQuery(dataset="errors", y_axes=("frobnicate()",)), CONTEXT)


_FIELDS = st.sampled_from(
    [
        *(
            "title",
            "tags[a b]",
            'tags["]',
            "project.name",
            "user.display",
            "a-b",
            "by",
            "timestamp.to_day",
            "|",
            "",
            "é",
        ),
        *("count()", "count_unique(user)", "p95(transaction.duration)", "count_if(level,equals,error)", "x(", "max()"),
        *("equation|count() / 2", "equation|(count() - failure_count()) * 1.5", "equation|)", "any(message)", "p50()"),
        *('count_if(title,equals,"a,b")', "avg_if(transaction.duration,transaction.op,equals,db)", "last_seen()"),
    ]
)
_SEARCHES = st.one_of(
    st.sampled_from(
        ["", "level:error", "a | limit 5", "(", '"', "count():>5 foo", "last 5h x", "is:unresolved", "from errors", ";"]
    ),
    st.text(max_size=20),
)
_QUERIES = st.builds(
    SentryQuery,
    name=st.just(""),
    dataset=st.sampled_from(["", "errors", "transactions", "discover", "spans", "transaction-like", "odd"]),
    fields=st.lists(_FIELDS, max_size=4).map(tuple),
    y_axes=st.lists(_FIELDS, max_size=2).map(tuple),
    query=_SEARCHES,
    sort=st.lists(st.sampled_from(["-count", "title", "-equation[0]", "-p95()", "é", ""]), max_size=2).map(tuple),
    display=st.sampled_from(["", "default", "previous", "top5", "dailytop5"]),
    period=st.sampled_from(["", "14d", "0h", "99999d", "x"]),
    start=st.sampled_from(["", "2026-01-01", "2026-13-01T00:00", "2026-01-02T10:00:00+01:00"]),
    end=st.sampled_from(["", "2026-01-03T00:00:00Z", "1999-01-01"]),
    projects=st.lists(st.sampled_from(["shop", "-1", "12", "VAULT", 'a"b']), max_size=2).map(tuple),
    environments=st.lists(st.sampled_from(["prod", "", 'a"b', "é x", "*"]), max_size=2).map(tuple),
    interval=st.sampled_from(["", "1h", "0m", "x"]),
    top_events=st.integers(0, 20),
)


@settings(max_examples=80, deadline=None)
@given(_QUERIES)
def test_whatever_comes_out_parses_and_plans(asked):
    """For any query: text and chart are in canonical form and plan in the context they were made for."""
    found = to_discover(asked, CONTEXT)
    for text in filter(None, (found.text, found.chart)):
        assert print_query(parse(text)) == text
        assert plan(text, CONTEXT).columns


@pytest.mark.parametrize(
    "address",
    [
        f"{HOST}/issues/?query={' ' * 19_000}x",
        f"{HOST}/organizations/a/discover/results/?dataset=errors&field=title&field=tags[{'+' * 15_000}",
        f"{HOST}/organizations/a/discover/results/?dataset=errors&field=title&field=equation|{'(' * 15_000}",
        f"{HOST}/organizations/a/discover/results/?dataset=errors&field=title&field=count_if({',' * 15_000})",
        f"{HOST}/organizations/a/discover/results/?dataset=errors&field=title&" + "field=x(1)&" * 400,
    ],
)
def test_long_addresses_take_no_longer_than_their_length(address):
    """Each of these took seconds by a careless expression; here they only must end, with what can be said."""
    assert plan(to_discover(read_url(address), CONTEXT).text, CONTEXT).columns
