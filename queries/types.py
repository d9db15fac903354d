"""Types of the language: what a value is, what it counts, and how a missing one is stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from engine.schema import Kind, Unit


class Base(Enum):
    """What a value is made of."""

    __hash__ = object.__hash__  # each is itself alone, and that of `Enum` is a call of Python

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    ARRAY = "array"
    MAP = "map"
    NULL = "null"


class Missing(Enum):
    """How a missing value is stored: never, as the empty string, or as null."""

    __hash__ = object.__hash__  # each is itself alone, and that of `Enum` is a call of Python

    NEVER = "never"
    EMPTY = "empty"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of an expression or column.

    Attributes:
        base: what it is made of.
        unit: what a number counts.
        missing: how a missing value looks in the store; results always show null.
        element: base of the elements of an array or of the values of a map.
        precision: digits after the second of a TIME (0, 3, 6 or 9).
    """

    base: Base
    unit: Unit = Unit.NONE
    missing: Missing = Missing.NEVER
    element: Base | None = None
    precision: int = 6

    @property
    def is_number(self) -> bool:
        """Whether arithmetic and order by size make sense."""
        return self.base in {Base.INTEGER, Base.FLOAT}

    @property
    def nullable(self) -> bool:
        """Whether the engine's value may be NULL."""
        return self.missing is Missing.NULL

    def describe(self) -> str:
        """Return the word an error message uses: `a duration`, `text`."""
        if self.unit is not Unit.NONE:
            return UNIT_WORDS[self.unit]
        word = BASE_WORDS[self.base]
        return f"{word} of {_MANY_WORDS[self.kind[1]]}" if self.kind[1] else word

    @property
    def kind(self) -> tuple[str, str]:
        """What can be compared: numbers of both bases are one kind, arrays and maps are of the kind they hold."""
        element = self.element if self.base in {Base.ARRAY, Base.MAP} else None
        return _KINDS.get(self.base, self.base.value), _KINDS.get(element, element.value) if element else ""


_KINDS = {Base.INTEGER: "number", Base.FLOAT: "number"}
_MANY_WORDS = {"string": "texts", "number": "numbers", "boolean": "booleans", "time": "times", "null": "nulls"}

UNIT_WORDS = {
    Unit.NONE: "a plain number",
    Unit.NANOSECOND: "a duration",
    Unit.MILLISECOND: "a duration",
    Unit.BYTE: "a size",
    Unit.RATIO: "a ratio",
}

BASE_WORDS = {
    Base.STRING: "text",
    Base.INTEGER: "a number",
    Base.FLOAT: "a number",
    Base.BOOLEAN: "a boolean",
    Base.TIME: "a time",
    Base.ARRAY: "an array",
    Base.MAP: "a map",
    Base.NULL: "null",
}

STRING = ValueType(Base.STRING)
SPARSE_STRING = ValueType(Base.STRING, missing=Missing.EMPTY)
NULLABLE_STRING = ValueType(Base.STRING, missing=Missing.NULL)
INTEGER = ValueType(Base.INTEGER)
FLOAT = ValueType(Base.FLOAT)
BOOLEAN = ValueType(Base.BOOLEAN)
TIME = ValueType(Base.TIME)
NULL = ValueType(Base.NULL, missing=Missing.NULL)

_KIND_TYPES = {
    Kind.STRING: SPARSE_STRING,
    Kind.SYMBOL: SPARSE_STRING,
    Kind.UINT8: INTEGER,
    Kind.UINT16: INTEGER,
    Kind.UINT32: INTEGER,
    Kind.UINT64: INTEGER,
    Kind.INT32: INTEGER,
    Kind.FLOAT64: FLOAT,
    Kind.NULLABLE_FLOAT64: ValueType(Base.FLOAT, missing=Missing.NULL),
    Kind.BOOL: BOOLEAN,
    Kind.NULLABLE_BOOL: ValueType(Base.BOOLEAN, missing=Missing.NULL),
    Kind.NULLABLE_UINT16: ValueType(Base.INTEGER, missing=Missing.NULL),
    Kind.TIME_MILLI: ValueType(Base.TIME, precision=3),
    Kind.TIME_MICRO: ValueType(Base.TIME, precision=6),
    Kind.TIME_NANO: ValueType(Base.TIME, precision=9),
    Kind.NULLABLE_TIME: ValueType(Base.TIME, missing=Missing.NULL, precision=3),
    Kind.HOUR: ValueType(Base.TIME, precision=0),
    Kind.STRINGS: ValueType(Base.ARRAY, element=Base.STRING),
    Kind.SYMBOLS: ValueType(Base.ARRAY, element=Base.STRING),
    Kind.UINT8S: ValueType(Base.ARRAY, element=Base.INTEGER),
    Kind.UINT32S: ValueType(Base.ARRAY, element=Base.INTEGER),
    Kind.UINT64S: ValueType(Base.ARRAY, element=Base.INTEGER),
    Kind.FLOAT64S: ValueType(Base.ARRAY, element=Base.FLOAT),
    Kind.BOOLS: ValueType(Base.ARRAY, element=Base.BOOLEAN),
    Kind.STRING_MAP: ValueType(Base.MAP, element=Base.STRING),
    Kind.NUMBER_MAP: ValueType(Base.MAP, element=Base.FLOAT),
    Kind.MAX_UINT16: INTEGER,
    Kind.SUM_UINT64: INTEGER,
    Kind.SUM_FLOAT64: FLOAT,
    Kind.MIN_TIME: ValueType(Base.TIME, precision=6),
    Kind.MAX_TIME: ValueType(Base.TIME, precision=6),
}


def type_of_kind(kind: Kind) -> ValueType:
    """Return the language's type of a physical column kind.

    Raises:
        KeyError: the kind holds an aggregate state, which no query may read directly.
    """
    return _KIND_TYPES[kind]
