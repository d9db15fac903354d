"""The stage `facets`: how often the values of some fields occur, all fields in one scan.

The fields are grouped by GROUPING SETS, one set for each; the rows are read once, however many fields there are.
Measured with ten million rows: eight fields of few values take 1.4 s of CPU; the tags of one row in twenty, which are
pairs in a map, half of that again. So tags, and of the fields counted unasked those in maps or of many values, are
counted over the newest rows only, whole hours of them. `since` says from when, and is null when that is all of them.
"""

from __future__ import annotations

from sqlglot import expressions as exp
from sqlglot.dialects.clickhouse import ClickHouse

from queries import ast
from queries.errors import QueryError
from queries.plan.block import Block, Derived, Order
from queries.plan.builder import Builder
from queries.plan.facet_counts import (
    Rows,
    column_at,
    counts_of_fields,
    counts_of_tags,
    newest_rows,
    number_of,
    totalled,
)
from queries.plan.facet_fields import chosen_fields
from queries.plan.grouping import ungrouped
from queries.plan.render import aliased, table_alias
from queries.types import INTEGER, SPARSE_STRING, STRING, Base, Missing, ValueType
from queries.values.calls import derived_table
from queries.values.typed import Typed

DEFAULT_TOP = 10
MAX_TOP = 1_000
MAX_FIELDS = 50
_HOUR = ValueType(Base.TIME, missing=Missing.NULL, precision=0)
_COLUMNS = {
    "field": STRING,
    "value": SPARSE_STRING,
    "count": INTEGER,
    "total": INTEGER,
    "distinct": INTEGER,
    "since": _HOUR,
}
_PLACES = {"place": INTEGER, "rank": INTEGER}


def facets(stage: ast.Facets, block: Block, builder: Builder) -> Block:
    """Return rows of field, value, count, total, distinct and since.

    `count` is the number of rows with the value, `total` of those with any value of the field, `distinct` the number
    of different values: more than the rows shown when `top` cut them.

    Raises:
        QueryError: too many fields or values, or nothing to count.
        TypeProblem: a field has no single values to count.
    """
    count = DEFAULT_TOP if stage.count is None else stage.count
    if not 1 <= count <= MAX_TOP or len(stage.fields) > MAX_FIELDS:
        raise QueryError(f"facets shows 1 to {MAX_TOP} values of at most {MAX_FIELDS} fields.", span=stage.span)
    rows = ungrouped(block, builder)
    if rows.weight is not None and builder.sampled is not None:
        builder.notes.add("facets counts the rows that were drawn, not those they stand for.")
    chosen, tags = chosen_fields(stage.fields, rows, builder, stage.span)
    if not chosen and not tags:
        raise QueryError("There is no field to count the values of.", span=stage.span, suggestion="facets level")
    dear = [facet for facet in chosen if facet.dear]
    cheap = [facet for facet in chosen if not facet.dear]
    newest = newest_rows(rows, builder) if dear or tags else Rows(rows)
    members = [
        counts_of_fields(some, over, builder, place)
        for some, over, place in ((cheap, Rows(rows), 0), (dear, newest, 2 ** len(cheap)))
        if some
    ]
    if tags:
        members.append(counts_of_tags(newest, builder, [f.label for f in chosen], 2 ** len(cheap) + 2 ** len(dear)))
    query: exp.Query = members[0]
    for member in members[1:]:
        query = exp.Union(this=query, expression=member, distinct=False)
    return _ranked(query, newest, builder, (count, 2 ** len(cheap)))


def _ranked(query: exp.Query, newest: Rows, builder: Builder, limits: tuple[int, int]) -> Block:
    """Return the counts with the totals of their fields, best first within each field.

    Args:
        query: rows of place, field, value and count.
        newest: the rows that the fields from a place on were counted over.
        builder: of the planning run.
        limits: values shown of each field, and that place.
    """
    count, place = limits
    inner, alias = builder.alias(), builder.alias()
    fields = ["place", "field"]
    outer = exp.Select(
        expressions=[
            aliased(column_at(inner, "place"), "place"),
            aliased(column_at(inner, "field"), "field"),
            aliased(column_at(inner, "value"), "value"),
            aliased(column_at(inner, "n"), "count"),
            aliased(totalled("sum", inner, "n", fields), "total"),
            aliased(totalled("count", inner, "n", fields), "distinct"),
            aliased(_since(inner, newest, place), "since"),
        ],
        from_=exp.From(this=exp.Subquery(this=query, alias=table_alias(inner))),
        where=exp.Where(this=exp.NEQ(this=column_at(inner, "value"), expression=exp.Literal.string(""))),
    )
    table = derived_table({**_PLACES, **_COLUMNS}, alias)
    columns = {name: Typed(table[name], type_) for name, type_ in _COLUMNS.items()}
    order = (
        Order(table["place"], descending=False),
        Order(table["count"], descending=True),
        Order(table["value"], descending=False),
    )
    return Block(
        source=Derived(alias, newest.with_found(outer)),
        table=table,
        catalog=None,
        time=newest.block.time,
        columns=columns,
        shown=tuple(columns),
        order=order,
        limit_by=(count, (table["place"],)),
    )


def _since(alias: str, newest: Rows, place: int) -> exp.Expr:
    """Return from when the rows are that a field was counted over; null for all of them."""
    if newest.since is None:
        return exp.cast(exp.Null(), exp.DataType.build("Nullable(DateTime)", dialect=ClickHouse))
    dear = exp.GTE(this=column_at(alias, "place"), expression=number_of(place))
    return exp.Anonymous(this="if", expressions=[dear, newest.since, exp.Null()])
