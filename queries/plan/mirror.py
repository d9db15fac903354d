"""Look-ups in the issues mirror: marks that the pass `issue_lookup` replaces."""

from __future__ import annotations

from typing import Final

import ibis.expr.types as ir

from queries.types import BOOLEAN, SPARSE_STRING
from queries.values.calls import call

ISSUE_IN = "amber_issue_in"
"""`amber_issue_in(id, column, value, …)`: whether an issue has one of the values; without any, a value at all."""

MIRROR_VALUES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "status": ("unresolved", ("resolved", "ignored")),
    "substatus": (
        "",
        ("new", "ongoing", "escalating", "regressed", "until_escalating", "until_condition_met", "forever"),
    ),
    "priority": ("", ("high", "medium", "low")),
}
"""Column -> what an issue has that the mirror has not heard of, and the other values: few enough to ask for each."""


def issue_in(issue: ir.Value, column: str, values: list[str]) -> ir.Value:
    """Return whether the mirror's column of an issue has one of the values, or any but the empty one."""
    return call(ISSUE_IN, BOOLEAN, issue, column, *values)


def mirror_value(issue: ir.Value, column: str) -> ir.Value:
    """Return the value an issue has in a column of `MIRROR_VALUES`."""
    default, others = MIRROR_VALUES[column]
    value: object = default
    for other in reversed(others):
        value = call("if", SPARSE_STRING, issue_in(issue, column, [other]), other, value)
    assert isinstance(value, ir.Value)
    return value
