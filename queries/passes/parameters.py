"""Literals become bound parameters: `{p0:String}`. Equal values share one, so that equal expressions stay equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sqlglot import expressions as exp

from queries.passes.context import FIXED
from queries.passes.nodes import walk

SLUG_MARK = "amber_project_slug"
_KEEP_BELOW = (exp.Offset, exp.WithFill, exp.DataType, exp.Interval, exp.Dot, exp.Placeholder)
_LONG = 16
"""Texts after IN that are one parameter each. More are one array: the engine looks them up, by indexes too, alike."""

_KEEP_FUNCTIONS = frozenset(
    {
        "toIntervalSecond",
        "toIntervalMillisecond",
        "toDateTime64",
        "toDateTime",
        "dateDiff",
        "fromUnixTimestamp64Micro",
        "fromUnixTimestamp64Milli",
        "fromUnixTimestamp64Nano",
        "nullIf",
        "dictGetOrDefault",
    }
)
"""Functions whose literal arguments are made by the compiler and shape the type of the result."""


def lift_parameters(
    tree: exp.Expr, projects: Mapping[int, str] = MappingProxyType({})
) -> tuple[exp.Expr, dict[str, object]]:
    """Return the tree with placeholders for literals and slugs of projects, and their values by name."""
    lifted = _Lifted()
    arrays: set[int] = set()
    for node in walk(tree, _stop):
        if isinstance(node, exp.Anonymous) and node.name == SLUG_MARK:
            _look_up_slug(node, projects, lifted)
        elif isinstance(node, exp.Array) and _is_text_list(node):
            arrays.add(id(node))
            lifted.put(node, lifted.place([item.this for item in node.expressions], "Array(String)"))
        elif isinstance(node, exp.In) and len(node.expressions) > _LONG and _is_text_list(node):
            arrays.add(id(node))
            node.set("field", lifted.place([item.this for item in node.expressions], "Array(String)"))
            node.set("expressions", None)
        elif isinstance(node, exp.Literal) and id(node.parent) not in arrays and not _stop(node.parent):
            _lift(node, lifted)
    lifted.finish()
    return tree, lifted.values


def _look_up_slug(mark: exp.Anonymous, projects: Mapping[int, str], lifted: _Lifted) -> None:
    """Put `transform(id, ids, slugs, toString(id))` there; two parameters, however many projects there are."""
    (number,) = mark.expressions
    ids, slugs = lifted.place(list(projects), "Array(UInt64)"), lifted.place(list(projects.values()), "Array(String)")
    text = exp.Anonymous(this="toString", expressions=[number.copy()])
    mark.replace(exp.Anonymous(this="transform", expressions=[number, ids, slugs, text]))


class _Lifted:
    """The parameters so far."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._lists: dict[tuple[int, str], tuple[exp.Expr, dict[int, exp.Expr]]] = {}

    def place(self, value: object, kind: str) -> exp.Placeholder:
        """Return a placeholder for a value."""
        name = self._names.setdefault((kind, repr(value)), f"p{len(self._names)}")
        self.values[name] = value
        return exp.Placeholder(this=exp.var(name), kind=_KINDS[kind]())

    def put(self, node: exp.Expr, new: exp.Expr) -> None:
        """Put a node in the place of another; in a list that happens in `finish`, for all its items at once.

        SQLGlot looks at every item of a list for each one that is replaced, which takes seconds for ten thousand.
        """
        parent, key = node.parent, node.arg_key
        if parent is None or key is None or not isinstance(parent.args.get(key), list):
            node.replace(new)
            return
        self._lists.setdefault((id(parent), key), (parent, {}))[1][id(node)] = new

    def finish(self) -> None:
        """Put in place what `put` was given for items of lists."""
        for (_, key), (parent, changed) in self._lists.items():
            parent.set(key, [changed.get(id(item), item) for item in parent.args[key]])
        self._lists.clear()


def _array_of(kind: exp.DType) -> exp.DataType:
    element = exp.DataType(this=kind, nullable=False)
    return exp.DataType(this=exp.DataType.Type.ARRAY, expressions=[element], nested=True, nullable=False)


_KINDS: dict[str, Callable[[], exp.DataType]] = {
    "String": lambda: exp.DataType(this=exp.DataType.Type.TEXT, nullable=False),
    "Int64": lambda: exp.DataType(this=exp.DataType.Type.BIGINT, nullable=False),
    "UInt64": lambda: exp.DataType(this=exp.DataType.Type.UBIGINT, nullable=False),
    "Float64": lambda: exp.DataType(this=exp.DataType.Type.DOUBLE, nullable=False),
    "Array(String)": lambda: _array_of(exp.DataType.Type.TEXT),
    "Array(UInt64)": lambda: _array_of(exp.DataType.Type.UBIGINT),
}


def _stop(node: exp.Expr | None) -> bool:
    """Whether literals directly below the node stay, and nothing below it is looked at."""
    if node is None:
        return False
    if isinstance(node, _KEEP_BELOW) or node.meta.get(FIXED):
        return True
    return (
        isinstance(node, exp.Anonymous)
        and node.name in _KEEP_FUNCTIONS
        and all(isinstance(a, exp.Literal) for a in node.expressions)
    )


def _is_text_list(node: exp.Array | exp.In) -> bool:
    return bool(node.expressions) and all(isinstance(item, exp.Literal) and item.is_string for item in node.expressions)


def _lift(node: exp.Literal, lifted: _Lifted) -> None:
    parent = node.parent
    if isinstance(parent, exp.ParameterizedAgg | exp.CombinedParameterizedAgg) and node.arg_key == "expressions":
        return
    if isinstance(parent, exp.Array) and not node.is_string:
        return
    if isinstance(parent, exp.Group | exp.Ordered | exp.Limit):
        return  # the position of a column, in SQL users send; a number of rows
    if isinstance(parent, exp.Column) or (isinstance(parent, exp.Anonymous) and parent.name in _KEEP_FUNCTIONS):
        return
    if node.is_string:
        if node.this:
            lifted.put(node, lifted.place(node.this, "String"))
        return
    text = node.name
    if text.isdigit() and int(text) < 2**64:
        lifted.put(node, lifted.place(int(text), "UInt64"))
    elif not text.isdigit():
        lifted.put(node, lifted.place(float(text), "Float64"))
