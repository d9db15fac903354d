"""`facets` agrees with counting every field by itself, whatever the rows come from."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from queries.edit import Filter, edit
from queries.errors import QueryError
from queries.plan import plan
from tests.queries_compile.conftest import Shop

Row = dict[str, Any]
FIELDS: dict[str, Callable[[Row], str | None]] = {
    "level": lambda r: r["level"],
    "environment": lambda r: r["environment"] or None,
    "release": lambda r: r["release"] or None,
    "error.type": lambda r: r["error_type"],
    "error.handled": lambda r: None if r["error_handled"] is None else str(r["error_handled"]).lower(),
    "transaction": lambda r: r["transaction"],
    "os.name": lambda r: dict(r["contexts"]).get("os.name"),
    "user": lambda r: r["user"] or None,
    "region": lambda r: dict(r["tags"]).get("region") or None,
    "batch": lambda r: dict(r["tags"]).get("batch"),
    "http.status_code": lambda r: str(r["http_status_code"]) if r["http_status_code"] else None,
}


def everything(_: Row) -> bool:
    return True


def nothing(_: Row) -> bool:
    return False


def counted(rows: Iterable[Row], fields: Iterable[str], top: int) -> dict[str, tuple[list[tuple[str, int]], int, int]]:
    """By field: the best values with their counts, the total, and how many different ones there are."""
    found: dict[str, tuple[list[tuple[str, int]], int, int]] = {}
    held = list(rows)
    for field in fields:
        counts = Counter(v for v in map(FIELDS[field], held) if v is not None)
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if ranked:
            found[field] = (ranked[:top], sum(counts.values()), len(counts))
    return found


def shown(rows: list[Row]) -> dict[str, tuple[list[tuple[str, int]], int, int]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["field"]].append(row)
    return {
        field: ([(r["value"], r["count"]) for r in members], members[0]["total"], members[0]["distinct"])
        for field, members in grouped.items()
    }


@pytest.mark.parametrize(
    ("text", "fields", "top", "keep"),
    [
        ("from errors | facets level, environment, user top 3", ("level", "environment", "user"), 3, everything),
        ("level:fatal | facets error.type, error.handled", ("error.type", "error.handled"), 10, lambda r: r["level"] == "fatal"),
        ('from errors | facets region=tags["region"], batch=tags["batch"], http.status_code top 2', ("region", "batch", "http.status_code"), 2, everything),
        ("from errors | facets tags", ("region", "batch"), 10, everything),
        ('from errors region:"eu-1" | facets tags, level top 5', ("region", "batch", "level"), 5, lambda r: dict(r["tags"]).get("region") == "eu-1"),
        ("from errors level:nothing | facets level, tags", ("level",), 5, nothing),
    ],
)  # fmt: skip
def test_values_are_counted_per_field(
    shop: Shop, text: str, fields: tuple[str, ...], top: int, keep: Callable[[Row], bool]
) -> None:
    """Best first, missing values not at all, totals and numbers of different values over all of them."""
    assert shown(shop.rows(text)) == counted((r for r in shop.seen_errors if keep(r)), fields, top)


def test_without_fields_those_of_the_data_set_and_the_tags_are_counted(shop: Shop) -> None:
    """In the order of the declaration, then the tags, most frequent key first."""
    found = shown(shop.rows("from errors | facets"))
    fields = (
        "level",
        "environment",
        "release",
        "error.type",
        "error.handled",
        "transaction",
        "os.name",
        "user",
        "region",
        "batch",
    )
    wanted = counted(shop.seen_errors, fields, 10)
    tags = sorted(("region", "batch"), key=lambda key: -wanted[key][1])
    assert found == wanted
    assert list(found) == [*fields[:-2], *tags]


def test_promoted_tags_are_counted_from_their_columns_and_not_twice(shop: Shop) -> None:
    """Planned only: the store of this test has no such column."""
    promoted = replace(shop.context, promoted={"errors": ("region",)})
    (sql,) = plan("from errors | facets", promoted).sql
    assert '"t0"."tag_region"' in sql


def test_the_rows_may_come_from_any_stage(shop: Shop) -> None:
    """After `extend`, a limit, a projection and groups the columns there are counted."""
    newest = sorted(shop.seen_errors, key=lambda r: r["timestamp"], reverse=True)[:50]
    found = shown(shop.rows("from errors | sort timestamp desc | limit 50 | facets level"))
    assert found == counted(newest, ("level",), 10)
    rows = shop.rows("from errors | project level, big=upper(level) | facets")
    assert {r["field"] for r in rows} == {"level", "big"}
    rows = shop.rows("from errors | summarize n=count() by level, error.type | facets level")
    assert shown(rows)["level"][2] == len({r["level"] for r in shop.seen_errors})


def test_projects_and_segment_names_are_shown_by_name(shop: Shop) -> None:
    """The slug of the request's own list; a span's transaction even where only its segment knows it."""
    found = shown(shop.rows("from errors | facets project"))
    assert dict(found["project"][0]) == Counter(shop.projects[r["project_id"]] for r in shop.seen_errors)
    spans = shown(shop.rows("from spans | facets transaction, span.op"))
    assert spans["transaction"][1] == len(shop.seen_spans)


def test_a_facet_is_a_filter(shop: Shop) -> None:
    """Filtering by a row of the facets leaves as many rows as it says."""
    for row in shop.rows("from errors | facets level, error.type, tags top 3"):
        text = edit("from errors", Filter(row["field"], row["value"]), shop.context)
        (total,) = shop.rows(f"{text} | summarize n=count()")
        assert total["n"] == row["count"], text


@pytest.mark.parametrize("text", ["from errors | facets stack.function", "from errors | facets issue", "from errors | facets level top 0", "from errors | facets level, level", "from errors | facets nothing()", "from outcomes | facets quantity, tags"])  # fmt: skip
def test_what_cannot_be_counted_is_said(shop: Shop, text: str) -> None:
    """Arrays, issues, no values, the same name twice."""
    with pytest.raises(QueryError):
        shop.ask(text)


def test_the_plain_reading_says_how_many_are_shown(shop: Shop) -> None:
    """The reader knows that there may be more."""
    assert shop.ask("from errors | facets level top 3").english.endswith("counts the 3 most frequent values of level.")


def test_dear_fields_are_counted_over_the_newest_hours(shop: Shop) -> None:
    """Whole hours that hold as many rows as wanted; `since` says from when, and the cheap fields are counted over all."""
    asked = replace(shop.context, facet_rows=500)
    answer = shop.runner.run("from errors | facets", asked)
    assert answer.sql[0].count(" OVER (ORDER BY ") == 2, "the hours, and the ranks of tags, are looked for once"
    rows = answer.table.to_pylist()
    hours = Counter(r["timestamp"].replace(minute=0, second=0, microsecond=0) for r in shop.seen_errors)
    held, since = 0, None
    for hour in sorted(hours, reverse=True):
        held, since = held + hours[hour], hour
        if held >= 500:
            break
    assert since is not None
    assert since > min(hours)
    newest = [r for r in shop.seen_errors if r["timestamp"] >= since]
    dear = ("os.name", "user", "region", "batch")
    found = shown(rows)
    assert {f: found[f] for f in dear} == counted(newest, dear, 10)
    assert found["level"] == counted(shop.seen_errors, ("level",), 10)["level"]
    assert {r["field"]: r["since"] for r in rows} == {f: since if f in dear else None for f in found}
    everything_held = shop.rows("from errors | facets")
    assert {r["since"] for r in everything_held} == {None}
