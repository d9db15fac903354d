"""Traces: the tree whatever is wrong with it, self times, critical path, groups, windows, and the routes."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam import LOCAL
from server.query_service import Question
from server.traces.attributes import attributes_of, document_of
from server.traces.kept import KeptTraces
from server.traces.layout import Layout, laid_out, rows_table
from server.traces.path import critical_path
from server.traces.service import MOST_SPANS
from server.traces.shown import MOST_ROWS, WINDOW_ROWS, Shown
from server.traces.siblings import sibling_groups
from tests.server.api import build_api


def span(name: str, parent: str = "", start: int = 0, duration: int = 10, **more: object) -> dict[str, object]:
    """A span whose id is its name."""
    told = {"op": "op", "description": name, "service": "web", "status": "ok", "project": "shop"}
    times = {"start_ns": start, "duration_ns": duration, "is_segment": not parent}
    return {"id": name, "parent": parent, **told, **times, **more}


def placed(spans: list[dict[str, object]]) -> Layout:
    """The layout of spans."""
    return laid_out(rows_table(spans))


def names(layout: Layout) -> list[str]:
    """Ids in display order."""
    return layout.texts.column("id").to_pylist()


def shape(spans: list[dict[str, object]]) -> list[tuple[str, int, int]]:
    """(name, parent row, depth) in display order."""
    layout = placed(spans)
    return list(zip(names(layout), layout.parent.tolist(), layout.depth.tolist(), strict=True))


def test_children_stand_under_their_parent_by_start():
    """Depth first; among equal starts the longest first."""
    spans = [span("c", "a", 5), span("b", "a", 2), span("a"), span("d", "b", 3), span("e", "a", 5, 99)]
    assert shape(spans) == [("a", -1, 0), ("b", 0, 1), ("d", 1, 2), ("e", 0, 1), ("c", 0, 1)]
    assert placed(spans).end.tolist() == [5, 3, 3, 4, 5]
    assert placed(spans).children.tolist() == [3, 1, 0, 0, 0]


def test_a_span_with_a_missing_parent_is_a_root_and_counted():
    """Several roots in order of start."""
    spans = [span("late", "gone", 50), span("root", "", 10), span("child", "late", 55)]
    assert [(name, depth) for name, _, depth in shape(spans)] == [("root", 0), ("late", 0), ("child", 1)]
    assert placed(spans).missing_parents == 1


def test_circles_of_parents_are_cut_at_their_earliest_span():
    """Also a span that is its own parent; every span is shown once, and what hangs on a circle hangs on."""
    spans = [span("a", "c", 1), span("b", "a", 2), span("c", "b", 3), span("self", "self", 4), span("x", "c", 9)]
    assert shape(spans) == [("a", -1, 0), ("b", 0, 1), ("c", 1, 2), ("x", 2, 3), ("self", -1, 0)]
    early = [span("x", "b", 0), span("b", "c", 1), span("c", "b", 2)]
    assert shape(early) == [("b", -1, 0), ("x", 0, 1), ("c", 0, 1)]


def test_self_time_is_what_no_child_covers_even_when_children_overlap_or_stick_out():
    """The union of the children within the span; a skewed clock cannot make it negative."""
    spans = [span("p", "", 100, 100), span("a", "p", 110, 30), span("b", "p", 120, 40), span("c", "p", 190, 500)]
    assert placed(spans).self_ns[0] == 100 - (160 - 110) - (200 - 190)

    def own(*spans: dict[str, object]) -> int:
        layout = placed(list(spans))
        return int(layout.self_ns[names(layout).index("p")])

    assert own(span("p", "", 100, 10), span("a", "p", 0, 1000)) == 0
    assert own(span("p", "", 100, 10), span("a", "p", 500, 10)) == 10


def test_a_span_sent_twice_counts_once():
    """Retries of clients; and no span at all is a trace without rows."""
    assert placed([span("a"), span("a"), span("b", "a")]).size == 2
    assert Shown(placed([])).document("")["count"] == 0


def test_a_chain_of_ten_thousand_spans_is_no_recursion():
    """Depth is a number, not a stack; so is the critical path."""
    layout = placed([span(str(n), str(n - 1) if n else "", n, 30_000 - 2 * n) for n in range(10_000)])
    assert layout.depth[-1] == 9_999
    assert len(critical_path(layout)) == 19_999


graphs = st.lists(
    st.tuples(st.integers(0, 15), st.integers(0, 20), st.integers(0, 50), st.integers(0, 50)), max_size=40
)


@given(graphs)
def test_every_span_is_shown_once_behind_its_parent_whatever_the_parents_say(drawn):
    """Any graph of parents: each id once, parents before children, depths one apart, self times within bounds."""
    spans = [span(str(name), str(parent), start, duration) for name, parent, start, duration in drawn]
    layout = placed(spans)
    assert sorted(names(layout)) == sorted({one["id"] for one in spans})
    for row, parent in enumerate(layout.parent.tolist()):
        assert parent < row
        assert layout.depth[row] == (layout.depth[parent] + 1 if parent >= 0 else 0)
        assert row < layout.end[row] <= (layout.end[parent] if parent >= 0 else layout.size)
        assert 0 <= layout.self_ns[row] <= layout.duration_ns[row]


@given(graphs)
def test_stretches_of_the_critical_path_never_overlap_for_any_trace(drawn):
    """Each lies in the time of its span, and they go backwards in time."""
    layout = placed([span(str(n), str(parent), start, length) for n, (_, parent, start, length) in enumerate(drawn)])
    path = critical_path(layout)
    for stretch in path:
        assert layout.start_ns[stretch.row] <= stretch.from_ns < stretch.to_ns <= layout.end_ns[stretch.row]
    for later, earlier in itertools.pairwise(path):
        assert earlier.to_ns <= later.from_ns


def test_the_critical_path_covers_the_root_and_follows_the_child_that_ended_last():
    """Backwards from the end of the root."""
    spans = [span("r", "", 0, 100), span("a", "r", 10, 30), span("b", "r", 20, 60), span("c", "b", 30, 20)]
    assert critical_path(placed(spans)) == [(0, 80, 100), (2, 50, 80), (3, 30, 50), (2, 20, 30), (0, 0, 20)]


def test_like_siblings_in_a_row_are_a_group():
    """Five and more with the same operation, description and service; what they hold belongs to it."""
    loop = [span(f"q{n}", "r", 10 * n, 8, description="SELECT 1", status="error" if n == 2 else "ok") for n in range(6)]
    spans = [span("r", "", 0, 100), *loop, span("in", "q5", 51, 1), span("z", "r", 90), span("y", "r", 91)]
    groups = sibling_groups(placed(spans))
    assert (groups.row.tolist(), groups.until.tolist(), groups.count.tolist()) == ([1], [8], [6])
    assert (groups.total_ns.tolist(), groups.from_ns.tolist(), groups.to_ns.tolist()) == ([48], [0], [58])
    assert groups.failed.tolist() == [1]


@pytest.fixture(scope="module")
def large() -> Shown:
    """A root with ten thousand children, each with one of its own; every hundredth failed."""
    spans = [span("root", "", 0, 10**6, service="edge")]
    for n in range(5_000):
        spans.append(span(f"{n:016x}", "root", n * 100, 90, service=("pay", "cart")[n % 2], op=f"step{n}"))
        spans.append(span(f"in{n}", f"{n:016x}", n * 100, 40, op="db", status="error" if n % 100 == 7 else "ok"))
    return Shown(laid_out(rows_table(spans)))


@pytest.mark.parametrize(
    ("around", "landed", "first"),
    [("", -1, 0), ("none", -1, 0), (f"{2500:016x}", 5_001, 4_751), ("in4999", 10_000, 9_501)],
)
def test_a_large_trace_comes_as_a_window_around_the_wanted_span(large, around, landed, first):
    """The span is among the rows wherever it stands; the ancestors of the first row come before the window."""
    found = large.document(around)
    rows = found["columns"]["row"]
    assert (found["count"], found["landed"]) == (10_001, landed)
    assert rows[-WINDOW_ROWS:] == list(range(first, first + WINDOW_ROWS))
    known = set(rows)
    assert all(parent in known for parent in found["columns"]["parent"] if parent >= 0)
    assert {len(column) for name, column in found["columns"].items() if not name.startswith("path")} == {len(rows)}


def test_what_is_known_of_all_rows_comes_with_every_window(large):
    """Failures, what can be folded, who took the time, and the overview in at most a thousand lines."""
    found = large.document("")
    assert (found["failed"], found["failures"][:2]) == (50, [16, 216])
    assert len(found["branches"]["row"]) == 5_000
    assert set(found["places"]["names"]) == {"edge", "pay", "cart", "web"}
    assert sum(found["places"]["spans"]) == 10_001
    assert len(found["overview"]["row"]) <= 1_000
    assert any(found["overview"]["failed"])
    assert not large.rows(10_001, 10)["row"]
    assert len(large.rows(0, 10**6)["row"]) == MOST_ROWS


@pytest.mark.parametrize(
    ("text", "count", "first"),
    [
        ("is:error", 50, 16),
        ("STEP77", 11, 155),
        ("service:pay step12", 5 + 50, 25),
        ("in4999", 1, 10_000),
        ("op:db is:segment", 0, None),
        ("is:segment", 1, 0),
        ("nothing has this", 0, None),
    ],
)
def test_a_filter_finds_rows_and_their_ancestors(large, text, count, first):
    """Words in any case, facts and single columns."""
    found = large.find(text)
    if text.startswith("service:pay"):
        count = sum(1 for n in range(0, 5_000, 2) if "step12" in f"step{n}")
    assert (found["count"], found["rows"][0] if found["rows"] else None) == (count, first)
    assert not set(found["rows"]) & set(found["above"])
    parents = {int(large.layout.parent[row]) for row in found["rows"]} - {-1}
    assert parents <= {*found["rows"], *found["above"]}


def test_spans_of_one_place_are_told_apart_by_the_first_word_of_what_they_do():
    """A span without a service counts to its project."""
    bare = [span("a", service="", op="http.server"), span("b", "a", service="", op="db sql"), span("c", "a", op="db.x")]
    assert Shown(placed(bare)).places.kind == "service"
    same = Shown(placed([{**one, "service": ""} for one in bare])).places
    assert (same.kind, sorted(same.names)) == ("op", ["db", "http"])


def test_kept_traces_are_made_once_and_the_least_recent_go_first(large):
    """By spans, not by number."""
    kept = KeptTraces(most_spans=25_000)
    made = []

    def make() -> Shown:
        made.append(1)
        return large

    for key in ("a", "a", "b", "a", "c", "a", "b"):
        kept.get(key, make)
    assert len(made) == 4  # a, b, c, and b again, which c pushed out


def test_attributes_come_from_wherever_a_client_put_them():
    """Sorted, without what the page shows elsewhere, and OTLP's wrapping taken off."""
    payload = {
        "span_id": "1", "op": "db", "data": {"db.system": "postgresql"}, "tags": [["region", "eu"]], "empty": "",
        "measurements": {"rows": {"value": 3, "unit": "none"}, "took": {"value": 5, "unit": "ms"}}, "origin": "auto",
        "attributes": [{"key": "http.method", "value": {"stringValue": "GET"}}],
        "contexts": {"trace": {"data": {"route": "/a"}}, "response": {"status_code": 500, "type": "r"}, "odd": 3},
    }  # fmt: skip
    assert attributes_of(json.dumps(payload)) == [
        ("db.system", "postgresql"), ("http.method", "GET"), ("odd", 3), ("origin", "auto"), ("region", "eu"),
        ("response.status_code", 500), ("route", "/a"), ("rows", 3), ("took", "5 ms"),
    ]  # fmt: skip


@pytest.mark.parametrize(("payload", "found"), [("{broken", [("payload", "{broken")]), ("", []), ("3", []), ("[]", [])])
def test_a_payload_that_is_no_object_does_no_harm(payload, found):
    """What cannot be read is shown as it is."""
    assert attributes_of(payload) == found


def test_a_long_attribute_is_clipped_unless_it_is_asked_for():
    """With the number of characters it has."""
    payload = json.dumps({"data": {"prompt": "x" * 5_000, "n": [1, 2]}})
    clipped = {one["name"]: one for one in document_of(payload)}
    assert (len(clipped["prompt"]["value"]), clipped["prompt"]["chars"]) == (1_000, 5_000)
    assert clipped["n"]["value"] == "[1,2]"
    assert len(document_of(payload, "prompt")[1]["value"]) == 5_000


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
            "payload": json.dumps({"data": {"rows": 3, "long": "y" * 2_000}}),
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
    assert found["count"] == len(columns["row"])
    assert (found["missing_parents"], found["truncated"], found["duration_ns"]) == (1, False, 8_000_000)
    assert found["errors"] == [
        {
            "event_id": "e" * 32,
            "span_id": "2" * 16,
            "row": 1,
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


def test_a_question_may_ask_for_more_rows_than_an_answer_to_a_person_has(api):
    """A trace of a hundred thousand spans is read whole; others keep the usual bound."""
    contexts = [
        api.services.queries.context(question, LOCAL)
        for question in (Question("from spans"), Question("from spans", limit=MOST_SPANS, max_rows=MOST_SPANS))
    ]
    assert [context.max_rows for context in contexts] == [50_000, 200_000]


def test_rows_finds_and_attributes_are_asked_for_one_by_one(api):
    """Windows, filters and a span's attributes, which are clipped."""
    trace = f"traces/{'a' * 32}"
    assert api.get(f"{trace}/rows?first=1&limit=1")["columns"]["row"] == [0, 1]
    assert api.get(f"{trace}/find?text=service:vault")["rows"] == [2, 3]
    told = api.get(f"{trace}/spans/{'2' * 16}")["attributes"]
    assert [(one["name"], one["chars"]) for one in told] == [("long", 2_000), ("rows", 1)]
    assert len(api.get(f"{trace}/spans/{'2' * 16}?whole=long")["attributes"][0]["value"]) == 2_000
    assert api.call("team-viewer", "GET", f"/api/v1/{trace}/spans/{'3' * 16}").json["code"] == "span-unknown"
    assert api.call("team-viewer", "GET", f"/api/v1/traces/{'b' * 32}/rows").json["code"] == "trace-unknown"


def test_an_answer_that_has_not_changed_is_not_sent_again(api):
    """ETag and 304, until another span of the trace has come."""
    trace = "c" * 32
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    row = {"project_id": api.a.id, "trace_id": trace, "timestamp": begin, "duration_ns": 5, "op": "a", "payload": "{}"}
    api.store.insert_rows("spans", api.make_rows("spans", [{**row, "span_id": "1" * 16}]))
    first = api.call("owner", "GET", f"/api/v1/traces/{trace}")
    tag = first.headers["ETag"]
    again = api.call("owner", "GET", f"/api/v1/traces/{trace}", **{"If-None-Match": tag})
    assert (again.status_code, again.get_data()) == (304, b"")
    later = {**row, "span_id": "2" * 16, "parent_span_id": "1" * 16}
    api.store.insert_rows("spans", api.make_rows("spans", [later]))
    grown = api.call("owner", "GET", f"/api/v1/traces/{trace}", **{"If-None-Match": tag})
    assert (grown.status_code, grown.json["count"]) == (200, 2)


@pytest.mark.parametrize("path", ["traces/xyz", f"traces/{'a' * 31}", f"traces/{'a' * 32}?span=nope"])
def test_an_id_that_is_none_is_wrong_input(api, path):
    """400 with its code."""
    response = api.call("owner", "GET", f"/api/v1/{path}")
    assert (response.status_code, response.json["code"]) == (400, "trace-id-invalid")
