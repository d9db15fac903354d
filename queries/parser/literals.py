"""Numbers with units, times and strings of expressions."""

from __future__ import annotations

import difflib
import re
from decimal import Decimal

from queries import ast
from queries.errors import SyntaxProblem
from queries.lexer import Lexeme, unescape_string
from queries.search.numbers import (
    BYTES_IN,
    MILLISECONDS_IN,
    MULTIPLIER,
    NANOSECONDS_IN,
    PERCENT,
    exact,
    nanoseconds,
    scaled,
    too_large,
)
from queries.search.values import parse_instant

_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)(.*)")
_TIME = re.compile(r"([0-9-]{10})(?:T([0-9:.]+))?(Z|[+-][0-9:]{5})?")

MAX_DIGITS = 500
"""More digits than this are not a quantity anyone measured."""

UNITS = (*MILLISECONDS_IN, *BYTES_IN, "k", "M")


def number_literal(token: Lexeme) -> ast.Number | ast.Duration | ast.Size | ast.Percentage | ast.Ambiguous:
    """Return a number with its unit.

    Raises:
        SyntaxProblem: the unit is not known, or the number is too long.
    """
    match = _NUMBER.fullmatch(token.text)
    if match is None:
        raise SyntaxProblem(f"`{token.text}` is not a number.", span=token.span)
    digits, unit = match[1], match[2]
    if len(digits) > MAX_DIGITS or too_large(digits, _factor(unit)):
        raise SyntaxProblem("This number is too large.", span=token.span)
    if unit in {"m", "b", "B"}:
        return ast.Ambiguous(scaled(digits, None), unit.lower(), token.span)
    if unit in {"", "k", "K", "M"}:
        return ast.Number(scaled(digits, unit or None), token.span)
    if unit == "%":
        return ast.Percentage(float(exact(digits, PERCENT)), token.span)
    if unit in MILLISECONDS_IN:
        return ast.Duration(nanoseconds(digits, unit), token.span)
    if unit.lower() in BYTES_IN:
        return ast.Size(float(exact(digits, BYTES_IN[unit.lower()])), token.span)
    raise _unknown_unit(token, digits, unit)


def _factor(unit: str) -> Decimal:
    return NANOSECONDS_IN.get(unit) or BYTES_IN.get(unit.lower()) or MULTIPLIER.get(unit.lower(), Decimal(1))


def _unknown_unit(token: Lexeme, digits: str, unit: str) -> SyntaxProblem:
    near = difflib.get_close_matches(unit.lower(), UNITS, n=1)
    advice = f"Did you mean {digits}{near[0]}?" if near else "Units are ms s min h d w, bytes kb mb gb kib …, k, % ."
    return SyntaxProblem(f"`{unit}` is not a unit.", span=token.span, suggestion=advice)


def duration_literal(token: Lexeme) -> ast.Duration:
    """Return a length of time where only that can stand, so that `5m` is five minutes.

    Raises:
        SyntaxProblem: it is not a length of time.
    """
    literal = number_literal(token)
    if isinstance(literal, ast.Duration):
        return literal
    if isinstance(literal, ast.Ambiguous) and literal.suffix == "m":
        return ast.Duration(nanoseconds(token.text.removesuffix("m"), "m"), token.span)
    raise SyntaxProblem("A duration must stand here.", span=token.span, suggestion="Write one such as 5m, 1h or 1d.")


def time_literal(text: str, span: ast.Span) -> ast.Instant:
    """Return an ISO date or time.

    Raises:
        SyntaxProblem: there is no such day or time.
    """
    match = _TIME.fullmatch(text)
    at = None if match is None else parse_instant(match[1], match[2], match[3])
    if match is None or at is None:
        raise SyntaxProblem(
            f"`{text}` is not in the calendar.", span=span, suggestion="Write a time such as 2026-03-01T10:00:00Z."
        )
    return ast.Instant(at, match[2] is None, span)


def string_literal(token: Lexeme) -> ast.String:
    """Return a quoted string."""
    return ast.String(unescape_string(token.text), token.span)
