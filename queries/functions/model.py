"""How a function is declared: name, arguments, result, unit rule, builder, one line of documentation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

import ibis.expr.types as ir

from engine.schema import Unit
from queries.types import FLOAT, INTEGER, Base, Missing, ValueType
from queries.values.calls import call
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
    PATTERN = "a regular expression written out"
    WORD = "one of a few words"
    WIDTH = "a width: a number, a duration or a calendar unit"
    ARRAY = "an array"
    SEQUENCE = "text or an array"
    NUMBER_OR_TEXT = "a number or text"
    NUMBER_OR_TIME = "a number or a time"
    BRANCH = "conditions, each with its value"


@dataclass(frozen=True, slots=True)
class Arg:
    """A declared argument.

    Attributes:
        name: as documentation shows it.
        want: what it must be.
        optional: it may be left out.
        repeated: it takes one or more; only the last argument.
        words: bare words that may stand here and mean themselves, such as `month` in `bin(timestamp, month)`. A field
            of that name is written `field("month")`.
    """

    name: str
    want: Want
    optional: bool = False
    repeated: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a builder may know besides its arguments.

    Attributes:
        now: the clock reading of the plan.
        window_seconds: length of the time a group covers: the whole range, or one bucket of a series.
        special: fields a function reads by itself, by role (`duration`, `status`, `time`, `id`), as far as there are.
        weight: how many rows of the world each row stands for, or None when every row stands for itself. Nothing is
            thinned out while it is taken in today, so it is None unless the request says that a table holds such rows
            or a stage has drawn a sample: the statement is then the one a person would write, `count()` and `sum(x)`.
    """

    now: dt.datetime
    window_seconds: float
    special: Mapping[str, Typed]
    weight: Typed | None = None


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

    def text(self, index: int, default: str = "") -> str:
        """Return a written-out text, or the default when it was left out."""
        found = self.arg(index)
        return default if found is None else str(found.constant)

    def values(self) -> tuple[ir.Value, ...]:
        """Return the arguments' expressions."""
        return tuple(a.value for a in self.args)


Worked = tuple[str, str]
"""An expression and its value as the reference page shows it. Scalars stand alone; aggregates are over the rows of
`queries.functions.samples`."""

Build = Callable[[Bound], ir.Value]
ResultType = Callable[[tuple[Typed, ...]], ValueType]


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language.

    Attributes:
        name: as written.
        args: declared arguments.
        result: from the checked arguments to the type of the value.
        build: makes the expression.
        unit_rule: how the unit of the result follows, for the reference page.
        doc: one line.
        example: a query or expression that uses it.
        aggregate: works on groups of rows.
        keeps_empty: the empty text, which is how columns store "missing", may pass through unchanged.
        needs: roles of `Facts.special` the function reads.
        worked: examples with their results, shown on the reference page and run as tests.
        weighted: rows count as often as `Facts.weight` says; other aggregates look at the rows that are there.
        whole: looks at all groups at once, so that no group may be dropped before it is computed.
    """

    name: str
    args: tuple[Arg, ...]
    result: ResultType
    build: Build
    unit_rule: str
    doc: str
    example: str
    aggregate: bool = False
    keeps_empty: bool = False
    needs: tuple[str, ...] = ()
    worked: tuple[Worked, ...] = ()
    weighted: bool = False
    whole: bool = False

    @property
    def signature(self) -> str:
        """The call as documentation shows it."""
        named = [f"{a.name}, …" if a.repeated else a.name for a in self.args]
        shown = [f"[{name}]" if a.optional else name for name, a in zip(named, self.args, strict=True)]
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


def nullable(type_: ValueType) -> ValueType:
    """Return the type with null for what is missing."""
    return replace(type_, missing=Missing.NULL)


def like(type_: ValueType) -> ResultType:
    """Return the rule of a function whose result is of this type, and null where an argument is."""

    def rule(args: tuple[Typed, ...]) -> ValueType:
        return nullable(type_) if any(a.type.nullable for a in args) else type_

    return rule


def nullable_like_first(args: tuple[Typed, ...]) -> ValueType:
    """Return the type of the first argument, null where any argument is."""
    return nullable(args[0].type) if any(a.type.nullable for a in args) else args[0].type


def plain(name: str, result: ValueType) -> Build:
    """Return the builder that hands its arguments to an engine function as they are."""
    return lambda bound: call(name, result, *bound.values())


def follow(name: str) -> Build:
    """Return the same for a function whose result has the type of its first argument."""
    return lambda bound: call(name, bound.args[0].type, *bound.values())


def array_of_first(args: tuple[Typed, ...]) -> ValueType:
    """Return an array of the first argument's type."""
    return ValueType(Base.ARRAY, element=args[0].type.base)


NULLABLE_FLOAT = ValueType(Base.FLOAT, missing=Missing.NULL)
NULLABLE_RATIO = ValueType(Base.FLOAT, Unit.RATIO, Missing.NULL)
COUNTED = always(INTEGER)
FRACTION = always(FLOAT)
