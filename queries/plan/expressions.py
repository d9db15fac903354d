"""Expressions of the language as typed values: one Ibis node per node of the syntax tree, checked on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

import ibis
import ibis.expr.types as ir

from engine.schema import Unit
from queries import ast
from queries.check.units import check_same, settle
from queries.errors import NameProblem, QueryError, TypeProblem
from queries.functions.scalars import instant
from queries.plan.arithmetic import arithmetic, same_unit
from queries.plan.function_calls import build_call
from queries.plan.scope import Scope
from queries.plan.searches import predicate
from queries.plan.virtual import compare_virtual, matches, shown
from queries.types import BOOLEAN, FLOAT, INTEGER, STRING, TIME, Base, Missing, ValueType
from queries.values.bounded import negative
from queries.values.calls import call, reads_rows
from queries.values.typed import SIGNED, Typed, all_of, any_of, as_null, certain, equal, literal, negate

DURATION = ValueType(Base.INTEGER, Unit.NANOSECOND)


def compile_expr(expr: ast.Expr, scope: Scope) -> Typed:
    """Return the typed value of an expression.

    Raises:
        QueryError: a name, type or unit is wrong; the span says where.
    """
    match expr:
        case ast.Name():
            return _name(expr, scope)
        case (
            ast.Ambiguous()
            | ast.String()
            | ast.Number()
            | ast.Duration()
            | ast.Size()
            | ast.Percentage()
            | ast.Boolean()
            | ast.Instant()
            | ast.Null()
        ):
            return compile_literal(expr)
        case ast.Index():
            return _index(expr, scope)
        case ast.Call():
            return build_call(expr, scope, compile_expr)
        case ast.Unary():
            return _unary(expr, scope)
        case ast.Binary():
            return _binary(expr, scope)
        case ast.InList():
            return _in_list(expr, scope)
        case ast.Conditional():
            return build_call(ast.Call("if", (expr.test, expr.then, expr.otherwise), expr.span), scope, compile_expr)
        case ast.SearchExpr():
            return Typed(predicate(expr.search, scope, compile_expr), BOOLEAN)
        case _:
            assert_never(expr)


def compile_literal(expr: ast.Literal) -> Typed:
    """Return a literal with its unit."""
    match expr:
        case ast.String():
            return literal(expr.value, STRING)
        case ast.Number():
            return literal(expr.value, INTEGER if isinstance(expr.value, int) else FLOAT)
        case ast.Duration():
            return literal(expr.ns, DURATION)
        case ast.Size():
            return literal(expr.bytes, ValueType(Base.FLOAT, Unit.BYTE))
        case ast.Percentage():
            return literal(expr.ratio, ValueType(Base.FLOAT, Unit.RATIO))
        case ast.Boolean():
            return literal(expr.value, BOOLEAN)
        case ast.Instant():
            return Typed(instant(as_utc(expr.at)), TIME, constant=as_utc(expr.at))
        case ast.Null():
            return literal(None, STRING)
        case ast.Ambiguous():
            value, type_ = settle(expr, None)
            return literal(value, type_)
        case _:
            assert_never(expr)


def as_utc(moment: dt.datetime) -> dt.datetime:
    """Return the moment as aware UTC; a naive one is UTC already."""
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _name(expr: ast.Name, scope: Scope) -> Typed:
    if expr.name not in scope.columns and not expr.quoted:
        if expr.name in scope.lets:
            return compile_expr(scope.lets[expr.name], scope)
        if expr.name.startswith("$"):
            return _parameter(expr, scope)
    return scope.attribute(expr.name, expr.span).typed


def _parameter(expr: ast.Name, scope: Scope) -> Typed:
    name = expr.name.removeprefix("$")
    if name not in scope.context.params:
        raise NameProblem(f"The parameter ${name} was not given.", span=expr.span)
    value = scope.context.params[name]
    match value:
        case bool():
            return literal(value, BOOLEAN)
        case int() if -SIGNED <= value < 2 * SIGNED:
            return literal(value, INTEGER)
        case int():
            raise QueryError(f"The parameter ${name} is larger than 64 bits.", span=expr.span)
        case float():
            return literal(value, FLOAT)
        case str():
            return literal(value, STRING)
        case dt.datetime():
            return Typed(instant(as_utc(value)), TIME, constant=as_utc(value))
        case ast.Duration() | ast.Size():
            return compile_literal(value)
        case _:
            raise TypeProblem(f"The parameter ${name} is neither text, number, boolean nor time.", span=expr.span)


def _index(expr: ast.Index, scope: Scope) -> Typed:
    promoted = _promoted(expr, scope)
    if promoted is not None:
        return promoted
    base = compile_expr(expr.base, scope)
    index = compile_expr(expr.index, scope)
    element = base.type.element or Base.STRING
    result = ValueType(element, missing=Missing.NULL)
    if base.type.base is Base.MAP and isinstance(index.constant, str):
        return Typed(base.value[index.constant], result, base.aggregate)
    if base.type.base is Base.ARRAY and isinstance(index.constant, int):
        at = index.constant + 1 if index.constant >= 0 else index.constant
        return Typed(call("arrayElementOrNull", result, base.value, at), result, base.aggregate)
    raise TypeProblem(
        f"Cannot take an element of {base.type.describe()} with this index.",
        span=expr.span,
        suggestion='Maps take a text, m["key"]; arrays a whole number, a[0].',
    )


def _promoted(expr: ast.Index, scope: Scope) -> Typed | None:
    """Return `tags["key"]` from the key's own column when it has one."""
    if scope.catalog is None or not isinstance(expr.base, ast.Name) or not isinstance(expr.index, ast.String):
        return None
    if expr.base.name != scope.catalog.dataset.tags or expr.base.name in scope.columns:
        return None
    key = expr.index.value
    return scope.keyed(ast.TagKey(key, span=expr.span)).typed if key in scope.catalog.promoted else None


def _unary(expr: ast.Unary, scope: Scope) -> Typed:
    operand = shown(compile_expr(expr.operand, scope))
    if expr.op == "not":
        _require_boolean(operand, expr.operand)
        return replace(operand, value=negate(operand.value, nullable=operand.type.nullable), type=BOOLEAN)
    if not operand.type.is_number:
        raise TypeProblem(f"Cannot negate {operand.type.describe()}.", span=expr.span)
    if operand.is_constant:
        return literal(-operand.constant, operand.type)  # type: ignore[operator]
    return negative(as_null(operand))


def _require_boolean(item: Typed, expr: ast.Expr) -> None:
    item = shown(item)
    if item.type.base is not Base.BOOLEAN:
        raise TypeProblem(
            f"A condition is needed here, this is {item.type.describe()}.",
            span=expr.span,
            suggestion="Compare it with something.",
        )


_COMPARISONS = {"=", "!=", "<", "<=", ">", ">="}


def _binary(expr: ast.Binary, scope: Scope) -> Typed:
    if expr.op in {"and", "or"}:
        return _logic(expr, scope)
    left, right = _operands(expr, scope)
    mixed = left.aggregate or right.aggregate
    _check_mix(left, right, expr)
    if expr.op in {"contains", "=~"}:
        return _text_match(expr, left, right, aggregate=mixed)
    if expr.op in _COMPARISONS:
        return _compare(expr, left, right, scope, aggregate=mixed)
    return arithmetic(expr, shown(left), shown(right), aggregate=mixed)


def _check_mix(left: Typed, right: Typed, expr: ast.Binary) -> None:
    for one, other in ((left, right), (right, left)):
        if one.aggregate and not other.aggregate and reads_rows(other.value):
            raise TypeProblem(
                "An aggregate and a field of single rows cannot stand in one expression.",
                span=expr.span,
                suggestion="Put the field inside an aggregate such as any(), or among the keys after `by`.",
            )


def _operands(expr: ast.Binary, scope: Scope) -> tuple[Typed, Typed]:
    """Compile both sides, settling `5m` and `2b` by the other side's unit."""
    written_left, written_right = _bound_quantity(expr.left, scope), _bound_quantity(expr.right, scope)
    if isinstance(written_left, ast.Ambiguous) and not isinstance(written_right, ast.Ambiguous):
        right = compile_expr(expr.right, scope)
        return literal(*settle(written_left, right.type)), right
    left = compile_expr(expr.left, scope)
    if isinstance(written_right, ast.Ambiguous):
        return left, literal(*settle(written_right, left.type))
    return left, compile_expr(expr.right, scope)


def _bound_quantity(expr: ast.Expr, scope: Scope) -> ast.Expr:
    """Return the `5m` that a name was bound to by `let`, whose meaning the other operand decides as well."""
    if isinstance(expr, ast.Name) and not expr.quoted and expr.name not in scope.columns:
        return scope.lets.get(expr.name, expr)
    return expr


def _logic(expr: ast.Binary, scope: Scope) -> Typed:
    left, right = compile_expr(expr.left, scope), compile_expr(expr.right, scope)
    _require_boolean(left, expr.left)
    _require_boolean(right, expr.right)
    _check_mix(left, right, expr)
    join = all_of if expr.op == "and" else any_of
    missing = Missing.NULL if left.type.nullable or right.type.nullable else Missing.NEVER
    return Typed(
        join([left.value, right.value]), ValueType(Base.BOOLEAN, missing=missing), left.aggregate or right.aggregate
    )


def _text_match(expr: ast.Binary, left: Typed, right: Typed, *, aggregate: bool) -> Typed:
    left = shown(left)
    if left.type.base is not Base.STRING or not isinstance(right.constant, str):
        raise TypeProblem(f"{expr.op} needs text on the left and a quoted text on the right.", span=expr.span)
    result = ValueType(Base.BOOLEAN, missing=Missing.NULL if left.type.nullable else Missing.NEVER)
    if expr.op == "=~":
        return Typed(call("match", result, left.value, right.constant), result, aggregate)
    return Typed(left.value.ilike(f"%{escape_like(right.constant)}%"), result, aggregate)


def escape_like(text: str) -> str:
    """Return the text with the signs of LIKE taken literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _compare(expr: ast.Binary, left: Typed, right: Typed, scope: Scope, *, aggregate: bool) -> Typed:
    special = compare_virtual(expr, left, right, scope)
    if special is not None:
        return Typed(special, BOOLEAN, aggregate)
    left, right = shown(left), shown(right)
    check_same(left.type, right.type, expr.op, expr.span)
    left, right = same_unit(left, right)
    if expr.op in {"=", "!="}:
        same, nullable = equal(left, right)
        if expr.op == "=":
            return Typed(same, ValueType(Base.BOOLEAN, missing=Missing.NULL if nullable else Missing.NEVER), aggregate)
        if nullable:
            return Typed(negate(same, nullable=True), BOOLEAN, aggregate)
        return Typed(
            ~same if None in {left.constant, right.constant} else left.value != right.value, BOOLEAN, aggregate
        )
    left, right = as_null(left), as_null(right)
    nullable = left.type.nullable or right.type.nullable
    result = ValueType(Base.BOOLEAN, missing=Missing.NULL if nullable else Missing.NEVER)
    return Typed(_ordered(expr.op, left.value, right.value), result, aggregate)


def _ordered(op: str, left: ir.Value, right: ir.Value) -> ir.Value:
    match op:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case _:
            return left >= right


def _in_list(expr: ast.InList, scope: Scope) -> Typed:
    operand = compile_expr(expr.operand, scope)
    items = [made for item in expr.items for made in _member(item, operand, scope)]
    names = [item.constant for item in items if isinstance(item.constant, str)]
    if not items:
        found: ir.Value = ibis.literal(False)
    elif operand.virtual and len(names) == len(items):
        # One look-up for all names: one for each made fifty issues take 0.8 s.
        found = matches(operand, names, scope, expr.span)
    elif len(names) == len(items) and not operand.virtual:
        found = operand.value.isin(names)
    else:
        same = ast.Binary("=", expr.operand, expr.operand, expr.span)
        terms = [_compare(same, operand, item, scope, aggregate=False) for item in items]
        found = any_of([certain(t.value, nullable=t.type.nullable) for t in terms])
    nullable = operand.type.nullable
    value = negate(found, nullable=nullable) if expr.negated else certain(found, nullable=nullable)
    return Typed(value, BOOLEAN, operand.aggregate)


def _member(item: ast.Expr, operand: Typed, scope: Scope) -> list[Typed]:
    """Return the values of one item of a list: several for a parameter that is a list."""
    if isinstance(item, ast.Name) and item.name.startswith("$") and not item.quoted:
        given = scope.context.params.get(item.name[1:])
        if isinstance(given, list | tuple):
            found = [literal(one, _PLAIN_TYPES[type(one)]) for one in given if type(one) in _PLAIN_TYPES]
            if len(found) < len(given):
                raise TypeProblem(f"The items of the parameter {item.name} are texts or numbers.", span=item.span)
            for one in found:
                check_same(operand.type, one.type, "in", item.span) if not operand.virtual else None
            return found
    return [_item(item, operand, scope)]


_PLAIN_TYPES: Mapping[type, ValueType] = {str: STRING, int: INTEGER, float: FLOAT}


def _item(item: ast.Expr, operand: Typed, scope: Scope) -> Typed:
    written = _bound_quantity(item, scope)
    if isinstance(written, ast.Ambiguous):
        return literal(*settle(written, operand.type))
    found = compile_expr(item, scope)
    check_same(operand.type, found.type, "in", item.span) if not operand.virtual else None
    return found
