"""Filters on numbers, durations and sizes."""

from __future__ import annotations

import re

import ibis.expr.types as ir

from engine.schema import Unit
from queries import ast
from queries.ast import Op
from queries.check.units import unit_class
from queries.errors import TypeProblem
from queries.printer_search import key_text
from queries.search.numbers import BYTES_IN
from queries.types import UNIT_WORDS
from queries.values.typed import Typed, as_null, certain, is_present, whole

_WRITTEN = re.compile(r"(?P<op>>=|<=|!=|>|<|=)?(?P<number>-?\d+(?:\.\d+)?)(?P<unit>[a-zA-Z]*|%)")
_SHORT = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000}
_DURATION_NS = {
    "ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "min": 60_000_000_000, "m": 60_000_000_000,
    "h": 3_600_000_000_000, "hr": 3_600_000_000_000, "d": 86_400_000_000_000, "day": 86_400_000_000_000,
    "w": 604_800_000_000_000, "wk": 604_800_000_000_000,
}  # fmt: skip


def parse_number(text: str) -> int | float | None:
    """Return the number a text spells, or None."""
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return None
    return float(text) if "." in text else int(text)


def number_condition(typed: Typed, node: ast.Filter) -> ir.Value:
    """Return the condition of a filter on a number, never NULL; `!=` is compiled as `=`.

    Raises:
        TypeProblem: the value is no number or of another unit; the message names both.
    """
    if isinstance(node.value, ast.NumberList):
        value = as_null(typed)
        numbers = [_operand(_in_unit(n, typed, node)) for n in node.value.items]
        return certain(value.value.isin(numbers), nullable=value.type.nullable)
    if isinstance(node.value, ast.TextList):
        value = as_null(typed)
        numbers = [_operand(_written(t, typed, node)[1]) for t in node.value.items]
        return certain(value.value.isin(numbers), nullable=value.type.nullable)
    if isinstance(node.value, ast.Text) and not node.value.text:
        return ~is_present(typed)
    if not isinstance(node.value, ast.Text):
        return _compare(typed, node.op, _in_unit(node.value, typed, node))
    op, number = _written(node.value, typed, node)
    if op is Op.NE:
        return ~_compare(typed, Op.EQ, number)
    return _compare(typed, op or node.op, number)


def _compare(typed: Typed, op: Op, number: float) -> ir.Value:
    value = as_null(typed) if op is not Op.EQ or number == 0 else typed
    operand = _operand(number)
    match op:
        case Op.GT:
            found = value.value > operand
        case Op.GE:
            found = value.value >= operand
        case Op.LT:
            found = value.value < operand
        case Op.LE:
            found = value.value <= operand
        case Op.EQ | Op.NE:
            found = value.value == operand
    return certain(found, nullable=value.type.nullable)


def _operand(number: float) -> ir.Value | float:
    return whole(number) if isinstance(number, int) else number


def _in_unit(value: ast.FilterValue, typed: Typed, node: ast.Filter) -> float | int:
    """Return the value as a number of the field's unit."""
    unit = typed.type.unit
    match value:
        case ast.Number(value=number):
            # A bare number on a duration is milliseconds, as users of Sentry write it.
            return int(number * 1_000_000) if unit is Unit.NANOSECOND else number
        case ast.Duration(ns=ns) if unit_class(unit) == "duration":
            return ns if unit is Unit.NANOSECOND else ns / 1_000_000
        case ast.Size(bytes=size) if unit in {Unit.BYTE, Unit.NONE}:
            return int(size) if float(size).is_integer() else size
        case ast.Percentage(ratio=ratio) if unit in {Unit.RATIO, Unit.NONE}:
            return ratio
        case ast.Duration():
            raise _mismatch(typed, "a duration", value, node)
        case ast.Size():
            raise _mismatch(typed, "a size", value, node)
        case ast.Percentage():
            raise _mismatch(typed, "a percentage", value, node)
        case _:
            raise _mismatch(typed, "no number", value, node)


def _mismatch(typed: Typed, given: str, value: ast.FilterValue, node: ast.Filter) -> TypeProblem:
    return TypeProblem(
        f"{key_text(node.key)} is {UNIT_WORDS[typed.type.unit]}, the value is {given}.",
        span=value.span,
        suggestion="Durations are written 2s or 150ms, sizes 10kb, numbers 42 or 10k.",
    )


def _written(text: ast.Text, typed: Typed, node: ast.Filter) -> tuple[Op | None, float | int]:
    """Read a number the parser left as text because it does not know the column."""
    found = _WRITTEN.fullmatch(text.text)
    if found is None:
        raise _mismatch(typed, "text", text, node)
    number = float(found["number"]) if "." in found["number"] else int(found["number"])
    op = Op(found["op"]) if found["op"] else None
    unit = found["unit"].lower()
    if unit in _DURATION_NS and unit_class(typed.type.unit) == "duration":
        return op, _in_unit(ast.Duration(int(number * _DURATION_NS[unit]), text.span), typed, node)
    if unit in BYTES_IN and typed.type.unit is Unit.BYTE:
        return op, _in_unit(ast.Size(float(number) * float(BYTES_IN[unit]), text.span), typed, node)
    if unit == "%":
        return op, _in_unit(ast.Percentage(number / 100, text.span), typed, node)
    if unit not in _SHORT:
        raise _mismatch(typed, "text", text, node)
    return op, _in_unit(ast.Number(number * _SHORT[unit], text.span), typed, node)
