"""The stage `cluster`: frequent combinations of values.

One statement: a first pass over the rows finds the frequent values of every field, a second one counts the rows by
all fields at once with every other value left out. A set is only as frequent as the rarest of its values, so nothing
is lost by that, and the groups are few. The combinations are mined from these counts by a step in the process.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import expressions as exp

from engine.schema import Unit
from queries import ast
from queries.errors import QueryError
from queries.plan.attributes import Attributes, by_value, tested_rows
from queries.plan.block import Block, Order
from queries.plan.builder import Builder
from queries.plan.facet_fields import Facet, chosen_fields, facet_text
from queries.plan.grouping import group, ungrouped
from queries.plan.render import render
from queries.types import FLOAT, INTEGER, NULLABLE_STRING, STRING
from queries.values.calls import aggregate, call, over_all
from queries.values.typed import Typed, constant

DEFAULT_LIMIT = 20
MAX_LIMIT = 1_000
MAX_FIELDS = 20
LEAST_SHARE = 0.02
"""Of the rows: rarer values and combinations are not looked at."""

COLUMNS = {
    "combination": STRING,
    "size": INTEGER,
    "count": INTEGER,
    "support": replace(FLOAT, unit=Unit.RATIO),
    "lift": FLOAT,
    "p_value": FLOAT,
}


def cluster(stage: ast.Cluster, block: Block, builder: Builder) -> Block:
    """Return the combinations of values that are frequent and belong together.

    Raises:
        QueryError: too many fields or rows, or fewer than two fields.
        TypeProblem: a field has no single values.
    """
    limit = DEFAULT_LIMIT if stage.count is None else stage.count
    if not 1 <= limit <= MAX_LIMIT:
        raise QueryError(f"cluster shows 1 to {MAX_LIMIT} combinations.", span=stage.span, suggestion="limit 20")
    rows = ungrouped(block, builder)
    tested_rows(rows, builder, "cluster")
    fields, tags = chosen_fields(stage.on, rows, builder, stage.span)
    if not 2 <= len(fields) <= MAX_FIELDS or (tags and stage.on):
        raise QueryError(
            f"cluster looks at 2 to {MAX_FIELDS} fields; tags are named one by one.",
            span=stage.span,
            suggestion='cluster on level, release, tags["region"]',
        )
    counted = _counted(rows, fields, builder)
    options = {"limit": limit, "share": LEAST_SHARE, "fields": [field.label for field in fields]}
    return builder.frame(counted, "combinations", options, COLUMNS)


def _counted(rows: Block, fields: list[Facet], builder: Builder) -> Block:
    """Return the rows counted by all fields at once, values that are not frequent as null."""
    keys: dict[str, Typed] = {}
    frequent = _frequent(rows, fields, builder)
    for number, field in enumerate(fields):
        text = facet_text(field.key)
        # The same query for every field, which the engine runs once.
        chosen = builder.in_query([constant(field.label), call("ifNull", STRING, text, "")], frequent)
        chosen = chosen & text.notnull()
        keys[f"k{number}"] = Typed(call("if", NULLABLE_STRING, chosen, text, None), NULLABLE_STRING)
    counted = group(rows, keys, {"count": Typed(aggregate("count", INTEGER), INTEGER)}, builder)
    order = Order(counted.columns["count"].value, descending=True)
    return replace(counted, order=(order,))


def _frequent(rows: Block, fields: list[Facet], builder: Builder) -> exp.Select:
    """Return the SELECT of the names of fields and their frequent values."""
    count = {"n": Typed(aggregate("count", INTEGER), INTEGER)}
    values = by_value(rows, Attributes(fields, tags=False), count, builder)
    most = over_all(aggregate("max", INTEGER, values.columns["n"].value), INTEGER)
    beside = builder.wrap(values.with_columns({"total": Typed(most, INTEGER)}))
    enough = beside.columns["n"].value >= beside.columns["total"].value * LEAST_SHARE
    kept = replace(beside, where=(enough, beside.columns["value"].value.notnull()))
    named = call("ifNull", STRING, kept.columns["value"].value, "")
    return render(kept, [("field", kept.columns["field"].value), ("value", named)])
