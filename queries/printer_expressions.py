"""Expressions as canonical text, with parentheses only where the tree needs them."""

from __future__ import annotations

from typing import assert_never

from queries import ast
from queries.lexer import quote_string
from queries.parser.expressions import BINARY_STRENGTH, COMPARISON, NOT, POSTFIX, SUM, UNARY, is_plain_name
from queries.printer_search import print_predicate
from queries.printer_values import print_duration, print_instant, print_percentage, print_size
from queries.search.numbers import digits_of

_CONDITIONAL = 0
_ATOM = POSTFIX + 1


def print_expression(expr: ast.Expr) -> str:
    """Return the text of an expression; reading it gives the same tree."""
    return _print(expr, _CONDITIONAL)


def print_named(item: ast.Named) -> str:
    """Return `name = expr`, or the expression alone."""
    text = print_expression(item.expr)
    if item.name is not None:
        return f"{print_name(item.name, quoted=not is_plain_name(item.name))}={text}"
    # `a = b` at this place would be read as a column called a.
    return f"({text})" if _starts_like_a_target(item.expr) else text


def print_name(name: str, *, quoted: bool) -> str:
    """Return a name, in `field("…")` when it is not an identifier."""
    return f"field({quote_string(name)})" if quoted else name


def _starts_like_a_target(expr: ast.Expr) -> bool:
    while True:
        match expr:
            case ast.Binary(op="=", left=ast.Name()):
                return True
            case ast.Binary():
                if _strength(expr.left) < BINARY_STRENGTH[expr.op]:
                    return False
                expr = expr.left
            case ast.Conditional():
                expr = expr.test
            case ast.InList():
                expr = expr.operand
            case _:
                return False


def _strength(expr: ast.Expr) -> int:
    match expr:
        case ast.Conditional():
            return _CONDITIONAL
        case ast.Binary():
            return BINARY_STRENGTH[expr.op]
        case ast.InList():
            return COMPARISON
        case ast.Unary():
            return NOT if expr.op == "not" else UNARY
        case ast.Index():
            return POSTFIX
        case _:
            return _ATOM


def _print(expr: ast.Expr, weakest: int) -> str:
    text = _bare(expr)
    return f"({text})" if _strength(expr) < weakest else text


def _bare(expr: ast.Expr) -> str:
    match expr:
        case ast.Name():
            return print_name(expr.name, quoted=expr.quoted)
        case ast.Call():
            return f"{expr.name}({', '.join(map(print_expression, expr.args))})"
        case ast.Index():
            return f"{_print(expr.base, POSTFIX)}[{print_expression(expr.index)}]"
        case ast.Unary():
            return _unary(expr)
        case ast.Binary():
            strength = BINARY_STRENGTH[expr.op]
            left = strength + 1 if strength == COMPARISON else strength
            return f"{_print(expr.left, left)} {expr.op} {_print(expr.right, strength + 1)}"
        case ast.InList():
            items = ", ".join(map(print_expression, expr.items))
            return f"{_print(expr.operand, SUM)} {'not ' * expr.negated}in [{items}]"
        case ast.Conditional():
            test, then = _print(expr.test, _CONDITIONAL + 1), print_expression(expr.then)
            return f"{test} ? {then} : {print_expression(expr.otherwise)}"
        case ast.SearchExpr():
            return print_predicate(expr.search)
        case _:
            return _literal(expr)


def _unary(expr: ast.Unary) -> str:
    if expr.op == "not":
        return f"not {_print(expr.operand, NOT)}"
    return f"-{_print(expr.operand, UNARY)}"


def _literal(expr: ast.Literal) -> str:
    match expr:
        case ast.String():
            return quote_string(expr.value)
        case ast.Number():
            return digits_of(expr.value)
        case ast.Duration():
            return print_duration(expr.ns)
        case ast.Size():
            return print_size(expr.bytes)
        case ast.Percentage():
            return print_percentage(expr.ratio)
        case ast.Boolean():
            return "true" if expr.value else "false"
        case ast.Instant():
            return print_instant(expr.at, whole_day=expr.whole_day)
        case ast.Null():
            return "null"
        case ast.Ambiguous():
            return f"{digits_of(expr.value)}{expr.suffix}"
        case _:
            assert_never(expr)
