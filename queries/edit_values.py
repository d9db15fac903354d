"""A cell of a result as text of the language: a literal, a condition, a filter of the search language.

Cells are given as the JSON answer shows them: times as RFC 3339 with every stored digit, numbers above 2^53 as text,
durations as numbers of the column's unit. Python's own values do as well.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import assert_never

from engine.schema import Unit
from queries import ast
from queries.catalog import FieldInfo
from queries.errors import QueryError
from queries.parser.expressions import is_plain_name
from queries.printer_search import print_search
from queries.search.datasets import config_for
from queries.search.tree import parse_search
from queries.types import Base, Missing, ValueType

MAX_ELEMENTS = 100
"""Longest array that is compared; each element is a condition of its own."""

_BARE = re.compile(r"(?!//)[A-Za-z0-9_/@][A-Za-z0-9_./@+-]*")
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})?")
_EXACT_NS = ast.Duration(1)
_MILLISECOND = ast.Duration(1_000_000)


def equals(operand: ast.Expr, type_: ValueType, value: object, *, negated: bool = False) -> ast.Expr:
    """Return the condition that `operand`, of type `type_`, is the cell `value`; null and the empty array included.

    Raises:
        QueryError: the language cannot say it: a map, a number that is none, a value of another type.
    """
    if value is not None and type_.base is Base.ARRAY:
        return _array(operand, type_, value, negated=negated)
    if value is not None and type_.base is Base.TIME:
        digits = _beyond_micro(value)
        if digits is not None:
            operand, type_, value = ast.Call("tostring", (operand,)), ValueType(Base.STRING), digits
    if isinstance(value, float | int) and not isinstance(value, bool) and type_.base is Base.FLOAT:
        operand, type_ = _plain_float(operand, type_, float(value))
    return ast.Binary("!=" if negated else "=", operand, literal(value, type_))


def literal(value: object, type_: ValueType) -> ast.Expr:
    """Return a cell of a column of type `type_` as a literal.

    Raises:
        QueryError: there is no literal for it.
    """
    if value is None:
        return ast.Null()
    match type_.base:
        case Base.STRING:
            return ast.String(str(value))
        case Base.BOOLEAN:
            return ast.Boolean(_boolean(value))
        case Base.INTEGER:
            return _signed(_integer(value), type_.unit)
        case Base.FLOAT:
            return _float(_number(value), type_.unit)
        case Base.TIME:
            return ast.Instant(instant(value))
        case Base.ARRAY | Base.MAP | Base.NULL:
            raise _no_condition(type_)
        case _:
            assert_never(type_.base)


def type_of_value(value: object) -> ValueType:
    """Return the type a cell has by itself, for a column nothing is known of."""
    match value:
        case bool():
            return ValueType(Base.BOOLEAN)
        case int():
            return ValueType(Base.INTEGER)
        case float():
            return ValueType(Base.FLOAT)
        case dt.datetime():
            return ValueType(Base.TIME)
        case list() | tuple():
            return ValueType(Base.ARRAY)
        case _:
            return ValueType(Base.STRING)


def instant(value: object) -> dt.datetime:
    """Return a cell of a time column as an aware time, in microseconds.

    Raises:
        QueryError: it is no time.
    """
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC) if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)
    found = _TIME.fullmatch(str(value))
    if found is None:
        raise _bad_value("a time", value)
    day, clock, digits, zone = found.groups()
    text = f"{day}T{clock}.{(digits or '').ljust(6, '0')[:6]}{'+00:00' if zone in {None, 'Z'} else zone}"
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except ValueError:
        raise _bad_value("a time", value) from None


def search_term(
    key: ast.Key | ast.TagKey, info: FieldInfo, value: object, dataset: str, *, negated: bool
) -> ast.Filter | ast.Has | None:
    """Return the filter of a search that keeps (or drops) exactly the rows whose cell is `value`.

    Returns None where the search language says something else: a filter on an array matches any element, an empty
    text matches a missing tag as well, fractions are compared with rounding.
    """
    term = _term(key, info, value, negated=negated)
    if term is None:
        return None
    # What a value looks like decides how it is read (`[`, `<`, `Contains…`); the reader itself has the last word.
    try:
        again = parse_search(print_search(ast.Search(term)), config_for(frozenset({dataset})))
    except QueryError:
        return None
    return term if again == ast.Search(term) else None


def _term(key: ast.Key | ast.TagKey, info: FieldInfo, value: object, *, negated: bool) -> ast.Filter | ast.Has | None:
    if info.virtual:
        return None if value is None else ast.Filter(key, ast.Op.EQ, text(str(value)), negated)
    if info.any_of or info.type.base in {Base.ARRAY, Base.MAP, Base.FLOAT}:
        return None
    if value is None or (value == "" and info.type.missing is Missing.EMPTY):
        # A text map entry may be there and empty, which `has` takes for missing.
        exact = info.type.missing is Missing.EMPTY or info.type.base is not Base.STRING
        return ast.Has(key, negated=not negated) if exact else None
    operand = _operand(info.type, value)
    return None if operand is None else ast.Filter(key, ast.Op.EQ, operand, negated)


def _operand(type_: ValueType, value: object) -> ast.FilterValue | None:
    match type_.base:
        case Base.STRING:
            return text(str(value)) if value != "" else None
        case Base.BOOLEAN:
            return ast.Boolean(_boolean(value))
        case Base.INTEGER if type_.unit is Unit.NANOSECOND:
            return ast.Duration(_integer(value))
        case Base.INTEGER if type_.unit is Unit.NONE:
            return ast.Number(_integer(value))
        case Base.TIME if _beyond_micro(value) is None:
            return ast.Instant(instant(value))
        case _:
            return None


def text(value: str) -> ast.Text:
    """Return a text of the search language that means exactly `value`, in quotes where it needs them."""
    return ast.Text(value, ast.TextMatch.EXACT, quoted=_BARE.fullmatch(value) is None)


def name(field: str) -> ast.Name:
    """Return a field or column as an expression."""
    return ast.Name(field, quoted=not is_plain_name(field))


def _array(operand: ast.Expr, type_: ValueType, value: object, *, negated: bool) -> ast.Expr:
    if not isinstance(value, list | tuple):
        raise _bad_value("an array", value)
    if len(value) > MAX_ELEMENTS:
        raise QueryError(f"Arrays of more than {MAX_ELEMENTS} elements cannot be compared.")
    element = ValueType(type_.element or Base.STRING, type_.unit)
    parts = [equals(ast.Index(operand, ast.Number(i)), element, item) for i, item in enumerate(value)]
    end = ast.Binary("=", ast.Index(operand, ast.Number(len(value))), ast.Null())
    whole: ast.Expr = end
    for part in reversed(parts):
        whole = ast.Binary("and", part, whole) if whole is not end else ast.Binary("and", part, end)
    return ast.Unary("not", whole) if negated else whole


def _plain_float(operand: ast.Expr, type_: ValueType, value: float) -> tuple[ast.Expr, ValueType]:
    """Return an operand without a unit when no duration is exactly `value`: literals end at the nanosecond."""
    match type_.unit:
        case Unit.NANOSECOND if not value.is_integer():
            return ast.Binary("/", operand, _EXACT_NS), ValueType(Base.FLOAT)
        case Unit.MILLISECOND:
            return ast.Binary("/", operand, _MILLISECOND), ValueType(Base.FLOAT)
        case _:
            return operand, type_


def _float(value: float, unit: Unit) -> ast.Expr:
    if not math.isfinite(value):
        raise QueryError("A number without a value cannot be compared.")
    if unit is Unit.NANOSECOND:
        return _signed(int(value), unit)
    magnitude: ast.Expr = ast.Size(abs(value)) if unit is Unit.BYTE else ast.Number(abs(value))
    return ast.Unary("-", magnitude) if value < 0 else magnitude


def _signed(value: int, unit: Unit) -> ast.Expr:
    magnitude: ast.Expr
    match unit:
        case Unit.NANOSECOND:
            magnitude = ast.Duration(abs(value))
        case Unit.MILLISECOND:
            magnitude = ast.Duration(abs(value) * 1_000_000)
        case Unit.BYTE:
            magnitude = ast.Size(float(abs(value)))
        case Unit.NONE | Unit.RATIO:
            magnitude = ast.Number(abs(value))
        case _:
            assert_never(unit)
    return ast.Unary("-", magnitude) if value < 0 else magnitude


def _beyond_micro(value: object) -> str | None:
    """Return a time as the engine writes it when it has digits that a time literal cannot hold, else None."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None or not (found[3] or "").ljust(9, "0")[6:].strip("0"):
        return None
    return f"{instant(value):%Y-%m-%d %H:%M:%S}.{found[3].ljust(9, '0')}"


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value in {"true", "false"}:
        return value == "true"
    raise _bad_value("true or false", value)


def _integer(value: object) -> int:
    try:
        found = int(str(value)) if not isinstance(value, float) else int(value)
    except (ValueError, OverflowError):
        raise _bad_value("a whole number", value) from None
    if isinstance(value, bool) or (isinstance(value, float) and found != value):
        raise _bad_value("a whole number", value)
    return found


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _bad_value("a number", value)
    try:
        return float(value)
    except ValueError:
        raise _bad_value("a number", value) from None


def _bad_value(wanted: str, value: object) -> QueryError:
    return QueryError(f"The column holds {wanted}, and {str(value)[:80]!r} is none.", code="query-edit-value")


def _no_condition(type_: ValueType) -> QueryError:
    return QueryError(f"A filter cannot compare {type_.describe()}.", code="query-edit-value")
