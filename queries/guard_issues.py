"""The guard's rule for the issue of a group: the one look-up in a dictionary a compiled statement may make.

The mapping holds fingerprints of all projects, so who could look up any of them would learn of errors of others. A
statement may look up what it has read alone: project and fingerprint of rows of one scan, which the guard bounds by
projects as every other. The columns are followed to that scan here, whatever the compiler says of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import sqlglot
from sqlglot import expressions as exp
from sqlglot.dialects.clickhouse import ClickHouse

from engine.schema import ISSUE_MAP_DICTIONARY, TABLES
from engine.schema.errors import MAPPED_ISSUE_ID
from queries.errors import GuardRefusal

_NAME = "dictgetordefault"
_KEYS = ("project_id", "fingerprint")


def is_lookup(node: exp.Expr) -> bool:
    """Whether a node has the form of the schema's own issue: its columns are not looked at."""
    return isinstance(node, exp.Anonymous) and node.name.lower() == _NAME and _same(node, _schema())


def check_lookup(node: exp.Expr) -> None:
    """Check what a look-up of an issue is made of.

    Raises:
        GuardRefusal: it is not project and fingerprint of rows the statement reads.
    """
    columns = list(node.find_all(exp.Column))
    names = {column.table for column in columns}
    select = node.find_ancestor(exp.Select)
    source = select.args.get("from_") if select is not None else None
    rows = source.this if isinstance(source, exp.From) else None
    if select is None or not isinstance(rows, exp.Subquery) or select.args.get("joins") or select.args.get("laterals"):
        raise GuardRefusal(f"A look-up in {ISSUE_MAP_DICTIONARY} needs rows of one subquery.")
    if names != {rows.alias} or not rows.alias or rows.args["alias"].args.get("columns"):
        raise GuardRefusal(f"A look-up in {ISSUE_MAP_DICTIONARY} takes columns of the subquery it stands over.")
    _check_name(node, rows.alias)
    members = list(_members(rows.this))
    first = [item.alias_or_name for item in members[0].expressions] if members else []
    for key in _KEYS:
        if first.count(key) != 1 or not all(_is_read(member, first.index(key), key) for member in members):
            raise GuardRefusal(f"A look-up in {ISSUE_MAP_DICTIONARY} takes the {key} of rows as they are stored.")


def _check_name(node: exp.Expr, name: str) -> None:
    """Refuse a value that is called like the rows: `g.project_id` would be a member of it."""
    for other in node.root().find_all(exp.Alias, exp.CTE, exp.Lambda):
        named = [other.alias] if not isinstance(other, exp.Lambda) else [item.name for item in other.expressions]
        if name in named:
            raise GuardRefusal(f"An expression may not be called {name}.")


def _members(query: exp.Expr) -> Iterator[exp.Select]:
    """Yield the SELECTs of a union; a query of any other form has none.

    Raises:
        GuardRefusal: it has members of another form.
    """
    if isinstance(query, exp.Union):
        yield from _members(query.this)
        yield from _members(query.expression)
    elif isinstance(query, exp.Select) and not query.args.get("with_"):
        yield query
    else:
        raise GuardRefusal(f"A look-up in {ISSUE_MAP_DICTIONARY} needs rows of SELECTs.")


def _is_read(select: exp.Select, position: int, key: str) -> bool:
    """Whether an output of a SELECT is that column of the table it scans."""
    source = select.args.get("from_")
    scan = source.this if isinstance(source, exp.From) else None
    if not isinstance(scan, exp.Table) or scan.name not in TABLES or not TABLES[scan.name].scope_column:
        return False
    if select.args.get("joins") or select.args.get("laterals") or position >= len(select.expressions):
        return False
    item = select.expressions[position]
    value = item.this if isinstance(item, exp.Alias) else item
    return isinstance(value, exp.Column) and value.name == key and value.table == scan.alias_or_name


def _same(node: exp.Expr, other: exp.Expr) -> bool:
    """Whether two expressions differ in nothing but the tables of their columns and quotes."""
    return _plain(node) == _plain(other)


def _plain(node: exp.Expr) -> str:
    bare = node.copy()
    for column in list(bare.find_all(exp.Column)):
        column.replace(exp.column(column.name, quoted=True))
    return bare.sql(dialect=ClickHouse)


@cache
def _schema() -> exp.Expr:
    return sqlglot.parse_one(MAPPED_ISSUE_ID, dialect=ClickHouse)
