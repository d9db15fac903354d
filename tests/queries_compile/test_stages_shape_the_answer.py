"""Stages, compiled and run, agree with pandas or plain Python on the same rows."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

import pandas as pd
import pytest

from queries.errors import QueryError
from tests.queries_compile.conftest import NOW, Shop

Row = dict[str, Any]


def hour(moment: dt.datetime, hours: int = 1) -> dt.datetime:
    return moment.replace(hour=moment.hour // hours * hours, minute=0, second=0, microsecond=0)


def by_type(shop: Shop) -> Counter[str]:
    return Counter(r["error_type"] for r in shop.seen_errors)


def test_a_bare_search_shows_the_newest_rows_of_the_default_dataset(shop: Shop) -> None:
    """Defaults of `errors`, newest first, with the project's slug and the issue's short id."""
    answer = shop.ask("level:fatal")
    wanted = sorted((r for r in shop.seen_errors if r["level"] == "fatal"), key=lambda r: r["timestamp"], reverse=True)
    found = answer.table.to_pylist()
    assert [r["id"] for r in found] == [r["event_id"] for r in wanted]
    assert found[0]["timestamp"] == wanted[0]["timestamp"]
    assert found[0]["project"] == shop.projects[wanted[0]["project_id"]]
    assert found[0]["issue"] == shop.short_id(wanted[0])
    assert [c.name for c in answer.columns][:4] == ["id", "timestamp", "project", "issue"]
    assert {r["environment"] for r in found} == {"production", "staging", None}


def test_issues_group_by_number_and_show_short_ids(shop: Shop) -> None:
    """The order and the limit are those of the groups, not disturbed by the look-up of the short id."""
    counts = Counter(shop.short_id(r) for r in shop.seen_errors)
    found = shop.rows("from errors | summarize n=count() by issue | sort n desc | limit 4")
    assert [r["n"] for r in found] == sorted(counts.values(), reverse=True)[:4]
    assert all(counts[r["issue"]] == r["n"] for r in found)


def test_projects_group_by_number_and_show_slugs(shop: Shop) -> None:
    """Slugs come from the request, not from the store."""
    counts = Counter(shop.projects[r["project_id"]] for r in shop.seen_errors)
    assert {r["project"]: r["n"] for r in shop.rows("from errors | summarize n=count() by project")} == counts


def test_groups_by_a_tag_tell_missing_from_empty(shop: Shop) -> None:
    """An absent key is null, an empty value is the empty text."""
    counts = Counter(dict(r["tags"]).get("region") for r in shop.seen_errors)
    assert {r["region"]: r["n"] for r in shop.rows("from errors | summarize n=count() by region")} == counts


def test_columns_of_groups_can_be_computed_with(shop: Shop) -> None:
    """Keys, tags among them, and aggregates stand in later expressions."""
    found = shop.rows(
        'from errors | summarize n=count() by region | extend near = if(region = "eu-1", n * 2, 0) | project near, n'
    )
    counts = Counter(dict(r["tags"]).get("region") for r in shop.seen_errors)
    assert max(r["near"] for r in found) == counts["eu-1"] * 2
    assert sorted(r["n"] for r in found) == sorted(counts.values())


def test_extend_project_where_sort_and_limit_follow_each_other(shop: Shop) -> None:
    """Each stage sees the columns the one before left."""
    rows = [r for r in shop.seen_errors if len(r["title"]) * 2 > 38]
    wanted = sorted(rows, key=lambda r: (-len(r["title"]), r["event_id"]))[:7]
    found = shop.rows("from errors | extend l = length(title) | extend twice = l * 2 | where twice > 38 "
                      "| sort l desc, id | limit 7 | project id, double = twice")  # fmt: skip
    assert found == [{"id": r["event_id"], "double": len(r["title"]) * 2} for r in wanted]


def test_a_filter_after_a_limit_sees_only_what_is_left(shop: Shop) -> None:
    """The newest hundred are taken first."""
    newest = sorted(shop.seen_errors, key=lambda r: r["timestamp"], reverse=True)[:100]
    fatal = sum(r["level"] == "fatal" for r in newest)
    assert shop.rows('from errors | sort timestamp desc | limit 100 | where level = "fatal" | summarize n=count()') == [
        {"n": fatal}
    ]


def test_groups_can_be_filtered_and_grouped_again(shop: Shop) -> None:
    """`where` on a column of groups, `having` on an aggregate, and a second `summarize` over the first."""
    pairs = Counter((r["error_type"], r["release"]) for r in shop.seen_errors)
    kept = {k: n for k, n in pairs.items() if n > 100}
    sizes = Counter(k[0] for k in kept)
    text = "from errors | summarize n=count() by error.type, release | where n > 100"
    assert {(r["error.type"], r["release"] or ""): r["n"] for r in shop.rows(text)} == kept
    having = "from errors | summarize n=count() by error.type, release | having count() > 100"
    assert {(r["error.type"], r["release"] or ""): r["n"] for r in shop.rows(having)} == kept
    again = {r["error.type"]: r["m"] for r in shop.rows(f"{text} | summarize m=count() by error.type")}
    assert again == sizes


def test_aggregate_filters_before_a_grouping_filter_its_groups(shop: Shop) -> None:
    """Alone, joined with row filters by AND, and by OR."""
    fatal = Counter(r["error_type"] for r in shop.seen_errors if r["level"] == "fatal")
    limit = sorted(fatal.values())[2]
    found = shop.rows(f"from errors level:fatal count():>{limit} | summarize n=count() by error.type")
    assert {r["error.type"]: r["n"] for r in found} == {k: n for k, n in fatal.items() if n > limit}
    counts = by_type(shop)
    most = max(counts.values())
    batch = {
        r["error_type"]
        for r in shop.seen_errors
        if dict(r["tags"]).get("batch") == "3" and r["level"] == "fatal" and r["user"] == "id:7"
    }
    found = shop.rows(
        f"from errors ((level:fatal batch:3 user:id:7) or count():>={most}) | summarize n=count() by error.type"
    )
    assert {r["error.type"]: r["n"] for r in found} == {k: n for k, n in counts.items() if n == most or k in batch}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("count():>10", "chooses groups, and this query makes none"),
        ("from errors (level:fatal or count():>3) | summarize count()", "when there are groups"),
        ("from errors | top 5 by timestamp other", "directly follows a summarize"),
        ("from errors | summarize n=count() by level | top 5 per level by n other", "no rest to tell"),
        ("from errors | summarize n=count() by level | top 5 per n by n other", "is no key of the groups"),
        ("from errors | make-series n=count() every 1ms", "at most 10000 buckets"),
        ("from errors | make-series n=count() every 1h by level top 500 by count()", "at most 50"),
        ("from errors between 2026-03-02 and 2026-03-01", "ends before it starts"),
        ("let a = 1; let a = 2; from errors", "bound twice"),
        ("from errors, logz", "not a data set"),
    ],
)
def test_a_stage_that_does_not_fit_is_refused(shop: Shop, text: str, message: str) -> None:
    """With the reason and what would fit."""
    with pytest.raises(QueryError) as caught:
        shop.ask(text)
    assert message in caught.value.message


def test_top_takes_the_best_rows_per_key_when_asked(shop: Shop) -> None:
    """`top n` sorts and cuts; `per` does so within each key."""
    counts = by_type(shop)
    best = [n for _, n in counts.most_common(2)]
    assert [r["n"] for r in shop.rows("from errors | summarize n=count() by error.type | top 2 by n")] == best
    found = shop.rows("from errors | top 2 per level by timestamp | project level, timestamp")
    table = pd.DataFrame(shop.seen_errors).sort_values("timestamp", ascending=False).groupby("level").head(2)
    assert sorted((r["level"], r["timestamp"]) for r in found) == sorted(zip(table.level, table.timestamp, strict=True))


@pytest.mark.parametrize("key", ["error.type", "region", "issue", "project", "http.status_code"])
def test_top_with_other_puts_the_rest_into_one_group_of_exact_values(shop: Shop, key: str) -> None:
    """Unique users of the rest are counted over its rows, not added up from its groups."""
    values = {
        "error.type": lambda r: r["error_type"],
        "region": lambda r: dict(r["tags"]).get("region"),
        "issue": shop.short_id,
        "project": lambda r: shop.projects[r["project_id"]],
        "http.status_code": lambda r: str(r["http_status_code"]) if r["http_status_code"] else None,
    }[key]
    counts = Counter(values(r) for r in shop.seen_errors)
    count = 1 if key == "project" else 2
    found = shop.rows(f"from errors | summarize n=count(), u=count_unique(user) by {key} | top {count} by n other")
    kept = {r[key] for r in found} - {"Other"}
    assert [r["n"] for r in found[:-1]] == sorted(counts.values(), reverse=True)[:count]
    assert all(counts[r[key]] == r["n"] for r in found[:-1])
    assert found[-1][key] == "Other"
    rest = [r for r in shop.seen_errors if values(r) not in kept]
    assert found[-1]["n"] == len(rest)
    assert found[-1]["u"] == len({r["user"] for r in rest if r["user"]})


@pytest.mark.parametrize("per", ["level", "region"])
def test_top_per_key_with_other_tells_the_rest_of_each(shop: Shop, per: str) -> None:
    """A value with no more groups than are asked for has no rest; a missing value has one like any other."""
    text = f"from errors | summarize n=count(), u=count_unique(user) by {per}, error.type | top 2 per {per} by n other"
    found = shop.rows(text)
    seen = defaultdict(list)
    for row in shop.seen_errors:
        seen[row["level"] if per == "level" else dict(row["tags"]).get("region")].append(row)
    assert {r[per] for r in found} == set(seen)
    for value, rows in seen.items():
        mine = [r for r in found if r[per] == value]
        counts = Counter(r["error_type"] for r in rows)
        kept = [r for r in mine if r["error.type"] != "Other"]
        assert mine[: len(kept)] == kept
        assert [r["n"] for r in kept] == sorted(counts.values(), reverse=True)[:2]
        rest = [r for r in rows if r["error_type"] not in {r["error.type"] for r in kept}]
        users = len({r["user"] for r in rest if r["user"]})
        assert [(r["n"], r["u"]) for r in mine[len(kept) :]] == ([(len(rest), users)] if rest else [])


def test_a_series_has_no_gaps(shop: Shop) -> None:
    """Every bucket of the range is there once for every combination of keys, empty ones with 0 or null."""
    found = shop.rows(
        "from errors level:fatal | make-series n=count(), a=avg(http.status_code) every 5min by error.type"
    )
    rows = [r for r in shop.seen_errors if r["level"] == "fatal"]
    start = NOW - dt.timedelta(hours=24)
    first = start.replace(minute=start.minute // 5 * 5, second=0, microsecond=0)
    buckets = [first + dt.timedelta(minutes=5) * i for i in range(289) if first + dt.timedelta(minutes=5) * i < NOW]
    types = sorted({r["error_type"] for r in rows})
    assert [(r["error.type"], r["timestamp"]) for r in found] == [(t, b) for t in types for b in buckets]
    counts = Counter(
        (r["error_type"], r["timestamp"].replace(minute=r["timestamp"].minute // 5 * 5, second=0, microsecond=0))
        for r in rows
    )
    assert all(counts[(r["error.type"], r["timestamp"])] == r["n"] for r in found)
    assert {r["a"] for r in found if r["n"] == 0} == {None}


def test_without_rows_there_is_a_flat_series_but_none_by_keys(shop: Shop) -> None:
    """Nobody's key gets no series; the count of everything is zero in every bucket."""
    assert shop.rows("from errors level:nothing | make-series n=count() every 1h by release") == []
    flat = shop.rows("from errors level:nothing | make-series n=count() every 1h")
    assert [r["n"] for r in flat] == [0] * len(flat)
    assert len(flat) in {24, 25}


def test_a_series_fills_as_asked(shop: Shop) -> None:
    """zero, null, forward and linear, each within its own key."""
    base = "from errors error.type:[KeyError, OSError] level:fatal user:id:1* | make-series n=count(), s=max(http.status_code) every 30min by error.type"
    plain = shop.rows(base)
    values = [(r["error.type"], r["n"] or None) for r in plain]
    assert {r["n"] for r in plain if r["s"] is None} >= {0}
    zero = shop.rows(f"{base} fill zero")
    assert [r["s"] for r in zero] == [r["s"] or 0 for r in plain]
    null = shop.rows(f"{base} fill null")
    assert [r["n"] for r in null] == [n for _, n in values]
    forward = shop.rows(f"{base} fill forward")
    linear = shop.rows(f"{base} fill linear")
    table = pd.DataFrame(values, columns=["key", "n"]).astype({"n": "float"})
    carried = table.groupby("key")["n"].ffill()
    assert [r["n"] for r in forward] == [None if pd.isna(v) else v for v in carried]
    straight = table.groupby("key")["n"].transform(lambda g: g.interpolate(limit_area="inside"))
    assert [r["n"] for r in linear] == pytest.approx([None if pd.isna(v) else v for v in straight])


def test_a_series_keeps_the_top_keys_and_the_rest_as_other(shop: Shop) -> None:
    """The two most frequent of the whole range, the same in every bucket."""
    counts = by_type(shop)
    best = {k for k, _ in counts.most_common(2)}
    found = shop.rows("from errors | make-series n=count() every 6h by error.type top 2 by count() other")
    sums: Counter[str] = Counter()
    for row in found:
        sums[row["error.type"]] += row["n"]
    assert sums == {**{k: counts[k] for k in best}, "Other": sum(n for k, n in counts.items() if k not in best)}
    kept = shop.rows("from errors | make-series n=count() every 6h by error.type top 2 by count()")
    assert {r["error.type"] for r in kept} == best


def test_a_series_without_a_width_chooses_a_readable_one(shop: Shop) -> None:
    """About a hundred buckets at most, of a round length."""
    found = shop.rows("from errors | make-series eps()")
    assert 40 <= len(found) <= 101
    assert sum(r["eps()"] * 900 for r in found) == pytest.approx(len(shop.seen_errors))


def test_names_bound_by_let_stand_for_pipelines_and_expressions(shop: Shop) -> None:
    """A pipeline is a source, an expression a value; a later one may use an earlier one."""
    text = ("let bad = from errors level:fatal; let many = from bad | summarize n=count() by error.type; let least = 10 * 5; "
            "from many | where n > least | sort n desc")  # fmt: skip
    fatal = Counter(r["error_type"] for r in shop.seen_errors if r["level"] == "fatal")
    assert [r["n"] for r in shop.rows(text)] == sorted((n for n in fatal.values() if n > 50), reverse=True)


def test_sources_are_united_by_column_name(shop: Shop) -> None:
    """Every row says where it is from; fields one source lacks are null."""
    found = {r["dataset"]: r["n"] for r in shop.rows("from errors, spans | summarize n=count() by dataset")}
    assert found == {"errors": len(shop.seen_errors), "spans": len(shop.seen_spans)}
    series = shop.rows("from errors, spans | make-series n=count() every 12h by dataset")
    totals: Counter[str] = Counter()
    for row in series:
        totals[row["dataset"]] += row["n"]
    assert totals == found
    levels = {r["level"]: r["n"] for r in shop.rows("from errors, spans | summarize n=count() by level")}
    assert levels[None] == len(shop.seen_spans)


def test_transactions_are_the_segments_among_the_spans(shop: Shop) -> None:
    """The dataset's own condition is part of every query on it."""
    segments = [s for s in shop.seen_spans if s["is_segment"]]
    assert shop.rows("from transactions | summarize n=count()") == [{"n": len(segments)}]
    lcp = [v for s in segments for k, v in s["measurements"] if v > 2000]
    assert shop.rows("from transactions measurements.lcp:>2s | summarize n=count()") == [{"n": len(lcp)}]


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("from errors last 2h", 2),
        ("from errors", 24),
        ("from errors last 2d", 48),
        ("from errors between -3h and -1h", 0),
    ],
)
def test_the_range_of_the_text_is_read_and_reported(shop: Shop, text: str, hours: float) -> None:
    """The half-open range in the answer is the one that was read."""
    answer = shop.ask(f"{text} | summarize n=count()")
    start, end = answer.time_range
    assert (end - start).total_seconds() == (hours or 2) * 3600
    rows = [r for r in shop.errors if r["project_id"] in shop.projects and start <= r["timestamp"] < end]
    assert answer.table.to_pylist() == [{"n": len(rows)}]


def test_parameters_are_values(shop: Shop) -> None:
    """A parameter never becomes part of the text."""
    import dataclasses

    context = dataclasses.replace(shop.context, params={"level": "fatal' OR 1=1 --"})
    query = "from errors | where level = $level | summarize n=count()"
    assert shop.runner.run(query, context).table.to_pylist() == [{"n": 0}]
    context = dataclasses.replace(shop.context, params={"level": "fatal"})
    written = shop.runner.run('from errors | where level = "fatal" | summarize n=count()', shop.context)
    assert shop.runner.run(query, context).table.to_pylist() == written.table.to_pylist()
