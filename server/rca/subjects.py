"""What an analysis is about: rows of one data set, and a number of them that went wrong. Pure.

An issue, a transaction and a query all come to the same: a pipeline that keeps rows, an aggregate over time, and what
the aggregate is a signal of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from engine.errors import UserError
from engine.metadata import IssueRow
from ml import rca
from queries import ast
from queries.errors import QueryError
from queries.parser import parse
from queries.printer import print_query

ISSUE, QUERY, TRANSACTION, SERVICE = "issue", "query", "transaction", "service"
DATASETS: Final = ("errors", "transactions", "spans", "logs", "metrics")
_ROWS: Final = (ast.Where, ast.Extend)
_USUAL: Final = {
    "errors": "count()",
    "transactions": "p95(transaction.duration)",
    "spans": "p95(span.duration)",
    "logs": "count()",
    "metrics": "avg(metric.value)",
}
_COUNTS: Final = {
    "errors": rca.Signal.ERRORS,
    "logs": rca.Signal.LOG,
    "metrics": rca.Signal.METRIC,
    "transactions": rca.Signal.TRAFFIC,
    "spans": rca.Signal.TRAFFIC,
}
_RATES: Final = frozenset({"count", "count_if", "eps", "epm", "tps", "tpm", "sps", "spm", "rate"})
_FAILED: Final = frozenset({"failure_count", "failure_rate", "http_error_count", "http_error_rate"})
_NS_PER_MS: Final = 1e6
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.@/-]*")
"""Values that need no quotes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks about: an issue, a query, or a transaction or service.

    Attributes:
        issue: what people call it.
        query: a Discover text over one data set; its first aggregate is what went wrong.
        transaction: name of one.
        service: the service of the transaction, or one by itself.
        signal: of a transaction or service, `latency`, `errors` or `traffic`; empty for whichever is worst.
    """

    issue: str = ""
    query: str = ""
    transaction: str = ""
    service: str = ""
    signal: str = ""

    @property
    def kind(self) -> str:
        """Return which of the four it is.

        Raises:
            UserError: it is none, or more than one.
        """
        given = [name for name in (ISSUE, QUERY) if getattr(self, name)]
        if self.transaction or self.service:
            given.append(TRANSACTION if self.transaction else SERVICE)
        if len(given) != 1:
            raise UserError(
                "An analysis is about one thing: an issue, a query, or a transaction or service.",
                code="rca-subject-invalid",
                hint="Give issue=SHOP-12, query='from transactions …', transaction=/checkout or service=shop.",
            )
        return given[0]


@dataclass(frozen=True, slots=True)
class Subject:
    """Rows, and what of them went wrong.

    Attributes:
        kind: of what was asked.
        title: in a few words.
        dataset: of the rows.
        rows: keeps them; without a range of time.
        value: an aggregate over them.
        signal: what the aggregate is about.
        name: of its series.
        direction: which way it went wrong.
        issue: whose events the rows are, None when they are others.
        times: of the text; None when it names none.
    """

    kind: str
    title: str
    dataset: str
    rows: ast.Pipeline
    value: ast.Expr
    signal: rca.Signal
    name: str
    direction: rca.Direction = rca.Direction.UP
    issue: IssueRow | None = None
    times: ast.TimeRange | None = None

    @property
    def scale(self) -> float:
        """What a value of the answer is divided by: durations come in nanoseconds and are told in milliseconds."""
        return _NS_PER_MS if self.signal is rca.Signal.LATENCY else 1.0

    @property
    def counts(self) -> bool:
        """Whether no rows mean 0: of averages and shares they mean nothing."""
        return isinstance(self.value, ast.Call) and self.value.name in _RATES | {"failure_count", "http_error_count"}

    @property
    def text(self) -> str:
        """The text of the rows."""
        return print_query(ast.Query((), self.rows))


def subject_of_issue(row: IssueRow) -> Subject:
    """Return the events of an issue, counted."""
    return Subject(
        ISSUE,
        f"{row.short_id}: {row.title}"[:300],
        "errors",
        pipeline("errors", equals("issue", row.short_id)),
        _call("count()"),
        rca.Signal.ERRORS,
        f"events of {row.short_id}",
        issue=row,
    )


def subject_of_service(asked: Asked) -> Subject:
    """Return the transactions of a name, a service or both.

    Raises:
        UserError: the signal is none of those transactions have.
    """
    said = (("transaction", asked.transaction), ("service", asked.service))
    filters = [equals(name, value) for name, value in said if value]
    known = {
        "": ("p95(transaction.duration)", rca.Signal.LATENCY),
        "latency": ("p95(transaction.duration)", rca.Signal.LATENCY),
        "errors": ("failure_rate()", rca.Signal.ERRORS),
        "traffic": ("count()", rca.Signal.TRAFFIC),
    }
    if asked.signal not in known:
        raise UserError(
            f"A transaction has no signal {asked.signal[:50]!r}.",
            code="rca-signal-unknown",
            hint="One of latency, errors and traffic.",
        )
    text, signal = known[asked.signal]
    title = " of ".join(one for one in (asked.transaction, asked.service) if one)
    rows = pipeline("transactions", *filters)
    direction = rca.Direction.EITHER if signal is rca.Signal.TRAFFIC else rca.Direction.UP
    return Subject(asked.kind, title, "transactions", rows, _call(text), signal, f"{text} of {title}", direction)


def subject_of_query(text: str) -> Subject:
    """Return the rows of a text before its first grouping, and its first aggregate.

    Raises:
        QueryError: it is no text of the language, or not about the rows of one data set.
    """
    query = parse(text)
    source = query.pipeline.source
    names = ("errors",) if source is None else tuple(name.name for name in source.names)
    if query.lets or len(names) != 1 or names[0] not in DATASETS:
        raise QueryError(
            f"An analysis starts from the rows of one data set: {', '.join(DATASETS)}.",
            span=query.span if source is None else source.span,
            suggestion="Write for example: from transactions service:shop | make-series p95(transaction.duration)",
            code="rca-query-invalid",
        )
    kept: list[ast.Stage] = []
    value: ast.Expr | None = None
    for stage in query.pipeline.stages:
        if isinstance(stage, ast.MakeSeries | ast.Summarize):
            value = stage.aggregates[0].expr
            break
        if not isinstance(stage, _ROWS):
            break
        kept.append(stage)
    value = value or _call(_USUAL[names[0]])
    rows = ast.Pipeline(ast.Source((ast.Name(names[0]),)), query.pipeline.search, tuple(kept))
    signal = _signal_of(names[0], value)
    direction = rca.Direction.UP if signal in _BAD_UP else rca.Direction.EITHER
    shown = print_query(ast.Query((), rows))
    times = None if source is None else source.time
    return Subject(QUERY, shown[:300], names[0], rows, value, signal, "asked", direction, times=times)


_BAD_UP: Final = frozenset({rca.Signal.LATENCY, rca.Signal.ERRORS, rca.Signal.LOG})


def _signal_of(dataset: str, value: ast.Expr) -> rca.Signal:
    if isinstance(value, ast.Call):
        if value.name in _FAILED:
            return rca.Signal.ERRORS
        if value.name in _RATES:
            return _COUNTS[dataset]
        fields = {one.name for one in value.args if isinstance(one, ast.Name)}
        if fields & {"transaction.duration", "span.duration", "duration"}:
            return rca.Signal.LATENCY
    return rca.Signal.METRIC


def narrowed(rows: ast.Pipeline, *filters: ast.SearchNode) -> ast.Pipeline:
    """Return a pipeline whose search also holds some filters."""
    root = None if rows.search is None else rows.search.root
    terms = (*(root.terms if isinstance(root, ast.And) else () if root is None else (root,)), *filters)
    if not terms:
        return rows
    return replace(rows, search=ast.Search(terms[0] if len(terms) == 1 else ast.And(terms)))


def since(at: datetime) -> ast.Filter:
    """Return the filter of rows of a time and later."""
    return ast.Filter(ast.Key("timestamp"), ast.Op.GE, ast.Instant(at))


def of_node(dataset: str, node: str, projects: frozenset[str]) -> tuple[ast.SearchNode, ...]:
    """Return the filters of a node's rows: a service, or the rows of a project that name none."""
    if dataset == "errors":
        keys: tuple[ast.TagKey, ...] = tuple(ast.TagKey(name) for name in ERROR_SERVICE)
        if node in projects:
            return (equals("project", node), *(ast.Has(key, negated=True) for key in keys))
        named = [ast.Filter(key, ast.Op.EQ, _text(node)) for key in keys]
        return (ast.Or((*named, equals("release.package", node))),)
    if node in projects:
        return (equals("project", node), ast.Has(ast.Key("service"), negated=True))
    return (equals("service", node),)


ERROR_SERVICE: Final = ("service.name", "service")
"""Tags of errors that name their service, as OpenTelemetry and users of Sentry's SDKs do."""


def equals(field: str, value: str) -> ast.Filter:
    """Return the filter of rows whose field is a text."""
    return ast.Filter(ast.Key(field), ast.Op.EQ, _text(value))


def _text(value: str) -> ast.Text:
    return ast.Text(value, quoted=_PLAIN.fullmatch(value) is None)


def pipeline(dataset: str, *filters: ast.SearchNode) -> ast.Pipeline:
    """Return the rows of a data set that some filters keep."""
    return narrowed(ast.Pipeline(ast.Source((ast.Name(dataset),))), *filters)


def _call(text: str) -> ast.Expr:
    (stage,) = parse(f"from errors | summarize {text}").pipeline.stages
    assert isinstance(stage, ast.Summarize)
    return stage.aggregates[0].expr


def printed(rows: ast.Pipeline, *stages: str) -> str:
    """Return the text of rows with further stages."""
    return " | ".join((print_query(ast.Query((), rows)), *stages))
