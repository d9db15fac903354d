"""The guard's rules for statements somebody wrote: what one call may cost.

The engine looks at its limits between blocks of rows and never inside of a call, so a call must end by itself. Nearly
all take time that grows with the size of their arguments, which the limit on memory bounds. Those here take more.
"""

from __future__ import annotations

from sqlglot import expressions as exp

from engine.schema import TABLES
from queries.errors import GuardRefusal

MOST_ELEMENTS = 10_000
"""Elements an array written in a statement may have."""

_BUILDERS = frozenset({"arrayresize", "arraywithconstant", "range", "arrayrepeat"})
"""Functions that make an array of any size out of a number."""

_SEARCHES = frozenset({"has", "hasany", "hasall", "array_contains", "array_overlaps", "array_contains_all"})
"""Functions that look through one array for each element, or each row, of another: both must be short."""

_STORED = frozenset(column.name for table in TABLES.values() for column in table.columns)


def check_written(tree: exp.Query) -> None:
    """Check what the calls of a statement may cost.

    Raises:
        GuardRefusal: with the call and what to write instead.
    """
    for kind in tree.find_all(exp.DataType):
        if isinstance(kind.this, exp.DType) and kind.this.name.startswith("DECIMAL"):
            # Sums and quotients of decimals throw, and the index computes them over values of others, as it does
            # whole divisions.
            raise GuardRefusal("Decimals are not allowed: cast to Float64 or Int64.")
    made: frozenset[str] | None = None
    for node in tree.find_all(exp.Func, exp.Array):
        if isinstance(node, exp.Array):
            _check_length(node)
            continue
        name = _name(node)
        if name in _BUILDERS:
            raise GuardRefusal(f"The function {name} is not allowed: it makes arrays of any size. Write the elements.")
        if name in _SEARCHES:
            made = _made(tree) if made is None else made
            _check_search(node, name, made)


def _check_length(node: exp.Array) -> None:
    if len(node.expressions) > MOST_ELEMENTS:
        raise GuardRefusal(f"An array may have {MOST_ELEMENTS:,} written elements.")


def _check_search(node: exp.Func, name: str, made: frozenset[str]) -> None:
    arrays = list(node.iter_expressions())
    searched = arrays[:1] if name in {"has", "array_contains"} else arrays
    if not all(_is_short(part.unnest(), made) for part in searched):
        called = {"array_contains": "has", "array_overlaps": "hasAny", "array_contains_all": "hasAll"}.get(name, name)
        raise GuardRefusal(
            f"{called} looks through stored arrays and written ones alone: over others it may take hours in one call."
            " Write arrayExists(x -> x = …, …)."
        )


def _is_short(node: exp.Expr, made: frozenset[str]) -> bool:
    """Whether an array is a written one, maybe already a parameter, or a stored one: those are as long as an event."""
    if isinstance(node, exp.Array | exp.Placeholder):
        return True
    if isinstance(node, exp.Func) and _name(node) in {"mapkeys", "mapvalues", "map_keys", "map_values"}:
        return all(_is_short(part.unnest(), made) for part in node.iter_expressions())
    return isinstance(node, exp.Column) and node.name in _STORED and node.name not in made


def _made(tree: exp.Query) -> frozenset[str]:
    """Return names the statement gives to values; all names when a UNION may put other values under one."""
    if tree.find(exp.SetOperation) is not None:
        return _STORED
    names = {node.alias for node in tree.find_all(exp.Alias, exp.CTE) if not isinstance(node.this, exp.Query)}
    names |= {name.name for node in tree.find_all(exp.TableAlias) for name in node.args.get("columns") or ()}
    names |= {name.name for node in tree.find_all(exp.Lambda) for name in node.expressions}
    return frozenset(names)


def _name(node: exp.Func) -> str:
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc | exp.ParameterizedAgg):
        return str(node.this if isinstance(node.this, str) else node.name).lower()
    return node.sql_name().lower()


def check_apart(tree: exp.Query) -> None:
    """Check that no arithmetic of a finished statement can be followed by the index.

    The engine follows chains of functions that grow or fall with a column of the sort key, and computes them over the
    values that bound granules, also those of rows outside of the scope. Of what is on the lists and is followed,
    arithmetic alone throws: whole divisions, sums of dates and times, and anything with decimals. An argument inside of
    `arrayElement([…], 1)` breaks the chain.

    Raises:
        GuardRefusal: an argument is neither free of columns nor kept apart.
    """
    for node in tree.find_all(exp.Func, *ARITHMETIC):
        if is_arithmetic(node) and not all(_is_apart(part) for part in node.iter_expressions()):
            name = _name(node) if isinstance(node, exp.Func) else type(node).__name__
            raise GuardRefusal(f"The arguments of {name} are not kept apart from the index.")


ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
"""Operators that may throw over some values."""

DIVISIONS = frozenset({"intdiv", "int_div", "modulo", "positivemodulo", "addnanoseconds", "subtractnanoseconds"})
"""Functions that do, by the engine's name and by SQLGlot's."""


def is_arithmetic(node: exp.Expr) -> bool:
    """Whether a node is a call or an operator that may throw over some values of a key."""
    return isinstance(node, ARITHMETIC) or (isinstance(node, exp.Func) and _name(node) in DIVISIONS)


def _is_apart(node: exp.Expr) -> bool:
    plain = node.unnest()
    if is_arithmetic(plain) or plain.find(exp.Column, exp.Query) is None:
        return True  # the former is looked at by itself
    return isinstance(plain, exp.Func) and _name(plain) == "arrayelement" and isinstance(_first(plain), exp.Array)


def _first(node: exp.Func) -> exp.Expr | None:
    return next(iter(node.iter_expressions()), None)
