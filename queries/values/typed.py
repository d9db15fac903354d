"""Typed values: an Ibis expression with the language's type, and how presence and comparison work on it."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

import ibis
import ibis.expr.types as ir

from queries.types import BOOLEAN, INTEGER, NULL, Base, Missing, ValueType
from queries.values import source
from queries.values.calls import call, dtype_of
from queries.values.late import Late, LateAttribute


class _Varies:
    """The type of the marker for values that are not known while planning."""


VARIES: Final = _Varies()


SIGNED: Final = 2**63
"""First integer that a signed one of 64 bits cannot hold."""


_MANY: Final = 16
"""So many conditions are joined one after the other; more would make a tree too deep to walk by calls."""


@dataclass(frozen=True)
class Typed:
    """A value of the language.

    Attributes:
        value: the Ibis expression, made when it is first read if it was given late; a missing value looks as
            `type.missing` says.
        type: the language's type.
        aggregate: the expression holds an aggregate.
        constant: its Python value when it is a literal, else `VARIES`.
        virtual: `project` or `issue` when the number stands for a name.
    """

    if TYPE_CHECKING:
        value: ir.Value
    else:
        value: Any = LateAttribute()
    type: ValueType
    aggregate: bool = False
    constant: object = VARIES
    virtual: str = ""

    @property
    def is_constant(self) -> bool:
        """Whether the value is a literal."""
        return self.constant is not VARIES

    @property
    def late(self) -> Late | None:
        """How the value is made, None when it is there."""
        given = self.__dict__["_value"]
        return given if isinstance(given, Late) else None


def late(make: Callable[[], ir.Value], type_: ValueType, virtual: str = "") -> Typed:
    """Return a value that is made when it is first read."""
    return Typed(cast("ir.Value", Late(make)), type_, virtual=virtual)


def literal(value: object, type_: ValueType) -> Typed:
    """Return a literal; None is the null of any type."""
    if value is None:
        return Typed(ibis.null(), NULL, constant=None)
    if isinstance(value, int) and value >= SIGNED:
        return Typed(whole(value), type_, constant=value)
    return Typed(source.literal(value, dtype_of(type_)), type_, constant=value)


def whole(number: int) -> ir.Value:
    """Return an integer of up to 64 bits. Ibis compares signed ones only, so what they cannot hold goes as text."""
    return source.literal(number) if number < SIGNED else call("toUInt64", INTEGER, str(number))


def constant(value: object) -> ir.Value:
    """Return a bare Ibis literal of a Python value."""
    return source.literal(value)


TRUE: Final[Any] = ibis.literal(True)
FALSE: Final[Any] = ibis.literal(False)


def zero_of(type_: ValueType) -> float:
    """Return the zero of a kind of number: beside a fraction the engine takes a whole 0 for another type."""
    return 0.0 if type_.base is Base.FLOAT else 0


def present(item: Typed) -> ir.Value:
    """Return the value with NULL where it is missing."""
    if item.type.missing is not Missing.EMPTY or item.virtual:
        return item.value
    empty = "" if item.type.base is Base.STRING else 0
    return call("nullIf", replace(item.type, missing=Missing.NULL), item.value, empty)


def as_null(item: Typed) -> Typed:
    """Return the same value typed so that missing is NULL."""
    if item.type.missing is not Missing.EMPTY or item.virtual:
        return item
    return replace(item, value=present(item), type=replace(item.type, missing=Missing.NULL))


def is_present(item: Typed) -> ir.Value:
    """Return whether there is a value; an empty text counts as present unless that is how missing is stored."""
    match item.type.missing:
        case Missing.NEVER:
            return TRUE
        case Missing.EMPTY:
            return item.value != ("" if item.type.base is Base.STRING else 0)
        case Missing.NULL:
            return item.value.notnull()


def is_missing(item: Typed) -> ir.Value:
    """Return whether there is no value."""
    match item.type.missing:
        case Missing.NEVER:
            return FALSE
        case Missing.EMPTY:
            return item.value == ("" if item.type.base is Base.STRING else 0)
        case Missing.NULL:
            return item.value.isnull()


def certain(condition: ir.Value, *, nullable: bool) -> ir.Value:
    """Return the condition with false instead of NULL."""
    return call("ifNull", BOOLEAN, condition, FALSE) if nullable else condition


def negate(condition: ir.Value, *, nullable: bool) -> ir.Value:
    """Return what is true wherever the condition is not; a missing value does not fulfil the condition."""
    return ~certain(condition, nullable=nullable)


def equal(left: Typed, right: Typed) -> tuple[ir.Value, bool]:
    """Return `left = right` and whether it can be NULL."""
    if right.is_constant and right.constant is None:
        return is_missing(left), False
    if left.is_constant and left.constant is None:
        return is_missing(right), False
    return left.value == right.value, left.type.nullable or right.type.nullable


def all_of(conditions: Sequence[ir.Value]) -> ir.Value:
    """Return the conjunction of at least one condition."""
    return _joined(conditions, operator.and_)


def any_of(conditions: Sequence[ir.Value]) -> ir.Value:
    """Return the disjunction of at least one condition."""
    return _joined(conditions, operator.or_)


def _joined(conditions: Sequence[ir.Value], join: Callable[[ir.Value, ir.Value], ir.Value]) -> ir.Value:
    """Return the conditions joined; many of them in a tree that is no deeper than it must be."""
    if len(conditions) > _MANY:
        middle = len(conditions) // 2
        return join(_joined(conditions[:middle], join), _joined(conditions[middle:], join))
    return functools.reduce(join, conditions)
