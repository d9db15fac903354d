"""What the guard asks of each node of a statement: its type, its clauses, and the names of functions in it."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import expressions as exp
from sqlglot.dialects.clickhouse import ClickHouse

from queries.errors import GuardRefusal
from queries.guard_lists import FUNCTIONS, NODES
from queries.guard_names import HIGHER, TYPES, VIRTUAL_COLUMNS, why_not

_UNSAFE_NAME = re.compile(r"[\x00-\x1f\x7f\\'\"`]")
"""Signs that two parsers may read differently inside a quoted name."""

Rule = Callable[[exp.Expr, frozenset[str]], None]

_RULES: dict[type[exp.Expr], tuple[Rule, ...]] = {}
"""The rules for each type of nodes that has come up: most have one or none of them."""

_NAMES: dict[type[exp.Expr], str] = {}
"""The name of the function each type of nodes stands for, likewise."""


def rules_of(kind: type[exp.Expr]) -> tuple[Rule, ...]:
    """Return the rules for nodes of a type; each takes a node and the clauses a query may have, and refuses it."""
    rules = _RULES.get(kind)
    if rules is None:
        rules = _RULES[kind] = _rules(kind)
    return rules


def _rules(kind: type[exp.Expr]) -> tuple[Rule, ...]:
    """Return the rules for nodes of a type."""
    checks: list[Rule] = []
    if issubclass(kind, exp.Func) and not issubclass(kind, exp.And | exp.Or):
        checks.append(_check_function)
    elif kind.__name__ not in NODES:
        checks.append(_refuse_type)
    if issubclass(kind, exp.Query):
        checks.append(_check_clauses)
    if issubclass(kind, exp.Identifier):
        checks.append(_check_identifier)
    if issubclass(kind, exp.In):
        checks.append(_check_in)
    if issubclass(kind, exp.DataType | exp.Column | exp.Star | exp.Group):
        checks.append(_check_name)
    if issubclass(kind, exp.Placeholder):
        checks.append(_check_placeholder)
    return tuple(checks)


def _refuse_type(node: exp.Expr, _: frozenset[str]) -> None:
    raise GuardRefusal(f"{type(node).__name__} is not allowed in a statement.")


def _check_identifier(node: exp.Expr, _: frozenset[str]) -> None:
    if _UNSAFE_NAME.search(node.name):
        raise GuardRefusal("A name may not hold quotes, backslashes or control characters.")


def _check_placeholder(node: exp.Expr, _: frozenset[str]) -> None:
    """Refuse `{p:Identifier}`: the engine puts a name there, of a table, a column or a function, which nobody saw."""
    if not isinstance(node.args.get("kind"), exp.DataType):
        raise GuardRefusal("A parameter stands for a value of a type, not for a name.")


def _check_name(node: exp.Expr, _: frozenset[str]) -> None:
    """Refuse types, columns and additions that SQLGlot keeps in a node instead of giving them one of their own."""
    if isinstance(node, exp.DataType) and (not isinstance(node.this, exp.DType) or node.this.name not in TYPES):
        raise GuardRefusal(f"A value may not be cast to {node.sql(dialect=ClickHouse)}.")
    if isinstance(node, exp.Column) and node.name.lower() in VIRTUAL_COLUMNS:
        raise GuardRefusal(f"The column {node.name} is not allowed: it tells how tables are stored.")
    if isinstance(node, exp.Star) and node.args.get("replace"):
        raise GuardRefusal("* REPLACE is not allowed: name the columns instead.")
    if isinstance(node, exp.Group):
        for name, value in node.args.items():
            if value and name not in {"expressions", "grouping_sets", "all"}:
                raise GuardRefusal(f"GROUP BY with {name.upper()} is not allowed: its rows look like others.")


def _check_clauses(query: exp.Expr, clauses: frozenset[str]) -> None:
    for key, value in query.args.items():
        if value and key not in clauses:
            raise GuardRefusal(f"The clause {key} is not allowed in a statement.")


def _check_in(node: exp.Expr, _: frozenset[str]) -> None:
    field = node.args.get("field")
    if (field and not _is_array_parameter(field)) or node.args.get("unnest"):
        raise GuardRefusal("IN takes a list or a SELECT, not the name of a table.")
    query = node.args.get("query")
    if query is not None and not isinstance(query, exp.Subquery | exp.Query):
        raise GuardRefusal("IN takes a list or a SELECT, not the name of a table.")
    for item in node.expressions:
        # The engine drops parentheses: `IN ((t))` is `IN t`.
        if isinstance(item.unnest(), exp.Column | exp.Identifier | exp.Table):
            raise GuardRefusal("IN takes a list or a SELECT, not the name of a table.")


def _is_array_parameter(node: exp.Expr) -> bool:
    """Whether it is `{name:Array(…)}`, which the engine takes for a list of values; one of `Identifier` is a name."""
    kind = node.args.get("kind") if isinstance(node, exp.Placeholder) else None
    return isinstance(kind, exp.DataType) and kind.this is exp.DType.ARRAY


def _check_function(node: exp.Expr, _: frozenset[str]) -> None:
    name = function_name(node)
    if name not in FUNCTIONS:
        raise GuardRefusal(f"The function {name} is not allowed: {why_not(name)}.")
    if name in HIGHER or isinstance(node, exp.Transform):  # the engine's arrayMap
        _check_higher(node)


def _check_higher(node: exp.Expr) -> None:
    """Refuse the bare name of a function where a lambda may stand: the engine would call what it names."""
    found = list(node.iter_expressions())
    called = "arrayMap" if isinstance(node, exp.Transform) else function_name(node)
    if len(found) < 2 or any(isinstance(item, exp.Lambda) for item in found):
        return
    for item in found:
        plain = item.unnest()
        if isinstance(plain, exp.Identifier | exp.Var) or (isinstance(plain, exp.Column) and not plain.table):
            raise GuardRefusal(
                f"The name {plain.name} is not allowed as an argument of {called}: write a lambda, x -> …"
            )


def function_name(node: exp.Expr) -> str:
    """Return the name of a function as the lists have it, in small letters."""
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc | exp.ParameterizedAgg):
        return str(node.this if isinstance(node.this, str) else node.name).lower()
    kind = type(node)
    name = _NAMES.get(kind)
    if name is None:
        name = _NAMES[kind] = kind.sql_name().lower() if issubclass(kind, exp.Func) else kind.__name__.lower()
    return name
