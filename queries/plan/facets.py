"""The stage `facets`: how often the values of some fields occur, all fields in one scan.

The fields are grouped by GROUPING SETS, one set for each; the rows are read once, however many fields there are.
Measured with ten million rows: eight fields of few values take 1.4 s of CPU; the tags of one row in twenty, which are
pairs in a map, half of that again. So tags, and of the fields counted unasked those in maps or of many values, are
counted over the newest rows only, whole hours of them. `since` says from when, and is null when that is all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import ibis.expr.types as ir
from sqlglot import expressions as exp

from engine.schema import Kind
from queries import ast
from queries.catalog import Catalog
from queries.errors import QueryError, TypeProblem
from queries.passes.context import add_condition
from queries.plan.block import Block, Derived, Order
from queries.plan.builder import Builder
from queries.plan.column_names import column_name
from queries.plan.expressions import compile_expr
from queries.plan.grouping import ungrouped
from queries.plan.render import aliased, render, table_alias
from queries.plan.virtual import MIRRORED, slug
from queries.types import INTEGER, NULLABLE_STRING, SPARSE_STRING, STRING, Base, Missing, ValueType
from queries.values.calls import call, derived_table, translate
from queries.values.typed import Typed, as_null

DEFAULT_TOP = 10
MAX_TOP = 1_000
MAX_FIELDS = 50
MAX_UNASKED = 30
"""Texts of united or made rows that are counted when no field is named, the first ones."""
MAX_TAG_KEYS = 20
"""Tag keys shown, the most frequent ones."""

TAGS = "tags"
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


@dataclass(frozen=True, slots=True)
class Facet:
    """A field whose values are counted: its name in the answer, its value, whether it is dear to read."""

    label: str
    key: Typed
    dear: bool = False


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows to count: a block, the condition that leaves its newest rows, and from when those are."""

    block: Block
    newest: exp.Expr | None = None
    since: exp.Expr | None = None

    def select(self) -> exp.Select:
        """Return a SELECT of the rows, its outputs still to be set."""
        select = render(replace(self.block, order=(), limit=None, shown=None), [])
        if self.newest is not None:
            add_condition(select, self.newest.copy(), fixed=False)
        return select


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
    newest = _newest(rows, builder) if dear or tags else _Rows(rows)
    members = [
        _of_fields(some, over, builder, place)
        for some, over, place in ((cheap, _Rows(rows), 0), (dear, newest, 2 ** len(cheap)))
        if some
    ]
    if tags:
        members.append(_of_tags(newest, builder, [f.label for f in chosen], 2 ** len(cheap) + 2 ** len(dear)))
    query: exp.Query = members[0]
    for member in members[1:]:
        query = exp.Union(this=query, expression=member, distinct=False)
    return _ranked(query, newest, builder, (count, 2 ** len(cheap)))


def chosen_fields(
    named: Sequence[ast.Named], rows: Block, builder: Builder, span: ast.Span
) -> tuple[list[Facet], bool]:  # fmt: skip
    """Return the fields to count, those of the data set when none is named, and whether the tags are to be unfolded.

    Raises:
        QueryError: two are called the same.
        TypeProblem: a field has no single values to count.
    """
    items = named or _defaults(rows)
    tags = not named and _has_tags(rows)
    scope = builder.scope(rows)
    chosen: list[Facet] = []
    unasked = not named
    for item in items:
        if isinstance(item.expr, ast.Name) and item.expr.name == TAGS and _has_tags(rows):
            tags = True
            continue
        made = _single(compile_expr(item.expr, scope), item)
        chosen.append(Facet(column_name(item), made, unasked and _is_dear(item.expr, rows)))
    labels = [facet.label for facet in chosen]
    doubled = next((label for label in labels if labels.count(label) > 1), None)
    if doubled is not None:
        raise QueryError(f"{doubled} is named twice.", span=span, suggestion="Give one another name: n = …")
    return chosen, tags


def _is_dear(expr: ast.Expr, rows: Block) -> bool:
    """Whether a field lies in a map, or in a column whose values are mostly different ones."""
    info = rows.catalog.find(expr.name) if isinstance(expr, ast.Name) and rows.catalog is not None else None
    if info is None or isinstance(rows.source, Derived) or info.virtual:
        return False
    assert rows.catalog is not None
    return info.map_key is not None or rows.catalog.table.column(info.column).kind is Kind.STRING


def _newest(rows: Block, builder: Builder) -> _Rows:
    """Return the rows of the newest hours, as many as hold `facet_rows` rows; all rows where there is no time.

    The hour is found by counting the rows by hour. As a constant the engine uses it to leave out what is older.
    """
    time = builder.scope(rows).facts.special.get("time")
    if time is None:
        return _Rows(rows)
    sums, chosen = builder.alias(), builder.alias()
    counts = _Rows(rows).select()
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
    wanted = exp.LT(this=column_at(chosen, "newer"), expression=_number(builder.context.facet_rows))
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
    # The same text in several places, which the engine computes once.
    start, begun = (exp.Anonymous(this="tupleElement", expressions=[both.copy(), _number(i)]) for i in (1, 2))
    return _Rows(rows, exp.GTE(this=translate(time.value), expression=start), begun)


def _single(made: Typed, item: ast.Named) -> Typed:
    if made.virtual in MIRRORED or made.type.base in {Base.ARRAY, Base.MAP, Base.NULL}:
        raise TypeProblem(
            f"The values of {column_name(item)} cannot be counted by facets.",
            span=item.span,
            suggestion=f"summarize n=count() by {column_name(item)} | sort n desc | limit 10",
        )
    return made


def _has_tags(rows: Block) -> bool:
    return rows.catalog is not None and bool(rows.catalog.dataset.tags) and TAGS not in rows.columns


def _defaults(rows: Block) -> tuple[ast.Named, ...]:
    """Return the fields that are counted when none is named.

    Those of the data set, tags with a column of their own, and all texts a stage made.
    """
    texts = [n for n, typed in rows.columns.items() if typed.type.base in {Base.STRING, Base.BOOLEAN}]
    names = dict.fromkeys(n for n in texts if not rows.columns[n].virtual)
    if rows.catalog is None:
        return tuple(ast.Named(None, ast.Name(n, quoted=True)) for n in list(names)[:MAX_UNASKED])
    own = dict.fromkeys((*rows.catalog.dataset.facets, *names))
    tags = [key for key in rows.catalog.promoted if rows.catalog.find(key) is None and key not in own]
    return (
        *(ast.Named(None, ast.Name(n, quoted=True)) for n in own),
        *(ast.Named(key, ast.Index(ast.Name(TAGS), ast.String(key))) for key in tags),
    )


def _of_fields(chosen: list[Facet], rows: _Rows, builder: Builder, first: int) -> exp.Select:
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
        same = exp.EQ(this=place.copy(), expression=_number(masks[i]))
        value = exp.Anonymous(this="if", expressions=[same, column_at(alias, f"v{i}"), value])
    labels = [
        place.copy(),
        exp.Array(expressions=[_number(mask) for mask in masks]),
        exp.Array(expressions=[exp.Literal.string(facet.label) for facet in chosen]),
        exp.Literal.string(""),
    ]
    return exp.Select(
        expressions=[
            aliased(_place(place, first), "place"),
            aliased(exp.Anonymous(this="transform", expressions=labels), "field"),
            aliased(exp.Anonymous(this="toNullable", expressions=[value]), "value"),
            aliased(column_at(alias, "n"), "n"),
        ],
        from_=exp.From(this=exp.Subquery(this=groups, alias=table_alias(alias))),
    )


def facet_text(key: Typed) -> ir.Value:
    """Return the text of a value as the answer shows it, NULL where it is missing."""
    if key.virtual:
        return slug(key).value
    found = as_null(key)
    if found.type.base is Base.BOOLEAN:
        # Conditions are numbers to the engine, which would be shown as 0 and 1.
        branches = (found.value, "true", ~found.value, "false")
        return call("multiIf", NULLABLE_STRING, *branches, None)
    return call("toString", replace(STRING, missing=found.type.missing), found.value)


def _of_tags(rows: _Rows, builder: Builder, taken: list[str], place: int) -> exp.Select:
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
            aliased(_over("sum", summed, "n", ["key"]), "total"),
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
            aliased(_place(column_at(shown, "rank"), place), "place"),
            aliased(tag_label(shown, rows.block.catalog), "field"),
            aliased(exp.Anonymous(this="toNullable", expressions=[column_at(shown, "value")]), "value"),
            aliased(column_at(shown, "n"), "n"),
        ],
        from_=exp.From(this=exp.Subquery(this=ranks, alias=table_alias(shown))),
        where=exp.Where(this=exp.LTE(this=column_at(shown, "rank"), expression=_number(MAX_TAG_KEYS))),
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


def _ranked(query: exp.Query, newest: _Rows, builder: Builder, limits: tuple[int, int]) -> Block:
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
            aliased(_over("sum", inner, "n", fields), "total"),
            aliased(_over("count", inner, "n", fields), "distinct"),
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
        source=Derived(alias, outer),
        table=table,
        catalog=None,
        time=newest.block.time,
        columns=columns,
        shown=tuple(columns),
        order=order,
        limit_by=(count, (table["place"],)),
    )


def _since(alias: str, newest: _Rows, place: int) -> exp.Expr:
    """Return from when the rows are that a field was counted over; null for all of them."""
    if newest.since is None:
        return exp.cast(exp.Null(), exp.DataType.build("Nullable(DateTime)", dialect="clickhouse"))
    dear = exp.GTE(this=column_at(alias, "place"), expression=_number(place))
    return exp.Anonymous(this="if", expressions=[dear, newest.since, exp.Null()])


def _place(number: exp.Expr, first: int) -> exp.Expr:
    """Return the place of a field among all fields, from its number among those it is counted with."""
    return exp.Anonymous(this="toUInt64", expressions=[exp.Add(this=number, expression=_number(first))])


def _over(function: str, alias: str, column: str, keys: list[str]) -> exp.Window:
    return exp.Window(
        this=exp.Anonymous(this=function, expressions=[column_at(alias, column)]),
        partition_by=[column_at(alias, key) for key in keys],
        over="OVER",
    )


def _element(alias: str, position: int) -> exp.Expr:
    return exp.Anonymous(this="tupleElement", expressions=[column_at(alias, "pair"), _number(position)])


def column_at(alias: str, name: str) -> exp.Column:
    """Return a column of a SELECT by its alias."""
    return exp.column(name, table=alias, quoted=True)


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)
