"""The independent check of finished SQL: what is not on a list here does not run.

Trust model. The text that reaches the engine is read again from scratch, and nothing the compiler says of it is
believed: not its tree, not its passes, not its list of scans. This module imports none of them. A statement runs if

* it is one SELECT (with unions, subqueries, CTEs) made of node types listed here;
* every function and aggregate is listed here by name; none reads a dictionary, the issue mapping included, which the
  schema's own computed column reads;
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
* every scan of a roll-up is bounded by whole hours, and reads its counts through the one aggregate that puts rows of
  it together;
* nothing carries hints, settings, a format or an output file.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Protocol

from sqlglot import expressions as exp
from sqlglot.dialects.clickhouse import ClickHouse

from engine.schema import TABLES, Kind, Table
from queries.errors import GuardRefusal
from queries.guard_lists import CLAUSES, FUNCTIONS, NODES
from queries.guard_names import HIGHER, TYPES, VIRTUAL_COLUMNS, why_not
from queries.guard_read import nodes_of, read_statement
from queries.guard_rollups import check_measures
from queries.guard_written import check_apart, check_written

_UNSAFE_NAME = re.compile(r"[\x00-\x1f\x7f\\'\"`]")
"""Signs that two parsers may read differently inside a quoted name."""

_PLAIN_TEXT = re.compile(r"[A-Za-z0-9 :_./-]*")
"""What a text in a finished statement looks like: all texts of users are bound parameters."""


_Rule = Callable[[exp.Expr, frozenset[str]], None]

_RULES: dict[type[exp.Expr], tuple[_Rule, ...]] = {}
"""The rules for each type of nodes that has come up: most have one or none of them."""

_NAMES: dict[type[exp.Expr], str] = {}
"""The name of the function each type of nodes stands for, likewise."""


class Read(Protocol):
    """A scan the plan means to make."""

    @property
    def table(self) -> str:
        """Name of the physical table."""
        ...

    @property
    def start(self) -> dt.datetime | None:
        """Start of the half-open time range, None for a table without time."""
        ...

    @property
    def end(self) -> dt.datetime | None:
        """End of the range."""
        ...


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
    _check_nodes(nodes, first=written)
    if written:
        check_written(tree)
        check_apart(tree)
    for node in nodes:
        if isinstance(node, exp.Literal) and node.is_string and not _PLAIN_TEXT.fullmatch(node.this):
            raise GuardRefusal("A text of a user stands in the statement instead of a parameter.")
        if isinstance(node, exp.Table):
            _check_scan(node, reads, allowed, "prewhere" if written else "where")


def check_statement(tree: exp.Query, *, first: bool = False) -> None:
    """Check what a statement is made of: node types, clauses, functions, names of common tables; not its scans.

    Args:
        tree: the statement.
        first: whether it may have a PREWHERE, which is then checked with the scans.

    Raises:
        GuardRefusal: with what is not allowed.
    """
    _check_nodes(nodes_of(tree), first=first)


def _check_nodes(nodes: list[exp.Expr], *, first: bool) -> None:
    clauses = CLAUSES | {"prewhere"} if first else CLAUSES
    for node in nodes:
        if node.comments:
            raise GuardRefusal("Comments are not allowed.")
        if first and isinstance(node, exp.PreWhere):
            _check_bounds(node)
            continue
        kind = type(node)
        rules = _RULES.get(kind)
        if rules is None:
            rules = _RULES[kind] = _rules(kind)
        for rule in rules:
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
            if not _names_rows(node) and (name in tables or "." in name):
                raise GuardRefusal(f"An expression may not be called {name}.")


def _names_rows(node: exp.Expr) -> bool:
    """Whether an alias stands for rows. `WITH (SELECT 1 AS x) AS t` does not: there `t.x` is a member of a value."""
    if isinstance(node, exp.CTE):
        return isinstance(node.this, exp.Query) and not isinstance(node.this, exp.Subquery)
    return isinstance(node, exp.Subquery) and isinstance(node.parent, exp.From | exp.Join)


def is_common_table(scan: exp.Table) -> bool:
    """Whether a name in a FROM is a common table in sight there, as the engine looks for it.

    In sight are the common tables of every SELECT around it; of those it stands inside of, only the earlier ones, and
    itself where the WITH is recursive.
    """
    inside: exp.CTE | None = None
    place = scan.parent
    while place is not None:
        if isinstance(place, exp.CTE):
            inside = place
        clause = place.args.get("with_")
        if isinstance(clause, exp.With):
            for cte in clause.expressions:
                if cte is inside and not clause.args.get("recursive"):
                    break
                if cte.alias == scan.name and _names_rows(cte):
                    return True
                if cte is inside:
                    break
        place = place.parent
    return False


def _rules(kind: type[exp.Expr]) -> tuple[_Rule, ...]:
    """Return the rules for nodes of a type."""
    checks: list[_Rule] = []
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
    name = _function_name(node)
    if name not in FUNCTIONS:
        raise GuardRefusal(f"The function {name} is not allowed: {why_not(name)}.")
    if name in HIGHER or isinstance(node, exp.Transform):  # the engine's arrayMap
        _check_higher(node)


def _check_higher(node: exp.Expr) -> None:
    """Refuse the bare name of a function where a lambda may stand: the engine would call what it names."""
    found = list(node.iter_expressions())
    called = "arrayMap" if isinstance(node, exp.Transform) else _function_name(node)
    if len(found) < 2 or any(isinstance(item, exp.Lambda) for item in found):
        return
    for item in found:
        plain = item.unnest()
        if isinstance(plain, exp.Identifier | exp.Var) or (isinstance(plain, exp.Column) and not plain.table):
            raise GuardRefusal(
                f"The name {plain.name} is not allowed as an argument of {called}: write a lambda, x -> …"
            )


def _function_name(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc | exp.ParameterizedAgg):
        return str(node.this if isinstance(node.this, str) else node.name).lower()
    kind = type(node)
    name = _NAMES.get(kind)
    if name is None:
        name = _NAMES[kind] = kind.sql_name().lower() if issubclass(kind, exp.Func) else kind.__name__.lower()
    return name


def _check_scan(scan: exp.Table, reads: Sequence[Read], allowed: frozenset[int], clause: str) -> None:
    if scan.args.get("db") or scan.args.get("catalog") or not isinstance(scan.this, exp.Identifier):
        raise GuardRefusal(f"{scan.sql(dialect=ClickHouse)} is no table that may be read.")
    extra = {key for key, value in scan.args.items() if value} - {"this", "alias"}
    if extra:
        raise GuardRefusal(f"A table may not carry {', '.join(sorted(extra))}.")
    alias = scan.args.get("alias")
    if alias is not None and alias.args.get("columns"):
        raise GuardRefusal("The columns of a table may not be renamed in its alias.")
    name = scan.name
    if is_common_table(scan):
        return
    table = TABLES.get(name)
    if table is None:
        raise GuardRefusal(f"{name} is no table that may be read.")
    if any(column.name == scan.alias_or_name for column in table.columns):
        raise GuardRefusal(f"A table may not be called {scan.alias_or_name}, like one of its columns.")
    conjuncts = list(_conjuncts(_select_of(scan), clause))
    if table.scope_column is not None and not any(_scopes(c, scan, table.scope_column, allowed) for c in conjuncts):
        raise GuardRefusal(f"The scan of {name} is not limited to visible projects.")
    if table.time_column is not None:
        _check_time(scan, table, conjuncts, reads)
    if table.rollup_of:
        check_measures(scan, table, _select_of(scan))


def _select_of(scan: exp.Table) -> exp.Select:
    place: exp.Expr | None = scan.parent
    if isinstance(place, exp.Final):
        place = place.parent
    if not isinstance(place, exp.From) or not isinstance(place.parent, exp.Select):
        raise GuardRefusal(f"The scan of {scan.name} must stand alone in the FROM of a SELECT.")
    select = place.parent
    if select.args.get("joins") or select.args.get("laterals"):
        raise GuardRefusal(f"The scan of {scan.name} must have a SELECT of its own, without joins.")
    return select


def _conjuncts(select: exp.Select, clause: str) -> Iterator[exp.Expr]:
    where = select.args.get(clause)
    pending = [where.this] if where is not None else []
    while pending:
        node = pending.pop()
        if isinstance(node, exp.Paren):
            pending.append(node.this)
        elif isinstance(node, exp.And):
            pending += [node.this, node.expression]
        else:
            yield node


def _check_bounds(first: exp.PreWhere) -> None:
    """Refuse a PREWHERE with anything but bounds of the one scan of its SELECT: column against constants."""
    select = first.parent
    source = select.args.get("from_") if isinstance(select, exp.Select) else None
    scan = source.this if source is not None else None
    scan = scan.this if isinstance(scan, exp.Final) else scan
    table = TABLES.get(scan.name) if isinstance(scan, exp.Table) and not is_common_table(scan) else None
    if not isinstance(select, exp.Select) or not isinstance(scan, exp.Table) or table is None:
        raise GuardRefusal("A PREWHERE must bound the scan of a table.")
    if not all(_is_bound(condition, scan, table) for condition in _conjuncts(select, "prewhere")):
        raise GuardRefusal(f"The PREWHERE of {scan.name} may hold its scope, environment and time alone.")


def _is_bound(node: exp.Expr, scan: exp.Table, table: Table) -> bool:
    if isinstance(node, exp.GTE | exp.LT):
        named = table.time_column is not None and _is_column(node.this, scan, table.time_column)
        return named and _constant_ns(node.expression) is not None
    if not isinstance(node, exp.In) or node.args.get("query") or node.args.get("field") or node.args.get("unnest"):
        return False
    listed = all(isinstance(item, exp.Literal | exp.Placeholder) for item in node.expressions)
    names = (table.scope_column, "environment")
    return listed and any(name is not None and _is_column(node.this, scan, name) for name in names)


def _is_column(node: exp.Expr, scan: exp.Table, name: str) -> bool:
    # Qualified by the scan itself: a bare name could be an alias of the SELECT, which the engine would put there.
    return (
        isinstance(node, exp.Column)
        and node.name == name
        and node.table == scan.alias_or_name
        and not node.args.get("db")
    )


def _scopes(node: exp.Expr, scan: exp.Table, column: str, allowed: frozenset[int]) -> bool:
    if not isinstance(node, exp.In) or not _is_column(node.this, scan, column) or node.args.get("query"):
        return False
    ids = [item.name for item in node.expressions if isinstance(item, exp.Literal) and not item.is_string]
    if not ids or len(ids) != len(node.expressions) or not all(i.isdigit() for i in ids):
        return False
    # 0 is nobody's project: the scope of a request that sees none.
    return {int(i) for i in ids} <= (allowed or frozenset({0}))


HOUR_NS = 3_600_000_000_000
_UNITS_NS = {
    "fromunixtimestamp64nano": 1,
    "fromunixtimestamp64micro": 1_000,
    "fromunixtimestamp64milli": 1_000_000,
    "todatetime": 1_000_000_000,
}
_COLUMN_NS = {Kind.TIME_NANO: 1, Kind.TIME_MICRO: 1_000, Kind.TIME_MILLI: 1_000_000, Kind.HOUR: 1_000_000_000}


def _check_time(scan: exp.Table, table: Table, conjuncts: list[exp.Expr], reads: Sequence[Read]) -> None:
    column = table.time_column or ""
    low = [_constant_ns(c.expression) for c in conjuncts if isinstance(c, exp.GTE) and _is_column(c.this, scan, column)]
    high = [_constant_ns(c.expression) for c in conjuncts if isinstance(c, exp.LT) and _is_column(c.this, scan, column)]
    lows = [n for n in low if n is not None]
    highs = [n for n in high if n is not None]
    if not lows or not highs:
        raise GuardRefusal(f"The scan of {scan.name} has no time bound.")
    step = _COLUMN_NS[table.column(column).kind]
    if table.rollup_of and (max(lows) % HOUR_NS or min(highs) % HOUR_NS):
        raise GuardRefusal(f"The scan of {scan.name} is not bounded by whole hours.")
    for read in reads:
        if read.table != scan.name or read.start is None or read.end is None:
            continue
        # A row of a roll-up holds a whole hour: one that the range only touches counts events outside of it.
        late = 0 if table.rollup_of else step - 1
        if max(lows) >= _ns(read.start) and min(highs) <= _ns(read.end) + late:
            return
    raise GuardRefusal(f"The scan of {scan.name} reaches outside of the time range of the query.")


@lru_cache(maxsize=256)
def _ns(moment: dt.datetime) -> int:
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1) * 1_000


def _constant_ns(node: exp.Expr) -> int | None:
    if not isinstance(node, exp.Anonymous | exp.Func):
        return None
    factor = _UNITS_NS.get(_function_name(node))
    args = list(node.iter_expressions())
    if factor is None or not args or not isinstance(args[0], exp.Literal):
        return None
    digits = args[0].name
    return int(digits) * factor if digits.isdigit() else None
