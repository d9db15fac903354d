"""Rows ordered by time are read from the end shown first; what comes out is what the whole statement gives."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.plan import SqlStep, plan
from queries.plan.slices import time_parts
from queries.run import Runner
from tests.queries_compile.conftest import NOW, Shop

SLICED = (
    "from errors last 30h",
    "from errors last 30h | limit 7",
    "from errors last 30h level:fatal environment:staging | sort timestamp desc, id | limit 40",
    "from errors last 30h | sort timestamp, id | limit 40",
    'from errors last 30h | where level = "warning" | sort timestamp desc, id | project id, release | limit 400',
    "from errors last 30h user:nobody",
    "from errors last 30h is:unresolved | sort timestamp desc, id | limit 900",
    "from spans last 30h | sort timestamp desc, id | limit 50",
    "from spans last 30h | sort timestamp, id | limit 1500",
    "from spans last 30h transaction:/page/1 | sort timestamp desc, id | limit 60",
    "from transactions last 30h | sort timestamp desc, trace.span | project id=trace.span | limit 200",
)  # fmt: skip
WHOLE = (
    "from errors last 30m",
    "from errors last 30h | sort id | limit 5",
    "from errors last 30h | summarize n=count() by level",
    "from errors last 30h | make-series n=count() every 1h",
    "from errors last 30h | top 2 per level by timestamp",
    'from errors last 30h | sort timestamp desc | limit 10 | where level = "error"',
    "from errors, spans last 30h | sort timestamp desc | limit 5",
    "from errors last 30h | limit 20000",
    "from issues | sort first_seen desc",
)  # fmt: skip


def step(shop: Shop, text: str) -> SqlStep:
    (found,) = plan(text, shop.context).steps
    assert isinstance(found, SqlStep)
    return found


@pytest.mark.parametrize("text", SLICED)
def test_the_parts_give_the_rows_of_the_whole(shop: Shop, event_store: EventStore, text: str) -> None:
    """The same rows in the same order, whether the first part is enough or the last one is needed."""
    made = step(shop, text)
    assert len(made.slices) > 1
    whole = event_store.query(made.sql, made.parameters).table
    found = shop.ask(text)
    ids = "id" if "id" in found.table.column_names else found.table.column_names[0]
    assert (
        found.table.column(ids).to_pylist()
        == whole.column(0 if ids != "id" else whole.column_names.index("id")).to_pylist()[: found.table.num_rows]
    )
    assert found.truncated == (whole.num_rows > found.table.num_rows)
    assert found.table.num_rows == min(whole.num_rows, plan(text, shop.context).row_limit)


@pytest.mark.parametrize("text", WHOLE)
def test_other_answers_are_read_whole(shop: Shop, text: str) -> None:
    """Groups, other orders, limits inside the text, short ranges, exports."""
    assert step(shop, text).slices == ()


class Counting:
    """A store that remembers the statements it was asked."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.asked: list[str] = []

    def query(self, sql: str, *args: Any, **options: Any) -> Any:
        self.asked.append(sql)
        return self.store.query(sql, *args, **options)

    def data_version(self, *_: Any) -> None:
        """Nothing is shared or kept."""


def test_a_part_that_is_enough_is_the_last_one_read(shop: Shop, event_store: EventStore) -> None:
    """Five rows are in the newest hour, none of an unknown user in any."""
    store = Counting(event_store)
    runner = Runner(store, FixedClock(NOW))  # type: ignore[arg-type]
    assert runner.run("from errors last 30h | limit 5", shop.context).table.num_rows == 5
    assert len(store.asked) == 1
    store.asked.clear()
    runner.run("from errors last 30h user:nobody | limit 5", shop.context)
    assert len(store.asked) == len(step(shop, "from errors last 30h").slices) > 1


def test_segment_names_are_found_outside_of_the_part(shop: Shop) -> None:
    """A span's segment may have begun long before it: the look-up keeps the range of the query."""
    made = step(shop, "from spans last 30h | sort timestamp desc, id | limit 50")
    first = made.slices[0]
    start = shop.context.now - dt.timedelta(hours=31)
    assert f"fromUnixTimestamp64Nano({int(start.timestamp())}000000000" in first


def test_a_stream_reads_the_whole(shop: Shop) -> None:
    """Its rows are not held together, so they come from one statement."""
    with shop.runner.stream("from errors last 30h", shop.context) as stream:
        rows: list[dict[str, Any]] = [row for batch in stream.batches for row in batch.to_pylist()]
    wanted = shop.visible(shop.errors, 30)
    assert len(rows) == len(wanted)


@given(st.integers(1, 10**9), st.booleans())
def test_parts_cover_the_range_without_overlap(seconds: int, newest_first: bool) -> None:
    """Every moment is in exactly one of them."""
    time = (NOW - dt.timedelta(seconds=seconds), NOW)
    parts = time_parts(time, newest_first=newest_first)
    ordered = parts[::-1] if newest_first else parts
    assert ordered[0][0] == time[0]
    assert ordered[-1][1] == time[1]
    assert all(a[1] == b[0] for a, b in itertools.pairwise(ordered))
    assert all(a < b for a, b in parts)


def test_environments_hold_in_every_part(shop: Shop) -> None:
    """The cut is part of each statement."""
    cut = replace(shop.context, environments=("production",))
    found = shop.runner.run("from errors last 30h | limit 900", cut).table.to_pylist()
    assert {r["environment"] for r in found} == {"production"}
