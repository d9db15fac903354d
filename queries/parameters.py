"""Declared parameters of a saved text: `$name` with a type, a default, and values that are bound, never spliced."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import TypeAlias

from queries import ast
from queries.errors import NameProblem, QueryError, SyntaxProblem, TypeProblem
from queries.lexer import Lex, Lexeme
from queries.parser.literals import duration_literal, number_literal, time_literal
from queries.search.parameters import is_parameter, parameter_of

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_MOST = 50
_LONGEST_TEXT = 10_000

_MOST_ITEMS = 1_000

Bound: TypeAlias = str | int | float | bool | dt.datetime | ast.Duration | ast.Size | tuple[str | int | float, ...]
"""What planning takes for a parameter."""

Given: TypeAlias = str | int | float | bool | Sequence[str | int | float] | None
"""A value as JSON or a command line gives it."""


class ParameterType(StrEnum):
    """Types a parameter may be declared with."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    DURATION = "duration"
    SIZE = "size"
    STRINGS = "strings"
    NUMBERS = "numbers"


_EXAMPLES = {
    ParameterType.STRING: "a text",
    ParameterType.NUMBER: "a number such as 5, 0.5 or 2k",
    ParameterType.BOOLEAN: "true or false",
    ParameterType.TIME: "a time such as 2026-03-01T10:00:00Z",
    ParameterType.DURATION: "a duration such as 500ms, 5m or 1d",
    ParameterType.SIZE: "a size such as 10kb or 1mib",
    ParameterType.STRINGS: "a list of texts such as error,fatal",
    ParameterType.NUMBERS: "a list of numbers such as 500,503",
}


_LISTS = frozenset({ParameterType.STRINGS, ParameterType.NUMBERS})


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter.

    Attributes:
        name: without the `$`.
        type: what values it takes.
        default: the value when none is given; None when one must be.
        description: for people who fill it in.
    """

    name: str
    type: ParameterType
    default: Given = None
    description: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the declaration as it is stored and shown."""
        return {
            "name": self.name,
            "type": self.type.value,
            "default": self.default,
            "description": self.description,
        }


def read_parameters(declared: Sequence[Mapping[str, object]]) -> tuple[Parameter, ...]:
    """Return the parameters of stored or sent declarations.

    Raises:
        QueryError: a name, type or default cannot be, or two have one name.
    """
    if len(declared) > _MOST:
        raise QueryError(f"A saved query has at most {_MOST} parameters.", code="parameter-invalid")
    found: dict[str, Parameter] = {}
    for one in declared:
        parameter = _declared(one)
        if parameter.name in found:
            raise QueryError(f"The parameter ${parameter.name} is declared twice.", code="parameter-invalid")
        if parameter.default is not None:
            bind_value(parameter, parameter.default)
        found[parameter.name] = parameter
    return tuple(found.values())


def _declared(one: Mapping[str, object]) -> Parameter:
    name, default, words = str(one.get("name", "")), one.get("default"), one.get("description") or ""
    if not _NAME.fullmatch(name):
        raise QueryError(
            f"{name[:100]!r} cannot be the name of a parameter.",
            code="parameter-invalid",
            suggestion="Letters, digits and _, at most 64, not beginning with a digit.",
        )
    try:
        kind = ParameterType(str(one.get("type", "")))
    except ValueError:
        raise QueryError(
            f"The parameter ${name} has no type of the language.",
            code="parameter-invalid",
            suggestion=f"One of {', '.join(ParameterType)}.",
        ) from None
    if isinstance(default, list | tuple) and kind in _LISTS:
        default = list(default)
    elif not isinstance(default, str | int | float | bool | None):
        raise QueryError(f"The default of ${name} is no value of its type.", code="parameter-invalid")
    return Parameter(name, kind, default, str(words))


def used_parameters(query: ast.Query) -> dict[str, ast.Span]:
    """Return the names of the parameters a text uses, each with its first place."""
    found: dict[str, ast.Span] = {}
    for name, span in _names(query):
        found.setdefault(name, span)
    return found


def _names(node: object) -> Iterator[tuple[str, ast.Span]]:
    """Yield the parameters of expressions and of searches, in the order of the text."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Name):
            if one.name.startswith("$") and not one.quoted:
                yield one.name[1:], one.span
        elif isinstance(one, ast.Text):
            stands = parameter_of(one)
            if stands is not None:
                yield stands[0], one.span
        elif isinstance(one, ast.AggregateKey):
            yield from ((arg[1:], one.span) for arg in one.args if isinstance(arg, str) and is_parameter(arg))
            waiting += reversed([arg for arg in one.args if not isinstance(arg, str)])
        elif isinstance(one, tuple):
            waiting += reversed(one)
        elif is_dataclass(one):
            waiting += reversed([getattr(one, field.name) for field in fields(one)])


def check_declared(query: ast.Query, parameters: Sequence[Parameter]) -> None:
    """Raise NameProblem when a text uses a parameter that is not declared, or one is declared that it does not use."""
    check_names(used_parameters(query), parameters)


def check_names(used: Mapping[str, ast.Span], parameters: Sequence[Parameter]) -> None:
    """Raise NameProblem when a name that is used is not declared, or one is declared that is not used."""
    declared = {parameter.name for parameter in parameters}
    for name, span in used.items():
        if name not in declared:
            raise NameProblem(
                f"The parameter ${name} is not declared.",
                span=span,
                suggestion=f'Give it a type; as a text to look for it is written in quotes, "${name}".',
            )
    for name in sorted(declared - used.keys()):
        raise NameProblem(
            f"The parameter ${name} is declared, and the text does not use it.",
            suggestion=f"In a search a parameter is the whole value of a filter, level:${name}, or an item of a list.",
        )


def bind(parameters: Sequence[Parameter], given: Mapping[str, Given]) -> dict[str, Bound]:
    """Return the values of all parameters, for `PlanContext.params`.

    Raises:
        NameProblem: a value is missing, or is given for a parameter that is not declared.
        TypeProblem: a value is not of the declared type.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in given:
        if name not in known:
            named = ", ".join(f"${one}" for one in known) or "none"
            raise NameProblem(f"There is no parameter ${name[:100]}; declared: {named}.", code="parameter-unknown")
    bound: dict[str, Bound] = {}
    for name, parameter in known.items():
        value = given.get(name)
        if value is None:
            value = parameter.default
        if value is None:
            raise NameProblem(
                f"The parameter ${name} needs a value.",
                code="parameter-missing",
                suggestion=f"Give {_EXAMPLES[parameter.type]}.",
            )
        bound[name] = bind_value(parameter, value)
    return bound


def bind_value(parameter: Parameter, value: Given) -> Bound:
    """Return one value as planning takes it; numbers, booleans, times and quantities may come as their text.

    Raises:
        TypeProblem: it is not of the parameter's type.
    """
    bound = _read(parameter.type, value)
    if bound is None:
        shown = value[:100] if isinstance(value, str) else value if not isinstance(value, Sequence) else [*value[:10]]
        raise TypeProblem(
            f"The parameter ${parameter.name} takes {_EXAMPLES[parameter.type]}, not {shown!r}.",
            code="parameter-type",
        )
    return bound


def _read(kind: ParameterType, value: Given) -> Bound | None:
    """Return the value, None when it is not of the type."""
    if kind in _LISTS:
        return _read_list(kind, value)
    if kind is ParameterType.STRING:
        return value if isinstance(value, str) and len(value) <= _LONGEST_TEXT else None
    if isinstance(value, bool):
        return value if kind is ParameterType.BOOLEAN else None
    if isinstance(value, int | float):
        return value if kind is ParameterType.NUMBER else None
    return _read_text(kind, value.strip()) if isinstance(value, str) else None


def _read_list(kind: ParameterType, value: Given) -> Bound | None:
    """Return a list, given as one or as text with commas; an empty one stands for nothing."""
    items: Sequence[str | int | float]
    if isinstance(value, str):
        items = [item.strip() for item in value.split(",")]
    elif isinstance(value, Sequence):
        items = value
    else:
        items = [] if value is None else [value]
    single = ParameterType.STRING if kind is ParameterType.STRINGS else ParameterType.NUMBER
    found = [_read(single, item) for item in items]
    if not 0 < len(found) <= _MOST_ITEMS or "" in found:
        return None
    kept = tuple(item for item in found if isinstance(item, str | int | float))
    return kept if len(kept) == len(found) else None


def _read_text(kind: ParameterType, text: str) -> Bound | None:
    if kind is ParameterType.BOOLEAN:
        return {"true": True, "false": False}.get(text.lower())
    sign, digits = (-1, text[1:]) if kind is ParameterType.NUMBER and text.startswith("-") else (1, text)
    lexeme = Lexeme(Lex.NUMBER, digits, 0, len(digits))
    try:
        if kind is ParameterType.TIME:
            return time_literal(text, ast.NOWHERE).at
        found = duration_literal(lexeme) if kind is ParameterType.DURATION else number_literal(lexeme)
    except SyntaxProblem:
        return None
    match kind, found:
        case ParameterType.NUMBER, ast.Number():
            return sign * found.value
        case ParameterType.DURATION, ast.Duration():
            return ast.Duration(found.ns)
        case ParameterType.SIZE, ast.Size():
            return ast.Size(found.bytes)
        case ParameterType.SIZE, ast.Ambiguous(suffix="b"):
            return ast.Size(float(found.value))
        case _:
            return None


def typed_values(params: Mapping[str, object]) -> dict[str, object]:
    """Return values of a question's parameters as planning takes them.

    JSON has no durations, sizes and times: `{"type": "duration", "value": "5m"}` is one. Other values stay.

    Raises:
        QueryError: the type is none of the language, or the value is not of it.
    """
    return {name: _typed_value(name, value) for name, value in params.items()}


def _typed_value(name: str, value: object) -> object:
    if isinstance(value, list):
        kind = ParameterType.STRINGS if all(isinstance(item, str) for item in value) else ParameterType.NUMBERS
        return bind_value(Parameter(name, kind), value)
    if not isinstance(value, Mapping) or set(value) != {"type", "value"}:
        return value
    (parameter,) = read_parameters([{"name": name, "type": value["type"], "default": value["value"]}])
    return bind_value(parameter, parameter.default)
