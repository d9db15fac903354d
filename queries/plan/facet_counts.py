"""Counts of the values of fields and of tags, each in one SELECT of place, field, value and n."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import expressions as exp

from queries.catalog import Catalog
from queries.passes.context import add_condition
from queries.plan.block import Block
from queries.plan.builder import Builder
from queries.plan.facet_fields import Facet, facet_text
from queries.plan.render import aliased, render, table_alias
from queries.types import Base, ValueType
from queries.values.calls import call, translate

MAX_TAG_KEYS = 20
"""Tag keys shown, the most frequent ones."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to count: a block, the condition that leaves its newest rows, and from when those are.

    Both name `found`, which the SELECT around all uses of them must have: see `with_found`.
    """

    block: Block
    newest: exp.Expr | None = None
    since: exp.Expr | None = None
    found: exp.CTE | None = None

    def select(self) -> exp.Select:
        """Return a SELECT of the rows, its outputs still to be set."""
        select = render(replace(self.block, order=(), limit=None, shown=None), [])
        if self.newest is not None:
            add_condition(select, self.newest.copy(), fixed=False)
        return select

    def with_found(self, select: exp.Select) -> exp.Select:
        """Return a SELECT that has what the newest rows are found by.

        It is written once: as a text of its own in each place the engine computed it once as well, but it looked
        through each, which was 13 ms of 150 for the facets of a day.
        """
        if self.found is not None:
            select.set("with_", exp.With(expressions=[self.found]))
        return select


def newest_rows(rows: Block, builder: Builder) -> Rows:
    """Return the rows of the newest hours, as many as hold `facet_rows` rows; all rows where there is no time.

    The hour is found by counting the rows by hour. As a constant the engine uses it to leave out what is older.
    """
    time = builder.scope(rows).facts.special.get("time")
    if time is None:
        return Rows(rows)
    sums, chosen, name = builder.alias(), builder.alias(), builder.alias()
    counts = Rows(rows).select()
    hour = exp.Anonymous(this="toStartOfHour", expressions=[translate(time.value)])
    counts.set("expressions", [aliased(hour, "hour"), aliased(exp.Anonymous(this="count", expressions=[]), "n")])
    counts.set("group", exp.Group(expressions=[exp.column("hour", quoted=True)]))
    running = exp.Window(
        this=exp.Anonymous(this="sum", expressions=[column_at(sums, "n")]),
        order=exp.Order(expressions=[exp.Ordered(this=column_at(sums, "hour"), desc=True)]),
        over="OVER",
    )
    newer = exp.Sub(this=running, expression=column_at(sums, "n"))
    summed = exp.Select(
        expressions=[aliased(column_at(sums, "hour"), "hour"), aliased(newer, "newer")],
        from_=exp.From(this=exp.Subquery(this=counts, alias=table_alias(sums))),
    )
    wanted = exp.LT(this=column_at(chosen, "newer"), expression=number_of(builder.context.facet_rows))
    first = exp.Anonymous(this="minIf", expressions=[column_at(chosen, "hour"), wanted])
    oldest = exp.Anonymous(this="min", expressions=[column_at(chosen, "hour")])
    some = exp.GT(this=first.copy(), expression=oldest)
    since = exp.Anonymous(this="toNullable", expressions=[first.copy()])
    begin = exp.Anonymous(this="if", expressions=[some, since, exp.Null()])
    both = exp.Subquery(
        this=exp.Select(
            expressions=[exp.Tuple(expressions=[first, begin])],
            from_=exp.From(this=exp.Subquery(this=summed, alias=table_alias(chosen))),
        )
    )
    found = exp.column(name, quoted=True)
    start, begun = (exp.Anonymous(this="tupleElement", expressions=[found.copy(), number_of(i)]) for i in (1, 2))
    condition = exp.GTE(this=translate(time.value), expression=start)
    return Rows(rows, condition, begun, exp.CTE(this=both, alias=table_alias(name), scalar=True))


def counts_of_fields(chosen: list[Facet], rows: Rows, builder: Builder, first: int) -> exp.Select:
    """Return one SELECT of place, field, value and count over all fields.

    `grouping` tells the set a group belongs to: one bit for each key, the first the most significant, 0 when the key is
    in the set. The number grows from field to field.
    """
    keys = [translate(facet.key.value) for facet in chosen]
    whole = 2 ** len(chosen) - 1
    masks = [whole - 2 ** (len(chosen) - 1 - i) for i in range(len(chosen))]
    groups = rows.select()
    which = exp.Grouping(expressions=[key.copy() for key in keys])
    texts = [aliased(translate(facet_text(facet.key)), f"v{i}") for i, facet in enumerate(chosen)]
    count = exp.Anonymous(this="count", expressions=[])
    groups.set("expressions", [*texts, aliased(which, "place"), aliased(count, "n")])
    sets = [exp.Paren(this=key) for key in keys]
    groups.set("group", exp.Group(expressions=[exp.GroupingSets(expressions=sets)]))
    alias = builder.alias()
    place = column_at(alias, "place")
    value: exp.Expr = column_at(alias, f"v{len(chosen) - 1}")
    for i in range(len(chosen) - 2, -1, -1):
        same = exp.EQ(this=place.copy(), expression=number_of(masks[i]))
        value = exp.Anonymous(this="if", expressions=[same, column_at(alias, f"v{i}"), value])
    labels = [
        place.copy(),
        exp.Array(expressions=[number_of(mask) for mask in masks]),
        exp.Array(expressions=[exp.Literal.string(facet.label) for facet in chosen]),
        exp.Literal.string(""),
    ]
    return exp.Select(
        expressions=[
            aliased(at_place(place, first), "place"),
            aliased(exp.Anonymous(this="transform", expressions=labels), "field"),
            aliased(exp.Anonymous(this="toNullable", expressions=[value]), "value"),
            aliased(column_at(alias, "n"), "n"),
        ],
        from_=exp.From(this=exp.Subquery(this=groups, alias=table_alias(alias))),
    )


def counts_of_tags(rows: Rows, builder: Builder, taken: list[str], place: int) -> exp.Select:
    """Return the same of the most frequent tag keys, those that have been counted as columns left out."""
    assert rows.block.catalog is not None
    source = rows.block.table[rows.block.catalog.dataset.tags]
    keys, values = (
        translate(call(name, ValueType(Base.ARRAY, element=Base.STRING), source)) for name in ("mapKeys", "mapValues")
    )
    pair = exp.Anonymous(this="arrayJoin", expressions=[exp.Anonymous(this="arrayZip", expressions=[keys, values])])
    pairs = rows.select()
    pairs.set("expressions", [aliased(pair, "pair")])
    counted, summed, ranked, shown = (builder.alias() for _ in range(4))
    groups = exp.Select(
        expressions=[
            aliased(_element(counted, 1), "key"),
            aliased(_element(counted, 2), "value"),
            aliased(exp.Anonymous(this="count", expressions=[]), "n"),
        ],
        from_=exp.From(this=exp.Subquery(this=pairs, alias=table_alias(counted))),
        group=exp.Group(expressions=[column_at(counted, "pair")]),
    )
    totals = exp.Select(
        expressions=[
            *(aliased(column_at(summed, name), name) for name in ("key", "value", "n")),
            aliased(totalled("sum", summed, "n", ["key"]), "total"),
        ],
        from_=exp.From(this=exp.Subquery(this=groups, alias=table_alias(summed))),
        where=exp.Where(this=_wanted(summed, taken)),
    )
    order = exp.Order(
        expressions=[
            exp.Ordered(this=column_at(ranked, "total"), desc=True),
            exp.Ordered(this=column_at(ranked, "key")),
        ]
    )
    rank = exp.Window(this=exp.Anonymous(this="dense_rank", expressions=[]), order=order, over="OVER")
    ranks = exp.Select(
        expressions=[
            *(aliased(column_at(ranked, name), name) for name in ("key", "value", "n")),
            aliased(rank, "rank"),
        ],
        from_=exp.From(this=exp.Subquery(this=totals, alias=table_alias(ranked))),
    )
    return exp.Select(
        expressions=[
            aliased(at_place(column_at(shown, "rank"), place), "place"),
            aliased(tag_label(shown, rows.block.catalog), "field"),
            aliased(exp.Anonymous(this="toNullable", expressions=[column_at(shown, "value")]), "value"),
            aliased(column_at(shown, "n"), "n"),
        ],
        from_=exp.From(this=exp.Subquery(this=ranks, alias=table_alias(shown))),
        where=exp.Where(this=exp.LTE(this=column_at(shown, "rank"), expression=number_of(MAX_TAG_KEYS))),
    )


def _wanted(alias: str, taken: list[str]) -> exp.Expr:
    filled = exp.NEQ(this=column_at(alias, "value"), expression=exp.Literal.string(""))
    if not taken:
        return filled
    names = exp.Array(expressions=[exp.Literal.string(label) for label in taken])
    known = exp.Anonymous(this="has", expressions=[names, column_at(alias, "key")])
    return exp.And(this=filled, expression=exp.Not(this=known))


def tag_label(alias: str, found: Catalog) -> exp.Expr:
    """Return the name a tag is asked for by: its key, or `tags["key"]` where a field has that name."""
    fields = exp.Array(expressions=[exp.Literal.string(name) for name in sorted(found.fields)])
    hidden = exp.Anonymous(this="has", expressions=[fields, column_at(alias, "key")])
    parts = [exp.Literal.string('tags["'), column_at(alias, "key"), exp.Literal.string('"]')]
    key = exp.Anonymous(this="toString", expressions=[column_at(alias, "key")])
    return exp.Anonymous(this="if", expressions=[hidden, exp.Anonymous(this="concat", expressions=parts), key])


def at_place(number: exp.Expr, first: int) -> exp.Expr:
    """Return the place of a field among all fields, from its number among those it is counted with."""
    return exp.Anonymous(this="toUInt64", expressions=[exp.Add(this=number, expression=number_of(first))])


def totalled(function: str, alias: str, column: str, keys: list[str]) -> exp.Window:
    """Return an aggregate of a column over all rows that have the same keys, beside each of them."""
    return exp.Window(
        this=exp.Anonymous(this=function, expressions=[column_at(alias, column)]),
        partition_by=[column_at(alias, key) for key in keys],
        over="OVER",
    )


def _element(alias: str, position: int) -> exp.Expr:
    return exp.Anonymous(this="tupleElement", expressions=[column_at(alias, "pair"), number_of(position)])


def column_at(alias: str, name: str) -> exp.Column:
    """Return a column of a SELECT by its alias."""
    return exp.column(name, table=alias, quoted=True)


def number_of(value: int) -> exp.Expr:
    """Return a whole number as a node."""
    return exp.Literal.number(value)
