"""The stage `rca`: what may have caused what went wrong in the range of the query.

What decides is not here: an analysis asks the store about much more than the rows before it - services they call,
changes, logs, what bad rows share - so the step is handed the text of those rows, and `server` gives the runner what
makes analyses. The rows themselves are only counted.
"""

from __future__ import annotations

from dataclasses import replace

from queries import ast
from queries.errors import QueryError, TypeProblem
from queries.operations.causes import COLUMNS, OPERATION
from queries.parameters import used_parameters
from queries.plan.block import Block
from queries.plan.builder import Builder
from queries.plan.grouping import summarize
from queries.printer import print_query

DATASETS = ("errors", "transactions", "spans", "logs", "metrics")
"""Data sets whose rows can go wrong."""

DEFAULT_LIMIT = 10
MAX_LIMIT = 100
_KEPT = (ast.Where, ast.Extend)
_SUMMED = (ast.MakeSeries, ast.Summarize)
_EXAMPLE = "from transactions last 1h | rca p95(transaction.duration)"


def rca(stage: ast.Rca, block: Block, builder: Builder) -> Block:
    """Return the possible causes, most probable first.

    Raises:
        QueryError: the rows are not those of one data set, or the text of the rows does not say all of what is meant.
        TypeProblem: what went wrong is no number.
    """
    limit = DEFAULT_LIMIT if stage.count is None else stage.count
    if not 1 <= limit <= MAX_LIMIT:
        raise QueryError(f"rca shows 1 to {MAX_LIMIT} causes.", span=stage.span, suggestion="limit 10")
    asked = _asked(stage, builder)
    summed = asked.stages[-1:] and isinstance(asked.stages[-1], _SUMMED)
    rows = block if summed and stage.aggregate is None else _counted(stage, block, builder)
    start, end = block.time
    options = {
        "text": print_query(ast.Query((), asked)),
        "start": start.isoformat(),
        "end": end.isoformat(),
        "baseline_ns": 0 if stage.baseline is None else stage.baseline.ns,
        "projects": sorted(builder.context.projects),
        "environments": list(builder.context.environments),
        "limit": limit,
    }
    return builder.frame(rows, OPERATION, options, COLUMNS)


def _counted(stage: ast.Rca, block: Block, builder: Builder) -> Block:
    """Return one row: how many rows there are, or what the aggregate is over all of them."""
    aggregate = stage.aggregate or ast.Named(None, ast.Call("count"))
    made = summarize(ast.Summarize((aggregate,), (), stage.span), block, builder)
    (column,) = builder.columns(made).values()
    if not column.is_number:
        raise TypeProblem(f"rca needs a number that went wrong, not {column.describe()}.", span=aggregate.span)
    return made


def _asked(stage: ast.Rca, builder: Builder) -> ast.Pipeline:
    """Return the rows that went wrong, and the number of them that did, as a pipeline of its own.

    Raises:
        QueryError: they are not the rows of one data set, or have been more than filtered.
    """
    prefix, example = builder.prefix, f"Write for example: {_EXAMPLE}"
    names = ("errors",) if prefix.source is None else tuple(name.name for name in prefix.source.names)
    if len(names) != 1 or names[0] not in DATASETS:
        span = stage.span if prefix.source is None else prefix.source.span
        raise QueryError(f"rca looks at one of {', '.join(DATASETS)}.", span=span, suggestion=example)
    summed = prefix.stages[-1:] if prefix.stages and isinstance(prefix.stages[-1], _SUMMED) else ()
    kept = prefix.stages[: len(prefix.stages) - len(summed)]
    if not all(isinstance(one, _KEPT) for one in kept) or (summed and stage.aggregate is not None):
        said = "rca stands behind filters, or behind one make-series or summarize whose aggregate went wrong."
        raise QueryError(said, span=stage.span, suggestion=example)
    query = ast.Query((), prefix)
    if builder.expressions or builder.pipelines or used_parameters(query):
        said = "rca asks further questions about these rows: write values in place of names and parameters."
        raise QueryError(said, span=stage.span)
    if stage.aggregate is None:
        return prefix
    return replace(prefix, stages=(*kept, ast.Summarize((stage.aggregate,), ())))
