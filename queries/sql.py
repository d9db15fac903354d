"""`amber sql`: one ClickHouse SELECT over the catalogue's data sets, under the same passes and the same guard.

The text is read by SQLGlot, checked against lists, given scope and time bound, and only what is generated from our own
tree is run. Columns are the physical ones of `docs/reference/fields.md`.
"""

from __future__ import annotations

import re

from sqlglot import expressions as exp
from sqlglot.dialects.clickhouse import ClickHouse
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.errors import TokenError as SqlTokenError

from engine.schema import DATASETS, TABLES
from queries.ast import Span
from queries.catalog import closest_names, did_you_mean
from queries.check.literals import check_range
from queries.check.size import bearable
from queries.errors import GuardRefusal, NameProblem, QueryError, SyntaxProblem
from queries.guard import check_statement, verify
from queries.guard_names import why_not
from queries.guard_read import MOST_NESTED, depth
from queries.guard_scans import is_common_table
from queries.guard_written import ARITHMETIC, check_written, is_arithmetic
from queries.passes import PassContext, run_passes
from queries.passes.context import TIME
from queries.plan.model import DEFAULT_ROWS, Plan, PlanContext, SqlStep, TableRead
from queries.plan.render import FINAL_ENGINES
from queries.sql_parts import name_parts
from queries.sql_values import put_values, readable

_MARK = "amber_"
_VIEW = "amber_view"
_MAX_LENGTH = 50_000
_MAX_NODES = 5_000
"""The passes take time that grows faster than the statement."""
_MOST_SELECTS = 100
"""And scans: each is given bounds, and may be written out with all columns of its table."""


def compile_sql(text: str, context: PlanContext) -> Plan:
    """Return the plan of one SELECT.

    Raises:
        SyntaxProblem: the text is not one SELECT.
        NameProblem: it reads a table that is not in the catalogue.
        QueryError: it uses something that is not allowed; the message names it.
    """
    with bearable():
        return _compile(text, context)


def _compile(text: str, context: PlanContext) -> Plan:
    tree = _read(text)
    put_values(tree, text, context.params)
    named = {cte.alias for cte in tree.find_all(exp.CTE)} & {*DATASETS, *TABLES}
    for scan in list(tree.find_all(exp.Table)):
        _check_table(scan, named)
    _check_allowed(tree)
    _keep_apart(tree)
    time = context.time_range or (context.now - context.default_range, context.now)
    check_range(time)
    asked = min(context.limit if context.limit is not None else DEFAULT_ROWS, context.max_rows)
    own = _own_limit(tree)
    most = min(own, context.max_rows) if own is not None else asked
    reads = _reads(tree, context)
    ids = tuple(sorted(context.projects))
    sql_limit = most if own is not None and own <= context.max_rows else most + 1
    finished, parameters = run_passes(
        tree, PassContext(ids, time, row_limit=sql_limit, environments=context.environments, written=True)
    )
    reads = (*reads, *_own_reads(finished, ids))
    step = SqlStep("s0", finished.sql(dialect=ClickHouse), parameters, (), reads, written=True)
    try:
        verify(step.sql, reads, frozenset(context.projects), written=True)
    except GuardRefusal as refusal:
        raise QueryError(refusal.message, code="query-not-allowed") from None
    return Plan(
        steps=(step,),
        columns=(),
        time_range=time,
        row_limit=most,
        warnings=(),
        english="Runs the given SQL over the visible projects.",
        canonical=f"sql:{finished.sql(dialect=ClickHouse)}:{sorted(parameters.items())!r}",
        environments=context.environments,
    )


def _read(text: str) -> exp.Query:
    if len(text) > _MAX_LENGTH:
        raise SyntaxProblem(f"The statement is longer than {_MAX_LENGTH} characters.")
    dialect = ClickHouse()
    try:
        read = readable(text)
        tokens = dialect.tokenize(read)
        if depth(tokens) > MOST_NESTED:
            raise QueryError("The statement nests too deeply.", code="query-too-large")
        trees = [tree for tree in dialect.parser().parse(tokens, read) if tree is not None]
    except ParseError as error:
        _refuse_by_name(text)
        raise _syntax(text, error) from None
    except (SqlglotError, SqlTokenError, RecursionError, IndexError, ValueError, TypeError, AttributeError):
        # Its builders of single functions do not look whether the arguments are there: map(1).
        raise SyntaxProblem("The statement cannot be read as ClickHouse SQL.") from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        _refuse_by_name(text)
        raise SyntaxProblem("Exactly one SELECT is allowed.", span=Span(0, len(text)))
    tree = trees[0]
    _check_size(tree)
    while isinstance(tree, exp.Subquery) and isinstance(tree.this, exp.Query) and set(_present(tree)) == {"this"}:
        tree = tree.this
    if isinstance(tree, exp.Select) and not tree.expressions:
        raise SyntaxProblem("The SELECT names no columns.", span=Span(0, len(text)))
    tree = tree.copy()
    name_parts(tree)
    return tree


def _check_size(tree: exp.Query) -> None:
    if sum(1 for _ in tree.walk()) > _MAX_NODES:
        raise QueryError("The statement is too large.", code="query-too-large")
    for kind in (exp.Select, exp.Table):
        if sum(1 for _ in tree.find_all(kind)) > _MOST_SELECTS:
            raise QueryError(f"A statement has at most {_MOST_SELECTS} SELECTs and scans.", code="query-too-large")


_UNREADABLE = {
    r"\bINTO\s+OUTFILE\b": "INTO OUTFILE is not allowed: it writes files of the server.",
    r"\bWITH\s+TOTALS\b": "WITH TOTALS is not allowed: its row looks like the others.",
    r"^\s*(?:EXPLAIN|DESCRIBE|DESC|SHOW|EXISTS|KILL)\b": "Only a SELECT may be sent.",
}
"""Patterns of what SQLGlot cannot read or reads as something else, and the reason to tell instead of its own."""


def _refuse_by_name(text: str) -> None:
    bare = re.sub(r"'(?:[^'\\]|\\.)*'", "''", text)
    for pattern, reason in _UNREADABLE.items():
        found = re.search(pattern, bare, re.IGNORECASE)
        if found is not None:
            raise QueryError(reason, code="query-not-allowed")


def _keep_apart(tree: exp.Query) -> None:
    """Write `a + b` so that the engine's index does not compute it over rows of others; see the guard."""
    for node in [one for one in tree.find_all(exp.Func, *ARITHMETIC) if is_arithmetic(one)]:
        for part in list(node.iter_expressions()):
            if is_arithmetic(part.unnest()) or part.find(exp.Column, exp.Query) is None:
                continue
            held = exp.Array()
            part.replace(exp.Anonymous(this="arrayElement", expressions=[held, exp.Literal.number(1)]))
            held.set("expressions", [part])  # itself, not a copy: there may be arithmetic in it


def _present(node: exp.Expr) -> list[str]:
    return [name for name, value in node.args.items() if value]


def _syntax(text: str, error: ParseError) -> SyntaxProblem:
    found = error.errors[0] if error.errors else {}
    lines = text.splitlines(keepends=True)
    line, column = int(found.get("line") or 1), int(found.get("col") or 1)
    start = min(sum(len(part) for part in lines[: line - 1]) + max(column - 1, 0), len(text))
    message = re.sub(r"\s+", " ", str(found.get("description") or "The statement cannot be read as ClickHouse SQL."))
    if "sqlglot" in message:  # it names classes of its own: Required keyword: 'expression' missing for <class …>
        message = "Something is missing or too much here."
    return SyntaxProblem(message, span=Span(start, min(start + 1, len(text))))


def _check_table(scan: exp.Table, named: set[str]) -> None:
    if not isinstance(scan.this, exp.Identifier):
        name = _function_of(scan.this)
        raise QueryError(
            f"The table function {name} is not allowed: {why_not(name)}.",
            code="query-not-allowed",
            suggestion=f"Read one of {', '.join(DATASETS)}.",
        )
    alias = scan.args.get("alias")
    if alias is not None and alias.args.get("columns") and scan.name not in DATASETS and not scan.alias:
        # `dictionary('x')` is read as a table of that name with a renamed column.
        raise QueryError(
            f"The table function {scan.name} is not allowed: {why_not(scan.name)}.", code="query-not-allowed"
        )
    if scan.args.get("db") or scan.args.get("catalog"):
        raise QueryError(
            f"{scan.sql(dialect=ClickHouse)}: tables are named without a database, and only data sets may be read.",
            code="query-not-allowed",
            suggestion=f"Read one of {', '.join(DATASETS)}.",
        )
    if scan.name in named:
        raise QueryError(f"A common table may not be called {scan.name}.", code="query-not-allowed")
    if is_common_table(scan):
        return
    if scan.name not in DATASETS:
        close = closest_names(scan.name, DATASETS)
        raise NameProblem(f"There is no dataset called {scan.name}.", suggestion=did_you_mean(close))
    if DATASETS[scan.name].condition:
        _expand_view(scan)


def _function_of(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return node.name
    return node.sql_name().lower() if isinstance(node, exp.Func) else type(node).__name__


def _expand_view(scan: exp.Table) -> None:
    """Put `(SELECT … FROM table WHERE condition)` in the place of a data set that is a part of a table.

    Of tables that keep old versions of rows the newest are meant, with and without a FINAL of the statement.
    """
    dataset = DATASETS[scan.name]
    place = scan.parent if isinstance(scan.parent, exp.Final) else scan
    alias = exp.TableAlias(this=exp.to_identifier(scan.alias_or_name, quoted=True))
    inner = exp.Table(
        this=exp.to_identifier(dataset.table, quoted=True),
        alias=exp.TableAlias(this=exp.to_identifier(_VIEW, quoted=True)),
    )
    columns = [exp.column(c.name, table=_VIEW, quoted=True) for c in TABLES[dataset.table].columns]
    rows = exp.Final(this=inner) if TABLES[dataset.table].engine.startswith(FINAL_ENGINES) else inner
    select = exp.select(*columns).from_(rows).where(exp.column(dataset.condition, table=_VIEW, quoted=True))
    place.replace(exp.Subquery(this=select, alias=alias))


def _check_allowed(tree: exp.Query) -> None:
    for node in tree.find_all(exp.Anonymous):
        if node.name.lower().startswith(_MARK):
            raise QueryError(f"The function {node.name} is not allowed.", code="query-not-allowed")
    try:
        check_statement(tree)
        check_written(tree)
    except GuardRefusal as refusal:
        raise QueryError(refusal.message, code="query-not-allowed") from None


def _own_limit(tree: exp.Query) -> int | None:
    limit = tree.args.get("limit")
    if limit is None or limit.expressions:
        return None
    value = limit.expression
    if not isinstance(value, exp.Literal) or value.is_string or not value.name.isdigit():
        raise QueryError("LIMIT takes a whole number.", code="query-not-allowed")
    return int(value.name)


def _reads(tree: exp.Query, context: PlanContext) -> tuple[TableRead, ...]:
    ids = tuple(sorted(context.projects))
    names = {scan.name for scan in tree.find_all(exp.Table) if scan.name in TABLES}
    start, end = context.time_range or (context.now - context.default_range, context.now)
    return tuple(
        TableRead(name, ids, *((start, end) if TABLES[name].time_column is not None else (None, None)))
        for name in sorted(names)
    )


def _own_reads(tree: exp.Expr, ids: tuple[int, ...]) -> tuple[TableRead, ...]:
    """Return the reads of scans that passes added with a range of their own."""
    found = {
        TableRead(scan.name, ids, *scan.meta[TIME]): None for scan in tree.find_all(exp.Table) if TIME in scan.meta
    }
    return tuple(found)
