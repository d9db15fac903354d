"""Operators and functions over values of every kind: each is planned or refused with a reason."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from queries.errors import QueryError
from queries.functions import FUNCTIONS
from queries.plan import PlanContext, plan

CONTEXT = PlanContext(now=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC), projects={1: "web", 2: "payment"})

KINDS = (
    "level",
    "http.status_code",
    "fingerprint",
    "error.handled",
    "timestamp",
    "stack.function",
    "stack.lineno",
    "tags",
    'tags["x"]',
    "project",
    "issue",
    "null",
    "true",
    '"text"',
    "7",
    "5m",
)
"""A value of each base type, with and without missing ones, of names kept as numbers, and written out."""

OPERATORS = ("=", "!=", "<", ">=", "+", "-", "*", "/", "%", "and", "or", "contains", "=~")


def outcome(text: str) -> str:
    """Return what became of a text; any error but a refusal with a reason goes through."""
    try:
        plan(text, CONTEXT)
    except QueryError as error:
        reason = error.message.strip()
    else:
        return "planned"
    assert reason, text
    return reason


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operator_takes_or_refuses_every_pair(operator: str) -> None:
    """Also where one side is a name kept as a number: the list, the group and the row see the same kind."""
    for left, right in itertools.product(KINDS, KINDS):
        outcome(f"from errors | extend a = {left} {operator} {right}")


@pytest.mark.parametrize("function", sorted(f.name for f in FUNCTIONS.values() if not f.aggregate))
def test_a_function_takes_or_refuses_every_kind(function: str) -> None:
    """Each place in turn, beside numbers and beside texts; also one argument too few and one too many."""
    for count in range(len(FUNCTIONS[function].args) + 2):
        for place, kind in itertools.product(range(count), KINDS):
            for others in ("7", "level")[:count]:
                args = [kind if at == place else others for at in range(count)]
                outcome(f"from errors | extend a = {function}({', '.join(args)})")


@pytest.mark.parametrize("function", sorted(f.name for f in FUNCTIONS.values() if f.aggregate))
def test_an_aggregate_takes_or_refuses_every_kind(function: str) -> None:
    """The same over a group."""
    for count in range(len(FUNCTIONS[function].args) + 2):
        for place, kind in itertools.product(range(count), KINDS):
            for others in ("7", "level")[:count]:
                args = [kind if at == place else others for at in range(count)]
                outcome(f"from errors | summarize a = {function}({', '.join(args)})")


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_keeps_the_kind(kind: str) -> None:
    """What is refused or taken over rows is refused or taken over groups for the same reason."""
    for condition in ("{} > 8", '{} = "web"', "{} in [8]", "not {}", "{} + 1 > 2"):
        over_rows = outcome(f"from errors | extend a = {kind} | where {condition.format('a')}")
        over_groups = outcome(f"from errors | summarize n = count() by a = {kind} | where {condition.format('a')}")
        assert (over_rows == "planned") == (over_groups == "planned"), (kind, condition, over_rows, over_groups)
