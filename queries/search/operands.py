"""The right side of a filter: value tokens as typed values, signs as operators."""

from __future__ import annotations

import datetime as dt

from queries import ast
from queries.search.escapes import has_wildcard, unescape_bare, unescape_stars, unquote
from queries.search.numbers import BYTES_IN, PERCENT, exact, nanoseconds, scaled
from queries.search.tokens import (
    BooleanValue,
    DateValue,
    DurationValue,
    FilterToken,
    ListValue,
    NumberValue,
    PercentageValue,
    RegexValue,
    RelativeDateValue,
    SizeValue,
    TextValue,
    Value,
)
from queries.search.values import RELATIVE_UNITS

_MATCHES = {
    "": ast.TextMatch.EXACT,
    "Contain": ast.TextMatch.CONTAINS,
    "StartWith": ast.TextMatch.STARTS_WITH,
    "EndWith": ast.TextMatch.ENDS_WITH,
    "Contains": ast.TextMatch.CONTAINS,
    "StartsWith": ast.TextMatch.STARTS_WITH,
    "EndsWith": ast.TextMatch.ENDS_WITH,
}


def filter_operand(token: FilterToken) -> tuple[ast.Op, ast.FilterValue, bool]:
    """Return the sign, the value, and whether a `DoesNot…` operator turns the filter round."""
    excluded = token.wildcard_operator.startswith("DoesNot")
    wildcard = token.wildcard_operator.removeprefix("DoesNot")
    return ast.Op(token.operator or "="), _operand(token.value, wildcard), excluded


def _operand(value: Value, wildcard: str) -> ast.FilterValue:
    span = ast.Span(value.start, value.end)
    match value:
        case TextValue():
            return text_operand(value, wildcard)
        case RegexValue():
            return ast.Regex(value.value, span)
        case ListValue():
            return _list(value, wildcard, span)
        case DateValue():
            return ast.Instant(value.at, value.time is None, span)
        case RelativeDateValue():
            return ast.RelativeInstant(relative_ns(value), span)
        case BooleanValue():
            return ast.Boolean(value.value.lower() in {"true", "1"}, span)
        case _:
            return quantity(value)


def quantity(
    value: NumberValue | DurationValue | SizeValue | PercentageValue,
) -> ast.Number | ast.Duration | ast.Size | ast.Percentage:
    """Return a number with its unit applied."""
    span = ast.Span(value.start, value.end)
    match value:
        case NumberValue():
            return ast.Number(scaled(value.value, value.unit), span)
        case DurationValue():
            return ast.Duration(nanoseconds(value.value, value.unit), span)
        case SizeValue():
            return ast.Size(float(exact(value.value, BYTES_IN[value.unit.lower()])), span)
        case PercentageValue():
            return ast.Percentage(float(exact(value.value, PERCENT)), span)


def relative_ns(value: RelativeDateValue) -> int:
    """Return a relative date as nanoseconds, negative for the past."""
    amount = int(value.value) * (RELATIVE_UNITS[value.unit] // dt.timedelta(microseconds=1)) * 1_000
    return -amount if value.sign == "-" else amount


def text_operand(value: TextValue, wildcard: str) -> ast.Text:
    """Return text with its escapes applied and the way it is compared."""
    span = ast.Span(value.start, value.end)
    text = unquote(value.value) if value.quoted else unescape_bare(value.value)
    if wildcard:
        return ast.Text(text, _MATCHES[wildcard], True, span)
    # Whether `[…` or `//…` without its end is text depends on what follows; in quotes it always is.
    quoted = value.quoted or text.startswith(("[", "//"))
    if has_wildcard(text):
        return ast.Text(text, ast.TextMatch.WILDCARD, quoted, span)
    return ast.Text(unescape_stars(text), ast.TextMatch.EXACT, quoted, span)


def _list(value: ListValue, wildcard: str, span: ast.Span) -> ast.TextList | ast.NumberList:
    texts: list[ast.Text] = []
    numbers: list[ast.Number] = []
    for item in value.items:
        if isinstance(item.value, TextValue):
            texts.append(text_operand(item.value, wildcard))
        elif isinstance(item.value, NumberValue):
            numbers.append(
                ast.Number(scaled(item.value.value, item.value.unit), ast.Span(item.value.start, item.value.end))
            )
    return ast.NumberList(tuple(numbers), span) if value.numeric else ast.TextList(tuple(texts), span)
