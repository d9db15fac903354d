"""The guard does not trust the compiler: without the pass for the scope, or for the time, nothing it compiles runs."""

from __future__ import annotations

import contextlib
import datetime as dt
from unittest import mock

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import expressions as exp

from engine.schema import TABLES
from queries import ast, guard, passes
from queries.errors import GuardRefusal, QueryError
from queries.parser import parse
from queries.plan import PlanContext, SqlStep, plan
from queries.plan import stages as compiled_stages
from tests.queries_syntax import syntax_trees

NOW = dt.datetime(2026, 3, 1, 12, 20, tzinfo=dt.UTC)
CONTEXT = PlanContext(
    now=NOW, projects={1: "web", 2: "payment"}, time_range=(NOW - dt.timedelta(hours=30), NOW), environments=()
)
MINE = frozenset(CONTEXT.projects)

STAGES = (
    'where level = "error"',
    "where `level:error`",
    "extend l = length(message)",
    "project id, issue, timestamp",
    "summarize n=count() by level",
    "summarize n=count(), u=count_unique(user) by issue | sort n desc | limit 3",
    "summarize n=count(), l=last_seen()",
    "make-series n=count() every 1h",
    "make-series n=count() every 1h by error.type top 3 by count() other",
    "make-series n=count() every 1h fill linear",
    "sort timestamp | limit 5",
    'limit 10 | where level = "a"',
    "top 2 per level by timestamp",
    "summarize n=count() by level | top 2 by n other",
    "distinct level, release",
    "sample 10%",
    "summarize n=count() by level | compare to previous",
    "summarize n=count() by level | compare to 7d ago as both",
    "make-series n=count() every 1h | compare to day",
    "summarize n=count() by level | compare to `release:a`",
    "summarize n=count() by level | share",
    "summarize n=count() by release, level | share of n by release",
    "join (from spans | summarize n=count() by trace) on trace",
    "join left (from errors | summarize n=count() by issue) on issue",
    "join semi (from spans span.op:db) on trace",
    "join anti (from spans span.op:db) on trace",
    "union (from spans), (from errors level:fatal)",
    "window prev=lag(timestamp) by user sort timestamp",
    "summarize n=count() by h=bin(timestamp, 1h) | window s=running_sum(n) sort h",
    "histogram http.status_code buckets 5",
    "heatmap http.status_code every 1h",
    "facets",
    "facets level, release top 3",
    "facets region",
    "diff `level:error` vs rest",
    "diff `level:error` vs `level:fatal` on release, environment",
    "diff `level:error` vs previous",
    "cluster on level, release limit 5",
    "patterns message limit 5",
    "make-series n=count() every 1h | anomalies",
    "anomalies count()",
    "make-series n=count() every 1h | changepoint",
    "rca count() baseline 1h limit 3",
    "make-series n=count() every 1h | rca",
    "correlate avg(http.status_code) with level, release",
    "funnel `level:error` -> `level:fatal` by user within 1h",
    "sessions by user gap 30m",
    "retention by user every 1d",
    "trace `span.op:db` => `span.op:cache`",
    "trace `op:http` -> `op:db`",
)  # fmt: skip
"""At least one text for every stage; each is tried after every source it fits."""

SOURCES = ("from errors", "from spans", "from transactions", "from errors, spans", "let a = from errors; from a")
SEARCHES = (
    "",
    " level:error",
    " is:unresolved issue:WEB-1",
    ' message:"*a b c*" transaction:/x*',
    " region:eu OR has:user",
    " assigned:ann",
)  # fmt: skip


def statements(query: str | ast.Query) -> list[SqlStep]:
    """Return the statements a query would run, none when it is an error of its author."""
    try:
        made = plan(query, CONTEXT)
    except QueryError:
        return []
    return [step for step in made.steps if isinstance(step, SqlStep)]


def texts(step: SqlStep) -> tuple[str, ...]:
    return (step.sql, *step.slices)


def tables(sql: str) -> set[str]:
    """Return the physical tables a statement reads; one over the rows of a step before it reads none."""
    return {scan.name for scan in sqlglot.parse_one(sql, dialect="clickhouse").find_all(exp.Table)} & set(TABLES)


def without(name: str) -> contextlib.AbstractContextManager[object]:
    kept = tuple(step for step in passes.PASSES if step.run.__name__ != name)
    assert len(kept) == len(passes.PASSES) - 1
    return mock.patch.object(passes, "PASSES", kept)


def check(query: str | ast.Query) -> int:
    """Check a query with and without the passes, and return how many of its statements read tables."""
    whole = statements(query)
    for step in whole:
        for text in texts(step):
            guard.verify(text, step.reads, MINE)
            if tables(text):
                with pytest.raises(GuardRefusal):
                    guard.verify(text, step.reads, frozenset({1}))
    for name in ("scope", "time_bound"):
        with without(name):
            bare = statements(query)
        assert len(bare) == len(whole)
        for text, reads in ((text, step.reads) for step in bare for text in texts(step)):
            read = tables(text)
            if any(TABLES[table].time_column is not None or name == "scope" for table in read):
                with pytest.raises(GuardRefusal):
                    guard.verify(text, reads, MINE)
    return sum(bool(tables(step.sql)) for step in whole)


def _types(query: ast.Query) -> set[type]:
    return {type(stage) for stage in query.pipeline.stages}


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_runs_without_scope_or_time(stage: str) -> None:
    """After every source: either the text is an error, or what it compiles to is refused without either pass."""
    parsed = parse(f"from errors | {stage}")
    available = _types(parsed) <= set(compiled_stages._COMPILERS)
    read = sum(check(f"{source} last 30h | {stage}") for source in (SOURCES[0], SOURCES[1], SOURCES[3]))
    assert bool(read) or not available


def test_every_stage_that_can_be_compiled_is_among_them() -> None:
    """A stage added to the language is added here."""
    known = {kind for stage in STAGES for kind in _types(parse(f"from errors | {stage}"))}
    assert set(compiled_stages._COMPILERS) <= known


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(SOURCES[:4]), st.sampled_from(SEARCHES), st.lists(st.sampled_from(STAGES), max_size=3))
def test_no_chain_of_stages_runs_without_scope_or_time(source: str, found: str, stages: list[str]) -> None:
    """Stages in any order, over any source and search."""
    check(source + found + "".join(f" | {stage}" for stage in stages))


PLAIN = st.sampled_from(["errors", "spans", "transactions"]).map(lambda name: ast.Source((ast.Name(name),), None))


@settings(max_examples=40, deadline=None)
@given(PLAIN, syntax_trees.searches, st.sampled_from(STAGES))
def test_no_search_runs_without_scope_or_time(source: ast.Source, found: ast.Search, stage: str) -> None:
    """Searches as the generator of syntax trees makes them, in front of every stage."""
    stages = parse(f"from errors | {stage}").pipeline.stages
    check(ast.Query((), ast.Pipeline(source, found, stages)))


@settings(max_examples=100, deadline=None)
@given(syntax_trees.queries())
def test_no_generated_tree_runs_without_scope_or_time(query: ast.Query) -> None:
    """Whole queries of the generator: most are errors of types and names, the rest are refused without either pass."""
    check(query)
