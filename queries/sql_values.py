"""Parameters in SQL: `$name` and `{name:Type}` become literals of the tree, which the last pass binds like all others.

SQLGlot takes `$` for the begin of a string of its own, so `$name` is read as `@name`: as long, and in the same place.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import assert_never

from sqlglot import expressions as exp
from sqlglot.dialects.clickhouse import ClickHouse

from queries import ast
from queries.errors import NameProblem, QueryError, TypeProblem
from queries.parameters import Given, Parameter, ParameterType, bind_value

_QUOTED = r"""'(?:[^'\\]++|\\.)*+'?|"(?:[^"\\]++|\\.)*+"?|`(?:[^`\\]++|\\.)*+`?"""
_SKIPPED = rf"{_QUOTED}|--[^\n]*+|/\*.*?(?:\*/|\Z)|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"
"""What is text, a name or a comment: a `$` in it is a sign like others."""

_NAMED = re.compile(rf"{_SKIPPED}|\$(?P<name>[A-Za-z_]\w*+)|\{{\s*(?P<typed>[A-Za-z_]\w*+)\s*:", re.DOTALL)

_TYPES: Mapping[exp.DType, ParameterType] = {
    exp.DType.TEXT: ParameterType.STRING,
    exp.DType.BOOLEAN: ParameterType.BOOLEAN,
    **dict.fromkeys((exp.DType.FLOAT, exp.DType.DOUBLE, *exp.DataType.INTEGER_TYPES), ParameterType.NUMBER),
    **dict.fromkeys(
        (exp.DType.DATE, exp.DType.DATE32, exp.DType.DATETIME, exp.DType.DATETIME64, exp.DType.TIMESTAMP),
        ParameterType.TIME,
    ),
}
"""Types of `{name:Type}` and which values they take."""

_LISTS = {ParameterType.STRING: ParameterType.STRINGS, ParameterType.NUMBER: ParameterType.NUMBERS}


def sql_parameters(text: str) -> dict[str, ast.Span]:
    """Return the names of the parameters of a statement, each with its first place."""
    found: dict[str, ast.Span] = {}
    for match in _NAMED.finditer(text):
        name = match["name"] or match["typed"]
        if name:
            found.setdefault(name, ast.Span(match.start(), match.end()))
    return found


def readable(text: str) -> str:
    """Return the statement with `@name` for `$name`, everything at its place."""
    return _NAMED.sub(lambda match: f"@{match['name']}" if match["name"] else match[0], text)


def put_values(tree: exp.Query, text: str, params: Mapping[str, object]) -> None:
    """Put values in the place of parameters.

    Args:
        tree: the statement, changed in place.
        text: what was sent, for the places in it.
        params: values by name.

    Raises:
        NameProblem: one has no value.
        TypeProblem: a value is not of the type the statement names, or has no counterpart in SQL.
        QueryError: a value stands where the engine wants a constant of the text.
    """
    places = sql_parameters(text)
    for node in list(tree.find_all(exp.Parameter, exp.Placeholder)):
        name = node.name
        span = places.get(name)
        if span is None:
            said = f"Parameters are written $name or {{name:Type}}, not {node.sql(dialect=ClickHouse)}."
            raise QueryError(said, code="query-not-allowed")
        if name not in params:
            raise NameProblem(f"The parameter ${name} was not given.", span=span)
        _put(node, _checked(node, name, params[name], span), name, span)


def _checked(node: exp.Expr, name: str, value: object, span: ast.Span) -> object:
    """Return the value, as the type in `{name:Type}` wants it where there is one."""
    kind = node.args.get("kind")
    if not isinstance(kind, exp.DataType):
        return value
    inner = kind.expressions[0] if kind.this is exp.DType.ARRAY and kind.expressions else kind
    wanted = _TYPES.get(inner.this) if isinstance(inner, exp.DataType) and isinstance(inner.this, exp.DType) else None
    if wanted is not None and inner is not kind:
        wanted = _LISTS.get(wanted)
    if wanted is None:
        written = kind.sql(dialect=ClickHouse)
        raise TypeProblem(
            f"The parameter {name} cannot be {written}.",
            span=span,
            suggestion="Types are String, the numbers, Bool, Date and DateTime, and Array of texts or numbers.",
        )
    if wanted is ParameterType.TIME and isinstance(value, dt.datetime):
        return value
    if not isinstance(value, str | int | float | list | tuple):
        raise TypeProblem(f"The parameter ${name} is not {kind.sql(dialect=ClickHouse)}.", span=span)
    given: Given = value
    try:
        return bind_value(Parameter(name, wanted), given)
    except TypeProblem as problem:
        raise TypeProblem(problem.message, span=span, code=problem.code) from None


def _put(node: exp.Expr, value: object, name: str, span: ast.Span) -> None:
    parent = node.parent
    if isinstance(value, list | tuple):
        items = [_literal(item, name, span) for item in value]
        if isinstance(parent, exp.In) and node.arg_key == "field":
            parent.set("field", None)
            parent.set("expressions", items)
        elif isinstance(parent, exp.In) and len(parent.expressions) == 1:
            parent.set("expressions", items)
        else:
            node.replace(exp.Array(expressions=items))
        return
    if isinstance(parent, exp.In) and node.arg_key == "field":
        parent.set("field", None)
        parent.set("expressions", [_literal(value, name, span)])
        return
    if isinstance(value, str) and isinstance(parent, exp.Limit | exp.Offset | exp.Interval | exp.ParameterizedAgg):
        raise QueryError(f"The parameter ${name} is a text, and a number must stand here.", span=span)
    node.replace(_literal(value, name, span))


def _literal(value: object, name: str, span: ast.Span) -> exp.Expr:
    match value:
        case bool():
            return exp.Boolean(this=value)
        case str():
            return exp.Literal.string(value)
        case int() | float():
            return _number(value)
        case dt.datetime():
            moment = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value
            micro = (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
            return exp.Anonymous(
                this="fromUnixTimestamp64Micro", expressions=[exp.Literal.number(micro), exp.Literal.string("UTC")]
            )
        case ast.Duration():
            return _number(value.ns)
        case ast.Size():
            return _number(value.bytes)
        case _:
            raise TypeProblem(f"The parameter ${name} is no value that SQL knows.", span=span)


def _number(value: float) -> exp.Expr:
    found = exp.Literal.number(repr(abs(value)))
    return exp.Neg(this=found) if value < 0 else found


def sample_values(parameters: Sequence[Parameter]) -> dict[str, object]:
    """Return a value for each declared parameter, with which a statement can be looked at before any is given."""
    return {one.name: _sample(one) if one.default is None else bind_value(one, one.default) for one in parameters}


def _sample(parameter: Parameter) -> object:
    match parameter.type:
        case ParameterType.STRING:
            return "x"
        case ParameterType.NUMBER:
            return 1
        case ParameterType.BOOLEAN:
            return True
        case ParameterType.TIME:
            return dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        case ParameterType.DURATION:
            return ast.Duration(1)
        case ParameterType.SIZE:
            return ast.Size(1.0)
        case ParameterType.STRINGS:
            return ("x",)
        case ParameterType.NUMBERS:
            return (1,)
        case _:
            assert_never(parameter.type)
