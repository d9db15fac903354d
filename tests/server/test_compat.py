"""Sentry's `events/` and `events-stats/`: parameters, shapes of answers, pages, refusals, scope."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from tests.server.api import build_api

BASE = "/api/0/organizations/default"


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """The application: four errors of three titles in project A, one in B, and transactions in A."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("compat"), 784_000)
    now = datetime.now(UTC)
    titles = ["boom", "boom", "bang", "crash"]
    built.add_errors(
        built.a.id,
        [
            {
                "event_id": f"{n:032x}",
                "fingerprint": len(title),
                "title": title,
                "level": "error" if title != "crash" else "fatal",
                "timestamp": now - timedelta(minutes=10 + n),
            }
            for n, title in enumerate(titles)
        ],
    )
    built.add_errors(built.b.id, [{"event_id": "f" * 32, "fingerprint": 9, "title": "elsewhere", "level": "error"}])
    spans = [
        {
            "project_id": built.a.id,
            "trace_id": "a" * 32,
            "span_id": f"{n:016x}",
            "is_segment": True,
            "name": "/checkout",
            "timestamp": now - timedelta(minutes=20),
            "duration_ns": n * 250_000_000,
        }
        for n in (1, 2, 3)
    ]
    event_store.insert_rows("spans", rows_of("spans", spans))
    yield built
    built.close()


def ask(api, route: str, who: str = "token:all", status: int = 200, **parameters):
    """Ask one of the routes and return the response."""
    response = api.call(who, "GET", f"{BASE}/{route}/?{urlencode(parameters, doseq=True)}")
    assert response.status_code == status, response.get_data(as_text=True)
    return response


def test_a_table_has_sentrys_names_types_and_units(api):
    """Columns are called as they were asked for; the order is `sort`."""
    answer = ask(
        api, "events", field=["title", "count()", "last_seen()"], sort="-count", query="level:error", statsPeriod="1d"
    ).json
    rows = [(row["title"], row["count()"]) for row in answer["data"]]
    assert (rows[0], sorted(rows[1:])) == (("boom", 2), [("bang", 1), ("elsewhere", 1)])
    assert answer["meta"]["fields"] == {"title": "string", "count()": "integer", "last_seen()": "date"}
    assert answer["meta"]["units"] == {"title": None, "count()": None, "last_seen()": None}
    assert answer["data"][0]["last_seen()"].endswith("+00:00")
    assert set(answer["data"][0]) == {"title", "count()", "last_seen()"}


def test_durations_are_milliseconds(api):
    """As scripts have come to expect, whatever the store counts in."""
    answer = ask(
        api,
        "events",
        field=["transaction", "max(transaction.duration)", "equation|count() * 2"],
        dataset="transactions",
    ).json
    assert answer["data"] == [
        {"transaction": "/checkout", "max(transaction.duration)": 750.0, "equation|count() * 2": 6}
    ]
    assert answer["meta"]["units"]["max(transaction.duration)"] == "millisecond"


def test_rows_that_are_events_have_their_id_and_project(api):
    """Without a function, the newest first when so sorted."""
    answer = ask(
        api, "events", field=["title", "timestamp"], sort="-timestamp", project=api.a.id, dataset="errors"
    ).json
    assert [row["title"] for row in answer["data"]] == ["boom", "boom", "bang", "crash"]
    assert answer["data"][0]["id"] == "0" * 32
    assert {row["project.name"] for row in answer["data"]} == {"shop"}
    unseen = ask(api, "events", field="title", sort="timestamp", project="shop", dataset="errors").json
    assert [row["title"] for row in unseen["data"]] == ["crash", "bang", "boom", "boom"]


def test_pages_follow_by_the_link_header(api):
    """Two rows a page: the cursor of `next` while there are results."""
    parameters = {
        "field": ["title", "timestamp"],
        "sort": "-timestamp",
        "project": "shop",
        "per_page": 3,
        "dataset": "errors",
    }
    first = ask(api, "events", **parameters)
    before, after = first.headers["Link"].split(", <")
    assert 'rel="previous"; results="false"; cursor="0:0:1"' in before
    assert 'rel="next"; results="true"; cursor="0:3:0"' in after
    assert "per_page=3" in after
    second = ask(api, "events", **parameters, cursor="0:3:0")
    assert [row["title"] for row in (*first.json["data"], *second.json["data"])] == ["boom", "boom", "bang", "crash"]
    assert 'rel="next"; results="false"' in second.headers["Link"]


def test_a_series_is_points_of_seconds_and_counts(api):
    """One axis is the series itself, several stand by name and order."""
    one = ask(
        api, "events-stats", yAxis="count()", interval="1h", statsPeriod="6h", project="shop", dataset="errors"
    ).json
    assert sum(point[1][0]["count"] for point in one["data"]) == 4
    steps = {later[0] - earlier[0] for earlier, later in zip(one["data"], one["data"][1:], strict=False)}
    assert steps == {3600}
    assert one["end"] - one["start"] == 6 * 3600
    assert one["meta"]["fields"] == {"count()": "integer"}
    two = ask(
        api, "events-stats", yAxis=["count()", "p95(transaction.duration)"], statsPeriod="1h", dataset="transactions"
    ).json
    assert {name: series["order"] for name, series in two.items()} == {"count()": 0, "p95(transaction.duration)": 1}
    assert max(point[1][0]["count"] for point in two["p95(transaction.duration)"]["data"]) == pytest.approx(725)


def test_the_largest_groups_have_a_series_each_and_the_rest_is_other(api):
    """Ordered by size, the rest last."""
    answer = ask(
        api,
        "events-stats",
        yAxis="count()",
        field=["title", "count()"],
        topEvents=1,
        interval="1h",
        statsPeriod="6h",
        project="shop",
        dataset="errors",
    ).json
    sums = {name: sum(point[1][0]["count"] for point in series["data"]) for name, series in answer.items()}
    assert sums == {"boom": 2, "Other": 2}
    assert {name: series["order"] for name, series in answer.items()} == {"boom": 0, "Other": 1}


def test_top_groups_without_a_field_are_the_whole(api):
    """There is nothing to group by."""
    parameters = {"yAxis": "count()", "topEvents": 3, "statsPeriod": "6h", "project": "shop", "dataset": "errors"}
    answer = ask(api, "events-stats", **parameters).json
    assert sum(point[1][0]["count"] for point in answer["data"]) == 4


def test_columns_that_are_one_here_keep_their_names(api):
    """Sentry has the project and the event's number under several; rows that are events get both added."""
    parameters = {"project": "shop", "dataset": "errors", "sort": "-project", "statsPeriod": "1d"}
    (row, *_) = ask(api, "events", field=["project", "event_id"], **parameters).json["data"]
    assert row == {"project": "shop", "event_id": row["id"], "id": row["id"], "project.name": "shop"}
    grouped = ask(api, "events", field=["project.name", "project", "count()"], **parameters).json["data"]
    assert grouped == [{"project.name": "shop", "project": "shop", "count()": 4}]


@pytest.mark.parametrize(
    ("time", "count"),
    [
        ({"statsPeriod": "1h", "start": "2020-01-01", "end": "2020-01-02"}, 4),
        ({"statsPeriod": "3600"}, 4),
        ({"statsPeriodStart": "1d", "statsPeriodEnd": "1h"}, 0),
        ({"statsPeriodStart": "1d"}, 4),
    ],
)
def test_the_time_is_read_as_sentry_reads_it(api, time, count):
    """A period beats a range, a number without a unit counts seconds, and a range may be relative."""
    answer = ask(api, "events", field="count()", project="shop", dataset="errors", **time).json
    assert answer["data"] == [{"count()": count}]


def test_older_names_and_switches_of_scripts_are_followed(api):
    """`orderby`, tags that are fields, `tag[...]`, and a chart without the other groups."""
    fields = ["title", "tags[level]", "tag[environment]", "count()"]
    rows = ask(api, "events", field=fields, orderby="-count", project="shop", dataset="errors").json["data"]
    assert (rows[0]["title"], rows[0]["tags[level]"]) == ("boom", "error")
    chart = {"yAxis": "count()", "field": "title", "topEvents": 1, "interval": "3600", "statsPeriod": "6h"}
    assert list(ask(api, "events-stats", **chart, excludeOther="1", project="shop", dataset="errors").json) == ["boom"]


def test_the_scope_is_that_of_the_token(api):
    """A token of project B counts what is in B, by slug, number or without naming it; another's project is unknown."""
    for project in ("vault", str(api.b.id), "-1"):
        answer = ask(api, "events", "token:b", field="count()", project=project, dataset="errors").json
        assert answer["data"] == [{"count()": 1}]
    assert ask(api, "events", "token:b", 400, field="count()", project="shop").json["code"] == "query-unknown-project"


@pytest.mark.parametrize(
    ("route", "parameters", "status", "said"),
    [
        ("events", {}, 400, "No columns selected"),
        ("events", {"field": ["title", "frobnicate()"]}, 400, "frobnicate()"),
        ("events", {"field": "title", "query": "((("}, 400, "(((`"),
        ("events", {"field": "title", "statsPeriod": "soon"}, 400, "soon"),
        ("events", {"field": "title", "sort": "-p95()"}, 400, "-p95()"),
        ("events", {"field": "title", "cursor": "abc"}, 400, "cursor"),
        ("events", {"field": "title", "cursor": "0:99999999:0"}, 400, "cursor"),
        ("events", {"field": "title", "per_page": "101"}, 400, "per_page"),
        ("events-stats", {"yAxis": "title"}, 400, "axis"),
        ("events-stats", {"yAxis": "nope()"}, 400, "nope()"),
        ("events-stats", {"comparisonDelta": "3600"}, 400, "comparisonDelta"),
        ("events", {"field": "title", "dataset": "uptime_results"}, 400, "not known here; use errors, logs"),
        ("events", {"field": "title", "statsPeriod": "0h"}, 400, "0h"),
        ("events", {"field": "title", "statsPeriodStart": "soon"}, 400, "soon"),
        ("events", {"field": "title", "statsPeriodStart": "999999w"}, 400, "999999w"),
        ("events", {"field": "title", "statsPeriod": "99999999w"}, 400, "99999999w"),
        ("events", {"field": "title", "statsPeriodEnd": "1h"}, 400, ""),
        ("events-stats", {"interval": "99999999w", "statsPeriodStart": "90000w"}, 400, ""),
        ("events", {"field": "title", "start": "2026-01-01T00:00:00"}, 400, "both a begin and an end"),
    ],
)
def test_a_refusal_says_in_detail_what_is_wrong(api, route, parameters, status, said):
    """Nothing is left out silently, as a page may do: a script would not see the warning."""
    assert said in ask(api, route, status=status, **parameters).json["detail"]


def test_other_organisations_and_strangers_get_nothing(api):
    """404 and 401 with `detail`; no header opens the answers to pages of other sites."""
    gone = api.call("token:all", "GET", "/api/0/organizations/other/events/?field=title")
    assert (gone.status_code, gone.json["detail"]) == (404, "The requested resource does not exist.")
    stranger = api.call("", "GET", f"{BASE}/events/?field=title")
    assert stranger.status_code == 401
    assert stranger.json["detail"]
    assert "Access-Control-Allow-Origin" not in ask(api, "events", field="title").headers


def test_parameters_of_sentry_that_mean_nothing_here_are_passed_over(api):
    """Scripts and boards send them with every request."""
    ask(api, "events", field="title", referrer="api.x", utc="true", useRpc="1", sampling="NORMAL", dataset="errors")
