"""The plain reading of a text says what each part does, for every stage there is."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings

from queries import ast
from queries.english import describe, read_query
from queries.parser import parse
from queries.parser.words import STAGES
from tests.queries_syntax import syntax_trees as trees

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)

READ = [
    ("", "Reads errors, then shows the newest first."),
    ("level:error !has:user", "Reads errors, then keeps rows where level is error and there is no user."),
    (
        "is:for_review (a:b OR !c:[x, y*])",
        "Reads errors, then keeps rows where the issue is for review and (a is b or c does not look like x or y*).",
    ),
    ("!saved:noise", "Reads errors, then keeps rows where the saved filter noise does not hold."),
    ("count():>5k", "Reads errors, then keeps rows where count() is above 5000."),
    (
        "timestamp:-24h message://x y//",
        "Reads errors, then keeps rows where timestamp is after 24h ago and message matches the pattern x y.",
    ),
    (
        'tags[level]:"" "two words" !user.email:EndsWith"@corp"',
        (
            'Reads errors, then keeps rows where the tag level is empty and the text contains "two words" and'
            ' user.email does not end with "@corp".'
        ),
    ),
    ("from spans at 2026-03-01", "Reads spans of 2026-03-01, then shows the newest first."),
    (
        "from errors, spans between -2d and now | limit 5",
        "Reads errors and spans between 2 days ago and now, then keeps the first 5.",
    ),
]

STAGE_READINGS = {
    "where level = 1": "keeps rows where level = 1",
    "where `level:error`": "keeps rows where level is error",
    "having count() > 3": "keeps rows where count() > 3",
    "extend a = b + 1, d = c": "adds b + 1 as a, c as d",
    "project a, b = c": "shows a, c as b",
    "summarize n = count() by level": "computes count() as n for each level",
    'make-series count() every week in "Europe/Berlin" by level top 3 by count() other fill zero': (
        "computes count() every week in Europe/Berlin time for each level (the top 3 by count(), the rest as Other),"
        " gaps as 0"
    ),
    "make-series count() every 1h fill forward": "computes count() every hour, gaps filled with the value before",
    "sort a desc, b": "sorts by a descending, b",
    "limit 3": "keeps the first 3",
    "top 3 per level by count() asc other": (
        "keeps the 3 with the lowest count() of each level, the rest as Other"
    ),
    "distinct": "keeps each combination of values once",
    "distinct a, b": "keeps each combination of a, b once",
    "sample 10%": "looks at a random sample of 10% of the rows",
    "sample 1000 seed 3": "looks at a random sample of 1000 rows",
    "share of n by level": "computes the share of n within each level",
    "window d = lag(n) by level sort t desc": (
        "adds lag(n) over the rows in order of t descending within each level as d"
    ),
    "join left (from spans | limit 2) on trace = trace_id within 1h": (
        "adds to each row, where there are some, those of (reads spans, then keeps the first 2) by trace and trace_id"
        " at most 1 hour apart"
    ),
    "union (from spans | limit 1), errors": "adds (reads spans, then keeps the first 1) and errors",
    "compare to previous as pct": "compares with the time just before, as long, in percent",
    "compare to 2d ago": "compares with the same time 2 days earlier",
    "compare to `level:fatal`": "compares with rows where level is fatal",
    "histogram duration log": "counts the rows in intervals of growing width of duration",
    "histogram duration buckets 20": "counts the rows in 20 intervals of duration",
    "heatmap duration every 1h": "counts the rows in intervals of duration for every hour",
    "facets level top 3": "counts the 3 most frequent values of level",
    "diff `a:1` vs previous on b limit 5": (
        "finds the 5 values among b that tell rows where a is 1 from the time just before, as long"
    ),
    "cluster on a, b limit 4": "finds the 4 most frequent combinations of values of a, b",
    "patterns message limit 9": "finds the 9 most frequent patterns of message",
    "anomalies count() season day": (
        "marks values of count() that were not to be expected, given what each day is like"
    ),
    "changepoint": "finds when the level changed",
    "rca p95(x) baseline 2h limit 3": (
        "ranks 3 possible causes of the change of p95(x), compared with the 2 hours before"
    ),
    "correlate p95(x) with a, b": "finds which values of a, b move p95(x) most",
    "funnel `a:1` -> `b:2` by user within 1h split release": (
        "counts how many user get how far: rows where a is 1, then rows where b is 2 within 1 hour, for each release"
    ),
    "sessions by user gap 30m": "joins the rows of each user to sessions that end after 30 minutes of silence",
    "retention by user every 7d": "counts how many user come back in every later week",
    "trace `a:1` => `b:2` !> `c:3`": (
        "finds traces with rows where a is 1 and, as its child, rows where b is 2 and, nowhere below it, rows where c"
        " is 3"
    ),
    "explain cost": "shows the estimated cost instead of the answer",
}  # fmt: skip


@pytest.mark.parametrize(("text", "reading"), READ)
def test_a_text_reads_as_a_sentence(text: str, reading: str) -> None:
    """Source, range, search."""
    assert read_query(parse(text)) == reading


@pytest.mark.parametrize(("stage", "reading"), STAGE_READINGS.items())
def test_a_stage_reads_as_part_of_a_sentence(stage: str, reading: str) -> None:
    """With its clauses."""
    assert read_query(parse(f"from errors | {stage}")) == f"Reads errors, then {reading}."


def test_every_stage_has_a_reading() -> None:
    """A new stage needs one here."""
    assert {stage.split()[0] for stage in STAGE_READINGS} == set(STAGES)


@given(trees.queries())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_every_tree_can_be_read(query: ast.Query) -> None:
    """Whatever the parser may return."""
    assert read_query(query).endswith(".")
    assert describe(query, (NOW - dt.timedelta(days=1), NOW), ("prod",)).startswith("Reads ")
