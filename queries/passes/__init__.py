"""Passes over the SQLGlot tree of a statement, one per file, in the order they run.

A pass is a function from a tree and a `PassContext` to a tree. It owns the tree it is handed: `run_passes` is the one
caller and hands over a tree nobody else holds, so a pass may rework nodes in place instead of copying all of them (a
copy of a usual statement costs 0.25 ms, and the whole way from text to statement may take 5 ms).
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import expressions as exp

from queries.passes.array_exists import array_exists
from queries.passes.context import PassContext
from queries.passes.issue_lookup import issue_lookup
from queries.passes.map_access import map_access
from queries.passes.nested_queries import nested_queries
from queries.passes.null_guards import null_guards
from queries.passes.parameters import lift_parameters
from queries.passes.prune_columns import prune_columns
from queries.passes.row_limit import row_limit
from queries.passes.scope import scope
from queries.passes.time_bound import time_bound

Pass = Callable[[exp.Expression, PassContext], exp.Expression]

PASSES: tuple[Pass, ...] = (
    nested_queries,  # first: what was built apart becomes part of the tree, so that everything after sees it
    issue_lookup,  # adds scans, so before scope
    map_access,
    array_exists,
    null_guards,  # after map_access, which removes some guards for good
    prune_columns,
    row_limit,
    scope,  # after every pass that adds or moves a scan
    time_bound,  # after scope, which may give a scan a SELECT of its own
)
"""The order. `lift_parameters` follows by itself, because it also returns the values."""


def run_passes(tree: exp.Expression, context: PassContext) -> tuple[exp.Expression, dict[str, object]]:
    """Return the finished tree and the values of its parameters."""
    for step in PASSES:
        tree = step(tree, context)
    return lift_parameters(tree)


__all__ = ["PASSES", "Pass", "PassContext", "lift_parameters", "run_passes"]
