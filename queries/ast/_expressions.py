"""Expressions over fields, columns and aggregates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from queries.ast._search import NOWHERE, Boolean, Duration, Instant, Number, Percentage, Search, Size, Span


@dataclass(frozen=True, slots=True)
class Name:
    """A field, an earlier stage's column, a `let` name, or a parameter (`$release`); `field("a-b")` sets `quoted`."""

    name: str
    quoted: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class String:
    """A quoted string."""

    value: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Null:
    """The missing value."""

    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """`5m` (minutes or million) or `2b` (bytes or billion): decided when checking, by the other operand's unit."""

    value: float | int
    suffix: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Index:
    """`base[index]`: a map or array access."""

    base: Expr
    index: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function or aggregate."""

    name: str
    args: tuple[Expr, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `not x`."""

    op: str
    operand: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """`and or = != < <= > >= contains =~ + - * / %`."""

    op: str
    left: Expr
    right: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class InList:
    """`x in [a, b]`, or `x not in [a, b]`."""

    operand: Expr
    items: tuple[Expr, ...]
    negated: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Conditional:
    """`test ? then : otherwise`."""

    test: Expr
    then: Expr
    otherwise: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SearchExpr:
    """A search in backticks, as a boolean."""

    search: Search
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Literal: TypeAlias = String | Number | Duration | Size | Percentage | Boolean | Instant | Null | Ambiguous
Expr: TypeAlias = Name | Literal | Index | Call | Unary | Binary | InList | Conditional | SearchExpr


@dataclass(frozen=True, slots=True)
class Named:
    """`name = expr`; without a name, `name` is None and the checker names the column after the expression's text."""

    name: str | None
    expr: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)
