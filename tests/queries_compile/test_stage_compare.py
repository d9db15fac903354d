"""The stage compare: groups beside the same groups of other rows, against plain Python."""

# ruff: noqa: E501 - texts read best on one line each
from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from queries.errors import QueryError
from queries.plan import SqlStep, plan
from tests.queries_compile.conftest import NOW, Shop

Row = dict[str, Any]


def between(shop: Shop, older: float, newer: float) -> list[Row]:
    """Return the errors from some hours ago until others."""
    start, end = NOW - dt.timedelta(hours=older), NOW - dt.timedelta(hours=newer)
    return [r for r in shop.errors if r["project_id"] in shop.projects and start <= r["timestamp"] < end]


def counts(rows: list[Row], *names: str) -> Counter[Any]:
    """Count rows by some columns, missing ones as None."""
    return Counter(tuple(r[n] or None for n in names) for r in rows)


def test_the_previous_range_is_as_long_and_ends_where_this_one_begins(shop: Shop) -> None:
    """By default with the difference and the change in percent; a group on one side only counts 0 on the other."""
    answer = shop.ask("from errors last 2h | summarize n=count() by error.type, environment | compare to previous")
    assert [c.name for c in answer.columns] == ["error.type", "environment", "n", "n.previous", "n.delta", "n.pct"]
    assert answer.columns[-1].unit == "ratio"
    now, before = (counts(rows, "error_type", "environment") for rows in (between(shop, 2, 0), between(shop, 4, 2)))
    wanted = {key: (now[key], before[key]) for key in now | before}
    found = {(r["error.type"], r["environment"]): r for r in answer.table.to_pylist()}
    assert {k: (r["n"], r["n.previous"]) for k, r in found.items()} == wanted
    for row in found.values():
        assert row["n.delta"] == row["n"] - row["n.previous"]
        change = (row["n"] - row["n.previous"]) / row["n.previous"] if row["n.previous"] else None
        assert row["n.pct"] == (None if change is None else pytest.approx(change))


@pytest.mark.parametrize(
    ("change", "names"),
    [("delta", ["n.delta"]), ("ratio", ["n.ratio"]), ("pct", ["n.pct"]), ("both", ["n.delta", "n.pct"])],
)
def test_the_change_is_told_as_asked(shop: Shop, change: str, names: list[str]) -> None:
    """A ratio is of this side to the other."""
    answer = shop.ask(f"from errors last 4h | summarize n=count() | compare to previous as {change}")
    assert [c.name for c in answer.columns] == ["n", "n.previous", *names]
    (row,) = answer.table.to_pylist()
    now, before = len(between(shop, 4, 0)), len(between(shop, 8, 4))
    values = {"n.delta": now - before, "n.ratio": now / before, "n.pct": (now - before) / before}
    assert row == {"n": now, "n.previous": before, **{name: pytest.approx(values[name]) for name in names}}


@pytest.mark.parametrize(("target", "hours"), [("3h ago", 3), ("day", 24), ("1d ago", 24), ("week", 168)])
def test_the_same_hours_earlier(shop: Shop, target: str, hours: int) -> None:
    """Also where there is nothing at all."""
    found = shop.rows(f"from errors last 2h | summarize n=count() by level | compare to {target}")
    before = counts(between(shop, 2 + hours, hours), "level")
    now = counts(between(shop, 2, 0), "level")
    assert {(r["level"],): (r["n"], r["n.previous"]) for r in found} == {k: (now[k], before[k]) for k in now | before}


def test_absolute_ranges_and_the_requests_own_are_shifted_too(shop: Shop) -> None:
    """`between` and a range given beside the text; `ago(…)` and relative times move with them."""
    start, end = (NOW - dt.timedelta(hours=h) for h in (6, 4))
    text = f"from errors between {start:%Y-%m-%dT%H:%M:%SZ} and {end:%Y-%m-%dT%H:%M:%SZ} | summarize n=count() | compare to previous as delta"
    assert shop.rows(text) == [
        {
            "n": len(between(shop, 6, 4)),
            "n.previous": len(between(shop, 8, 6)),
            "n.delta": len(between(shop, 6, 4)) - len(between(shop, 8, 6)),
        }
    ]
    context = replace(shop.context, time_range=(start, end))
    (row,) = shop.runner.run("from errors | summarize n=count() | compare to previous", context).table.to_pylist()
    assert (row["n"], row["n.previous"]) == (len(between(shop, 6, 4)), len(between(shop, 8, 6)))
    (row,) = shop.rows("from errors last 4h | where timestamp > ago(1h) | summarize n=count() | compare to previous")
    assert (row["n"], row["n.previous"]) == (len(between(shop, 1, 0)), len(between(shop, 5, 4)))


def test_null_keys_and_issues_meet(shop: Shop) -> None:
    """The group of rows without a tag is one group on both sides; issues are shown by short id, once."""
    found = shop.rows('from errors last 8h | summarize n=count() by issue, batch=tags["batch"] | compare to previous')
    now, before = (
        Counter((shop.short_id(r), dict(r["tags"]).get("batch")) for r in rows)
        for rows in (between(shop, 8, 0), between(shop, 16, 8))
    )
    assert {(r["issue"], r["batch"]): (r["n"], r["n.previous"]) for r in found} == {
        k: (now[k], before[k]) for k in now | before
    }
    assert len(found) == len(now | before)


def test_what_is_no_count_is_null_where_a_group_is_missing(shop: Shop) -> None:
    """Numbers that can be missing, texts and times; times differ by a duration, texts by nothing."""
    answer = shop.ask(
        "from errors last 2h | summarize n=count(), code=max(http.status_code), some=any(title), last=max(timestamp) by id | compare to previous"
    )
    names = [c.name for c in answer.columns]
    assert names == ["id", "n", "n.previous", "n.delta", "n.pct", "code", "code.previous", "code.delta", "code.pct",
                     "some", "some.previous", "last", "last.previous", "last.delta"]  # fmt: skip
    new = [r for r in answer.table.to_pylist() if r["n"]]
    old = [r for r in answer.table.to_pylist() if not r["n"]]
    assert (len(new), len(old)) == (len(between(shop, 2, 0)), len(between(shop, 4, 2)))
    assert all(r["code.previous"] is r["some.previous"] is r["last.previous"] is r["last.delta"] is None for r in new)
    assert all(r["code"] is r["some"] is r["last"] is r["code.delta"] is None for r in old)
    assert all(r["n.delta"] == -1 and r["n.pct"] == -1 for r in old)


def test_a_release_takes_the_place_of_the_release_filtered(shop: Shop) -> None:
    """Other filters hold on both sides; the range is the same."""
    text = "from errors release:shop@1.2.0 level:error | summarize n=count() by error.type | compare to release {}"
    for release, params in (('"shop@1.0.0"', {}), ("$other", {"other": "shop@1.0.0"})):
        context = replace(shop.context, params=params)
        found = shop.runner.run(text.format(release), context).table.to_pylist()
        rows = [r for r in shop.seen_errors if r["level"] == "error"]
        now = counts([r for r in rows if r["release"] == "shop@1.2.0"], "error_type")
        before = counts([r for r in rows if r["release"] == "shop@1.0.0"], "error_type")
        assert {(r["error.type"],): (r["n"], r["n.previous"]) for r in found} == {
            k: (now[k], before[k]) for k in now | before
        }
    with pytest.raises(QueryError, match="name of a release"):
        shop.rows(text.format("$other"))


def test_a_search_replaces_the_filters_on_its_fields(shop: Shop) -> None:
    """Also those of a where in backticks; the rest of the pipeline stays."""
    found = shop.rows(
        "from errors level:fatal environment:production | where `level:[fatal, error] transaction:/cart` | summarize n=count() by error.type | compare to `level:warning`"
    )
    rows = [r for r in shop.seen_errors if r["environment"] == "production" and r["transaction"] == "/cart"]
    now, before = (counts([r for r in rows if r["level"] == level], "error_type") for level in ("fatal", "warning"))
    assert {(r["error.type"],): (r["n"], r["n.previous"]) for r in found} == {
        k: (now[k], before[k]) for k in now | before
    }


def test_a_choice_among_the_groups_is_of_this_side(shop: Shop) -> None:
    """The three most frequent now, in their order, with what they were before; not those that were frequent then."""
    found = shop.rows(
        "from errors last 3h | summarize n=count() by title | sort n desc, title | limit 3 | compare to previous"
    )
    now, before = (counts(rows, "title") for rows in (between(shop, 3, 0), between(shop, 6, 3)))
    best = sorted(now.items(), key=lambda item: (-item[1], item[0]))[:3]
    assert [(r["title"], r["n"], r["n.previous"]) for r in found] == [(k[0], n, before[k]) for k, n in best]
    for stage in ("| where n > 2", "| having `count():>2`"):
        some = shop.rows(f"from errors last 3h | summarize n=count() by title {stage} | compare to previous")
        assert {(r["title"],): (r["n"], r["n.previous"]) for r in some} == {
            k: (n, before[k]) for k, n in now.items() if n > 2
        }
    waiting = shop.rows("from errors last 3h count():>2 | summarize n=count() by title | compare to previous")
    assert {(r["title"],): (r["n"], r["n.previous"]) for r in waiting} == {
        k: (n, before[k]) for k, n in now.items() if n > 2
    }


def test_the_best_groups_of_this_side_are_those_of_the_other(shop: Shop) -> None:
    """`other` holds the rest of each side."""
    found = shop.rows("from errors last 3h | summarize n=count() by title | top 2 by n other | compare to previous")
    now, before = (counts(rows, "title") for rows in (between(shop, 3, 0), between(shop, 6, 3)))
    best = [k for k, _ in sorted(now.items(), key=lambda item: (-item[1], item[0]))[:2]]
    wanted = {k[0]: (now[k], before[k]) for k in best}
    rest_now, rest_before = (sum(n for k, n in side.items() if k not in best) for side in (now, before))
    wanted["Other"] = (rest_now, rest_before)
    assert {r["title"]: (r["n"], r["n.previous"]) for r in found} == wanted


def test_buckets_of_a_series_meet_at_the_same_place(shop: Shop) -> None:
    """The first of this range beside the first of the other; nothing is cut at a thousand rows."""
    found = shop.rows("from errors last 1h | make-series n=count() every 10min | compare to 2h ago")
    width = dt.timedelta(minutes=10)
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    now = Counter((r["timestamp"] - epoch) // width for r in between(shop, 1, 0))
    before = Counter((r["timestamp"] + dt.timedelta(hours=2) - epoch) // width for r in between(shop, 3, 2))
    assert {
        (r["timestamp"] - epoch) // width: (r["n"], r["n.previous"]) for r in found if r["n"] or r["n.previous"]
    } == {k: (now[k], before[k]) for k in now | before}
    assert [r["timestamp"] for r in found] == sorted(r["timestamp"] for r in found)
    assert len(found) in {6, 7}
    long = shop.rows("from errors last 20h | make-series n=count() every 1min | compare to previous")
    assert len(long) in {1200, 1201}


def test_a_width_that_does_not_divide_the_distance_keeps_the_places(shop: Shop) -> None:
    """Seven minutes are no part of an hour: the buckets of the other side begin elsewhere, and are counted there."""
    found = shop.rows(
        "from errors last 1h | make-series n=count() every 7min by level top 1 by count() | compare to previous"
    )
    assert len({r["level"] for r in found}) == 1
    total = sum(r["n.previous"] for r in found)
    assert total == sum(r["level"] == found[0]["level"] for r in between(shop, 2, 1))


def test_days_of_a_calendar_meet(shop: Shop) -> None:
    """Yesterday's two days are those before today's two."""
    found = shop.rows('from errors last 1d | make-series n=count() every day in "Asia/Kolkata" | compare to day')
    assert sum(r["n"] for r in found) == len(between(shop, 24, 0))
    assert sum(r["n.previous"] for r in found) == len(between(shop, 48, 24))
    assert {r["timestamp"].minute for r in found} == {30}


def test_later_stages_know_all_columns(shop: Shop) -> None:
    """They are filtered and sorted by, and computed with."""
    found = shop.rows(
        "from errors last 6h | summarize n=count() by error.type | compare to previous | extend twice = n.previous * 2 | where n.delta != 0 | sort n.delta desc, error.type"
    )
    assert [r["n.delta"] for r in found] == sorted((r["n.delta"] for r in found), reverse=True)
    assert all(r["twice"] == 2 * r["n.previous"] for r in found)


def test_columns_made_of_aggregates_are_compared_too(shop: Shop) -> None:
    """A rate of two aggregates, and shares, which are of the total of their own side."""
    answer = shop.ask(
        "from errors last 6h | summarize n=count(), users=count_unique(user) by level | extend each = n / users | share of n | compare to previous as ratio"
    )
    now, before = between(shop, 6, 0), between(shop, 12, 6)
    for row in answer.table.to_pylist():
        mine, theirs = ([r for r in rows if r["level"] == row["level"]] for rows in (now, before))
        assert row["n.share.previous"] == pytest.approx(len(theirs) / len(before))
        assert row["n.share.ratio"] == pytest.approx(len(mine) / len(now) / (len(theirs) / len(before)))
        users = len({r["user"] for r in theirs if r["user"]})
        assert row["each.previous"] == pytest.approx(len(theirs) / users)


def test_one_statement_reads_both_ranges(shop: Shop) -> None:
    """Each side over its own, or both in one scan; the whole range of the plan holds both."""
    made = plan("from errors last 2h | summarize n=count() by title | compare to previous", shop.context)
    (step,) = made.steps
    assert isinstance(step, SqlStep)
    ranges = {(read.start, read.end) for read in step.reads if read.table == "errors"}
    two, four = (NOW - dt.timedelta(hours=h) for h in (2, 4))
    assert ranges == {(two, NOW), (four, two), (four, NOW)}
    assert step.sql.count('FROM "errors"') == 1
    assert step.sql.count("GROUP BY") == 1  # counts are put side by side as they are
    assert made.time_range == (four, NOW)


def test_sides_that_are_more_than_counts_are_put_together_by_group(shop: Shop) -> None:
    """An average of no rows is null on one side, which only the groups of both tell."""
    text = "from errors last 2h | summarize n=count(), s=avg(http.status_code) by title | compare to previous"
    (step,) = plan(text, shop.context).steps
    assert isinstance(step, SqlStep)
    assert step.sql.count('FROM "errors"') == 1
    assert step.sql.count("GROUP BY") == 2


def test_nothing_compared_with_nothing(shop: Shop) -> None:
    """No group, or one row of zeros without keys."""
    assert shop.rows("from errors level:none | summarize n=count() by title | compare to previous") == []
    (row,) = shop.rows("from errors level:none | summarize n=count(), m=max(http.status_code) | compare to previous")
    assert row == {
        "n": 0,
        "n.previous": 0,
        "n.delta": 0,
        "n.pct": None,
        "m": None,
        "m.previous": None,
        "m.delta": None,
        "m.pct": None,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from errors | compare to previous", "no stage in front of it makes some"),
        ("from errors | summarize n=count() by level | project n | compare to previous", "level is not shown any more"),
        ("from errors | summarize n=count() | compare to 0h ago", "must be older"),
        ("from errors | summarize n=count() | compare to day | compare to week", "project n in front of compare"),
    ],
)
def test_what_cannot_be_compared_says_why(shop: Shop, text: str, message: str) -> None:
    """Raw rows, lost keys, no distance."""
    with pytest.raises(QueryError, match=message):
        shop.rows(text)


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_groups_ordered_by_a_list_keep_their_order_beside_other_rows(shop: Shop, direction: str) -> None:
    """The other side has no such list; its groups that are not on this side come where the empty list is."""
    text = f"from errors last 2h | summarize a=topk(user, 2), n=count() by error.type | sort a {direction}"
    plain = [row["error.type"] for row in shop.rows(text)]
    compared = [row["error.type"] for row in shop.rows(f"{text} | compare to previous as delta") if row["n"]]
    assert compared == plain


@pytest.mark.parametrize(
    "stages",
    ["sort tags", "top 2 by tags", "summarize f=any(tags) by level | top 1 by f"],
    ids=["sort", "top", "group"],
)
def test_nothing_is_ordered_by_a_map(shop: Shop, stages: str) -> None:
    """It is refused where it is written, with what to write, before anything runs."""
    text = f"from errors | {stages}"
    with pytest.raises(QueryError, match=r"Cannot sort by a map") as caught:
        plan(text, shop.context)
    assert caught.value.suggestion == 'Name a key: tags["region"].'
    assert caught.value.span is not None
    assert text[caught.value.span.start : caught.value.span.end] in {"tags", "f"}
