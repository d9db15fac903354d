"""The stage `join`: rows of two pipelines side by side, or rows that have or lack a partner.

    from errors | join (from spans | project trace, span.op) on trace

    SELECT … FROM (the rows so far) AS t1 INNER JOIN (the other rows) AS t3 ON t1.trace = t3.trace

Every physical scan keeps a SELECT of its own, where the passes put its scope and its range of time. A missing value is
no key: it is compared as NULL, which equals nothing. `semi` and `anti` without `within` need no join at all: they are a
condition on the rows so far.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import ibis
import ibis.expr.types as ir
from sqlglot import expressions as exp

from queries import ast
from queries.catalog import ISSUE
from queries.check.units import check_same, scale
from queries.errors import TypeProblem
from queries.plan.block import Block, Derived
from queries.plan.builder import Builder
from queries.plan.expressions import compile_expr
from queries.plan.orders import with_order
from queries.plan.render import render, table_alias
from queries.plan.scope import Scope
from queries.plan.sides import offered, offered_shown, other_side
from queries.plan.virtual import shown
from queries.types import FLOAT, INTEGER, Base, Missing
from queries.values.calls import call, translate
from queries.values.typed import Typed, all_of, as_null, is_present, late, negate

RIGHT = ".right"
"""Ending of the other side's columns whose names are taken."""

_KEY, _TIME = "\0key", "\0time"
"""Names, which no column can have, of what only the condition of the join reads."""

_ISSUE_ID = "issue.id"

_SIDES = {
    ast.JoinKind.INNER: {"kind": "INNER"},
    ast.JoinKind.LEFT: {"side": "LEFT"},
    ast.JoinKind.SEMI: {"side": "LEFT", "kind": "SEMI"},
    ast.JoinKind.ANTI: {"side": "LEFT", "kind": "ANTI"},
}
_CHOOSES = frozenset({ast.JoinKind.SEMI, ast.JoinKind.ANTI})


@dataclass(frozen=True, slots=True)
class _Pair:
    """Values of a key on both sides, made comparable; missing values as their types say."""

    left: Typed
    right: Typed


def join(stage: ast.Join, block: Block, builder: Builder) -> Block:
    """Return the rows so far with the columns of their partners, or those that have one or none.

    Raises:
        QueryError: a key is on one side only, the keys do not go together, or `within` finds no timestamp.
    """
    other = other_side(stage.other, block.time, builder)
    if other.grouping is not None or other.is_cut:
        other = builder.wrap(other)
    if stage.kind in _CHOOSES and stage.within is None:
        return _chosen(stage, builder.loose(block), other, builder)
    builder.wide = True
    left = builder.wrap(with_order(block, builder))
    pairs = _pairs(stage, left, other, builder)
    made = _other_columns(stage, other)
    ends = _times(stage, left, other, builder)
    hidden = {f"{_KEY}{i}": as_null(pair.right) for i, pair in enumerate(pairs)}
    if ends is not None:
        hidden[_TIME] = ends[1]
    right = builder.wrap(replace(other, catalog=None, columns={**made, **hidden}, shown=None, order=()))
    conditions = [as_null(p.left).value == right.columns[f"{_KEY}{i}"].value for i, p in enumerate(pairs)]
    if ends is not None and stage.within is not None:
        conditions.append(_near(ends[0], right.columns[_TIME], stage.within))
    columns, names = _named({n: right.columns[n] for n in made}, stage, left)
    seen = left.shown if left.shown is not None else offered_shown(left)
    defaults = {name: builder.scope(left).attribute(name, None).typed for name in seen if name not in left.columns}
    added = [names[name] for name in offered_shown(other) if name in names]
    both = replace(left, columns={**left.columns, **defaults, **columns}, shown=(*seen, *added))
    joined = builder.wrap(both)
    assert isinstance(joined.source, Derived)
    assert isinstance(right.source, Derived)
    partner = exp.Subquery(this=right.source.query, alias=table_alias(right.source.alias))
    joined.source.query.append("joins", exp.Join(this=partner, on=translate(all_of(conditions)), **_SIDES[stage.kind]))
    return joined


def _chosen(stage: ast.Join, block: Block, other: Block, builder: Builder) -> Block:
    """Return the rows whose keys are among those of the other side, or are not."""
    pairs = _pairs(stage, block, other, builder)
    wanted = replace(other, where=(*other.where, *(is_present(p.right) for p in pairs)), order=())
    query = render(wanted, [(f"k{i}", _certain(p.right)) for i, p in enumerate(pairs)])
    found = builder.in_query([_certain(p.left) for p in pairs], query)
    condition = all_of([*(is_present(p.left) for p in pairs), found])
    if stage.kind is ast.JoinKind.ANTI:
        condition = negate(condition, nullable=False)
    if block.grouping is None:
        return replace(block, where=(*block.where, condition))
    return replace(block, having=(*block.having, condition))


def _certain(item: Typed) -> ir.Value:
    """Return a value that is never NULL; what stands for NULL is excluded by a condition of its own."""
    if not item.type.nullable:
        return item.value
    return call("assumeNotNull", replace(item.type, missing=Missing.NEVER), item.value)


def _pairs(stage: ast.Join, left: Block, right: Block, builder: Builder) -> list[_Pair]:
    of_left, of_right = builder.scope(left), builder.scope(right)
    pairs: list[_Pair] = []
    for key in stage.on:
        one, two = compile_expr(key.left, of_left), compile_expr(key.right, of_right)
        if one.virtual == ISSUE != two.virtual:
            two = _issue_number(key.right, two, of_right)
        elif two.virtual == ISSUE != one.virtual:
            one = _issue_number(key.left, one, of_left)
        pairs.append(_comparable(one, two, key.span))
    return pairs


def _issue_number(key: ast.Name, made: Typed, scope: Scope) -> Typed:
    """Return the number of the issues whose names are compared with issues of events, which are known by number.

    Raises:
        TypeProblem: the names alone are there.
    """
    if made.type.base is not Base.STRING:
        return made
    if key.name == ISSUE and (
        _ISSUE_ID in scope.columns or (scope.catalog is not None and scope.catalog.dataset.name == "issues")
    ):
        return compile_expr(ast.Name(_ISSUE_ID, quoted=True, span=key.span), scope)
    raise TypeProblem(
        "Issues of events are joined by their number, and the other side has the name alone.",
        span=key.span,
        suggestion=f"Keep {_ISSUE_ID} there, and write on {_ISSUE_ID}.",
    )


def _comparable(left: Typed, right: Typed, span: ast.Span) -> _Pair:
    """Return both values in one type. Issues and projects are compared by number where both sides have them so."""
    if left.virtual != right.virtual:
        left, right = (_by_number(item, like) for item, like in ((left, right), (right, left)))
    if left.virtual:
        return _Pair(left, right)
    bases = {left.type.base, right.type.base}
    if bases & {Base.MAP, Base.ARRAY, Base.NULL}:
        raise TypeProblem("A join compares single values.", span=span, suggestion="Make a column of one by extend.")
    check_same(left.type, right.type, "=", span)
    factor = scale(right.type.unit, left.type.unit)
    if factor != 1:
        right = Typed(right.value * factor, replace(right.type, base=Base.FLOAT, unit=left.type.unit))
        bases = {left.type.base, Base.FLOAT}
    if Base.FLOAT in bases:
        return _Pair(_number(left), _number(right))
    if bases == {Base.TIME} and left.type.precision != right.type.precision:
        return _Pair(_fine(left), _fine(right))
    return _Pair(left, right)


def _by_number(item: Typed, like: Typed) -> Typed:
    """Return an issue or project as its number beside a number, else as text."""
    if item.virtual and like.type.base is Base.INTEGER:
        return replace(item, virtual="")
    return shown(item)


def _number(item: Typed) -> Typed:
    """Return a fractional number; NaN, which the engine's joins and sets find equal to itself, is no key."""
    found = as_null(item)
    value = found.value if found.type.base is Base.FLOAT else call("toFloat64", FLOAT, found.value)
    type_ = replace(found.type, base=Base.FLOAT, missing=Missing.NULL)
    return Typed(call("if", type_, value == value, value, ibis.null()), type_)  # noqa: PLR0124 - NaN is not


def _fine(item: Typed) -> Typed:
    type_ = replace(item.type, precision=9)
    return Typed(call("toDateTime64", type_, item.value, 9, "UTC"), type_)


def _times(stage: ast.Join, left: Block, right: Block, builder: Builder) -> tuple[Typed, Typed] | None:
    """Return the times of both sides when they must lie near each other."""
    if stage.within is None:
        return None
    found = [builder.scope(side).facts.special.get("time") for side in (left, right)]
    for time, where in zip(found, ("before the join", "on the other side of the join"), strict=True):
        if time is None:
            raise TypeProblem(
                f"within compares timestamps, and there is none {where}.",
                span=stage.within.span,
                suggestion="Keep the column timestamp there.",
            )
    return found[0], found[1]  # type: ignore[return-value]


def _near(left: Typed, right: Typed, within: ast.Duration) -> ir.Value:
    apart = call("dateDiff", INTEGER, "nanosecond", _fine(left).value, _fine(right).value)
    return call("abs", INTEGER, apart) <= within.ns


def _other_columns(stage: ast.Join, other: Block) -> dict[str, Typed]:
    """Return the other side's columns; in a left join each of them can be missing."""
    columns = offered(other)
    if stage.kind is not ast.JoinKind.LEFT:
        return {} if stage.kind in _CHOOSES else columns
    return {name: _maybe(typed) for name, typed in columns.items()}


def _maybe(item: Typed) -> Typed:
    """Return a column that is NULL, or what is stored for missing, where the engine finds no partner."""
    if item.type.base in {Base.MAP, Base.ARRAY} or (item.type.missing is not Missing.NEVER and not item.virtual):
        return item
    type_ = replace(item.type, missing=Missing.NULL)
    return late(lambda: call("toNullable", type_, item.value), type_, item.virtual)


def _named(made: dict[str, Typed], stage: ast.Join, left: Block) -> tuple[dict[str, Typed], dict[str, str]]:
    """Return the other side's columns under names that are free, and those names by their own; equal keys stay once."""
    same = {key.left.name for key in stage.on if key.left.name == key.right.name}
    taken = set(left.columns) | (set(left.catalog.fields) if left.catalog is not None else set())
    names: dict[str, str] = {}
    for name in made:
        if name in same:
            continue
        free = name
        number = 1
        while free in taken:
            free = f"{name}{RIGHT}{number if number > 1 else ''}"
            number += 1
        taken.add(free)
        names[name] = free
    return {names[name]: made[name] for name in names}, names
