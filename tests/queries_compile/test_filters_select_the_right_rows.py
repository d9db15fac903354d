"""Every kind of filter, compiled and run, selects the rows that a plain reading of the same data selects."""

# ruff: noqa: ARG005 - cases read best on one line each
from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest

from queries.errors import QueryError
from queries.plan import PlanContext, plan
from tests.queries_compile.conftest import NOW, Shop

Row = dict[str, Any]


def tag(row: Row, key: str) -> str | None:
    return dict(row["tags"]).get(key)


CASES: list[tuple[str, Callable[[Row], bool]]] = [
    ("", lambda r: True),
    ("level:error", lambda r: r["level"] == "error"),
    ("!level:error", lambda r: r["level"] != "error"),
    ("level:[error, fatal]", lambda r: r["level"] in {"error", "fatal"}),
    ("!level:[error, fatal]", lambda r: r["level"] not in {"error", "fatal"}),
    ("transaction:/cart", lambda r: r["transaction"] == "/cart"),
    ("transaction:/CART*", lambda r: r["transaction"].lower() == "/cart"),
    ("transaction:[/ch*, /Cart]", lambda r: r["transaction"] in {"/checkout", "/Cart"}),
    ("user.email:*@corp.com", lambda r: r["user_email"].endswith("@corp.com")),
    ("!user.email:*@CORP.com", lambda r: not r["user_email"].endswith("@corp.com")),
    ('environment:""', lambda r: r["environment"] == ""),
    ('!environment:""', lambda r: r["environment"] != ""),
    ("has:environment", lambda r: r["environment"] != ""),
    ("!has:environment", lambda r: r["environment"] == ""),
    ("region:eu-1", lambda r: tag(r, "region") == "eu-1"),
    ("!region:eu-1", lambda r: tag(r, "region") != "eu-1"),
    ("tags[region]:[eu-1, us-1]", lambda r: tag(r, "region") in {"eu-1", "us-1"}),
    ("!region:*s-1", lambda r: not (tag(r, "region") or "").endswith("s-1")),
    ('region:""', lambda r: not tag(r, "region")),
    ("has:region", lambda r: bool(tag(r, "region"))),
    ("!has:region", lambda r: not tag(r, "region")),
    ("region:*", lambda r: bool(tag(r, "region"))),
    ("region://^(eu|us)-1$//", lambda r: bool(re.search("^(eu|us)-1$", tag(r, "region") or ""))),
    ("!region://^(eu|us)-1$//", lambda r: not re.search("^(eu|us)-1$", tag(r, "region") or "")),
    ("os.name:Linux", lambda r: bool(r["contexts"])),
    ("!has:os.name", lambda r: not r["contexts"]),
    ("message:*50%*a_b*", lambda r: "50% of a_b" in r["message"]),
    ("message:*aXb*", lambda r: False),
    ("quota", lambda r: "quota" in r["message"].lower()),
    ('"quota left"', lambda r: r["message"] == "quota left"),
    ("keyerror", lambda r: r["error_type"] == "KeyError"),
    (r'"payment\gateway"', lambda r: "gateway" in r["message"]),
    ("error.type:RootError", lambda r: "RootError" in r["error_types"]),
    ("!error.type:RootError", lambda r: "RootError" not in r["error_types"]),
    ("error.type:[RootError, KeyError]", lambda r: bool({"RootError", "KeyError"} & set(r["error_types"]))),
    ("error.type:root*", lambda r: "RootError" in r["error_types"]),
    ("!stack.function:pack_*", lambda r: "pack_a" not in r["stack_functions"]),
    ("stack.in_app:true", lambda r: any(r["stack_in_app"])),
    ("stack.lineno:>40", lambda r: any(n > 40 for n in r["stack_linenos"])),
    ("error.handled:true", lambda r: r["error_handled"] is True),
    ("!error.handled:true", lambda r: r["error_handled"] is not True),
    ("has:error.handled", lambda r: r["error_handled"] is not None),
    ("http.status_code:>=404", lambda r: r["http_status_code"] >= 404),
    ("http.status_code:<404", lambda r: 0 < r["http_status_code"] < 404),
    ("http.status_code:[200, 500]", lambda r: r["http_status_code"] in {200, 500}),
    ("http.status_code:!=500", lambda r: r["http_status_code"] != 500),
    ("http.status_code:4*", lambda r: str(r["http_status_code"]).startswith("4")),
    ("!http.status_code:4*", lambda r: not str(r["http_status_code"]).startswith("4")),
    ("http.status_code://^[45]//", lambda r: r["http_status_code"] >= 400),
    ("!http.status_code:500", lambda r: r["http_status_code"] != 500),
    ("!has:http.status_code", lambda r: r["http_status_code"] == 0),
    ("timestamp:-3h", lambda r: r["timestamp"] >= NOW - dt.timedelta(hours=3)),
    ("timestamp:+3h", lambda r: r["timestamp"] <= NOW - dt.timedelta(hours=3)),
    (
        "level:fatal or (level:error and !has:user)",
        lambda r: r["level"] == "fatal" or (r["level"] == "error" and not r["user"]),
    ),
    ("level:fatal release:shop@1.0.0", lambda r: r["level"] == "fatal" and r["release"] == "shop@1.0.0"),
    ("project:web", lambda r: True),
]


@pytest.mark.parametrize(("text", "keeps"), CASES, ids=[text or "empty" for text, _ in CASES])
def test_a_filter_keeps_the_rows_that_fulfil_it(shop: Shop, text: str, keeps: Callable[[Row], bool]) -> None:
    """The answer has exactly the ids of the matching rows, whatever index or rewriting was used."""
    wanted = {r["event_id"] for r in shop.seen_errors if keeps(r)}
    if text == "project:web":
        web = next(number for number, slug in shop.projects.items() if slug == "web")
        wanted = {r["event_id"] for r in shop.seen_errors if r["project_id"] == web}
    found = [r["id"] for r in shop.rows(f"from errors {text} | project id | limit 5000")]
    assert sorted(found) == sorted(wanted)


EXPRESSIONS: list[tuple[str, Callable[[Row], bool]]] = [
    ('tags["region"] = "eu-1"', lambda r: tag(r, "region") == "eu-1"),
    ('tags["region"] != "eu-1"', lambda r: tag(r, "region") != "eu-1"),
    ('tags["region"] = null', lambda r: tag(r, "region") is None),
    ('tags["region"] = ""', lambda r: tag(r, "region") == ""),
    ('not (tags["region"] = "eu-1")', lambda r: tag(r, "region") != "eu-1"),
    ('tags["region"] = "eu-1" or level = "fatal"', lambda r: tag(r, "region") == "eu-1" or r["level"] == "fatal"),
    ('region in ["eu-1", "us-1"]', lambda r: tag(r, "region") in {"eu-1", "us-1"}),
    ('region not in ["eu-1", "us-1"]', lambda r: tag(r, "region") not in {"eu-1", "us-1"}),
    ('message contains "QUOTA"', lambda r: "quota" in r["message"].lower()),
    ('message =~ "^quota"', lambda r: r["message"].startswith("quota")),
    ("environment = null", lambda r: r["environment"] == ""),
    ("environment != null", lambda r: r["environment"] != ""),
    ("http.status_code > 300", lambda r: r["http_status_code"] > 300),
    ("http.status_code < 300", lambda r: 0 < r["http_status_code"] < 300),
    ("length(message) > 10", lambda r: len(r["message"]) > 10),
    ("timestamp > ago(2h)", lambda r: r["timestamp"] > NOW - dt.timedelta(hours=2)),
    ("now() - timestamp < 2h", lambda r: NOW - r["timestamp"] < dt.timedelta(hours=2)),
    ("timestamp + 1h > now()", lambda r: r["timestamp"] + dt.timedelta(hours=1) > NOW),
    ("`level:fatal !has:user`", lambda r: r["level"] == "fatal" and not r["user"]),
    ('project = "web" and toint(tags["batch"]) >= 10', lambda r: int(tag(r, "batch") or -1) >= 10),
    ('error_types[0] = "RootError"', lambda r: r["error_types"][0] == "RootError"),
]


@pytest.mark.parametrize(("text", "keeps"), EXPRESSIONS, ids=[text for text, _ in EXPRESSIONS])
def test_a_where_keeps_the_rows_that_fulfil_it(shop: Shop, text: str, keeps: Callable[[Row], bool]) -> None:
    """Missing attributes are null: no comparison holds for them except `= null` and `!=`."""
    rows = shop.seen_errors
    if "project" in text:
        rows = [r for r in rows if shop.projects[r["project_id"]] == "web"]
    wanted = sorted(r["event_id"] for r in rows if keeps(r))
    assert sorted(r["id"] for r in shop.rows(f"from errors | where {text} | project id | limit 5000")) == wanted


@pytest.mark.parametrize("state", ["resolved", "ignored", "unresolved", "assigned", "unassigned"])
def test_a_state_filter_reads_the_newest_row_of_the_mirror(shop: Shop, state: str) -> None:
    """Older rows of an issue, all unresolved here, do not count."""

    def holds(issue: Row) -> bool:
        if state == "assigned":
            return bool(issue["assignee"])
        return not issue["assignee"] if state == "unassigned" else issue["status"] == state

    wanted = {i["short_id"] for i in shop.issues if holds(i)}
    expected = sorted(r["event_id"] for r in shop.seen_errors if shop.short_id(r) in wanted)
    assert sorted(r["id"] for r in shop.rows(f"from errors is:{state} | project id | limit 5000")) == expected
    rest = len(shop.seen_errors) - len(expected)
    assert shop.rows(f"from errors !is:{state} | summarize n=count()") == [{"n": rest}]


def test_an_issue_is_found_by_its_short_id_in_any_case(shop: Shop) -> None:
    """`issue:` takes one short id or a list."""
    wanted = [r for r in shop.seen_errors if shop.short_id(r) == "WEB-2"]
    assert shop.rows("from errors issue:web-2 | summarize n=count()") == [{"n": len(wanted)}]
    assert shop.rows('from errors | where issue != "WEB-2" | summarize n=count()') == [
        {"n": len(shop.seen_errors) - len(wanted)}
    ]


def test_a_list_of_names_costs_one_look_up(shop: Shop) -> None:
    """Fifty issues or projects in an expression are looked up together, and select what the search selects."""
    names = ", ".join(f'"WEB-{number}"' for number in range(1, 50))
    text = f"from errors | where issue in [{names}] | summarize n=count()"
    context = PlanContext(now=NOW, projects={1: "web"})
    assert plan(text, context).sql[0].count('FROM "issues"') == 1
    assert shop.rows(text) == shop.rows(f"from errors issue:[{names}] | summarize n=count()")
    assert shop.rows('from errors | where project in ["web", "payment"] | summarize n=count()') == shop.rows(
        "from errors project:[web, payment] | summarize n=count()"
    )


def test_an_unknown_key_is_a_tag_and_says_so(shop: Shop) -> None:
    """The warning names the fields that look like it."""
    answer = shop.ask("enviroment:production")
    assert answer.table.num_rows == 0
    assert "enviroment" in answer.warnings[0]
    assert "environment" in answer.warnings[0]


@pytest.mark.parametrize(
    ("text", "part", "hint"),
    [
        ("from errors project:wbe", "no project called 'wbe'", "web"),
        ("from errors is:unresolvd", "no issue state", "unresolved"),
        ("from spans span.duration:>2kb", "Invalid duration", ""),
        ("from spans | where span.duration > 2kb", "A duration and a size", "2s is a duration"),
    ],
)
def test_a_wrong_value_is_refused_with_a_reason(shop: Shop, text: str, part: str, hint: str) -> None:
    """Errors carry what is wrong and what to write."""
    with pytest.raises(QueryError) as caught:
        shop.ask(text)
    assert part in caught.value.message
    assert hint in caught.value.suggestion


def test_a_missing_segment_name_is_found_at_query_time(shop: Shop) -> None:
    """Children that came without the name, and before their segment, group under its name."""
    names = {(s["trace_id"], s["span_id"]): s["name"] for s in shop.spans if s["is_segment"]}
    counts: dict[str, int] = {}
    for span in shop.seen_spans:
        name = names[(span["trace_id"], span["segment_id"])]
        counts[name] = counts.get(name, 0) + 1
    found = {r["transaction"]: r["n"] for r in shop.rows("from spans | summarize n=count() by transaction")}
    assert found == counts
    newest = sorted(shop.seen_spans, key=lambda s: (s["timestamp"], s["span_id"]), reverse=True)[:200]
    rows = shop.rows("from spans | sort timestamp desc, id desc | limit 200 | project id, transaction")
    assert [(r["id"], r["transaction"]) for r in rows] == [
        (s["span_id"], names[(s["trace_id"], s["segment_id"])]) for s in newest
    ]
    raw = {r["id"]: r["transaction"] for r in shop.rows("from spans span.op:db")}
    assert raw == {
        s["span_id"]: names[(s["trace_id"], s["segment_id"])] for s in shop.seen_spans if s["span_id"] in raw
    }
    assert shop.rows("from spans transaction:/page/3 | summarize n=count()") == [{"n": counts["/page/3"]}]
