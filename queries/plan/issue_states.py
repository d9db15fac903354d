"""`is:` filters: workflow states of issues, read from the mirror."""

from __future__ import annotations

import ibis.expr.types as ir

from queries import ast
from queries.catalog import closest_names, did_you_mean
from queries.errors import NameProblem, QueryError, TypeProblem
from queries.plan.mirror import issue_in
from queries.plan.scope import Scope

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
    "escalating": (True, "substatus", ("escalating",)),
}
"""State -> whether the look-up must hold, column of the mirror, values; no values means any but the empty text."""

LATER = {"linked": "Links to other trackers are not stored yet, so is:linked is not available."}


def state_condition(node: ast.Is, scope: Scope) -> ir.Value:
    """Return whether an event's issue is in a state.

    Raises:
        NameProblem: no such state.
        TypeProblem: the dataset has no issues.
    """
    state = node.state.lower()
    if state in LATER:
        raise QueryError(LATER[state], span=node.span, code="query-not-available")
    if state not in STATES:
        hint = did_you_mean(closest_names(state, STATES)) or f"States: {', '.join(STATES)}."
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
