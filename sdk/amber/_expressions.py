"""Discover expressions made of Python: `amber.f.level == "error"` is the text `level = "error"`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from amber._errors import AmberError

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\Z")
_OPERATORS = frozenset({"and", "or", "not", "in", "contains", "true", "false", "null"})
_RESERVED = _OPERATORS | {"asc", "by", "desc", "every", "fill", "other", "per", "top"}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_UNITS = (("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1_000))

Value: TypeAlias = "Expression | str | int | float | bool | timedelta | datetime | date | None"
"""What may stand in an expression: another one, or a Python value, which becomes a literal (a `str` is a text)."""


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A part of a Discover text with a value.

    Operators make further ones: `== != < <= > >=`, `+ - * / %`, `& | ~` for and, or, not.

    Attributes:
        text: as Discover writes it.
        simple: whether it can stand beside an operator without parentheses.
    """

    text: str
    simple: bool = True

    def __str__(self) -> str:
        return self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> Expression:  # type: ignore[override]
        return self._with("=", other)

    def __ne__(self, other: object) -> Expression:  # type: ignore[override]
        return self._with("!=", other)

    def __lt__(self, other: Value) -> Expression:
        return self._with("<", other)

    def __le__(self, other: Value) -> Expression:
        return self._with("<=", other)

    def __gt__(self, other: Value) -> Expression:
        return self._with(">", other)

    def __ge__(self, other: Value) -> Expression:
        return self._with(">=", other)

    def __add__(self, other: Value) -> Expression:
        return self._with("+", other)

    def __sub__(self, other: Value) -> Expression:
        return self._with("-", other)

    def __mul__(self, other: Value) -> Expression:
        return self._with("*", other)

    def __truediv__(self, other: Value) -> Expression:
        return self._with("/", other)

    def __mod__(self, other: Value) -> Expression:
        return self._with("%", other)

    def __and__(self, other: Value) -> Expression:
        return self._with("and", other)

    def __or__(self, other: Value) -> Expression:
        return self._with("or", other)

    def __invert__(self) -> Expression:
        return Expression(f"not {_operand(self)}", simple=False)

    def __bool__(self) -> bool:
        raise AmberError(
            "A condition on stored rows is neither true nor false here.",
            code="expression-not-a-value",
            suggestion="Join conditions with & and | instead of `and` and `or`, negate with ~, and use parentheses.",
        )

    def __iter__(self) -> Any:
        raise TypeError(f"{self.text} is a part of a query and has no items here")

    def contains(self, text: Value) -> Expression:
        """Whether a text has another in it, or a list an item."""
        return self._with("contains", text)

    def matches(self, pattern: str) -> Expression:
        """Whether a regular expression (RE2) is found in a text."""
        return self._with("=~", pattern)

    def isin(self, *values: Value) -> Expression:
        """Whether it is one of some values."""
        return Expression(f"{_operand(self)} in [{', '.join(map(written, values))}]", simple=False)

    def asc(self) -> Expression:
        """As a key to sort by: smallest first."""
        return Expression(f"{self.text} asc", simple=False)

    def desc(self) -> Expression:
        """As a key to sort by: largest first."""
        return Expression(f"{self.text} desc", simple=False)

    def _with(self, operator: str, other: object) -> Expression:
        return Expression(f"{_operand(self)} {operator} {_operand(other)}", simple=False)


class Field(Expression):
    """A field; attributes and items name the fields below: `f.error.type`, `f.error["type"]`."""

    __slots__ = ()
    __hash__ = Expression.__hash__

    def __getattr__(self, name: str) -> Field:
        if name.startswith("_"):
            raise AttributeError(name)
        return field(f"{self.text}.{name}")

    def __getitem__(self, name: str) -> Field:
        return field(f"{self.text}.{name}")


class Fields:
    """Fields by name: `f.level`, `f.error.type`, `f["user.id"]`."""

    def __getattr__(self, name: str) -> Field:
        if name.startswith("_"):
            raise AttributeError(name)
        return field(name)

    def __getitem__(self, name: str) -> Field:
        return field(name)


class Functions:
    """Discover's functions by name: `fn.count()`, `fn.p95(f.span.duration)`; arguments are values or expressions."""

    def __getattr__(self, name: str) -> Function:
        if name.startswith("_"):
            raise AttributeError(name)
        return Function(name)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of Discover; calling it makes the text of a call.

    Attributes:
        name: as in `docs/reference/functions.md`.
    """

    name: str

    def __call__(self, *arguments: Value) -> Expression:
        """The call as an expression."""
        return Expression(f"{self.name}({', '.join(map(written, arguments))})")


f = Fields()
"""Fields by name."""
fn = Functions()
"""Functions by name."""


def field(name: str) -> Field:
    """A field of any name, also one that is no identifier, as `a-b` or `order id`."""
    plain = _IDENTIFIER.match(name) and name.lower() not in _RESERVED
    return Field(name if plain else f"field({_quoted(name)})")


def search(text: str) -> Expression:
    """A search of the search language as a condition: ``search("level:error !has:user")``."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return Expression(f"{fence}{text}{fence}" if len(fence) == 1 else f"{fence} {text} {fence}")


def written(value: object) -> str:
    """A value as Discover writes it.

    Raises:
        AmberError: there is no literal for it.
    """
    if isinstance(value, Expression):
        return value.text
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, datetime | date):
        return moment(value)
    raise AmberError(
        f"{type(value).__name__} cannot stand in a query.",
        code="value-unknown",
        suggestion="Give a text, number, bool, None, timedelta, datetime, or an expression such as amber.f.level.",
    )


def duration(value: timedelta | str) -> str:
    """A length of time as Discover writes it; a text such as `24h` is taken as it is."""
    if isinstance(value, str):
        return value
    whole = value // timedelta(microseconds=1)
    if whole < 0:
        return f"-{duration(-value)}"
    if not whole:
        return "0s"
    unit, size = next(((unit, size) for unit, size in _UNITS if whole % size == 0), ("", 0))
    return f"{whole // size}{unit}" if size else f"{Decimal(whole) / 1000:f}ms"


def moment(value: datetime | date | str) -> str:
    """A time as Discover writes it, in UTC; one without a zone is UTC, a text is taken as it is."""
    if isinstance(value, str):
        return value
    if not isinstance(value, datetime):
        return value.isoformat()
    utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return f"{utc.replace(tzinfo=None).isoformat()}Z"


def key(value: Expression | str) -> str:
    """A key, aggregate or condition: a text is a piece of Discover, not a literal."""
    return value.text if isinstance(value, Expression) else str(value)


def keys(values: Expression | str | Iterable[Expression | str]) -> str:
    """One or several of them, joined."""
    many = (values,) if isinstance(values, Expression | str) else values
    return ", ".join(map(key, many))


def _operand(value: object) -> str:
    text = written(value)
    simple = value.simple if isinstance(value, Expression) else not text.startswith("-")
    return text if simple else f"({text})"


def _number(value: float) -> str:
    if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN is not itself
        raise AmberError(f"{value} cannot stand in a query.", code="value-unknown", suggestion="Write null.")
    return f"{Decimal(repr(value)):f}"


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(sign, sign) for sign in text) + '"'
