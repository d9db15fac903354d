"""The stage union: rows of several pipelines under each other, by the names of their columns."""

# ruff: noqa: E501 - texts read best on one line each
from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest

from queries.errors import QueryError
from tests.queries_compile.conftest import NOW, Shop

Row = dict[str, Any]


def test_rows_of_both_sides_come_with_the_name_of_their_source(shop: Shop) -> None:
    """Columns one side lacks are null there; the dataset stands in front."""
    answer = shop.ask("from errors | project id, title | union (from spans | project id, op=span.op) | limit 50000")
    assert [c.name for c in answer.columns] == ["dataset", "id", "title", "op"]
    rows = answer.table.to_pylist()
    wanted = [("errors", r["event_id"], r["title"], None) for r in shop.seen_errors]
    wanted += [("spans", r["span_id"], None, r["op"]) for r in shop.seen_spans]
    assert Counter(tuple(r.values()) for r in rows) == Counter(wanted)


def test_raw_rows_of_two_sources_come_newest_first(shop: Shop) -> None:
    """As with `from errors, spans`, whose rows they are."""
    found = shop.rows("from errors | union spans | project dataset, id, timestamp | limit 100")
    both = [(r["timestamp"], "errors", r["event_id"]) for r in shop.seen_errors]
    both += [(r["timestamp"], "spans", r["span_id"]) for r in shop.seen_spans]
    newest = sorted(both, key=lambda r: r[0], reverse=True)[:100]
    assert [r["timestamp"] for r in found] == [r[0] for r in newest]
    assert shop.rows(
        "from errors, spans | project dataset, id, timestamp | sort timestamp desc, id | limit 100"
    ) == shop.rows("from errors | union spans | project dataset, id, timestamp | sort timestamp desc, id | limit 100")


def test_all_fields_are_known_to_the_next_stage(shop: Shop) -> None:
    """Also those that are not shown, of either side, and projects by their slugs."""
    found = shop.rows("from errors | union (from spans) | summarize n=count() by dataset, project, span.op, level")
    wanted: Counter[tuple[Any, ...]] = Counter(
        ("errors", shop.projects[r["project_id"]], None, r["level"]) for r in shop.seen_errors
    )
    wanted += Counter(("spans", shop.projects[r["project_id"]], r["op"], None) for r in shop.seen_spans)
    assert {(r["dataset"], r["project"], r["span.op"], r["level"]): r["n"] for r in found} == wanted


def test_groups_can_be_put_under_each_other(shop: Shop) -> None:
    """In the order of the members, then by their columns; missing numbers are null and no zero."""
    found = shop.rows(
        "from errors | summarize n=count() by kind=error.type"
        " | union (from spans | summarize n=count(), longest=max(span.duration) by kind=span.op)"
    )
    errors = Counter(r["error_type"] for r in shop.seen_errors)
    ops: dict[str, list[int]] = {}
    for r in shop.seen_spans:
        ops.setdefault(r["op"], []).append(r["duration_ns"])
    wanted = [{"dataset": "errors", "kind": k, "n": n, "longest": None} for k, n in sorted(errors.items())]
    wanted += [{"dataset": "spans", "kind": k, "n": len(v), "longest": max(v)} for k, v in sorted(ops.items())]
    assert found == wanted


def test_several_members_and_names_bound_by_let(shop: Shop) -> None:
    """A union of a union keeps the names of the first."""
    found = shop.rows(
        "let fatal = from errors level:fatal | project id;"
        " from errors level:warning | project id | union fatal, (from spans span.op:db | project id) | union (from errors level:error | project id)"
        " | summarize n=count() by dataset"
    )
    levels = Counter(r["level"] for r in shop.seen_errors)
    assert {r["dataset"]: r["n"] for r in found} == {
        "errors": levels["warning"] + levels["error"],
        "fatal": levels["fatal"],
        "spans": sum(r["op"] == "db" for r in shop.seen_spans),
    }


def test_columns_of_different_kinds_become_what_holds_both(shop: Shop) -> None:
    """Whole and fractional numbers are fractional, a number and a text are text, durations have one unit."""
    found = shop.rows(
        "from errors | summarize a=count(), b=count(), c=1ms | union (from spans | summarize a=0.5, b=any(span.op), c=2ms)"
    )
    assert [(r["a"], type(r["a"])) for r in found] == [(len(shop.seen_errors), float), (0.5, float)]
    assert found[0]["b"] == str(len(shop.seen_errors))
    assert [r["c"] for r in found] == [1_000_000, 2_000_000]
    units = shop.ask(
        "from spans is_segment:true | summarize x=max(measurements.lcp) | union (from spans | summarize x=max(span.duration))"
    )
    lcp, duration = (r["x"] for r in units.table.to_pylist())
    assert duration == pytest.approx(max(r["duration_ns"] for r in shop.seen_spans) / 1e6)
    assert lcp < 4000
    assert units.columns[1].unit == "ms"


def test_lists_and_maps_are_empty_where_a_side_has_none(shop: Shop) -> None:
    """A list is never null; one on both sides stays a list."""
    found = shop.rows(
        "from errors | summarize s=make_set(level) | union (from spans | summarize n=count()) | project n, s"
    )
    assert sorted(found[0]["s"]) == sorted({r["level"] for r in shop.seen_errors})
    assert found[1] == {"n": len(shop.seen_spans), "s": []}
    with pytest.raises(QueryError, match="s is a number and an array"):
        shop.rows("from errors | summarize s=make_set(level) | union (from spans | summarize s=count())")


def test_a_map_is_empty_where_a_side_has_none(shop: Shop) -> None:
    """Its keys can be looked up on the side that has it."""
    found = shop.rows(
        'from errors | project id, tags | union (from spans | project id) | summarize n=count() by dataset, r=tags["region"]'
    )
    wanted: Counter[tuple[str, Any]] = Counter(("errors", dict(r["tags"]).get("region")) for r in shop.seen_errors)
    wanted["spans", None] = len(shop.seen_spans)
    assert {(r["dataset"], r["r"]): r["n"] for r in found} == wanted


def test_counts_and_differences_are_whole_numbers_together(shop: Shop) -> None:
    """One side counts, the other is negative: later stages compute with both."""
    found = shop.rows(
        "from errors | summarize n=count() by level | union (from errors | summarize n=0 - count() by level)"
        " | summarize total=sum(n), least=min(n) by level"
    )
    counts = Counter(r["level"] for r in shop.seen_errors)
    assert {r["level"]: (r["total"], r["least"]) for r in found} == {k: (0, -n) for k, n in counts.items()}


def test_values_keep_their_bits(shop: Shop) -> None:
    """Integers of 64 bits, NaN, text outside of ASCII, the empty text beside null."""
    big = 2**64 - 1
    found = shop.rows(
        f'from errors | summarize a={big}, b=max(tofloat("nan")), c="é😀", d="" | union (from spans | summarize a={2**63}, n=count())'
    )
    assert [r["a"] for r in found] == [big, 2**63]
    assert str(found[0]["b"]) == "nan"
    assert (found[0]["c"], found[0]["d"]) == ("é😀", "")
    assert (found[1]["b"], found[1]["c"], found[1]["d"]) == (None, None, None)


def test_each_side_has_its_own_range_or_the_outer_one(shop: Shop) -> None:
    """The range of the first pipeline is the one of those that name none."""
    found = shop.rows(
        "from errors last 2h | summarize n=count() | union (from errors | summarize n=count()), (from errors last 20h | summarize n=count())"
    )
    two, twenty = (sum(r["timestamp"] >= NOW - dt.timedelta(hours=h) for r in shop.seen_errors) for h in (2, 20))
    assert [r["n"] for r in found] == sorted([two, two, twenty])


def test_cut_and_ordered_members_stay_cut(shop: Shop) -> None:
    """`limit` counts within its own pipeline."""
    found = shop.rows(
        "from errors | sort timestamp | limit 3 | union (from spans | top 2 by span.duration) | summarize n=count() by dataset"
    )
    assert {r["dataset"]: r["n"] for r in found} == {"errors": 3, "spans": 2}


def test_a_union_with_nothing_is_what_there_is(shop: Shop) -> None:
    """Columns of an empty side are there all the same."""
    answer = shop.ask("from errors level:none | project id | union (from spans span.op:none | project x=span.duration)")
    assert (answer.table.num_rows, [c.name for c in answer.columns]) == (0, ["dataset", "id", "x"])


def test_a_filter_on_an_aggregate_needs_groups_in_its_own_pipeline(shop: Shop) -> None:
    """It cannot wait for groups made after the union."""
    with pytest.raises(QueryError, match="chooses groups"):
        shop.rows("from errors | union (from spans count():>3) | summarize count() by dataset")
