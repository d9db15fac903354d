"""Ways to have the engine work without paying for it: none of them leads past a budget."""

from __future__ import annotations

import dataclasses
import time
from contextlib import ExitStack
from typing import Any

import pytest

from engine.eventstore import QueryStats
from iam import Principal, PrincipalKind
from server.query_places import NoPlace, NoPlaceForOne, QueryPlaces
from server.query_service import Question
from server.stream_places import StreamPlaces, TooManyStreams
from tests.server.api import Api, build_api

WHO = Principal("token:all", PrincipalKind.TOKEN, token_id=99)


@pytest.fixture(scope="module")
def api(event_store: Any, rows_of: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An application with some errors."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("budgets"), 785_000)
    rows = [
        {"event_id": f"{n:032x}", "fingerprint": n + 1, "title": f"t{n}", "release": "shop@1.0.0"} for n in range(20)
    ]
    built.add_errors(built.a.id, rows)
    yield built
    built.close()


@pytest.fixture
def charged(api: Api, monkeypatch: pytest.MonkeyPatch) -> list[QueryStats]:
    """What the ledger is told."""
    found: list[QueryStats] = []
    monkeypatch.setattr(api.services.queries._ledger, "charge", lambda _who, cost: found.append(cost))
    return found


def test_a_statement_that_fails_in_the_end_is_paid_for(api: Api, charged: list[QueryStats]) -> None:
    """It may have read everything before it throws; how much nobody says, so its time counts."""
    body = {"sql": "SELECT toInt64(concat('x', toString(count()))) AS n FROM errors"}
    api.send("POST", "query", body, who="token:all", status=400)
    assert len(charged) == 1
    assert charged[0].elapsed_s > 0


def test_a_stream_that_is_left_is_paid_for(api: Api, charged: list[QueryStats]) -> None:
    """Who hangs up before the last batch has made the engine read all the same."""
    who = dataclasses.replace(WHO, kind=PrincipalKind.LOCAL)
    with api.services.queries.stream(Question("from errors"), who) as found:
        assert next(found.batches).num_rows > 0
    assert len(charged) == 1
    assert charged[0].rows_read >= 20


def test_open_streams_leave_places_for_others(api: Api) -> None:
    """A stream lasts as long as its reader likes: one token that reads none of its streams stops nobody's queries."""
    queries, text = api.services.queries, Question("from errors")
    who = dataclasses.replace(WHO, kind=PrincipalKind.LOCAL)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(queries.stream(text, who))
        with pytest.raises(TooManyStreams) as caught:
            stack.enter_context(queries.stream(text, who))
        assert (caught.value.http_status, caught.value.code) == (429, "too-many-streams")
        assert api.send("POST", "query", {"query": "from errors | summarize n=count()"}, who="token:a")["rows"]
    with queries.stream(text, who) as found:
        assert sum(batch.num_rows for batch in found.batches) >= 20


def test_places_for_streams_are_counted_by_reader_and_together() -> None:
    """Whoever closes one may open another."""
    places = StreamPlaces(1, 2)
    ann, bob, eve = (dataclasses.replace(WHO, token_id=number) for number in (1, 2, 3))
    with places.one(ann), places.one(bob):
        for who in (ann, eve):
            with pytest.raises(TooManyStreams), places.one(who):
                raise AssertionError("there was a place")
    with places.one(ann), places.one(eve):
        pass


def test_places_for_queries_are_counted_by_asker_and_together() -> None:
    """One may have half of them, others have the rest; who holds the data directory may have them all."""
    places = QueryPlaces(2, 4)
    ann, bob = (dataclasses.replace(WHO, token_id=number) for number in (1, 2))
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(places.one(ann))
        with pytest.raises(NoPlaceForOne) as caught:
            stack.enter_context(places.one(ann))
        assert (caught.value.http_status, caught.value.code) == (429, "too-many-queries")
        for _ in range(3):
            stack.enter_context(places.one(bob))
        with pytest.raises(NoPlace):
            stack.enter_context(places.one(dataclasses.replace(WHO, token_id=3)))
    local = dataclasses.replace(WHO, kind=PrincipalKind.LOCAL)
    with ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(places.one(local))
        with pytest.raises(NoPlace):
            stack.enter_context(places.one(local))
    with places.one(ann):
        pass


@pytest.mark.parametrize(
    ("workers", "queue", "each"), [(4, 0, 3), (4, 1, 4), (4, 2, 5), (4, 16, 10), (2, 0, 1), (1, 1, 1)]
)
def test_one_who_asks_never_takes_the_last_place(workers: int, queue: int, each: int) -> None:
    """However few may wait, somebody else is still answered."""
    places = QueryPlaces(workers, queue)
    ann, bob = (dataclasses.replace(WHO, token_id=number) for number in (1, 2))
    with ExitStack() as stack:
        for _ in range(each):
            stack.enter_context(places.one(ann))
        with pytest.raises(NoPlaceForOne):
            stack.enter_context(places.one(ann))
        stack.enter_context(places.one(bob))


def test_the_only_place_there_is_goes_to_whoever_comes() -> None:
    """With one worker and no queue nothing can be kept for others."""
    places = QueryPlaces(1, 0)
    with places.one(dataclasses.replace(WHO, token_id=1)), pytest.raises(NoPlace):
        places.one(dataclasses.replace(WHO, token_id=2)).__enter__()


def test_looking_up_releases_is_paid_for(api: Api, charged: list[QueryStats]) -> None:
    """`release:latest` asks the store before the query itself, for each list of environments anew."""
    body = {"query": "from errors release:latest", "environment": ["a", "b"]}
    api.send("POST", "query/plan", body, who="token:all")
    assert sum(cost.rows_read for cost in charged) >= 20
    again = len(charged)
    api.send("POST", "query/plan", body, who="token:all")
    assert len(charged) == again


def test_tag_keys_are_those_of_the_environments_asked_about(api: Api) -> None:
    """Completion keeps the keys for a while: what one asked about staging is no answer for others."""
    api.add_errors(
        api.b.id,
        [{"event_id": "e" * 32, "fingerprint": 77, "title": "t", "tags": [("zebra", "x")], "environment": "live"}],
    )

    def labels(**more: Any) -> list[str]:
        body = {"query": "from errors zeb", "cursor": 15, "project": "vault", **more}
        return [item["label"] for item in api.send("POST", "query/complete", body, who="token:all")["items"]]

    for more, there in (({"environment": ["live"]}, True), ({}, True), ({"environment": ["nowhere"]}, False)):
        # They are looked up beside the first question, which does not wait for them.
        until = time.monotonic() + 30
        while ("zebra" in labels(**more)) is not there and time.monotonic() < until:
            time.sleep(0.05)
        assert ("zebra" in labels(**more)) is there
