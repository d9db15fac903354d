"""The result cache, its key, and questions in flight: an answer is given again only while its data is unchanged."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from engine.eventstore import EventStore, Limits, QueryCancelled
from engine.schema import DICTIONARIES
from queries.cache import ResultCache, bucket_of, cache_key
from queries.plan import PlanContext, plan
from queries.result import Result
from queries.run import Runner
from tests.queries_compile.conftest import NOW, Shop

COUNT = "from errors | summarize n=count() by level"
CONTEXT = PlanContext(now=NOW, projects={1: "web"})


def key(text: str, context: PlanContext = CONTEXT, query_class: str = "interactive") -> str:
    """Return the key of a text."""
    return cache_key(plan(text, context), context, query_class=query_class, text=text)


class Counting:
    """A store that counts the statements it ran, and can hold them up."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.asked = 0
        self.began = threading.Event()
        self.go = threading.Event()
        self.go.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def query(self, sql: str, *args: Any, **options: Any) -> Any:
        self.asked += 1
        self.began.set()
        self.go.wait(120)
        return self.store.query(sql, *args, **options)


@pytest.fixture
def counting(event_store: EventStore) -> Counting:
    return Counting(event_store)


@pytest.fixture
def runner(counting: Counting, shop: Shop) -> Runner:
    """A runner that keeps answers, over a store that counts."""
    return Runner(counting, shop.runner.clock, cache=ResultCache(10_000_000))


def test_an_answer_is_given_again_while_its_rows_are_the_same(
    runner: Runner, counting: Counting, shop: Shop, event_store: EventStore, rows_of: Callable[..., pa.Table]
) -> None:
    """It says so and costs nothing; an event of the project makes it anew, one of another project does not."""
    first = runner.run(COUNT, shop.context)
    again = runner.run(COUNT, shop.context, query_id="second-asker")
    assert counting.asked == 1
    assert again.table.equals(first.table)
    assert (first.age_s, again.query_id) == (None, "second-asker")
    assert again.age_s is not None
    meta = again.meta()
    assert meta["cached"] is True
    assert meta["cost"] == {"rows_read": 0, "bytes_read": 0, "elapsed_ms": 0.0}
    assert meta["rows_read"] == first.stats.rows_read > 0
    assert first.meta()["cached"] is False

    def add(project: int) -> None:
        row = {"project_id": project, "timestamp": NOW - dt.timedelta(days=400), "retention_days": 20_000}
        event_store.insert_rows("errors", rows_of("errors", [row]))

    add(shop.stranger)
    assert runner.run(COUNT, shop.context).age_s is not None
    add(next(iter(shop.projects)))
    assert runner.run(COUNT, shop.context).age_s is None
    assert counting.asked == 2


def test_who_wants_a_fresh_answer_gets_one(runner: Runner, counting: Counting, shop: Shop) -> None:
    """And it replaces the kept one."""
    runner.run(COUNT, shop.context)
    assert runner.run(COUNT, shop.context, fresh=True).age_s is None
    assert counting.asked == 2


def test_an_erasure_forgets_every_answer(runner: Runner, counting: Counting, shop: Shop) -> None:
    """So does another meaning of the rows: both go through statements of administration."""
    runner.run(COUNT, shop.context)
    counting.store.statement("ALTER TABLE errors DELETE WHERE project_id = 0 SETTINGS mutations_sync = 2")
    runner.run(COUNT, shop.context)
    counting.store.reload_dictionary(DICTIONARIES["issue_map"])
    runner.run(COUNT, shop.context)
    assert counting.asked == 3


def test_a_runner_without_a_cache_computes_every_answer(counting: Counting, shop: Shop) -> None:
    """That is the off switch."""
    plain = Runner(counting, shop.runner.clock)
    assert [plain.run(COUNT, shop.context).age_s for _ in range(2)] == [None, None]
    assert counting.asked == 2


def test_a_key_follows_all_an_answer_depends_on() -> None:
    """Two spellings share a key; scope, limits, parameters, environments, class and range change it."""
    base = key("level:error")
    assert base == key("  level:error ")
    others = [
        key("level:fatal"),
        key("level:error", query_class="report"),
        key("level:error", dataclasses.replace(CONTEXT, projects={1: "web", 2: "pay"})),
        key("level:error", dataclasses.replace(CONTEXT, limit=5)),
        key("level:error", dataclasses.replace(CONTEXT, environments=("staging",))),
        key("level:error", dataclasses.replace(CONTEXT, promoted={"errors": ("region",)})),
        key("level:error", dataclasses.replace(CONTEXT, time_range=(NOW - dt.timedelta(hours=2), NOW))),
        key("from errors last 1h level:error"),
        key("level:error | explain english"),
    ]
    assert len({base, *others}) == len(others) + 1
    bound = "from errors | where level = $l"
    values = [dataclasses.replace(CONTEXT, params={"l": value}) for value in ("a", "b")]
    assert key(bound, values[0]) != key(bound, values[1])


def test_a_range_that_ends_now_shares_a_key_for_a_small_part_of_its_length() -> None:
    """A minute of a day and more, a second of an hour at least; a fixed range is itself."""
    assert bucket_of(dt.timedelta(days=1)) == dt.timedelta(seconds=60)
    assert bucket_of(dt.timedelta(days=90)) == dt.timedelta(seconds=60)
    assert bucket_of(dt.timedelta(minutes=1)) == dt.timedelta(seconds=1)
    start = NOW.replace(second=0)
    at = [dataclasses.replace(CONTEXT, now=start + dt.timedelta(seconds=s)) for s in (1, 30, 61)]
    near, same, later = (key("from errors last 24h level:error", context) for context in at)
    assert near == same != later
    fixed = [key("from errors between 2026-01-01 and 2026-01-02", context) for context in at]
    assert len(set(fixed)) == 1


def test_a_range_that_was_asked_for_by_its_moments_is_answered_as_asked(
    runner: Runner, shop: Shop, event_store: EventStore, rows_of: Callable[..., pa.Table], new_project_id: Any
) -> None:
    """However close to now it ends: what was kept for a range a few seconds beside it is no answer."""
    project, hour = new_project_id(), NOW.replace(minute=0, second=0) - dt.timedelta(hours=2)
    at = [hour - dt.timedelta(hours=1), hour + dt.timedelta(seconds=1), hour + dt.timedelta(seconds=2)]
    rows = [{"project_id": project, "event_id": f"{n:032x}", "timestamp": moment} for n, moment in enumerate(at)]
    event_store.insert_rows("errors", rows_of("errors", rows))
    now, length = hour + dt.timedelta(seconds=4), dt.timedelta(hours=1)

    def ask(time_range: tuple[dt.datetime, dt.datetime] | None, text: str = "") -> int:
        context = PlanContext(now=now, projects={project: "web"}, time_range=time_range, default_range=length)
        found = runner.run(f"from errors {text} | summarize n=count()", context, query_class="alert")
        if time_range is not None and not text:
            assert found.time_range == time_range
        (row,) = found.table.to_pylist()
        return int(row["n"])

    assert ask(None) == 2
    assert ask((now - length, now)) == 2
    assert ask((hour - length, hour)) == 1
    assert ask((now - length, now)) == 2
    written = f"between {hour - length:%Y-%m-%dT%H:%M:%SZ} and {hour:%Y-%m-%dT%H:%M:%SZ}"
    assert ask(None, written) == 1
    assert ask(None, "last 1h") == 2


@pytest.mark.parametrize("clock", ["now()", "now64(3)", "NOW()", "toDateTime(today())", "CURRENT_TIMESTAMP()"])
def test_sql_that_asks_for_the_time_is_computed_each_time(
    clock: str, runner: Runner, counting: Counting, shop: Shop
) -> None:
    """`timestamp > now() - INTERVAL 5 MINUTE` keeps other rows each moment, though none came."""
    ranged = dataclasses.replace(shop.context, time_range=(NOW - dt.timedelta(hours=2), NOW))
    for context in (ranged, shop.context):
        counting.asked = 0
        for _ in range(2):
            runner.run(f"SELECT count() AS n FROM errors WHERE timestamp < {clock}", context, language="sql")
        assert counting.asked == 2
    counting.asked = 0
    for _ in range(2):
        runner.run("SELECT count() AS n FROM errors WHERE title = 'now()'", ranged, language="sql")
    assert counting.asked == 1


def test_memory_for_answers_is_bounded(shop: Shop) -> None:
    """The least recently used goes first; one that is too large is not kept; an old one is forgotten."""
    now = [0.0]
    some = shop.ask("from errors | limit 1")
    cache = ResultCache(100_000, max_age_s=60, monotonic=lambda: now[0])

    def answer(size: int) -> Result:
        table = pa.table({"x": pa.array([b"a" * size])})
        return dataclasses.replace(some, table=table)

    for name in "abcdefghijklmnop":
        cache.put(name, "1", answer(5000))
        cache.get("a", "1")
    figures = cache.figures()
    assert figures.bytes <= 100_000
    assert 5 <= figures.entries < 16
    assert cache.get("a", "1") is not None
    assert cache.get("b", "1") is None
    assert cache.get("p", "2") is None  # other data, and gone for good
    assert cache.get("p", "1") is None
    cache.put("huge", "1", answer(90_000))
    assert cache.get("huge", "1") is None
    now[0] = 61.0
    assert cache.get("a", "1") is None
    cache.clear()
    assert (cache.figures().entries, cache.figures().bytes) == (0, 0)


def _asks(runner: Runner, shop: Shop, name: str, outcome: dict[str, object]) -> threading.Thread:
    def work() -> None:
        try:
            outcome[name] = runner.run(COUNT, shop.context, query_id=name)
        except QueryCancelled as error:
            outcome[name] = error

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def _until(reached: Callable[[], object]) -> None:
    for _ in range(6000):
        if reached():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that")


def test_the_same_question_in_flight_runs_once(runner: Runner, counting: Counting, shop: Shop) -> None:
    """Both get the answer under their own names, and only the first one's costs anything."""
    counting.go.clear()
    outcome: dict[str, Any] = {}
    threads = [_asks(runner, shop, name, outcome) for name in ("first-asker", "other-asker")]
    _until(lambda: runner.progress("first-asker") and runner.progress("other-asker"))
    counting.go.set()
    for thread in threads:
        thread.join(120)
    assert counting.asked == 1
    one, other = outcome["first-asker"], outcome["other-asker"]
    assert one.table.equals(other.table)
    assert (one.query_id, other.query_id) == ("first-asker", "other-asker")
    assert sorted(found.shared for found in (one, other)) == [False, True]
    assert sum(found.cost.rows_read for found in (one, other)) == one.stats.rows_read


@pytest.mark.parametrize("leaves", ["first-asker", "other-asker"])
def test_one_asker_may_leave_without_the_other(runner: Runner, counting: Counting, shop: Shop, leaves: str) -> None:
    """Whoever cancels is told at once; the run goes on for the other, even when the first one left."""
    counting.go.clear()
    outcome: dict[str, Any] = {}
    threads = {}
    for name in ("first-asker", "other-asker"):
        threads[name] = _asks(runner, shop, name, outcome)
        _until(lambda name=name: runner.progress(name))  # type: ignore[misc]
    assert runner.cancel(leaves)
    threads[leaves].join(120)
    assert isinstance(outcome[leaves], QueryCancelled)
    stays = "other-asker" if leaves == "first-asker" else "first-asker"
    assert stays not in outcome
    counting.go.set()
    threads[stays].join(120)
    assert outcome[stays].table.num_rows > 0
    assert counting.asked == 1
    assert outcome[stays].cost.rows_read == outcome[stays].stats.rows_read > 0  # somebody pays for it


def test_a_run_nobody_waits_for_is_stopped(event_store: EventStore, shop: Shop) -> None:
    """The last one to leave stops the statement in the engine."""
    slow = "SELECT count() FROM numbers(100000000000) WHERE NOT ignore(sipHash64(number))"
    ended = threading.Event()

    class Slow(Counting):
        def query(self, sql: str, *args: Any, query_id: str = "", **_: Any) -> Any:
            try:
                return event_store.query(slow, {}, limits=Limits(max_seconds=600.0), query_id=query_id)
            finally:
                ended.set()

    runner = Runner(Slow(event_store), shop.runner.clock)
    outcome: dict[str, Any] = {}
    threads = []
    for name in ("first-asker", "other-asker"):
        threads.append(_asks(runner, shop, name, outcome))
        _until(lambda name=name: runner.progress(name))  # type: ignore[misc]
    assert runner.cancel("first-asker")
    assert not ended.is_set()
    assert runner.cancel("other-asker")
    assert ended.wait(60)
    for thread in threads:
        thread.join(120)
    assert [type(found) for found in outcome.values()] == [QueryCancelled, QueryCancelled]
    assert not runner.cancel("first-asker")
