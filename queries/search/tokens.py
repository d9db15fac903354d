"""Tokens of the search language: what the grammar read, before any meaning is given to it.

They name the same things as Sentry's own tokens, so that its grammar cases can be compared one to one
(`queries.search.wire` writes that form). Offsets are half-open character positions in the text that was read.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from queries.ast import TagType


class FilterKind(Enum):
    """Which rule of the grammar a filter matched."""

    DATE = "date"
    SPECIFIC_DATE = "specificDate"
    RELATIVE_DATE = "relativeDate"
    DURATION = "duration"
    SIZE = "size"
    BOOLEAN = "boolean"
    NUMERIC_IN = "numericIn"
    NUMERIC = "numeric"
    AGGREGATE_DURATION = "aggregateDuration"
    AGGREGATE_PERCENTAGE = "aggregatePercentage"
    AGGREGATE_NUMERIC = "aggregateNumeric"
    AGGREGATE_SIZE = "aggregateSize"
    AGGREGATE_DATE = "aggregateDate"
    AGGREGATE_RELATIVE_DATE = "aggregateRelativeDate"
    HAS = "has"
    IS = "is"
    TEXT_IN = "textIn"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Invalid:
    """Why a token cannot be used although it was read."""

    type: str
    reason: str
    expected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeySimple:
    """`key`, `"quoted:key"` or `key[*]`."""

    value: str
    quoted: bool
    element: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class KeyTag:
    """`tags[key]` or `tags[key,type]`."""

    key: KeySimple
    type: TagType | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Param:
    """One argument of an aggregate key, as written (quotes included).

    Attributes:
        separator: the comma and spaces before it.
        value: None for an empty argument.
        predicate: range of a backticked search's inner text, or None.
    """

    separator: str
    value: str | None
    quoted: bool
    predicate: tuple[int, int] | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class KeyAggregate:
    """`name(arguments)`; `space_before` and `space_after` are the blanks inside the parentheses."""

    name: KeySimple
    params: tuple[Param, ...] | None
    space_before: str
    space_after: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TextValue:
    """Text as written, without its quotes."""

    value: str
    quoted: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RegexValue:
    """The pattern between `//` and `//`."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class NumberValue:
    """Digits and an optional k, m or b."""

    value: str
    unit: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DurationValue:
    """Digits and a unit of time."""

    value: str
    unit: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SizeValue:
    """Digits and a unit of data."""

    value: str
    unit: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PercentageValue:
    """Digits before a percent sign."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BooleanValue:
    """true, false, 1 or 0."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DateValue:
    """An ISO date or date-time. `at` is in UTC; a missing zone means UTC."""

    value: str
    date: str
    time: str | None
    zone: str | None
    at: dt.datetime
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RelativeDateValue:
    """`-24h` or `+7d`."""

    value: str
    sign: str
    unit: str
    start: int
    end: int


Scalar: TypeAlias = (
    TextValue
    | RegexValue
    | NumberValue
    | DurationValue
    | SizeValue
    | PercentageValue
    | BooleanValue
    | DateValue
    | RelativeDateValue
)


@dataclass(frozen=True, slots=True)
class ListItem:
    """One element of a list; `value` is None for an empty one."""

    separator: str
    value: TextValue | NumberValue | None


@dataclass(frozen=True, slots=True)
class ListValue:
    """`[a, b]`: all texts or, with `numeric`, all numbers."""

    items: tuple[ListItem, ...]
    numeric: bool
    start: int
    end: int


Key: TypeAlias = KeySimple | KeyTag | KeyAggregate
Value: TypeAlias = Scalar | ListValue


@dataclass(frozen=True, slots=True)
class FilterToken:
    """`key:value`.

    Attributes:
        operator: the comparison sign or empty.
        wildcard_operator: `Contains`, `DoesNotStartWith` … or empty.
    """

    kind: FilterKind
    key: Key
    operator: str
    wildcard_operator: str
    value: Value
    negated: bool
    invalid: Invalid | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Spaces:
    """Blanks between terms; possibly none."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Words:
    """Free text."""

    value: str
    quoted: bool
    invalid: Invalid | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Connective:
    """`AND` or `OR`."""

    value: str
    invalid: Invalid | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Group:
    """Terms in parentheses."""

    inner: tuple[Token, ...]
    start: int
    end: int


Token: TypeAlias = Spaces | FilterToken | Words | Connective | Group
