"""Parts of values in SQL people write, as calls: `a[1]`, `t.1`, `map(k, v)`, paths in JSON.

SQLGlot has nodes of its own for them, whose constants it rewrites when it reads and writes a text. With parameters in
the place of the constants it could not write back what it read, so each becomes the engine's function.
"""

from __future__ import annotations

from sqlglot import expressions as exp
from sqlglot.dialects.clickhouse import ClickHouse

from queries.errors import QueryError

_JSON: dict[type[exp.Expr], str] = {exp.JSONExtractScalar: "JSONExtractString", exp.JSONExtract: "JSONExtractRaw"}
_NARROW = frozenset({"ipv4cidrtorange", "ipv6cidrtorange"})
"""Functions whose second argument must be a number of 8 bits, which a bound parameter is not."""


def name_parts(tree: exp.Query) -> None:
    """Write parts of values as calls, in place.

    Raises:
        QueryError: a path in JSON has parts the engine does not know.
    """
    for node in list(tree.find_all(exp.Bracket)):
        # SQLGlot counts elements from 0.
        places = exp.apply_index_offset(node.this, node.expressions, 1, dialect=ClickHouse)
        if places != node.expressions:
            node.replace(_call("arrayElement", node.this, *places))
    for dot in list(tree.find_all(exp.Dot)):
        if isinstance(dot.expression, exp.Literal) and not dot.expression.is_string:
            dot.replace(_call("tupleElement", dot.this, dot.expression))
    _name_maps(tree)
    _name_paths(tree)
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name.lower() in _NARROW and len(call.expressions) == 2:
            width = call.expressions[1]
            width.replace(_call("toUInt8", width.copy()))


def _name_maps(tree: exp.Query) -> None:
    for made in list(tree.find_all(exp.VarMap)):
        keys, values = made.args["keys"], made.args["values"]
        if isinstance(keys, exp.Array) and isinstance(values, exp.Array):
            pairs = zip(keys.expressions, values.expressions, strict=True)
            made.replace(_call("map", *(part for pair in pairs for part in pair)))


def _name_paths(tree: exp.Query) -> None:
    for found in list(tree.find_all(*_JSON)):
        if isinstance(found.expression, exp.JSONPath):
            parts = [_json_part(part) for part in found.expression.expressions[1:]]
            found.replace(_call(_JSON[type(found)], found.this, *parts))


def _call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _json_part(part: exp.Expr) -> exp.Expr:
    match part:
        case exp.JSONPathKey() if isinstance(part.this, str):
            return exp.Literal.string(part.this)
        case exp.JSONPathSubscript() if isinstance(part.this, int) and part.this >= 0:
            return exp.Literal.number(part.this + 1)
        case _:
            raise QueryError("A path in JSON is made of names and numbers from 1.", code="query-not-allowed")
