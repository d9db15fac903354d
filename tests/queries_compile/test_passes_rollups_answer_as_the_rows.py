"""Hourly counts are used where they give the answer of the rows, to the last row, and nowhere else."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.eventstore import EventStore
from engine.ids import default_issue_id
from engine.schema import DICTIONARIES
from queries import passes
from queries.plan import PlanContext, SqlStep, plan
from tests.queries_compile.conftest import NOW, Shop

WITHOUT = tuple(step for step in passes.PASSES if step.run.__name__ != "rollups")
HOUR = dt.timedelta(hours=1)


def statements(text: str, context: PlanContext) -> list[str]:
    return [step.sql for step in plan(text, context).steps if isinstance(step, SqlStep)]


def both(shop: Shop, text: str, context: PlanContext) -> tuple[list[Any], list[Any]]:
    with mock.patch.object(passes, "PASSES", WITHOUT):
        assert not any("hourly" in sql for sql in statements(text, context))
        from_rows = shop.runner.run(text, context).table.to_pylist()
    return shop.runner.run(text, context).table.to_pylist(), from_rows


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("from errors | summarize n=count()", "errors_values_hourly"),
        ("from errors | summarize n=count() by level", "errors_values_hourly"),
        ("from errors | summarize n=count() by project", "errors_values_hourly"),
        ("from errors level:[error, fatal] | summarize n=count()", "errors_values_hourly"),
        ('from errors | summarize n=count_if(level = "fatal"), m=count() / 2', "errors_values_hourly"),
        ("from errors | make-series n=count() every 1h", "errors_values_hourly"),
        ("from errors | make-series n=count() every 1d by release", "errors_values_hourly"),
        ("from errors | make-series n=count() every 2h by error.type top 2 by count() other", "errors_values_hourly"),
        ("from errors | summarize n=count(), f=first_seen(), l=last_seen() by issue | sort n desc", "errors_hourly"),
        ("from errors is:unresolved | summarize n=count() by issue", "errors_hourly"),
        ("from errors | summarize n=count() by environment | summarize m=max(n)", "errors_values_hourly"),
    ],
)  # fmt: skip
def test_counts_are_read_from_the_roll_up_and_equal_those_of_the_rows(shop: Shop, text: str, table: str) -> None:
    """The whole answer is compared, types included."""
    assert table in "".join(statements(text, shop.context))
    counted, read = both(shop, text, shop.context)
    assert counted == read
    assert read


@pytest.mark.parametrize(
    "text",
    [
        "from errors | summarize u=count_unique(user)",
        "from errors | summarize n=count(), u=count_unique(level) by release",
        "from errors level:fatal | summarize n=count() by release",
        "from errors | summarize n=count() by transaction",
        "from errors last 5h | summarize n=count()",
        "from errors | make-series n=count() every 30m",
        "from errors error.type:KeyError | summarize n=count() by error.type",
        "from errors batch:1 | summarize n=count()",
        "from errors quota | summarize n=count() by level",
        "from errors | limit 10 | summarize n=count()",
        "from spans | summarize n=count()",
        "from errors level:error",
    ],
)
def test_other_questions_read_the_rows(shop: Shop, text: str) -> None:
    """Users, two columns, other columns, short ranges, finer buckets, values of any exception, tags, text, rows."""
    assert "hourly" not in "".join(statements(text, shop.context))


def test_issues_of_counts_are_those_the_mapping_tells(
    shop: Shop, event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]
) -> None:
    """Fingerprints that were merged are counted as one issue, conditions on issues mean the merged one."""
    project = new_project_id()
    times = [NOW - dt.timedelta(minutes=20 * n) for n in range(1, 60)]
    rows = [{"project_id": project, "fingerprint": n % 3, "timestamp": at} for n, at in enumerate(times)]
    event_store.insert_rows("errors", rows_of("errors", rows))
    merged = default_issue_id(project, 1)
    moved = {"project_id": project, "fingerprint": 2, "issue_id": merged, "version": 1}
    event_store.insert_rows("issue_map_log", rows_of("issue_map_log", [moved]))
    event_store.reload_dictionary(DICTIONARIES["issue_map"])
    mine = dataclasses.replace(shop.context, projects={project: "merged"})
    for text, count in (
        ("from errors | summarize n=count() by issue.id", 2),
        ("from errors is:unresolved | summarize n=count(), l=last_seen() by issue.id, project_id", 2),
        (f"from errors | where issue.id = {merged} | summarize n=count(), f=first_seen()", 1),
        ("from errors | make-series n=count() every 2h by issue.id top 1 by count() other", 2),
        ("from errors | summarize n=count() by fingerprint, issue.id", 2),
    ):
        assert "errors_hourly" in "".join(statements(text, mine))
        counted, read = both(shop, text, mine)
        assert counted == read
        assert len({row.get("issue.id") for row in read}) == count


def test_environments_of_the_request_cut_the_counts_as_they_cut_the_rows(shop: Shop) -> None:
    """Counts by environment serve a request for some of them; counts of another column do not."""
    cut = dataclasses.replace(shop.context, environments=("production", ""))
    for text, table in (
        ("from errors | summarize n=count()", "errors_values_hourly"),
        ("from errors | summarize n=count() by environment", "errors_values_hourly"),
        ("from errors | summarize n=count() by level", "errors AS"),
    ):
        assert table.partition(" ")[0] in "".join(statements(text, cut))
        counted, read = both(shop, text, cut)
        assert counted == read
    assert "hourly" not in "".join(statements("from errors | summarize n=count() by level", cut))


KEYS = st.sampled_from(["", " by level", " by release", " by issue", " by project", " by environment, project"])
FILTERS = st.sampled_from(["", " level:fatal", " !release:shop*", ' environment:""', " (level:error OR level:fatal)"])
VALUES = st.lists(
    st.sampled_from(
        ["n=count()", "f=first_seen()", "l=last_seen()", 'c=count_if(level != "error")', "u=count_unique(os)"]
    ),
    min_size=1, max_size=3, unique=True,
)  # fmt: skip
SERIES = st.sampled_from(["", " every 1h", " every 3h", " every 1d", " every 20m"])
ENDS = st.integers(0, 3 * 3600 * 10**6).map(lambda us: NOW - dt.timedelta(microseconds=us)) | st.integers(0, 5).map(
    lambda hours: NOW.replace(minute=0, second=0) - hours * HOUR
)
LENGTHS = st.integers(1, 30 * 3600 * 10**6).map(lambda us: dt.timedelta(microseconds=us)) | st.integers(1, 30).map(
    lambda hours: hours * HOUR
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(KEYS, FILTERS, VALUES, SERIES, st.tuples(ENDS, LENGTHS))
def test_no_question_is_answered_otherwise_than_by_the_rows(
    shop: Shop, keys: str, found: str, values: list[str], series: str, time: tuple[dt.datetime, dt.timedelta]
) -> None:
    """Any keys, filters, aggregates and ranges: with the roll-ups and without them the answers are the same."""
    stage = f"make-series {', '.join(values)}{series}" if series else f"summarize {', '.join(values)}"
    context = dataclasses.replace(shop.context, time_range=(time[0] - time[1], time[0]))
    counted, read = both(shop, f"from errors{found} | {stage}{keys}", context)
    assert counted == read
