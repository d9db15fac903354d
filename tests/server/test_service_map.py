"""The service map: layers whatever calls whom, and rate, errors, durations by Discover texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.servicemap.layout import layered
from tests.server.api import build_api


def test_a_service_stands_behind_all_that_call_it():
    """Layers go from callers to called; positions of a layer are centred."""
    place = layered(("a", "b", "c", "d"), (("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d")))
    assert [place[name][0] for name in "abcd"] == [0, 1, 1, 2]
    assert sorted(place[name][1] for name in "bc") == [-0.5, 0.5]
    assert place["d"][1] == 0


def test_edges_cross_as_little_as_an_order_by_callers_can_do():
    """Two chains stand side by side, not across each other."""
    place = layered(("a", "b", "x", "y"), (("a", "y"), ("b", "x")))
    assert (place["a"][1] < place["b"][1]) == (place["y"][1] < place["x"][1])


names = st.sampled_from("abcdefg")


@given(st.lists(st.tuples(names, names), max_size=25))
def test_any_calls_whatever_have_a_place_for_each_service(pairs):
    """Circles and calls of oneself too: no two stand in one place, and the same map is the same each time."""
    nodes = tuple("abcdefg")
    place = dict(layered(nodes, tuple(sorted(pairs))))
    assert set(place) == set(nodes)
    assert len(set(place.values())) == len(nodes)
    layered.cache_clear()
    assert place == layered(nodes, tuple(sorted(pairs)))


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """Web calls cart and pay; pay fails; project B has a service without a name that calls nobody."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("map"), 776_000)
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)

    def row(number, parent, service, *, status="ok", segment=True, project=built.a):
        return {
            "project_id": project.id, "trace_id": "a" * 32, "span_id": f"{number:016x}", "timestamp": begin,
            "parent_span_id": f"{parent:016x}" if parent else "", "duration_ns": number * 10**6, "op": "http",
            "service": service, "status": status, "is_segment": segment, "payload": "{}",
        }  # fmt: skip

    rows = [
        row(1, 0, "web"),
        row(2, 1, "web", segment=False),
        row(3, 2, "cart"),
        row(4, 1, "pay", status="error"),
        row(5, 2, "pay"),
        row(6, 0, "", project=built.b),
        row(7, 4, "secret", project=built.b),
        row(8, 3, "cart", segment=False) | {"op": "db.sql.query", "tags": {"db.system": "postgresql"}},
        row(9, 4, "pay", segment=False) | {"op": "db", "tags": {"db.system": "postgresql"}, "status": "error"},
        row(10, 4, "pay", segment=False) | {"op": "cache.get"},
    ]
    event_store.insert_rows("spans", rows_of("spans", rows))
    yield built
    built.close()


def test_services_and_their_calls_are_told_with_rate_errors_and_durations(api):
    """The caller is the service of the span above; a span without a service counts to its project."""
    found = api.get("services/map?range=24h")
    nodes = {node["name"]: node for node in found["nodes"]}
    assert list(nodes) == ["cart", "pay", "secret", "vault", "web"]
    assert (nodes["pay"]["calls"], nodes["pay"]["failed"], nodes["web"]["layer"], nodes["pay"]["layer"]) == (2, 1, 0, 1)
    assert nodes["web"]["p95_ns"] == 1_000_000
    edges = {(edge["source"], edge["target"]): edge["calls"] for edge in found["edges"]}
    assert edges == {("web", "pay"): 2, ("web", "cart"): 1, ("pay", "secret"): 1}
    assert found["seconds"] == 86_400


def test_services_of_projects_one_may_not_see_are_not_on_the_map(api):
    """Neither as a node nor at the end of an edge."""
    found = api.get("services/map", "team-viewer")
    assert [node["name"] for node in found["nodes"]] == ["cart", "pay", "web"]
    assert len(found["edges"]) == 2
    assert api.get("services/map?range=1m")["nodes"] == []


def test_databases_and_caches_are_on_the_map_when_they_are_asked_for(api):
    """As their callers saw them: one node a system, an edge from each service, told apart from services by its kind."""
    found = api.get("services/map?range=24h&stores=true", "team-viewer")
    stores = {node["name"]: node for node in found["nodes"] if node["kind"] != "service"}
    assert {name: (node["kind"], node["calls"], node["failed"]) for name, node in stores.items()} == {
        "postgresql": ("database", 2, 1), "cache (cache)": ("cache", 1, 0),
    }  # fmt: skip
    edges = {(edge["source"], edge["target"]): edge["calls"] for edge in found["edges"]}
    assert edges["cart", "postgresql"] == edges["pay", "postgresql"] == edges["pay", "cache (cache)"] == 1
    assert stores["postgresql"]["layer"] > next(n["layer"] for n in found["nodes"] if n["name"] == "cart")
