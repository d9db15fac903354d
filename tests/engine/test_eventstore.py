"""What every event store promises: exact answers, limits, cancel, inserts that count once."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.errors import StateError
from engine.eventstore import (
    EventStore,
    LimitExceeded,
    Limits,
    QueryCancelled,
    StoreRejected,
    StoreUnavailable,
    open_store,
)
from engine.schema import DICTIONARIES

SLOW = "SELECT count() FROM numbers(100000000000) WHERE NOT ignore(sipHash64(number))"
SLOW_ROWS = "SELECT number FROM numbers(100000000000) WHERE NOT ignore(sipHash64(number))"
NOW = datetime.now(UTC).replace(microsecond=123456)

RowMaker = Callable[..., pa.Table]
FileMaker = Callable[..., Path]


def events(
    rows_of: RowMaker, project_id: int, count: int, *, weeks: int = 1, first: int = 0, newest: datetime = NOW
) -> pa.Table:
    """Return `count` events of 3 fingerprints and 4 users, spread over `weeks` partitions."""
    return rows_of(
        "errors",
        [
            {
                "project_id": project_id,
                "event_id": f"{i:032x}",
                "fingerprint": i % 3,
                "user": f"id:{i % 4}",
                "timestamp": newest - timedelta(days=7 * (i % weeks)),
                "message": f"Cannot reach host {i}",
                "tags": {"host": f"web-{i % 5}"},
            }
            for i in range(first, first + count)
        ],
    )


def counted(store: EventStore, project_id: int) -> tuple[int, int, int]:
    """Return rows of the project, events in its roll-up, and distinct event ids."""
    parameters = {"p": project_id}
    rows = store.query(
        "SELECT count() AS n, uniqExact(event_id) AS ids FROM errors WHERE project_id = {p:UInt64}", parameters
    )
    rollup = store.query("SELECT sum(events) AS n FROM errors_hourly WHERE project_id = {p:UInt64}", parameters)
    row = rows.table.to_pylist()[0]
    return row["n"], rollup.table.to_pylist()[0]["n"], row["ids"]


def test_values_come_back_as_they_went_in(
    store: EventStore, new_project_id: Callable[[], int], rows_of: RowMaker, arrow_file: FileMaker, tmp_path: Path
) -> None:
    """Nanoseconds, 64-bit numbers, maps, arrays, nulls and odd texts survive the way through a file and back."""
    project_id = new_project_id()
    span = {
        "project_id": project_id,
        "retention_days": 20_000,  # the row is of 2023: a merge would drop it, sooner or later
        "trace_id": "a" * 32,
        "span_id": "b" * 16,
        "duration_ns": 2**64 - 1,
        "tags": {"k'ey": "v\\al\nue\t\0", "ключ": "значение", "": ""},
        "measurements": {"lcp": 1.25},
        "payload": '{"a":"\\ud800"}',
        "description": "SELECT 'x' -- {p:UInt64}",
    }
    table = rows_of("spans", [span])
    exact = pa.array([1_700_000_000_123_456_789], pa.timestamp("ns", tz="UTC"))
    table = table.set_column(table.schema.get_field_index("timestamp"), "timestamp", exact)
    store.insert_file("spans", arrow_file(tmp_path / "spans.arrow", table), f"spans-{project_id}")
    answer = store.query("SELECT * FROM spans WHERE project_id = {p:UInt64}", {"p": project_id}).table
    row = answer.to_pylist()[0]
    for name, value in span.items():
        assert (dict(row[name]) if isinstance(value, dict) else row[name]) == value, name
    assert answer.column("timestamp").cast(pa.int64())[0].as_py() == 1_700_000_000_123_456_789
    assert row["is_segment"] is False

    error = {
        "project_id": project_id,
        "error_handled": None,
        "stack_in_app": [True, False],
        "stack_linenos": [0, 2**32 - 1],
    }
    store.insert_rows("errors", rows_of("errors", [error]))
    row = store.query(
        "SELECT error_handled, stack_in_app, stack_linenos FROM errors WHERE project_id = {p:UInt64}", {"p": project_id}
    ).table.to_pylist()[0]
    assert row == {name: error[name] for name in ("error_handled", "stack_in_app", "stack_linenos")}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("String", "it's \\ a {b:String} \n\t tab"),
        ("UInt64", 2**64 - 1),
        ("Int64", -(2**63)),
        ("Float64", 0.1),
        ("Bool", True),
        ("Array(String)", ["a'b", "c\\d", ""]),
        ("Array(UInt64)", [1, 2**64 - 1]),
        ("DateTime64(6, 'UTC')", datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)),
    ],
)
def test_parameters_are_bound_not_pasted(store: EventStore, kind: str, value: Any) -> None:
    """A parameter reaches the engine as a value, whatever characters it has."""
    answer = store.query(f"SELECT {{v:{kind}}} AS v", {"v": value}).table.column("v").to_pylist()
    assert answer == [value]


def test_an_answer_without_rows_has_its_columns(store: EventStore) -> None:
    """Zero rows still say what the columns are, in one piece and as a stream."""
    sql = "SELECT number AS n, toString(number) AS s FROM numbers(3) WHERE number > 5"
    assert store.query(sql).table.schema.names == ["n", "s"]
    with store.stream(sql) as stream:
        assert stream.schema.names == ["n", "s"]
        assert sum(batch.num_rows for batch in stream) == 0


def test_the_cost_of_a_query_is_known(store: EventStore) -> None:
    """Rows and bytes read and the engine's time come with the answer."""
    stats = store.query("SELECT count() FROM numbers(100000) WHERE number % 2 = 1").stats
    assert stats.rows_read == 100_000
    assert stats.bytes_read == 800_000
    assert stats.elapsed_s > 0


def test_a_stream_gives_batches_and_its_cost_at_the_end(store: EventStore) -> None:
    """A large answer comes in several batches; the cost is known after the last, and not before."""
    with store.stream("SELECT number, toString(number) AS s FROM numbers({n:UInt64})", {"n": 200_000}) as stream:
        assert stream.schema.names == ["number", "s"]
        with pytest.raises(StateError):
            _ = stream.stats
        sizes = [batch.num_rows for batch in stream]
        assert sum(sizes) == 200_000
        assert len(sizes) > 1
        assert stream.stats.rows_read == 200_000


def test_leaving_a_stream_early_stops_it(store: EventStore) -> None:
    """Whoever reads only the beginning of a long answer does not wait for the rest."""
    started = time.monotonic()
    with store.stream("SELECT number FROM numbers(3000000)", limits=Limits(max_seconds=600)) as stream:
        next(iter(stream))
    assert time.monotonic() - started < 60
    assert store.query("SELECT 1 AS one").table.to_pylist() == [{"one": 1}]


@pytest.mark.parametrize(
    ("limit", "value", "sql"),
    [
        ("max_seconds", 0.3, SLOW),
        ("max_memory_bytes", 10_000_000, "SELECT groupArray(number) FROM numbers(100000000)"),
        ("max_rows_read", 1000, "SELECT number FROM numbers(1000000)"),
        ("max_bytes_read", 1000, "SELECT number FROM numbers(1000000)"),
        ("max_result_rows", 1000, "SELECT number FROM numbers(1000000)"),
    ],
)
def test_a_limit_stops_the_query_and_says_which(store: EventStore, limit: str, value: float, sql: str) -> None:
    """Each limit is an error of its own name, never a silently shorter answer; the next query is not affected."""
    limits = Limits(**{limit: value})
    with pytest.raises(LimitExceeded) as caught:
        store.query(sql, limits=limits)
    assert caught.value.limit == limit
    assert caught.value.hint
    with pytest.raises(LimitExceeded) as caught, store.stream(sql, limits=limits) as stream:
        list(stream)
    assert caught.value.limit == limit
    assert store.query("SELECT 1 AS one").table.to_pylist() == [{"one": 1}]


def test_a_failed_query_leaves_nothing_to_the_next(store: EventStore) -> None:
    """Rows a stopped query had already produced never show up in another answer."""
    for _ in range(3):
        with pytest.raises(LimitExceeded):
            store.query(SLOW_ROWS, limits=Limits(max_seconds=0.2))
        assert store.query("SELECT 7 AS seven").table.to_pylist() == [{"seven": 7}]


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE errors",
        "INSERT INTO errors (project_id) SELECT 1",
        "ALTER TABLE errors DELETE WHERE 1",
        "CREATE TABLE x (a UInt8) ENGINE = Memory",
        "SET readonly = 0",
        "SELECT 1 SETTINGS readonly = 0",
    ],
)
def test_a_query_cannot_change_anything(store: EventStore, sql: str) -> None:
    """A reader's session is read-only, whatever text it is handed."""
    with pytest.raises(StoreRejected):
        store.query(sql)
    with pytest.raises(StoreRejected), store.stream(sql) as stream:
        list(stream)


def test_nonsense_is_rejected_with_the_engines_words(store: EventStore) -> None:
    """A statement the engine does not understand is an internal error that says what is wrong."""
    with pytest.raises(StoreRejected) as caught:
        store.query("SELECT nope FROM errors")
    assert caught.value.engine_code == 47
    assert "nope" in caught.value.message
    assert "(version" not in caught.value.message


def test_a_running_query_shows_progress_and_can_be_cancelled(store: EventStore) -> None:
    """Another thread sees how far a query is, and stops it long before its end."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            store.query(SLOW, query_id="slow-one")
        except QueryCancelled as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 60
    while (progress := store.progress("slow-one")) is None or progress.rows_read == 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert progress.total_rows == 100_000_000_000
    assert progress.elapsed_s > 0
    assert store.cancel("slow-one")
    thread.join(timeout=60)
    assert not thread.is_alive()
    assert [type(failure) for failure in failures] == [QueryCancelled]
    assert store.progress("slow-one") is None
    assert not store.cancel("slow-one")


def test_an_unknown_query_has_no_progress(store: EventStore) -> None:
    """A query id nobody uses is nothing to show and nothing to cancel."""
    assert store.progress("it's no query") is None
    assert not store.cancel("it's no query")


def test_the_same_token_twice_counts_once(
    store: EventStore, new_project_id: Callable[[], int], rows_of: RowMaker, arrow_file: FileMaker, tmp_path: Path
) -> None:
    """A repeated insert changes neither the rows nor the roll-up, however the file is cut into batches."""
    project_id = new_project_id()
    table = events(rows_of, project_id, 60, weeks=4)
    whole = arrow_file(tmp_path / "whole.arrow", table)
    cut = arrow_file(tmp_path / "cut.arrow", table, rows_per_batch=7)
    for path in (whole, whole, cut, cut, whole):
        store.insert_file("errors", path, f"batch-{project_id}")
        assert counted(store, project_id) == (60, 60, 60)
    store.insert_file("errors", cut, f"another-{project_id}")
    assert counted(store, project_id) == (120, 120, 60)


def test_many_threads_with_the_same_batches_count_once(
    store: EventStore, new_project_id: Callable[[], int], rows_of: RowMaker, arrow_file: FileMaker, tmp_path: Path
) -> None:
    """Five writers that insert the same seven batches in any order leave each event once."""
    project_id = new_project_id()
    files = [
        arrow_file(tmp_path / f"{i}.arrow", events(rows_of, project_id, 20, weeks=2, first=20 * i)) for i in range(7)
    ]

    def write(seed: int) -> None:
        for i in range(7):
            number = (i * (seed + 1) + seed) % 7
            store.insert_file("errors", files[number], f"{project_id}/{number}")

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(write, range(5)))
    for number, path in enumerate(files):
        store.insert_file("errors", path, f"{project_id}/{number}")
    assert counted(store, project_id) == (140, 140, 140)


def test_a_retry_completes_a_roll_up_that_was_cut_off(
    store: EventStore, new_project_id: Callable[[], int], rows_of: RowMaker, arrow_file: FileMaker, tmp_path: Path
) -> None:
    """A crash between the table and its roll-up is repaired by inserting the same batch again."""
    project_id = new_project_id()
    then = NOW - timedelta(weeks=11)  # a partition no other test of the run reads
    path = arrow_file(tmp_path / "events.arrow", events(rows_of, project_id, 30, newest=then))
    store.insert_file("errors", path, f"cut-off-{project_id}")
    # The view's part is written after the table's: dropping it is what a kill in between leaves.
    store.statement(f"ALTER TABLE errors_hourly DROP PARTITION '{monday(then)}'")
    assert counted(store, project_id) == (30, 0, 30)
    store.insert_file("errors", path, f"cut-off-{project_id}")
    assert counted(store, project_id) == (30, 30, 30)


def monday(moment: datetime) -> str:
    """Return the partition of `moment`."""
    return (moment - timedelta(days=moment.weekday())).strftime("%Y-%m-%d")


def test_inserts_without_a_token_always_count(
    store: EventStore, new_project_id: Callable[[], int], rows_of: RowMaker
) -> None:
    """Small writes without a token are never taken for repetitions."""
    project_id = new_project_id()
    table = events(rows_of, project_id, 5)
    store.insert_rows("errors", table)
    store.insert_rows("errors", table)
    store.insert_rows("errors", table.slice(0, 0))
    assert counted(store, project_id) == (10, 10, 5)
    store.insert_rows("errors", table, token=f"rows-{project_id}")
    store.insert_rows("errors", table, token=f"rows-{project_id}")
    assert counted(store, project_id) == (15, 15, 5)


def test_an_old_batch_may_touch_more_than_a_hundred_partitions(
    store: EventStore, new_project_id: Callable[[], int], rows_of: RowMaker
) -> None:
    """A batch of two years is one insert, though the engine by itself refuses more than 100 partitions."""
    project_id = new_project_id()
    rows = [{"project_id": project_id, "timestamp": NOW - timedelta(weeks=i), "quantity": 1} for i in range(102)]
    store.insert_rows("outcomes", rows_of("outcomes", rows))


def test_a_file_that_is_no_arrow_stream_is_rejected(store: EventStore, tmp_path: Path, rows_of: RowMaker) -> None:
    """Garbage, a stream that is cut short, and a missing file are told apart from a store that is down."""
    garbage = tmp_path / "garbage.arrow"
    garbage.write_bytes(b"this is no Arrow stream at all, but long enough to be mistaken for one")
    with pytest.raises(StoreRejected):
        store.insert_file("errors", garbage, "garbage")
    with pytest.raises(StateError):
        store.insert_file("errors", tmp_path / "missing.arrow", "missing")


def test_an_empty_file_inserts_nothing(
    store: EventStore, new_project_id: Callable[[], int], rows_of: RowMaker, arrow_file: FileMaker, tmp_path: Path
) -> None:
    """A batch whose events were all dropped is no error."""
    project_id = new_project_id()
    store.insert_file("errors", arrow_file(tmp_path / "none.arrow", rows_of("errors", [])), f"none-{project_id}")
    assert counted(store, project_id)[0] == 0


def test_an_estimate_says_what_would_be_read(
    store: EventStore, new_project_id: Callable[[], int], rows_of: RowMaker
) -> None:
    """The primary key cuts the estimate down to the project."""
    project_id = new_project_id()
    store.insert_rows("errors", events(rows_of, project_id, 50))
    estimate = store.estimate("SELECT title FROM errors WHERE project_id = {p:UInt64}", {"p": project_id})
    assert estimate.rows >= 50
    assert estimate.parts >= 1
    nothing = store.estimate("SELECT title FROM errors WHERE project_id = {p:UInt64}", {"p": 2**63})
    assert nothing.rows == 0


def test_a_healthy_store_says_so(store: EventStore) -> None:
    """Health is a question that answers itself."""
    store.health()


def test_migrating_again_changes_nothing(store: EventStore) -> None:
    """Every start migrates; the second time there is nothing to do."""
    assert store.migrate() == []


def test_a_server_that_is_not_there_is_unavailable() -> None:
    """Nobody listening is a matter of capacity, to be tried again, not a defect."""
    gone = open_store("clickhouse://127.0.0.1:1/amber")
    with pytest.raises(StoreUnavailable):
        gone.health()
    gone.close()


def test_a_wrong_password_is_told(standin_url: str) -> None:
    """The server's refusal reaches the operator, without the password."""
    host = standin_url.rpartition("@")[2]
    refused = open_store(f"clickhouse://amber:wr0ng@{host}")
    with pytest.raises(StoreUnavailable) as caught:
        refused.health()
    assert "wr0ng" not in str(caught.value)
    assert "wr0ng" not in refused.url
    refused.close()


def test_a_closed_store_is_unavailable(standin_url: str) -> None:
    """After closing, nothing is sent any more."""
    closed = open_store(standin_url)
    closed.migrate()
    closed.health()
    closed.close()
    closed.close()
    with pytest.raises(StoreUnavailable):
        closed.query("SELECT 1")


def test_the_version_of_data_follows_every_change_of_the_rows_it_is_of(
    store: EventStore, new_project_id: Callable[[], int], rows_of: RowMaker, arrow_file: FileMaker, tmp_path: Path
) -> None:
    """Inserts by rows and by file change it, also for roll-ups; asking again and merging parts do not."""
    project = new_project_id()

    def version(table: str = "errors") -> str | None:
        return store.data_version([table], [project])

    first = version()
    assert first is not None
    assert version() == first
    store.insert_rows("errors", events(rows_of, project, 3))
    second, rollup = version(), version("errors_hourly")
    assert second != first
    more = arrow_file(tmp_path / "more.arrow", events(rows_of, project, 3, first=3))
    store.insert_file("errors", more, "version-token")
    assert version() != second
    assert version("errors_hourly") != rollup
    third = version()
    store.query("SELECT count() FROM errors")
    assert version() == third
    store.statement(
        "ALTER TABLE errors DELETE WHERE project_id = {p:UInt64} SETTINGS mutations_sync = 2", {"p": project}
    )
    assert version() != third
    fourth = version()
    store.insert_rows("issue_map_log", rows_of("issue_map_log", [{"project_id": project, "fingerprint": 1}]))
    with contextlib.suppress(StoreUnavailable):  # the stand-in has no user for a dictionary to read as
        store.reload_dictionary(DICTIONARIES["issue_map"])
    assert version() != fourth


def test_the_version_of_data_is_that_of_the_projects_asked_for(
    event_store: EventStore, new_project_id: Callable[[], int], rows_of: RowMaker
) -> None:
    """Rows of another project, or of another table, change nothing where the process knows what it writes."""
    mine, other = new_project_id(), new_project_id()
    before = event_store.data_version(["errors"], [mine])
    event_store.insert_rows("errors", events(rows_of, other, 2))
    event_store.insert_rows("spans", rows_of("spans", [{"project_id": mine, "trace_id": "a" * 32}]))
    assert event_store.data_version(["errors"], [mine]) == before
    assert event_store.data_version(["errors"], [mine, other]) != before
    assert not event_store.cancel("nobody-runs-under-this-name")
    assert event_store.data_version(["errors"], [mine]) == before


def test_a_stream_nobody_takes_from_can_be_cancelled(event_store: EventStore) -> None:
    """Without waiting: it stops when its next batch is asked for, and nobody asks while one waits."""
    with contextlib.suppress(QueryCancelled), event_store.stream(SLOW_ROWS, query_id="idle-stream") as stream:
        batches = iter(stream)
        next(batches)
        assert event_store.cancel("idle-stream", wait=False)
        with pytest.raises(QueryCancelled):
            list(batches)
