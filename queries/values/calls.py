"""ClickHouse functions as typed Ibis nodes, and Ibis values as SQLGlot trees.

Values (fields, functions, operators) are Ibis expressions: typed, one node per node of the syntax tree. The SELECT
around them is built in SQLGlot. Letting Ibis lower whole relations (`compiler.to_sqlglot`) costs 7.5 ms for a filter, a
grouping and an order over the 60 columns of `errors`, three quarters of it in the rewriting of relations, and building
the relation another 3 ms; translating the values alone costs 0.5 ms. The budget for parse, check and plan is 5 ms.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import ibis
import ibis.expr.datashape as dshape
import ibis.expr.datatypes as dtypes
import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.clickhouse import compiler
from sqlglot import expressions as exp

from engine.schema import Kind, Table
from queries.types import BOOLEAN, Base, ValueType, type_of_kind
from queries.values.source import literal, source_table

PARAMETRIC = {
    "quantileExactInclusiveOrNull": 1,
    "quantileExactWeightedOrNull": 2,
    "topK": 1,
    "topKWeighted": 2,
    "groupUniqArray": 1,
    "countResample": 1,
    "sumResample": 2,
}
"""Aggregates with parameters, written `name(parameter, …)(argument, …)`, and how many arguments they have; also with
`If`, whose condition is one more."""

LAMBDA = "amber_lambda"
"""`amber_lambda(body, name, …)`: a mark for the function `(name, …) -> body` of array functions."""

OVER_ALL = "amber_over_all"
"""`amber_over_all(aggregate)`: a mark for an aggregate over all rows of the answer: `aggregate OVER ()`."""

OVER = "amber_over"
"""`amber_over(value, keys, frame, key, …, order, …)`: a mark for `value OVER (PARTITION BY … ORDER BY … frame)`."""

DESCENDING = "amber_descending"
"""`amber_descending(value)`: a mark for a key of such an order."""

_BASE_DTYPES: dict[Base, dtypes.DataType] = {
    Base.STRING: dtypes.string,
    Base.INTEGER: dtypes.int64,
    Base.FLOAT: dtypes.float64,
    Base.BOOLEAN: dtypes.boolean,
    Base.TIME: dtypes.Timestamp(timezone="UTC", scale=6),
    Base.NULL: dtypes.null,
}

_ARRAY_DTYPES: dict[Base, dtypes.DataType] = {base: dtypes.Array(dtype) for base, dtype in _BASE_DTYPES.items()}
_MAP_DTYPES: dict[Base, dtypes.DataType] = {
    base: dtypes.Map(dtypes.string, dtype) for base, dtype in _BASE_DTYPES.items()
}


def dtype_of(type_: ValueType) -> dtypes.DataType:
    """Return the Ibis type of a language type."""
    if type_.base is Base.ARRAY:
        return _ARRAY_DTYPES[type_.element or Base.STRING]
    if type_.base is Base.MAP:
        return _MAP_DTYPES[type_.element or Base.STRING]
    return _BASE_DTYPES[type_.base]


@lru_cache(maxsize=256)
def physical_table(table: Table, alias: str, promoted: tuple[tuple[str, str], ...]) -> ir.Table:
    """Return the unbound Ibis table of a physical table under an alias; columns holding states are left out."""
    columns = {c.name: dtype_of(type_of_kind(c.kind)) for c in table.columns if c.kind is not Kind.USERS_STATE}
    columns.update({column: dtypes.string for _, column in promoted})
    return source_table(columns, alias)


def derived_table(columns: Mapping[str, ValueType], alias: str) -> ir.Table:
    """Return an unbound Ibis table for the outputs of a SELECT."""
    return _derived(tuple(columns.items()), alias)


@lru_cache(maxsize=256)
def _derived(columns: tuple[tuple[str, ValueType], ...], alias: str) -> ir.Table:
    return source_table({name: dtype_of(type_) for name, type_ in columns}, alias)


def widened_table(table: ir.Table, columns: Mapping[str, ValueType], alias: str) -> ir.Table:
    """Return an unbound Ibis table with the columns of another and some more."""
    return _widened(table, tuple(columns.items()), alias)


@lru_cache(maxsize=256)
def _widened(table: ir.Table, columns: tuple[tuple[str, ValueType], ...], alias: str) -> ir.Table:
    return source_table({**dict(table.schema()), **{n: dtype_of(t) for n, t in columns}}, alias)


def field_name(value: ir.Value, table: ir.Table) -> str | None:
    """Return the name of the column when the value is nothing but a column of the table, else None."""
    node = value.op()
    if isinstance(node, ops.Field) and node.rel == table.op():
        return str(node.name)
    return None


def call(name: str, result: ValueType, *args: object) -> ir.Value:
    """Return the call of a ClickHouse scalar function."""
    return _made(_builtin("scalar", name, dtype_of(result), len(args)), args)


def aggregate(name: str, result: ValueType, *args: object, where: ir.Value | None = None) -> ir.Value:
    """Return the call of a ClickHouse aggregate, over the rows of `where` when given."""
    if where is not None:
        return _made(_builtin("agg", f"{name}If", dtype_of(result), len(args) + 1), (*args, where))
    return _made(_builtin("agg", name, dtype_of(result), len(args)), args)


def variable(name: str, type_: ValueType) -> ir.Value:
    """Return an argument of a function written with `mapping`."""
    return ops.Argument(name=name, shape=dshape.columnar, dtype=dtype_of(type_)).to_expr()


def mapping(
    name: str, result: ValueType, body: ir.Value, variables: tuple[ir.Value, ...], *arrays: ir.Value
) -> ir.Value:
    """Return an array function with a function over the elements: `arrayMap((x, y) -> body, xs, ys)`.

    Args:
        name: of the engine function.
        result: type of what it gives.
        body: made of `variables` and of values of the row.
        variables: one `variable` for each array, of names used nowhere around it.
        arrays: equally long.
    """
    return call(name, result, call(LAMBDA, result, body, *variables), *arrays)


def over_all(value: ir.Value, result: ValueType) -> ir.Value:
    """Return an aggregate over all rows of a SELECT: with one inside, over all its groups."""
    return call(OVER_ALL, result, value)


def over(
    value: ir.Value,
    result: ValueType,
    keys: Sequence[ir.Value],
    order: Sequence[tuple[ir.Value, bool]] = (),
    frame: str = "",
) -> ir.Value:
    """Return a window function over the rows that are equal in `keys`.

    Args:
        value: of the window, such as `sum(x)` or `row_number()`.
        result: its type.
        keys: of the partition.
        order: keys of the order and whether they descend; what is missing comes last.
        frame: `all` for all rows of the partition, `running` for those up to this one, a number for as many rows before
            this one and itself; empty for the engine's own.
    """
    orders = [call(DESCENDING, BOOLEAN, key) if descending else key for key, descending in order]
    return call(OVER, result, value, len(keys), frame, *keys, *orders)


def looks_at_all(value: ir.Value) -> bool:
    """Return whether `over_all` stands in a value, so that the groups must all be there when it is computed."""
    return any(getattr(node, "__func_name__", "") == OVER_ALL for node in value.op().find(ops.ScalarUDF))


def reads_rows(value: ir.Value) -> bool:
    """Return whether a value differs from row to row: `now()`, `ago(1d)` and literals do not."""
    return bool(value.op().find(ops.Field))


@lru_cache(maxsize=1024)
def _builtin(kind: str, name: str, dtype: dtypes.DataType, arity: int) -> type[ops.Value]:
    """Return the class of nodes that are calls of a function."""

    def declared() -> None: ...

    names = [inspect.Parameter(f"a{i}", inspect.Parameter.POSITIONAL_OR_KEYWORD) for i in range(arity)]
    declared.__name__ = name
    declared.__signature__ = inspect.Signature(names, return_annotation=dtype)  # type: ignore[attr-defined]
    declared.__annotations__ = {"return": dtype}
    make = getattr(ibis.udf, kind).builtin(declared, name=name)
    return type(make(*[True] * arity).op())


def _made(kind: type[ops.Value], args: Sequence[object]) -> ir.Value:
    """Return the call of a function.

    Ibis checks each argument against a pattern, which any value fits, and takes six times as long for that as for the
    node: a node of checked arguments is made as its own `copy` and its rewrites end up making it.
    """
    made = dict(zip(kind.__argnames__, map(_operand, args), strict=False))
    if len(made) < len(kind.__argnames__):
        made["where"] = None  # what Ibis adds to aggregates
    node: ops.Value = type.__call__(kind, **made)
    return node.to_expr()


def _operand(value: object) -> ops.Value:
    """Return the node of an argument; what is no value of Ibis becomes a literal."""
    return (value if isinstance(value, ir.Value) else literal(value)).op()


def translate(value: ir.Value) -> exp.Expr:
    """Return the SQLGlot tree of an Ibis value; columns are qualified by the name of their table."""
    root = value.op()
    tree: exp.Expr = _tree(root.arg if isinstance(root, ops.Alias) else root)
    return tree


def _tree(node: ops.Node) -> Any:
    """Return the tree of a node: each place has one of its own, where Ibis shares equal nodes.

    Ibis' own walk sorts the graph and collects results by node; for the few nodes of a usual value that takes three
    times as long.
    """
    match node:
        case ops.Field():
            return column_node(node.name, node.rel.name)
        case ops.ScalarUDF() | ops.AggUDF():
            return function(
                node.__func_name__,
                [_tree(arg) for name, arg in zip(node.argnames, node.args, strict=True) if name != "where"],
            )
        case ops.Literal():
            return compiler.visit_node(node, value=node.value, dtype=node.dtype)
        case _:
            parts = {name: _part(arg) for name, arg in zip(node.argnames, node.args, strict=True)}
            return compiler.visit_node(node, **parts)


def _part(value: object) -> object:
    """Return the tree of an argument of a node, or of each of several."""
    if isinstance(value, ops.Node):
        return _tree(value)
    if isinstance(value, tuple):
        return tuple(_part(item) for item in value)
    return value


def column_node(name: str, table: str) -> exp.Column:
    """Return a column of a table under an alias."""
    return exp.Column(this=exp.Identifier(this=name, quoted=True), table=exp.Identifier(this=table, quoted=True))


def function(name: str, args: list[exp.Expr]) -> exp.Expr:
    """Return a function call under exactly this name; parametric aggregates take their parameters first."""
    count = PARAMETRIC.get(name) or PARAMETRIC.get(name.removesuffix("If"), 0)
    if count:
        cut = len(args) - count - (name not in PARAMETRIC)
        return sge.ParameterizedAgg(this=name, expressions=args[:cut], params=args[cut:])
    match name:
        case "windowFunnel":  # one parameter, as many arguments as there are steps
            return sge.ParameterizedAgg(this=name, expressions=args[:1], params=args[1:])
        case "amber_lambda":
            return exp.Lambda(this=args[0], expressions=args[1:])
        case "amber_over_all":
            return exp.Window(this=args[0])
        case "amber_over":
            return _window(args)
        case _:
            return exp.Anonymous(this=name, expressions=args)


def _window(args: list[exp.Expr]) -> exp.Window:
    value, count, frame, *rest = args
    keys, orders = rest[: int(count.name)], rest[int(count.name) :]
    window = exp.Window(this=value, partition_by=keys, over="OVER")
    if orders:
        window.set("order", exp.Order(expressions=[_ordered(key) for key in orders]))
    if frame.name:
        end = ("UNBOUNDED", "FOLLOWING") if frame.name == "all" else ("CURRENT ROW", None)
        start = frame.name if frame.name.isdigit() else "UNBOUNDED"
        spec = exp.WindowSpec(kind="ROWS", start=start, start_side="PRECEDING", end=end[0], end_side=end[1])
        window.set("spec", spec)
    return window


def _ordered(key: exp.Expr) -> exp.Ordered:
    descending = isinstance(key, exp.Anonymous) and key.name == DESCENDING
    return exp.Ordered(this=key.expressions[0] if descending else key, desc=descending, nulls_first=False)
