"""Traces: the tree whatever is wrong with it, self times, windows, and the document over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.traces.tree import SpanRow, tree_of, window
from tests.server.api import build_api


def span(name: str, parent: str = "", start: int = 0, duration: int = 10) -> SpanRow:
    """A span whose id is its name."""
    return SpanRow(name, parent, start, duration, "op", name, "web", "ok", not parent, "shop")


def shape(spans: list[SpanRow]) -> list[tuple[str, int, int]]:
    """(name, parent index, depth) in display order."""
    return [(row.span.span_id, row.parent, row.depth) for row in tree_of(spans).rows]


def test_children_stand_under_their_parent_by_start():
    """Depth first; among equal starts the longest first."""
    spans = [span("c", "a", 5), span("b", "a", 2), span("a"), span("d", "b", 3), span("e", "a", 5, 99)]
    assert shape(spans) == [("a", -1, 0), ("b", 0, 1), ("d", 1, 2), ("e", 0, 1), ("c", 0, 1)]


def test_a_span_with_a_missing_parent_is_a_root_and_counted():
    """Several roots in order of start."""
    tree = tree_of([span("late", "gone", 50), span("root", "", 10), span("child", "late", 55)])
    assert [(row.span.span_id, row.depth) for row in tree.rows] == [("root", 0), ("late", 0), ("child", 1)]
    assert tree.missing_parents == 1


def test_circles_of_parents_are_cut_at_their_earliest_span():
    """Also a span that is its own parent; every span is shown once."""
    spans = [span("a", "c", 1), span("b", "a", 2), span("c", "b", 3), span("self", "self", 4), span("x", "c", 9)]
    assert shape(spans) == [("a", -1, 0), ("b", 0, 1), ("c", 1, 2), ("x", 2, 3), ("self", -1, 0)]


def test_self_time_is_what_no_child_covers_even_when_children_overlap_or_stick_out():
    """The union of the children within the span; a skewed clock cannot make it negative."""
    spans = [span("p", "", 100, 100), span("a", "p", 110, 30), span("b", "p", 120, 40), span("c", "p", 190, 500)]
    own = {row.span.span_id: row.self_ns for row in tree_of(spans).rows}
    assert own["p"] == 100 - (160 - 110) - (200 - 190)
    assert tree_of([span("p", "", 100, 10), span("a", "p", 0, 1000)]).rows[0].self_ns == 0
    assert tree_of([span("p", "", 100, 10), span("a", "p", 500, 10)]).rows[0].self_ns == 10


def test_a_span_sent_twice_counts_once():
    """Retries of clients."""
    assert len(tree_of([span("a"), span("a"), span("b", "a")]).rows) == 2


def test_a_chain_of_ten_thousand_spans_is_no_recursion():
    """Depth is a number, not a stack."""
    rows = tree_of([span(str(n), str(n - 1) if n else "", n) for n in range(10_000)]).rows
    assert rows[-1].depth == 9_999


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 20), st.integers(0, 50), st.integers(0, 50)), max_size=40))
def test_every_span_is_shown_once_behind_its_parent_whatever_the_parents_say(drawn):
    """Any graph of parents: each id once, parents before children, depths one apart, self times within bounds."""
    spans = [span(str(name), str(parent), start, duration) for name, parent, start, duration in drawn]
    rows = tree_of(spans).rows
    assert sorted(row.span.span_id for row in rows) == sorted({one.span_id for one in spans})
    for place, row in enumerate(rows):
        assert row.parent < place
        assert row.depth == (rows[row.parent].depth + 1 if row.parent >= 0 else 0)
        assert 0 <= row.self_ns <= row.span.duration_ns


@pytest.mark.parametrize(("around", "first"), [("", 0), ("0", 0), ("50", 45), ("99", 90), ("none", 0)])
def test_a_window_holds_the_wanted_span_and_its_parents_indexes(around, first):
    """At most the limit, around the span; a parent outside of it is -1."""
    rows = tree_of([span(str(n), str(n - 1) if n else "", n) for n in range(100)]).rows
    shown, cut = window(rows, 10, around)
    assert cut
    assert [row.span.span_id for row in shown] == [str(n) for n in range(first, first + 10)]
    assert [row.parent for row in shown] == [-1, *range(9)]


def test_a_small_trace_is_not_cut():
    """All rows, and said so."""
    rows = tree_of([span("a")]).rows
    assert window(rows, 10, "") == (rows, False)


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """A trace over both projects with an error, and one of project B alone."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("traces"), 774_000)
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)

    def row(project, name, parent, after_ms, trace="a" * 32):
        return {
            "project_id": project.id,
            "trace_id": trace,
            "span_id": name * 16,
            "parent_span_id": parent * 16,
            "timestamp": begin + timedelta(milliseconds=after_ms),
            "duration_ns": 5_000_000,
            "op": "db",
            "description": "SELECT 1",
            "is_segment": not parent,
            "status": "ok",
        }

    rows = [
        row(built.a, "1", "", 0),
        row(built.a, "2", "1", 1),
        row(built.b, "3", "2", 2),
        row(built.b, "4", "9", 3),
        row(built.b, "5", "", 0, "b" * 32),
    ]
    event_store.insert_rows("spans", rows_of("spans", rows))
    built.add_errors(
        built.a.id,
        [{"event_id": "e" * 32, "fingerprint": 1, "title": "boom", "trace_id": "a" * 32, "span_id": "2" * 16,
          "timestamp": begin + timedelta(milliseconds=2)}],
    )  # fmt: skip
    yield built
    built.close()


def test_a_trace_comes_in_columns_with_its_errors(api):
    """Display order, parents as indexes, times relative to the first span, the issue of each error."""
    found = api.get(f"traces/{'a' * 32}")
    columns = found["columns"]
    assert [name[0] for name in columns["span_id"]] == ["1", "2", "3", "4"]
    assert columns["parent"] == [-1, 0, 1, -1]
    assert columns["start_ns"] == [0, 1_000_000, 2_000_000, 3_000_000]
    assert columns["self_ns"][0] == 1_000_000
    assert columns["project"] == ["shop", "shop", "vault", "vault"]
    assert {len(column) for column in columns.values()} == {found["count"]}
    assert (found["missing_parents"], found["truncated"], found["duration_ns"]) == (1, False, 8_000_000)
    assert found["errors"] == [
        {
            "event_id": "e" * 32,
            "span_id": "2" * 16,
            "issue": "SHOP-1",
            "title": "boom",
            "project": "shop",
            "offset_ns": 2_000_000,
        }
    ]


def test_spans_of_projects_one_may_not_see_are_not_in_the_trace(api):
    """What is left stands as roots; a trace of such projects alone is unknown."""
    found = api.get(f"traces/{'a' * 32}", "team-viewer")
    assert [name[0] for name in found["columns"]["span_id"]] == ["1", "2"]
    assert api.call("team-viewer", "GET", f"/api/v1/traces/{'b' * 32}").json["code"] == "trace-unknown"
    assert api.get(f"traces/{'b' * 32}")["count"] == 1


@pytest.mark.parametrize("path", ["traces/xyz", f"traces/{'a' * 31}", f"traces/{'a' * 32}?span=nope"])
def test_an_id_that_is_none_is_wrong_input(api, path):
    """400 with its code."""
    response = api.call("owner", "GET", f"/api/v1/{path}")
    assert (response.status_code, response.json["code"]) == (400, "trace-id-invalid")
