"""Aggregates for every value of several fields and of all tags, for stages that look for what matters.

    SELECT multiIf(place = …) AS value, … FROM (
        SELECT level, user, …, grouping(level, user, …) AS place, countIf(…) AS m0, …
        FROM … GROUP BY GROUPING SETS ((level), (user), …, ())
    ) UNION ALL SELECT … the same of pairs of tags, unfolded from their map

All fields are grouped in one pass over the rows; the empty set gives the row of all of them, whose `field` is empty.
The tags are a column of their own that nothing else reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import expressions as exp
from sqlglot.dialects.clickhouse import ClickHouse

from queries.plan.block import Block, Derived
from queries.plan.builder import Builder
from queries.plan.facet_counts import column_at, tag_label
from queries.plan.facet_fields import Facet, facet_text
from queries.plan.render import aliased, render, table_alias
from queries.types import FLOAT, INTEGER, NULLABLE_STRING, STRING, Base, ValueType
from queries.values.calls import aggregate, call, derived_table, translate
from queries.values.typed import Typed

ALL_ROWS = ""
"""The `field` of the row over all rows."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is looked at: fields, and whether all tags beside them, but for those named in `taken`."""

    fields: Sequence[Facet]
    tags: bool
    taken: frozenset[str] = frozenset()


def row_count(rows: Block) -> Typed:
    """Return the number of rows, of those a sample stands for where there is one."""
    if rows.weight is None:
        return Typed(aggregate("count", INTEGER), INTEGER, aggregate=True)
    summed = call("round", FLOAT, aggregate("sum", FLOAT, rows.weight.value))
    return Typed(call("toInt64", INTEGER, summed), INTEGER, aggregate=True)


def tested_rows(rows: Block, builder: Builder, stage: str) -> None:
    """Say that a test looks at the rows drawn, where there is a sample: what they stand for has not been seen."""
    if rows.weight is not None:
        builder.notes.add(f"{stage} counts the rows that were drawn; their shares are those of all rows.")


def by_value(rows: Block, looked_at: Attributes, measures: Mapping[str, Typed], builder: Builder) -> Block:
    """Return rows of field, value (null: missing, fields only) and the measures, and one over all rows.

    Args:
        rows: ungrouped.
        looked_at: the attributes.
        measures: aggregates over the rows, by name.
        builder: of the planning run.
    """
    query: exp.Query = _of_fields(rows, looked_at.fields, measures, builder)
    if looked_at.tags:
        tags = _of_tags(rows, looked_at.taken, measures, builder)
        query = exp.Union(this=query, expression=tags, distinct=False)
    alias = builder.alias()
    types = {"field": STRING, "value": NULLABLE_STRING, **{name: typed.type for name, typed in measures.items()}}
    table = derived_table(types, alias)
    columns = {name: Typed(table[name], type_) for name, type_ in types.items()}
    return Block(Derived(alias, query), table, None, rows.time, columns=columns, shown=tuple(columns))


def _select(rows: Block) -> exp.Select:
    return render(replace(rows, order=(), limit=None, shown=None), [])


def _measured(measures: Mapping[str, Typed]) -> list[exp.Expr]:
    return [aliased(translate(typed.value), name) for name, typed in measures.items()]


def _of_fields(
    rows: Block, fields: Sequence[Facet], measures: Mapping[str, Typed], builder: Builder
) -> exp.Select:  # fmt: skip
    """`grouping` has one bit for each key, the first the most significant, 0 when the key is in the set."""
    groups = _select(rows)
    keys = [translate(field.key.value) for field in fields]
    texts = [aliased(translate(facet_text(field.key)), f"v{i}") for i, field in enumerate(fields)]
    place: exp.Expr = exp.Grouping(expressions=[key.copy() for key in keys]) if keys else _number(0)
    groups.set("expressions", [*texts, aliased(place, "place"), *_measured(measures)])
    if keys:
        sets = [*(exp.Paren(this=key) for key in keys), exp.Tuple(expressions=[])]
        groups.set("group", exp.Group(expressions=[exp.GroupingSets(expressions=sets)]))
    alias = builder.alias()
    at_place = column_at(alias, "place")
    whole = 2 ** len(fields) - 1
    masks = [whole - 2 ** (len(fields) - 1 - i) for i in range(len(fields))]
    label: list[exp.Expr] = []
    value: list[exp.Expr] = []
    for i, (mask, field) in enumerate(zip(masks, fields, strict=True)):
        here = exp.EQ(this=at_place.copy(), expression=_number(mask))
        label += [here, exp.Literal.string(field.label)]
        value += [here.copy(), exp.Anonymous(this="toNullable", expressions=[column_at(alias, f"v{i}")])]
    return exp.Select(
        expressions=[
            aliased(_first_of(label, exp.Literal.string(ALL_ROWS)), "field"),
            aliased(_first_of(value, exp.cast(exp.Null(), _NULLABLE_TEXT)), "value"),
            *(aliased(column_at(alias, name), name) for name in measures),
        ],
        from_=exp.From(this=exp.Subquery(this=groups, alias=table_alias(alias))),
    )


_NULLABLE_TEXT = exp.DataType.build("Nullable(String)", dialect=ClickHouse)


def _first_of(branches: list[exp.Expr], last: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="multiIf", expressions=[*branches, last]) if branches else last


def _of_tags(
    rows: Block, taken: frozenset[str], measures: Mapping[str, Typed], builder: Builder
) -> exp.Select:  # fmt: skip
    assert rows.catalog is not None
    source = rows.table[rows.catalog.dataset.tags]
    names = ValueType(Base.ARRAY, element=Base.STRING)
    keys, values = (translate(call(name, names, source)) for name in ("mapKeys", "mapValues"))
    pair = exp.Anonymous(this="arrayJoin", expressions=[exp.Anonymous(this="arrayZip", expressions=[keys, values])])
    groups = _select(rows)
    groups.set("expressions", [aliased(pair, "pair"), *_measured(measures)])
    groups.set("group", exp.Group(expressions=[exp.column("pair", quoted=True)]))
    paired, alias = builder.alias(), builder.alias()
    parted = exp.Select(
        expressions=[
            *(aliased(_element(paired, i), name) for i, name in enumerate(("key", "value"), 1)),
            *(aliased(column_at(paired, name), name) for name in measures),
        ],
        from_=exp.From(this=exp.Subquery(this=groups, alias=table_alias(paired))),
    )
    select = exp.Select(
        expressions=[
            aliased(tag_label(alias, rows.catalog), "field"),
            aliased(exp.Anonymous(this="toNullable", expressions=[column_at(alias, "value")]), "value"),
            *(aliased(column_at(alias, name), name) for name in measures),
        ],
        from_=exp.From(this=exp.Subquery(this=parted, alias=table_alias(alias))),
    )
    if taken:
        known = exp.Array(expressions=[exp.Literal.string(name) for name in sorted(taken)])
        has = exp.Anonymous(this="has", expressions=[known, column_at(alias, "key")])
        select.set("where", exp.Where(this=exp.Not(this=has)))
    return select


def _element(alias: str, position: int) -> exp.Expr:
    return exp.Anonymous(this="tupleElement", expressions=[column_at(alias, "pair"), _number(position)])


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)
