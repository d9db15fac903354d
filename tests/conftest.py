"""What all tests share: one event store for the whole run, because a process can open one chDB directory only."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import settings

from benchmarks.browser import chromium_path
from engine.arrow import arrow_schema
from engine.eventstore import EventStore, open_store
from engine.schema import TABLES

# The same cases in every run, so that a commit is judged by itself; `make fuzz` looks for new ones.
# No deadline: how long an example takes is the machine's affair.
settings.register_profile("amber", derandomize="AMBER_FUZZ" not in os.environ, print_blob=True, deadline=None)
settings.load_profile("amber")

RowMaker = Callable[[str, Sequence[Mapping[str, Any]]], pa.Table]


@pytest.fixture(scope="session")
def event_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventStore]:
    """The migrated embedded store. Tests share it: use project ids of your own, see `new_project_id`."""
    store = open_store(f"chdb://{tmp_path_factory.mktemp('store')}")
    store.migrate()
    yield store
    store.close()


@pytest.fixture(scope="session")
def new_project_id() -> Callable[[], int]:
    """A function that gives a project id nobody else in the run has."""
    numbers = itertools.count(1_000_000)
    return lambda: next(numbers)


def _zero(kind: pa.DataType) -> Any:
    """Return what an Arrow column of this type holds when a test does not care."""
    if pa.types.is_timestamp(kind):
        return datetime.now(UTC)
    if pa.types.is_list(kind) or pa.types.is_map(kind):
        return []
    if pa.types.is_string(kind):
        return ""
    return False if pa.types.is_boolean(kind) else 0


def make_rows(table: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return `rows` as a whole Arrow table for `table`; columns a row does not name are empty, retention 90 days."""
    schema = arrow_schema(TABLES[table])
    defaults = {field.name: None if field.nullable else _zero(field.type) for field in schema}
    defaults |= {
        name: value for name, value in {"retention_days": 90, "sample_weight": 1.0}.items() if name in defaults
    }
    unknown = {name for row in rows for name in row} - defaults.keys()
    assert not unknown, f"{table} has no columns {unknown}"
    columns = {f.name: pa.array([row.get(f.name, defaults[f.name]) for row in rows], type=f.type) for f in schema}
    return pa.table(columns, schema=schema)


@pytest.fixture(scope="session")
def rows_of() -> RowMaker:
    """`make_rows` as a fixture, for tests that cannot import this file."""
    return make_rows


def write_arrow(path: Path, table: pa.Table, *, rows_per_batch: int | None = None) -> Path:
    """Write `table` as an Arrow IPC stream file and return its path."""
    with path.open("wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows_per_batch)
    return path


@pytest.fixture(scope="session")
def arrow_file() -> Callable[..., Path]:
    """`write_arrow` as a fixture."""
    return write_arrow


LONGEST = (
    "server/test_lifecycle.py",
    "queries_compile/test_thousands_of_texts.py",
    "e2e/test_hostile_events.py",
    "dashboards/test_settings_browser.py",
    "dashboards/test_discover_in_the_browser.py",
    "server/test_access_table.py",
    "queries_compile/test_edits_select_exactly_what_was_pointed_at.py",
    "server/test_serve.py",
    "server/test_openapi.py",
    "dashboards/test_issue_browser.py",
    "benchmarks/test_command.py",
    "queries_compile/test_functions_scalar.py",
    "queries_compile/test_texts_that_grow_are_planned_or_refused.py",
    "dashboards/test_hostile_events.py",
    "e2e/test_real_clients.py",
    "server/test_manage.py",
    "e2e/test_one_answer.py",
    "e2e/test_every_signal.py",
    "shop/test_shop.py",
    "e2e/test_kills.py",
    "e2e/test_first_five_minutes.py",
    "dashboards/test_saved_queries_in_the_browser.py",
)
"""The files that take longest, so that they come first and no process waits for one of them at the end."""


def _turn(item: pytest.Item) -> int:
    name = item.path.relative_to(Path(__file__).parent).as_posix()
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


def pytest_collection_finish() -> None:
    """What is imported and collected stays until the end: no collection of garbage looks at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files come first; tests in the browser say so when there is none."""
    items.sort(key=_turn)
    if chromium_path() is None:
        missing = pytest.mark.skip(reason="Chromium is not installed (AMBER_TEST_CHROMIUM names one)")
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(missing)
