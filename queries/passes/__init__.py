"""Passes over the SQLGlot tree of a statement, one per file, in the order they run.

A pass is a function from a tree and a `PassContext` to a tree. It owns the tree it is handed: `run_passes` is the one
caller and hands over a tree nobody else holds, so a pass may rework nodes in place instead of copying all of them (a
copy of a usual statement costs 0.25 ms, and the whole way from text to statement may take 5 ms).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlglot import expressions as exp

from queries.passes.array_exists import array_exists
from queries.passes.constant_sums import constant_sums
from queries.passes.context import PassContext, scans
from queries.passes.environments import environments
from queries.passes.issue_lookup import issue_lookup
from queries.passes.map_access import map_access
from queries.passes.nested_queries import nested_queries
from queries.passes.nodes import branches
from queries.passes.null_guards import null_guards
from queries.passes.parameters import lift_parameters
from queries.passes.prune_columns import prune_columns
from queries.passes.rollups import TABLE as ROLLED_UP
from queries.passes.rollups import rollups
from queries.passes.row_limit import row_limit
from queries.passes.scope import scope
from queries.passes.segment_names import segment_names
from queries.passes.text_index import text_index
from queries.passes.time_bound import time_bound
from queries.passes.top_groups import top_groups
from queries.passes.top_members import top_members
from queries.passes.two_sides import two_sides

Pass = Callable[[exp.Expr, PassContext], exp.Expr]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A pass and what must be in the tree for it to have work; an empty `when` means it always runs.

    A walk over a usual statement takes 0.1 to 0.3 ms, so the tree is looked over once for all passes.

    Attributes:
        run: the pass.
        when: types of nodes and names of functions of which one must be there.
        table: a table that must be there as well.
    """

    run: Pass
    when: frozenset[str] = frozenset()
    table: str = ""

    def has_work(self, found: set[str]) -> bool:
        """Return whether a tree of these features may be changed."""
        return not self.when or (bool(self.when & found) and (not self.table or self.table in found))


WIDE = "a derived table with unread outputs"

BUILDING: tuple[Step, ...] = (
    Step(nested_queries, frozenset({"amber_in_query"})),
    Step(prune_columns, frozenset({WIDE})),  # after nested_queries, which may be wide as well
)
"""What was built apart becomes part of the tree first, and what nobody reads does not; then the tree is looked over."""

REWRITING: tuple[Step, ...] = (
    Step(issue_lookup, frozenset({"amber_issue_in"})),  # adds scans, so before scope
    Step(row_limit),  # before segment_names, which treats limited rows in its own way
    Step(top_members, frozenset({"Union"})),  # after row_limit, and before scope: members keep a scan of their own
    Step(top_groups, frozenset({"Group"}), ROLLED_UP),  # before rollups, which answer its first step
    # adds scans, so before scope
    Step(rollups, frozenset({"count", "countIf", "minOrNull", "maxOrNull", "Group"}), ROLLED_UP),
    Step(two_sides, frozenset({"Union"})),  # after rollups, which answer sides without reading their rows
    Step(segment_names, frozenset({"amber_segment_name"})),  # splits and adds scans, so before scope
    Step(map_access, frozenset({"Case", "If"})),
    Step(array_exists, frozenset({"notEmpty"})),
    Step(null_guards, frozenset({"ifNull"})),  # after map_access, which removes some guards for good
    Step(constant_sums, frozenset({"sum", "sumIf", "Sum", "CombinedAggFunc"})),
    Step(text_index, frozenset({"ILike"})),  # after null_guards, which bare the conditions
)

BOUNDING: tuple[Step, ...] = (
    Step(scope),  # after every pass that adds or moves a scan
    Step(environments),  # after scope as well
    Step(time_bound),  # after scope, which may give a scan a SELECT of its own
)
"""The scans are looked for once for these."""

PASSES = (*BUILDING, *REWRITING, *BOUNDING)
"""The order. `lift_parameters` follows by itself, because it also returns the values."""


def run_passes(tree: exp.Expr, context: PassContext) -> tuple[exp.Expr, dict[str, object]]:
    """Return the finished tree and the values of its parameters."""
    known = ({WIDE} if context.wide else set()) | ({"amber_in_query"} if context.nested else set())
    for step in PASSES:
        if step in BUILDING and step.when & known:
            tree = step.run(tree, context)
    found = _features(tree)
    for step in PASSES:
        if step in REWRITING and step.has_work(found):
            tree = step.run(tree, context)
    context = replace(context, scans=tuple(scans(tree)))
    for step in PASSES:
        if step in BOUNDING:
            tree = step.run(tree, context)
    return lift_parameters(tree, context.projects)


def _features(tree: exp.Expr) -> set[str]:
    """Return the node types, and the names of functions and tables in a tree."""
    nodes = branches(tree)
    named = {node.name for node in nodes if isinstance(node, exp.Anonymous | exp.Table)}
    return named | {type(node).__name__ for node in nodes}


__all__ = ["PASSES", "Pass", "PassContext", "Step", "lift_parameters", "run_passes"]
