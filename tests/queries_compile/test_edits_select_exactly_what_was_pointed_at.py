"""Edits from a cell: the filtered text gives exactly the rows with that value, the excluding text exactly the rest."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries import ast
from queries.catalog import catalog
from queries.edit import Exclude, Filter, GroupBy, SetLimit, SortBy, change_of, edit
from queries.edit_values import search_term
from queries.errors import QueryError
from queries.parser import parse
from queries.plan import PlanContext
from queries.printer import print_query
from queries.printer_search import print_search
from queries.run import Runner
from queries.search.datasets import config_for
from queries.search.tree import parse_search
from tests.queries_compile.conftest import NOW, Shop

ODD_TEXTS = (
    "plain", "", "two words", 'a "quoted" word', "50% of *", "*", r"C:\path\*", "back\\", "tab\there", "line\nbreak", "naïve 日本 🎈",
    "it's", "[a, b]", "<5", ">=1", "Contains x", "Containsx", "//re//", "has:x", "OR", "(", ")", "null", "true", "5m", "!no", "a|b", "| limit 1", "`tick`", "-24h", "2026-01-01",
)  # fmt: skip
ODD_KEYS = ("plain", "key with space", "level", "user", "hi:there", 'quote"d', "back\\slash", "transaction.duration", "日本", "by", "null", "$p", "a]b", "is", "has")  # fmt: skip


def _odd(number: int, project: int) -> dict[str, Any]:
    text = ODD_TEXTS[number % len(ODD_TEXTS)]
    tags = [(ODD_KEYS[number % len(ODD_KEYS)], text), ("other key", ODD_TEXTS[(number * 7) % len(ODD_TEXTS)])]
    return {
        "project_id": project,
        "event_id": f"{number:032x}",
        "timestamp": NOW - dt.timedelta(minutes=1 + number, microseconds=number * 1234 % 10**6),
        "fingerprint": 2**64 - 1 - number % 3 if number % 2 else number % 5 + 1,
        "level": ("error", "fatal", "")[number % 3],
        "title": text,
        "message": f"{text} {number % 2}",
        "transaction": text,
        "release": text if number % 4 else "",
        "environment": "prod" if number % 2 else "",
        "error_type": f"Type{number % 4}",
        "error_types": ["Root", f"Type{number % 4}"],
        "error_handled": (True, False, None)[number % 3],
        "error_mechanisms": [text, "x"][: number % 3],
        "stack_linenos": [1, number % 3][: number % 4],
        "stack_in_app": [True, False][: number % 3],
        "http_status_code": (0, 200, 404)[number % 3],
        "sample_weight": (1.0, 0.1, 3.3)[number % 3],
        "user": f"id:{number % 6}" if number % 5 else "",
        "tags": tags,
        "contexts": [("os.name", text)] if number % 2 else [],
        "payload": json.dumps({"n": number}),
    }


def _odd_span(number: int, project: int) -> dict[str, Any]:
    return {
        "project_id": project,
        "trace_id": f"{number // 3:032x}",
        "span_id": f"{number:016x}",
        "timestamp": NOW - dt.timedelta(minutes=1 + number),
        "duration_ns": (1, 999, 1_000_000, 1_234_567, 86_400_000_000_000)[number % 5],
        "is_segment": number % 3 == 0,
        "segment_id": f"{number // 3 * 3:016x}",
        "segment_name": "/a b" if number % 2 else "",
        "name": "/a b",
        "op": ("db", "http.server", "")[number % 3],
        "status": ("ok", "internal_error")[number % 2],
        "measurements": [("lcp", (0.1, 2500.125, 1e-3, 1234.5678)[number % 4])] if number % 3 else [],
        "payload": "{}",
    }


@pytest.fixture(scope="module")
def odd(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Shop:
    """A project whose texts, keys and numbers are as awkward as they come."""
    project = new_project_id()
    shop = Shop(
        Runner(event_store, FixedClock(NOW)),
        PlanContext(now=NOW, projects={project: "odd shop"}),
        {project: "odd shop"},
        0,
    )
    shop.errors = [_odd(n, project) for n in range(3 * len(ODD_TEXTS))]
    shop.spans = [_odd_span(n, project) for n in range(90)]
    event_store.insert_rows("errors", rows_of("errors", shop.errors))
    event_store.insert_rows("spans", rows_of("spans", shop.spans))
    return shop


def answer(shop: Shop, text: str) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows as the JSON answer shows them."""
    found = shop.ask(text).as_json_dict()
    return [c["name"] for c in found["columns"]], found["rows"]  # type: ignore[union-attr, index, return-value]


def key(row: list[Any]) -> str:
    return json.dumps(row, sort_keys=True)


def check_all_cells(shop: Shop, text: str, column: str, *, most: int = 40) -> None:
    """Filter and exclude by every value of a column and compare with the rows of the unfiltered answer."""
    names, rows = answer(shop, text)
    at = names.index(column)
    values: list[Any] = []
    for row in rows:
        if row[at] not in values:
            values.append(row[at])
    assert values
    for value in values[:most]:
        for change, wanted in (
            (Filter(column, value), [r for r in rows if r[at] == value]),
            (Exclude(column, value), [r for r in rows if r[at] != value]),
        ):
            changed = edit(text, change, shop.context)
            assert print_query(parse(changed)) == changed, changed
            again, found = answer(shop, changed)
            assert again == names
            assert sorted(map(key, found)) == sorted(map(key, wanted)), (changed, value)


RAW = ["id", "timestamp", "level", "title", "message", "transaction", "release", "environment", "error.type", "error.handled", "error.mechanism", "stack.lineno",
       "stack.in_app", "http.status_code", "sample_weight", "user", "fingerprint", "issue.id", "os.name", "project", "payload"]  # fmt: skip


@pytest.mark.parametrize("column", RAW)
def test_a_field_of_rows_is_filtered_by_any_of_its_values(odd: Shop, column: str) -> None:
    """Texts with quotes, stars and backslashes, missing values, numbers up to 2^64, times, booleans, arrays."""
    check_all_cells(
        odd, f"from errors | project id, {column}, also=level" if column != "id" else "from errors | project id", column
    )


@pytest.mark.parametrize("name", [*ODD_KEYS, "other key", "never sent"])
def test_a_tag_is_filtered_whatever_its_key_is(odd: Shop, name: str) -> None:
    """Keys with spaces, quotes, names of fields and words of the language; an empty value is not a missing one."""
    index = print_query(parse(f"from errors | project id, t=tags[{json.dumps(name, ensure_ascii=False)}]"))
    check_all_cells(odd, index, "t")


@pytest.mark.parametrize(
    "column", ["span.duration", "measurements.lcp", "transaction", "is_segment", "span.op", "timestamp", "trace"]
)
def test_spans_are_filtered_by_durations_to_the_nanosecond(odd: Shop, column: str) -> None:
    """Durations and measurements are compared with what is stored, not with a rounded reading of it."""
    check_all_cells(odd, f"from spans | project id, {column}", column)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("level:error", "title"),
        ("level:error OR level:fatal", "environment"),
        ("from errors | summarize n=count() by level, transaction", "transaction"),
        ("from errors | summarize n=count() by level, transaction", "n"),
        ("from errors | summarize count() by level", "count()"),
        ("from errors | summarize count(), users=count_unique(user) by error.type | sort users desc", "users"),
        ("from errors | summarize avg(sample_weight) by level", "avg(sample_weight)"),
        ("from errors | summarize seen=last_seen() by level", "seen"),
        ("from errors | summarize kinds=make_set(error.type) by level", "kinds"),
        ("from errors | summarize n=count() by project", "project"),
        ("from errors | sessions by user gap 10min", "user"),
        ("from errors | sessions by user gap 10min", "count"),
        ("from errors | retention by user every 1h", "period"),
        ("from errors | funnel `level:error` -> `level:fatal` by user split release", "release"),
        ("from errors | summarize n=count() by b=bin(timestamp, 10min)", "b"),
        ('from errors | summarize n=count() by tags["other key"]', 'tags["other key"]'),
        ("from errors | summarize n=count() by error.handled | where n > 1", "error.handled"),
        ("from errors | summarize n=count() by level | extend double=n * 2 | sort n desc", "double"),
        ("from errors | summarize n=count() by level | summarize m=max(n), c=count()", "m"),
        ('from errors | extend who=user | where level = "error" | project who, id', "who"),
        ("from errors | extend level=upper(level) | summarize n=count() by level", "level"),
        ("from errors | sort id | limit 40 | summarize n=count() by level", "level"),
        ("from errors | summarize n=count() by error.type | top 2 by n other", "error.type"),
        ("from errors | make-series n=count() every 30min by level", "level"),
        ("from errors | make-series n=count() every 30min by error.type top 2 by count() other", "error.type"),
        ("from errors | make-series n=count() every 30min", "timestamp"),
        ("from errors | make-series n=count() every 30min", "n"),
        ("from errors, spans | project dataset, id", "dataset"),
        ("let l = upper(level); from errors | summarize n=count() by l", "l"),
        ("let e = from errors level:error; from e | summarize n=count() by title", "title"),
        ("from spans | summarize a=avg(span.duration), p=p95(span.duration) by span.op, span.status", "a"),
        ("from spans | summarize a=avg(span.duration), p=p95(span.duration) by span.op, span.status", "p"),
        ("from spans | summarize l=avg(measurements.lcp) by span.op", "l"),
        ("from errors | facets level, error.handled, title", "value"),
        ("from errors | facets level, error.handled, title", "count"),
    ],
)
def test_a_cell_of_any_answer_is_filtered_where_its_column_comes_from(odd: Shop, text: str, column: str) -> None:
    """Keys before the groups are made, aggregates after; behind a limit that decides what is grouped."""
    check_all_cells(odd, text, column, most=12)


def test_the_condition_stands_where_a_reader_would_write_it(odd: Shop) -> None:
    """A field becomes a filter of the search, an aggregate a `having`, and nothing is said twice."""
    context = odd.context
    assert edit("", Filter("level", "error"), context) == "level:error"
    assert edit("boom", Exclude("level", "error"), context) == "boom !level:error"
    assert edit("level:error OR level:fatal", Filter("user", None), context) == "(level:error OR level:fatal) !has:user"
    assert edit("level:error", Filter("level", "error"), context) == "level:error"
    grouped = "from errors | summarize n=count() by level, release | sort n desc | limit 5"
    assert (
        edit(grouped, Filter("release", "a b"), context)
        == 'from errors release:"a b" | summarize n=count() by level, release | sort n desc | limit 5'
    )
    assert (
        edit(grouped, Filter("n", 5), context)
        == "from errors | summarize n=count() by level, release | having n = 5 | sort n desc | limit 5"
    )
    assert (
        edit("from errors | summarize count() by level", Filter("count()", 5), context)
        == "from errors | summarize count() by level | having count() = 5"
    )
    assert edit("from spans", Filter("span.duration", 1_500_000), context) == "from spans span.duration:1.5ms"
    assert (
        edit("from errors", Filter("error.type", "KeyError"), context) == 'from errors | where error.type = "KeyError"'
    )
    assert edit("", Filter('tags["level"]', "x"), context) == "tags[level]:x"


def test_a_column_that_no_answer_has_is_looked_for_in_the_data_set(odd: Shop) -> None:
    """Facets point at fields of the rows, whatever the answer shows; elsewhere an unknown name is an error."""
    assert (
        edit("from errors | summarize n=count() by level", Filter("release", "1.0"), odd.context)
        == "from errors release:1.0 | summarize n=count() by level"
    )
    with pytest.raises(QueryError):
        edit("from issues", Filter("nothing", "1"), odd.context)
    with pytest.raises(QueryError):
        edit("from errors | summarize n=", Filter("level", "1"), odd.context)


def test_grouping_sorting_and_limiting(odd: Shop) -> None:
    """What only ordered or cut the rows goes when they are grouped; a new order takes the place of the old one."""
    context = odd.context
    assert (
        edit("level:error", GroupBy("release"), context) == "level:error | summarize n=count() by release | sort n desc"
    )
    assert (
        edit("from errors | sort id | limit 5", GroupBy("user"), context)
        == "from errors | summarize n=count() by user | sort n desc"
    )
    assert (
        edit("from errors | summarize n=count() by level", GroupBy("user"), context)
        == "from errors | summarize n=count() by level, user"
    )
    assert (
        edit("from errors | summarize n=count() by level, user", GroupBy("user"), context)
        == "from errors | summarize n=count() by user"
    )
    assert (
        edit("from errors | make-series n=count() every 1h", GroupBy("level"), context)
        == "from errors | make-series n=count() every 1h by level top 8 by count()"
    )
    assert (
        edit(
            "from errors | summarize n=count() by level | sort n desc | limit 20",
            SortBy("level", descending=False),
            context,
        )
        == "from errors | summarize n=count() by level | sort level | limit 20"
    )
    assert edit("level:error", SortBy("user.email"), context) == "level:error | sort user.email desc"
    assert (
        edit("from errors | summarize count() by level", SortBy("count()"), context)
        == 'from errors | summarize count() by level | sort field("count()") desc'
    )
    assert edit("level:error | limit 5", SetLimit(100), context) == "level:error | limit 100"
    for text in (
        "level:error | summarize n=count() by release | sort n desc",
        'from errors | summarize count() by level | sort field("count()") desc',
    ):
        assert odd.rows(text)


def test_changes_arrive_as_json() -> None:
    """The HTTP API hands the object over as it came."""
    assert change_of({"filter": {"column": "a", "value": None}}) == Filter("a", None)
    assert change_of({"exclude": {"column": "a", "value": [1]}}) == Exclude("a", [1])
    assert change_of({"group_by": {"column": "a"}}) == GroupBy("a")
    assert change_of({"sort": {"column": "a", "descending": False}}) == SortBy("a", descending=False)
    assert change_of({"limit": 5}) == SetLimit(5)
    for wrong in ({}, {"filter": {"column": "a"}}, {"limit": "5"}, {"drop": {"column": "a"}}, {"limit": True}):
        with pytest.raises(QueryError):
            change_of(wrong)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.text(st.sampled_from('ab*\\" `|;/[](),:!<>=\n\t'), max_size=8)
)
def test_any_text_as_a_value_reads_back_as_itself(value: str) -> None:
    """Whatever the value, the printed filter is a single filter on the same key with exactly that text."""
    info = catalog("errors").lookup("title")
    term = search_term(ast.Key("title"), info, value, "errors", negated=False)
    if value == "":
        assert term == ast.Has(ast.Key("title"), negated=True)
        return
    assert term is None or parse_search(
        print_search(ast.Search(term)), config_for(frozenset({"errors"}))
    ) == ast.Search(term)
    assert term is not None or any(sign in value for sign in '"\\'), value
