"""Calls: arguments are checked against the function table, then its builder makes the value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import ibis.expr.types as ir

from engine.schema import Unit
from queries import ast
from queries.ast import Op
from queries.catalog import closest_names, did_you_mean
from queries.check.units import settle, unit_class
from queries.errors import NameProblem, TypeProblem
from queries.functions import Arg, Bound, Function, Want, find_function
from queries.plan.scope import Scope
from queries.plan.virtual import shown
from queries.search.values import MAX_REGEX
from queries.types import STRING, Base, Missing, ValueType
from queries.values.typed import Typed, as_null, certain, literal

Compile = Callable[[ast.Expr, Scope], Typed]

_DURATION = ValueType(Base.INTEGER, Unit.NANOSECOND)
_WRITTEN = (ast.String, ast.Number, ast.Duration, ast.Size, ast.Percentage, ast.Boolean, ast.Instant, ast.Null)
_KEEP_IDS = {"count", "count_unique", "hll", "any"}
"""Functions to which a project or an issue may go as its number."""


def build_call(expr: ast.Call, scope: Scope, compile_expr: Compile) -> Typed:
    """Return the value of a call.

    Raises:
        NameProblem: no such function, or the dataset lacks a field it reads.
        TypeProblem: arguments do not fit, or an aggregate stands where none may.
    """
    expr = _sentry_condition(expr)
    function, conditional = _find(expr)
    inner = _argument_scope(function, expr, scope)
    given = expr.args
    where: ir.Value | None = None
    if conditional:
        where, given = _condition(expr, inner, compile_expr)
    if function.whole and scope.own_are_groups:
        raise TypeProblem(
            f"{function.name}() compares all groups, so it is computed with them.",
            span=expr.span,
            suggestion=f"Name it in summarize, x = {function.name}(), and use the name here.",
        )
    args = _arguments(function, given, expr, inner, compile_expr)
    _check_mix(function, args, given)
    for role in function.needs:
        replaced = role == "duration" and bool(function.args) and function.args[0].name == "x" and bool(args)
        if role not in inner.facts.special and not replaced:
            raise NameProblem(f"{function.name}() needs a {role}, which this dataset does not have.", span=expr.span)
    try:
        value = function.build(Bound(args, where, inner.facts))
    except ValueError as error:
        usage = f"Write {function.signature}."
        raise TypeProblem(f"{expr.name}() {error}.", span=expr.span, suggestion=usage) from None
    aggregate = function.aggregate or any(a.aggregate for a in args)
    virtual = args[0].virtual if function.name == "any" and args else ""
    return Typed(value, function.result(args), aggregate, virtual=virtual)


def _sentry_condition(expr: ast.Call) -> ast.Call:
    """Return `count_if(column, greater, 300)` and `avg_if(x, column, equals, value)` with a condition, as others.

    So Sentry writes them. A plain number beside a duration is milliseconds there, as it is in a search.
    """
    name = expr.name.lower()
    place = 0 if name == "count_if" else 1
    if not name.endswith("_if") or len(expr.args) != place + 3:
        return expr
    key, word, wanted = expr.args[place:]
    operator = SENTRY_OPERATORS.get(word.name) if isinstance(word, ast.Name) else None
    value = _searched(wanted)
    if operator is None or value is None or not isinstance(key, ast.Name):
        return expr
    found = ast.Filter(ast.Key(key.name, span=key.span), Op.EQ, value, span=expr.span)
    found = replace(found, negated=True) if operator is Op.NE else replace(found, op=operator)
    test = ast.SearchExpr(ast.Search(found, expr.span), expr.span)
    return replace(expr, args=(test, *expr.args[:place]))


def _searched(node: ast.Expr) -> ast.FilterValue | None:
    """Return a literal, or a bare word, as the value of a filter."""
    match node:
        case ast.Name():
            return ast.Text(node.name, span=node.span)
        case ast.String():
            return ast.Text(node.value, quoted=True, span=node.span)
        case ast.Ambiguous():
            return ast.Text(f"{node.value}{node.suffix}", span=node.span)
        case ast.Number() | ast.Duration() | ast.Size() | ast.Percentage() | ast.Boolean() | ast.Instant():
            return node
        case _:
            return None


SENTRY_OPERATORS = {
    "equals": Op.EQ,
    "notEquals": Op.NE,
    "less": Op.LT,
    "lessOrEquals": Op.LE,
    "greater": Op.GT,
    "greaterOrEquals": Op.GE,
}
"""Comparisons as Sentry's functions name them."""


def _find(expr: ast.Call) -> tuple[Function, bool]:
    try:
        return find_function(expr.name)
    except NameProblem as problem:
        raise NameProblem(problem.message, span=expr.span, suggestion=problem.suggestion) from None


def _argument_scope(function: Function, expr: ast.Call, scope: Scope) -> Scope:
    if not function.aggregate:
        return scope
    if scope.aggregates is None:
        raise TypeProblem(
            f"The aggregate {function.name}() may not stand here.",
            span=expr.span,
            suggestion="Aggregates belong into summarize, make-series, having or top; nesting takes two summarizes.",
        )
    return scope.aggregates


def _condition(expr: ast.Call, scope: Scope, compile_expr: Compile) -> tuple[ir.Value, tuple[ast.Expr, ...]]:
    if not expr.args:
        raise TypeProblem(
            f"{expr.name}() needs a condition first.", span=expr.span, suggestion=f"{expr.name}(`level:error`, …)"
        )
    test = compile_expr(expr.args[0], scope)
    if test.type.base is not Base.BOOLEAN:
        raise TypeProblem(
            f"The first argument of {expr.name}() is a condition, this is {test.type.describe()}.",
            span=expr.args[0].span,
        )
    return certain(test.value, nullable=test.type.nullable), expr.args[1:]


def _arguments(
    function: Function, given: tuple[ast.Expr, ...], expr: ast.Call, scope: Scope, compile_expr: Compile
) -> tuple[Typed, ...]:
    declared = _declared(function, given, expr)
    made: list[Typed] = []
    for arg, node in zip(declared, given, strict=False):
        made.append(_argument(function, arg, node, made, (scope, compile_expr)))
    return tuple(made)


def _declared(function: Function, given: tuple[ast.Expr, ...], expr: ast.Call) -> list[Arg]:
    declared = list(function.args)
    if declared and declared[-1].repeated:
        declared += [declared[-1]] * (len(given) - len(declared))
    if declared and declared[-1].want is Want.BRANCH:
        declared = _branches(len(declared))
    least = sum(not a.optional for a in function.args)
    if not least <= len(given) <= len(declared):
        raise TypeProblem(
            f"{function.name}() takes {_counted(least, len(declared))}, here are {len(given)}.",
            span=expr.span,
            suggestion=f"Write {function.signature}.",
        )
    return declared


def _branches(count: int) -> list[Arg]:
    """Return conditions and values in turn; a last one alone is the value of the rest."""
    pairs = [Arg("condition", Want.BOOLEAN), Arg("value", Want.ANY)] * (count // 2)
    return pairs + [Arg("otherwise", Want.ANY)] * (count % 2)


def _counted(least: int, most: int) -> str:
    if least == most:
        return "no arguments" if least == 0 else f"{least} argument{'s' if least > 1 else ''}"
    return f"{least} to {most} arguments"


def _argument(function: Function, arg: Arg, node: ast.Expr, before: list[Typed], tools: tuple[Scope, Compile]) -> Typed:
    scope, compile_expr = tools
    word = _word(arg, node)
    if word is not None:
        return literal(word, STRING)
    if isinstance(node, ast.Ambiguous):
        made = literal(*settle(node, _DURATION if arg.want is Want.DURATION else _unit_giver(before)))
    else:
        made = compile_expr(node, scope)
    if made.virtual and function.name not in _KEEP_IDS:
        made = shown(made)
    _check(function, arg, made, node)
    if made.type.nullable and arg.want is Want.BOOLEAN:
        return replace(made, value=certain(made.value, nullable=True), type=replace(made.type, missing=Missing.NEVER))
    if function.aggregate or function.keeps_empty or made.is_constant:
        return made
    return as_null(made)


def _check_mix(function: Function, args: tuple[Typed, ...], given: tuple[ast.Expr, ...]) -> None:
    """Check that a scalar function is not about a group and a single row at once."""
    if function.aggregate or not any(made.aggregate for made in args):
        return
    for made, node in zip(args, given, strict=False):
        if not made.aggregate and not made.is_constant and not _is_fixed(node):
            raise TypeProblem(
                f"{function.name}() cannot take an aggregate and a field of single rows together.",
                span=node.span,
                suggestion="Put the field inside an aggregate such as any(), or among the keys after `by`.",
            )


def _is_fixed(node: ast.Expr) -> bool:
    """Whether a value is the same for all rows without being written out, such as `now()`."""
    return isinstance(node, ast.Call) and all(_is_fixed(arg) or isinstance(arg, _WRITTEN) for arg in node.args)


def _word(arg: Arg, node: ast.Expr) -> str | None:
    """Return the word an argument stands for by itself; where a field may stand too it is none in `field("…")`."""
    match node:
        case ast.Name(name=name, quoted=quoted) if name.lower() in arg.words and not (
            quoted and arg.want is Want.WIDTH
        ):
            return name.lower()
        case ast.String(value=name) if name.lower() in arg.words:
            return name.lower()
        case _:
            return None


def _unit_giver(before: list[Typed]) -> ValueType | None:
    return before[0].type if before else None


def _check(function: Function, arg: Arg, made: Typed, node: ast.Expr) -> None:
    if made.type.base is Base.NULL and arg.want is Want.ANY:
        return
    if function.aggregate and made.aggregate:
        raise TypeProblem(
            f"{function.name}() cannot work on another aggregate.",
            span=node.span,
            suggestion="Use two summarize stages.",
        )
    if not _FITS[arg.want](made):
        if arg.want is Want.WORD:
            near = did_you_mean(closest_names(_spelled(node), arg.words))
            raise TypeProblem(
                f"{function.name}() takes one of {', '.join(arg.words)} as {arg.name}.", span=node.span, suggestion=near
            )
        raise TypeProblem(
            f"{function.name}() takes {arg.want.value} as {arg.name}, this is {made.type.describe()}.",
            span=node.span,
            suggestion=f"Write {function.signature}, for example: {function.example}",
        )


def _spelled(node: ast.Expr) -> str:
    match node:
        case ast.Name(name=name) | ast.String(value=name):
            return name.lower()
        case _:
            return ""


def _is_pattern(made: Typed) -> bool:
    return isinstance(made.constant, str) and 0 < len(made.constant) <= MAX_REGEX


_FITS: dict[Want, Callable[[Typed], bool]] = {
    Want.ANY: lambda _: True,
    Want.STRING: lambda made: made.type.base is Base.STRING,
    Want.NUMBER: lambda made: made.type.is_number,
    Want.ORDERED: lambda made: made.type.is_number or made.type.base in {Base.STRING, Base.TIME, Base.BOOLEAN},
    Want.BOOLEAN: lambda made: made.type.base is Base.BOOLEAN,
    Want.TIME: lambda made: made.type.base is Base.TIME,
    Want.DURATION: lambda made: made.is_constant and unit_class(made.type.unit) == "duration",
    Want.COUNT: lambda made: isinstance(made.constant, int) and not isinstance(made.constant, bool),
    Want.SHARE: lambda made: isinstance(made.constant, int | float) and not isinstance(made.constant, bool),
    Want.TEXT: lambda made: isinstance(made.constant, str),
    Want.PATTERN: _is_pattern,
    Want.WORD: lambda _: False,
    Want.WIDTH: lambda made: isinstance(made.constant, int | float) and not isinstance(made.constant, bool),
    Want.ARRAY: lambda made: made.type.base is Base.ARRAY,
    Want.NUMBER_OR_TIME: lambda made: made.type.is_number or made.type.base is Base.TIME,
    Want.SEQUENCE: lambda made: made.type.base in {Base.STRING, Base.ARRAY},
    Want.NUMBER_OR_TEXT: lambda made: made.type.is_number or made.type.base is Base.STRING,
}
