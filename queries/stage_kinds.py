"""What stages do to rows, for those that rework a pipeline: charts above answers, edits by a click."""

from __future__ import annotations

from queries import ast

ROWS = (
    ast.Where,
    ast.Extend,
    ast.Sort,
    ast.Limit,
    ast.Top,
    ast.Sample,
    ast.Share,
    ast.Window,
    ast.Trace,
)
"""Rows stay rows of the source, with all their fields."""

ANALYSES = (
    ast.Facets,
    ast.Histogram,
    ast.Heatmap,
    ast.Diff,
    ast.Cluster,
    ast.Patterns,
    ast.Rca,
    ast.Correlate,
    ast.Funnel,
    ast.Retention,
)
"""Rows are answered about, and gone."""

PASSES_VALUES = (ast.Where, ast.Sort, ast.Limit, ast.Top, ast.Trace, ast.Explain)
"""A condition on a column leaves the same rows in front of these as behind them, where no limit cuts."""


def keeps_rows(stage: ast.Stage) -> bool:
    """Return whether what follows still sees rows of the source."""
    return isinstance(stage, ROWS)


def is_analysis(stage: ast.Stage) -> bool:
    """Return whether a stage answers something about rows instead of giving rows."""
    return isinstance(stage, ANALYSES)
