"""Flame graphs: stacks merged into one tree, two compared, by Discover texts and over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.profiles.tree import SCHEMA, FrameTree, merged, package_of
from tests.server.api import build_api


def tree(*stacks: tuple[str, int, int], most: int = 100) -> FrameTree:
    """The tree of (frames by blank, weight, side)."""
    rows = [
        {"frames": frames.split(), "in_app": [name.islower() for name in frames.split()], "weight": weight,
         "first_ns": place, "side": side}
        for place, (frames, weight, side) in enumerate(stacks)
    ]  # fmt: skip
    return merged(pa.Table.from_pylist(rows, schema=SCHEMA), most)


def told(found: FrameTree) -> dict[str, tuple[int, int, int, int]]:
    """Own and total weight of each path, of both sides."""
    paths: list[str] = []
    for name, parent in zip(found.name.tolist(), found.parent.tolist(), strict=True):
        paths.append(f"{paths[parent]}/{found.names[name]}" if parent >= 0 else "")
    columns = (*found.own.tolist(), *found.total.tolist())
    return {path: (columns[0][i], columns[1][i], columns[2][i], columns[3][i]) for i, path in enumerate(paths)}


def test_equal_beginnings_of_stacks_are_one_frame():
    """A frame's total is that of all stacks through it, its own that of those which end in it; by side."""
    found = told(tree(("a b c", 10, 0), ("a b", 5, 0), ("a d", 1, 0), ("a b c", 7, 1)))
    assert found == {
        "": (0, 0, 16, 7),
        "/a": (0, 0, 16, 7),
        "/a/b": (5, 0, 15, 7),
        "/a/d": (0 + 1, 0, 1, 0),
        "/a/b/c": (10, 7, 10, 7),
    }


def test_no_stack_is_a_root_alone():
    """Nothing found is no fault; neither is a stack without frames."""
    assert told(tree()) == {"": (0, 0, 0, 0)}
    assert told(tree(("", 3, 0))) == {"": (3, 0, 3, 0)}


stacks = st.lists(
    st.tuples(st.lists(st.sampled_from("abcD"), max_size=6).map(" ".join), st.integers(0, 50), st.integers(0, 1)),
    max_size=30,
)


@given(stacks)
def test_every_frame_holds_its_own_weight_and_that_of_its_children(drawn):
    """So widths add up, whatever the stacks; and a parent comes before its children."""
    found = tree(*drawn, most=10_000)
    for side in (0, 1):
        below = [0] * len(found.parent)
        for frame, parent in enumerate(found.parent.tolist()):
            if frame:
                assert 0 <= parent < frame
                below[parent] += int(found.total[side][frame])
        assert [total - own for total, own in zip(found.total[side], found.own[side], strict=True)] == below
        assert found.total[side][0] == sum(weight for _, weight, which in drawn if which == side)


def test_the_heaviest_frames_are_kept_and_what_is_cut_is_counted():
    """By their share of a side: a frame that weighs much in the smaller side stays; names nobody has go."""
    found = tree(("a b", 1000, 0), ("a light", 2, 0), ("a c", 5, 1), most=4)
    assert set(told(found)) == {"", "/a", "/a/b", "/a/c"}
    assert (found.cut, found.names) == (1, ["a", "b", "c"])
    assert found.in_app == [True, True, True]


@pytest.mark.parametrize(
    ("frame", "package"),
    [
        ("shop.cart.total:price shop/cart.py:3", "shop"),
        ("flask/app:run", "flask"),
        ("total shop/cart.py:3", "shop"),
        ("render app/node_modules/react/index.js:1", "react"),
        ("main", ""),
        ("", ""),
        ("<script>:x", "<script>"),
    ],
)
def test_a_frame_belongs_to_the_first_part_of_its_module_or_the_place_of_its_file(frame, package):
    """What flame graphs colour by."""
    assert package_of(frame) == package


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """Two releases of project A that were profiled, and project B."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("profiles"), 775_000)
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    stacks = (
        (built.a.id, "shop@1", ["web:serve", "cart:total"], 30),
        (built.a.id, "shop@2", ["web:serve", "cart:total"], 90),
        (built.a.id, "shop@2", ["web:serve", "db:query"], 10),
        (built.b.id, "vault@1", ["web:serve", "secret:key"], 5),
    )
    rows = [
        {
            "project_id": project, "id": f"{n:032x}", "timestamp": begin, "release": release, "frames": frames,
            "functions": [frame.split(":")[1] for frame in frames], "in_app": [False, True], "weight_ns": weight,
            "sample_count": 1, "transaction": "GET /cart", "payload": "{}",
        }
        for n, (project, release, frames, weight) in enumerate(stacks)
    ]  # fmt: skip
    event_store.insert_rows("profiles", rows_of("profiles", rows))
    yield built
    built.close()


def test_a_search_chooses_the_stacks_of_a_flame_graph(api):
    """Merged over profiles, in columns."""
    found = api.get("profiles/flame?query=release:shop@2")
    assert (found["unit"], found["stacks"], found["truncated"], found["base_total"]) == ("ns", [2], False, None)
    assert found["total"][0] == 100
    heaviest = max(range(len(found["own"])), key=lambda frame: found["own"][frame])
    name = found["name"][heaviest]
    assert (found["names"][name], found["in_app"][name]) == ("cart:total", True)
    assert found["packages"][found["package"][name]] == "cart"


def test_two_searches_are_compared_in_one_tree(api):
    """Each frame knows how much of each it holds."""
    found = api.get("profiles/flame?query=release:shop@2&compare=true&base=release:shop@1")
    by_name = {found["names"][name]: n for n, name in enumerate(found["name"]) if name >= 0}
    assert (found["total"][by_name["cart:total"]], found["base_total"][by_name["cart:total"]]) == (90, 30)
    assert (found["total"][by_name["db:query"]], found["base_total"][by_name["db:query"]]) == (10, 0)
    past = api.get("profiles/flame?compare=true&base_start=2026-01-01T00:00:00Z&base_end=2026-01-02T00:00:00Z")
    assert past["base_total"][0] == 0


def test_stacks_of_projects_one_may_not_see_are_not_in_the_tree(api):
    """Neither looked at nor compared with."""
    assert "secret:key" in api.get("profiles/flame")["names"]
    found = api.get("profiles/flame?compare=true", "team-viewer")
    assert "secret:key" not in found["names"]
    assert found["base_total"][0] == found["total"][0] == 130


@pytest.mark.parametrize("query", ["base=x", "compare=true&base=(("])
def test_a_wrong_question_is_wrong_input(api, query):
    """400, with what to do."""
    assert api.call("owner", "GET", f"/api/v1/profiles/flame?{query}").status_code == 400
