"""Thousands of texts: each is answered by a plan whose statements the guard lets pass, or by an error with a place.

`AMBER_FUZZ=n` makes n times as many (`make fuzz`).
"""

from __future__ import annotations

import datetime as dt
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queries import guard
from queries.ast import Span
from queries.errors import QueryError
from queries.parser import parse
from queries.plan import Plan, PlanContext, SqlStep, plan
from queries.printer import print_query
from tests.queries_compile.spoken import Speaker

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
CONTEXT = PlanContext(now=NOW, projects={1: "web", 2: "payment"})
TIMES = int(os.environ.get("AMBER_FUZZ", "1"))
TEXTS = 10_000 * TIMES
PARTS = 10
AT_ONCE = 10
"""Texts of one example: what the library does around an example costs as much as a text."""


def _inside(span: Span | None, text: str) -> bool:
    return span is None or 0 <= span.start <= span.end <= len(text)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_text_is_planned_safely_or_refused_with_a_reason(part: int) -> None:
    """Nothing else happens: no crash, no scan without its projects and its time, no text that does not print back."""
    planned = 0

    @settings(
        max_examples=TEXTS // PARTS // AT_ONCE, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.integers(0, 2**40))
    def check(seed: int) -> None:
        nonlocal planned
        for number in range(AT_ONCE):
            planned += _check(Speaker((seed * PARTS + part) * AT_ONCE + number).text())

    check()
    assert planned > TEXTS // PARTS // 4, "most texts should make sense"


def _check(text: str) -> bool:
    """Return whether the text was planned; fails unless it was, safely, or refused."""
    refused: QueryError | None = None
    made: Plan | None = None
    try:
        tree = parse(text)
        made = plan(tree, CONTEXT)
    except QueryError as error:
        refused = error
    if made is None:
        assert refused is not None
        assert _inside(refused.span, text), (text, refused)
        assert refused.message.strip(), text
        return False
    assert parse(print_query(tree)) == tree, text
    for step in made.steps:
        if isinstance(step, SqlStep):
            for sql in (step.sql, *step.slices):
                guard.verify(sql, step.reads, frozenset(CONTEXT.projects))
    return True
