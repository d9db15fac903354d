"""How a function is declared: name, arguments, result, unit rule, builder, one line of documentation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

import ibis.expr.types as ir

from engine.schema import Unit
from queries.types import FLOAT, INTEGER, Base, Missing, ValueType
from queries.values.typed import Typed


class Want(Enum):
    """What an argument must be."""

    ANY = "anything"
    STRING = "text"
    NUMBER = "a number"
    ORDERED = "a number, text or time"
    BOOLEAN = "a condition"
    TIME = "a time"
    DURATION = "a duration"
    COUNT = "a whole number written out"
    SHARE = "a number written out"
    TEXT = "a text written out"


@dataclass(frozen=True, slots=True)
class Arg:
    """A declared argument; `default` is shown and used when it is left out, `repeated` takes one or more."""

    name: str
    want: Want
    optional: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a builder may know besides its arguments.

    Attributes:
        now: the clock reading of the plan.
        window_seconds: length of the time a group covers: the whole range, or one bucket of a series.
        special: fields a function reads by itself, by role (`duration`, `status`, `time`, `id`), as far as there are.
    """

    now: dt.datetime
    window_seconds: float
    special: Mapping[str, Typed]


@dataclass(frozen=True, slots=True)
class Bound:
    """A call being built: checked arguments, the condition of an `_if` form, and the facts."""

    args: tuple[Typed, ...]
    where: ir.Value | None
    facts: Facts

    def arg(self, index: int) -> Typed | None:
        """Return the argument at `index`, or None when it was left out."""
        return self.args[index] if index < len(self.args) else None

    def number(self, index: int, default: float) -> float:
        """Return a written-out number, or the default when it was left out."""
        found = self.arg(index)
        return default if found is None else float(found.constant)  # type: ignore[arg-type]

    def within(self, index: int, default: float, bounds: tuple[float, float]) -> float:
        """Return a written-out number as `number` does; ValueError outside of the bounds, both included."""
        found = self.number(index, default)
        if not bounds[0] <= found <= bounds[1]:
            raise ValueError(f"takes a number from {bounds[0]} to {bounds[1]} here")
        return found

    def values(self) -> tuple[ir.Value, ...]:
        """Return the arguments' expressions."""
        return tuple(a.value for a in self.args)


Build = Callable[[Bound], ir.Value]
ResultType = Callable[[tuple[Typed, ...]], ValueType]


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language.

    Attributes:
        name: as written.
        args: declared arguments.
        result: from the checked arguments to the type of the value.
        unit_rule: how the unit of the result follows, for the reference page.
        build: makes the expression.
        doc: one line.
        example: a query or expression that uses it.
        aggregate: works on groups of rows.
        keeps_empty: the empty text, which is how columns store "missing", may pass through unchanged.
        needs: roles of `Facts.special` the function reads.
    """

    name: str
    args: tuple[Arg, ...]
    result: ResultType
    unit_rule: str
    build: Build
    doc: str
    example: str
    aggregate: bool = False
    keeps_empty: bool = False
    needs: tuple[str, ...] = ()

    @property
    def signature(self) -> str:
        """The call as documentation shows it."""
        shown = [f"[{a.name}]" if a.optional else f"{a.name}, …" if a.repeated else a.name for a in self.args]
        return f"{self.name}({', '.join(shown)})"


def always(type_: ValueType) -> ResultType:
    """Return the rule of a function whose result type does not depend on its arguments."""
    return lambda _: type_


def same_as_first(args: tuple[Typed, ...]) -> ValueType:
    """Return the type of the first argument."""
    return args[0].type


def nullable_first(args: tuple[Typed, ...]) -> ValueType:
    """Return the type of the first argument, null where there is none."""
    first = args[0].type
    return ValueType(first.base, first.unit, Missing.NULL, first.element, first.precision)


def float_of_first(args: tuple[Typed, ...]) -> ValueType:
    """Return a fractional number of the first argument's unit, null when nothing was there to compute from."""
    return ValueType(Base.FLOAT, args[0].type.unit, Missing.NULL)


def array_of_first(args: tuple[Typed, ...]) -> ValueType:
    """Return an array of the first argument's type."""
    return ValueType(Base.ARRAY, element=args[0].type.base)


NULLABLE_FLOAT = ValueType(Base.FLOAT, missing=Missing.NULL)
NULLABLE_RATIO = ValueType(Base.FLOAT, Unit.RATIO, Missing.NULL)
COUNTED = always(INTEGER)
FRACTION = always(FLOAT)
