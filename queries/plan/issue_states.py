"""`is:` filters: workflow states of issues, read from the mirror."""

from __future__ import annotations

import ibis.expr.types as ir

from queries import ast
from queries.catalog import closest_names, did_you_mean
from queries.errors import NameProblem, QueryError, TypeProblem
from queries.plan.mirror import issue_in
from queries.plan.scope import Scope
from queries.values.typed import FALSE, TRUE

STATES: dict[str, tuple[bool, str, tuple[str, ...]]] = {
    # An issue the mirror has not heard of yet is unresolved and unassigned, so those two are "not otherwise".
    "unresolved": (False, "status", ("resolved", "ignored")),
    "resolved": (True, "status", ("resolved",)),
    "ignored": (True, "status", ("ignored",)),
    "archived": (True, "status", ("ignored",)),
    "assigned": (True, "assignee", ()),
    "unassigned": (False, "assignee", ()),
    "for_review": (True, "substatus", ("new", "regressed", "escalating")),
    "regressed": (True, "substatus", ("regressed",)),
    "new": (True, "substatus", ("new",)),
    "ongoing": (True, "substatus", ("ongoing",)),
    "escalating": (True, "substatus", ("escalating",)),
}
"""State -> whether the look-up must hold, column of the mirror, values; no values means any but the empty text."""

LINKED = {"linked": False, "unlinked": True}
"""State -> whether every issue has it: no tracker can be linked yet."""

ALL_STATES = tuple(STATES)
"""What may follow `is:`."""


def state_condition(node: ast.Is, scope: Scope) -> ir.Value:
    """Return whether an event's issue is in a state.

    Raises:
        NameProblem: no such state.
        TypeProblem: the dataset has no issues.
        QueryError: no issue can be in it.
    """
    state = node.state.lower()
    if state in LINKED:
        return _linked(node, scope, holds=LINKED[state])
    if state not in ALL_STATES:
        hint = did_you_mean(closest_names(state, ALL_STATES)) or f"States: {', '.join(ALL_STATES)}."
        raise NameProblem(f"There is no issue state called {node.state}.", span=node.span, suggestion=hint)
    if scope.catalog is None or scope.table is None or not scope.catalog.has_column("issue_id"):
        raise TypeProblem(
            "Only events that belong to an issue have a state.",
            span=node.span,
            suggestion="Use it in errors or issues.",
        )
    wanted, column, values = STATES[state]
    if scope.catalog.dataset.name == "issues":
        found = scope.table[column].isin(values) if values else scope.table[column] != ""
    else:
        found = issue_in(scope.table["issue_id"], column, list(values))
    return found if wanted else ~found


def _linked(node: ast.Is, scope: Scope, *, holds: bool) -> ir.Value:
    """Return what holds of every issue; a filter that none could pass is refused, rather than answered with nothing."""
    if holds == node.negated:
        raise QueryError(
            f"is:{node.state} keeps nothing: issues cannot be linked to other trackers yet.",
            code="state-not-kept",
            span=node.span,
            suggestion="Remove it.",
        )
    scope.notes.add(f"is:{node.state} says nothing: issues cannot be linked to other trackers yet.", node.span)
    return TRUE if holds else FALSE
