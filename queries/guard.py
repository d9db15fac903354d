"""The independent check of finished SQL: what is not on a list here does not run.

Trust model. The text that reaches the engine is read again from scratch, and nothing the compiler says of it is
believed: not its tree, not its passes, not its list of scans. This module imports none of them. A statement runs if

* it is one SELECT (with unions, subqueries, CTEs) made of node types listed here;
* every function and aggregate is listed here by name; none reads a dictionary. The issue mapping is read by the
  schema's own computed column, and by a statement the compiler made in that column's very words, over project and
  fingerprint of rows it has read (`guard_issues`);
* every table is a table of the schema, named without a database, or a subquery or a CTE that is in sight where it is
  named: elsewhere the same name is a table of the store;
* every scan of a table with a scope column has `column IN (numbers)` as a conjunct of the WHERE of the SELECT it stands
  in, all numbers among the projects the caller may see;
* every scan of a table with a time column has a lower and an upper bound on it there, of a range the plan names;
* in a statement somebody wrote (`written`), those conditions are the whole `PREWHERE` of that SELECT: the engine orders
  the conjuncts of a WHERE itself, so a function that throws would be computed over rows of other projects and its error
  would tell their values. Statements the compiler made may have them in the WHERE, and no PREWHERE: their functions are
  the forms that give null or a default instead of throwing, so no row that is cut away shows (a total beyond 64 bits
  throws, of rows that were let through);
* what it tells the index (`indexHint`) is about hours of columns, compared with constants;
* every scan of a roll-up is bounded by whole hours, and reads its counts through the one aggregate that puts rows of
  it together;
* nothing carries hints, settings, a format or an output file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import expressions as exp

from engine.schema import TABLES
from queries.errors import GuardRefusal
from queries.guard_issues import check_lookup, is_lookup
from queries.guard_lists import CLAUSES
from queries.guard_nodes import rules_of
from queries.guard_read import nodes_of, read_statement
from queries.guard_scans import Read, check_bounds, check_scan, is_hint, names_rows
from queries.guard_written import check_apart, check_written

_PLAIN_TEXT = re.compile(r"[A-Za-z0-9 :_./-]*")
"""What a text in a finished statement looks like: all texts of users are bound parameters."""


def verify(sql: str, reads: Sequence[Read], allowed: frozenset[int], *, written: bool = False) -> None:
    """Check a finished statement.

    Args:
        sql: the text as it will be sent.
        reads: the ranges scans may have; nothing else of the plan is used.
        allowed: ids of the projects the caller may see.
        written: somebody wrote the statement, in place of the compiler.

    Raises:
        GuardRefusal: with what is wrong; the statement must not run.
    """
    try:
        _verify(sql, reads, allowed, written=written)
    except RecursionError:
        raise GuardRefusal("The statement nests too deeply.") from None


def _verify(sql: str, reads: Sequence[Read], allowed: frozenset[int], *, written: bool) -> None:
    tree = read_statement(sql)
    nodes = nodes_of(tree)
    lookups = [] if written else [node for node in nodes if is_lookup(node)]
    for node in lookups:
        check_lookup(node)
    hints = [node for node in nodes if is_hint(node)]
    _check_nodes(nodes, first=written, checked=[*lookups, *hints])
    if written:
        check_written(tree)
        check_apart(tree)
    for node in nodes:
        if isinstance(node, exp.Literal) and node.is_string and not _PLAIN_TEXT.fullmatch(node.this):
            raise GuardRefusal("A text of a user stands in the statement instead of a parameter.")
        if isinstance(node, exp.Table):
            check_scan(node, reads, allowed, "prewhere" if written else "where")


def check_statement(tree: exp.Query, *, first: bool = False) -> None:
    """Check what a statement is made of: node types, clauses, functions, names of common tables; not its scans.

    Args:
        tree: the statement.
        first: whether it may have a PREWHERE, which is then checked with the scans.

    Raises:
        GuardRefusal: with what is not allowed.
    """
    _check_nodes(nodes_of(tree), first=first)


def _check_nodes(nodes: list[exp.Expr], *, first: bool, checked: Sequence[exp.Expr] = ()) -> None:
    clauses = CLAUSES | {"prewhere"} if first else CLAUSES
    done = {id(node) for node in checked}
    for node in nodes:
        if node.comments:
            raise GuardRefusal("Comments are not allowed.")
        if first and isinstance(node, exp.PreWhere):
            check_bounds(node)
            continue
        for rule in rules_of(type(node)) if id(node) not in done else ():
            rule(node, clauses)
    _check_aliases(nodes)
    named = {node.alias for node in nodes if isinstance(node, exp.CTE)} & set(TABLES)
    if named:
        raise GuardRefusal(f"A common table has the name of a table: {', '.join(sorted(named))}.")


def _check_aliases(nodes: list[exp.Expr]) -> None:
    """Refuse an expression with the alias of a table: `t.project_id` would be a member of that expression."""
    tables = {node.alias_or_name for node in nodes if isinstance(node, exp.Table)}
    for node in nodes:
        if not isinstance(node, exp.Alias | exp.CTE | exp.Lambda | exp.Subquery):
            continue
        names = [node.alias] if not isinstance(node, exp.Lambda) else [n.name for n in node.expressions]
        for name in names:
            if not names_rows(node) and (name in tables or "." in name):
                raise GuardRefusal(f"An expression may not be called {name}.")
