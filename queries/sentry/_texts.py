"""From what a query of Sentry asks for to a text: each part is tried by planning it, and what does not plan is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from queries.errors import QueryError
from queries.parser import parse
from queries.plan import PlanContext, plan
from queries.printer import print_query
from queries.search.escapes import quote
from queries.sentry._expressions import EQUATION, alias_of, expressions_of, field_text, is_function
from queries.sentry._model import Column, Imported, SentryQuery

DEFAULT_PERIOD = "14d"
"""What Sentry's pages show when a URL names no time."""

DEFAULT_TOP = 5
_DATASETS = {
    "errors": "errors",
    "error-events": "errors",
    "issueplatform": "errors",
    "issues": "errors",
    "transactions": "transactions",
    "transaction-like": "transactions",
    "metrics": "transactions",
    "metricsenhanced": "transactions",
    "spans": "spans",
    "spansindexed": "spans",
    "spansmetrics": "spans",
    "logs": "logs",
    "ourlogs": "logs",
    "tracemetrics": "metrics",
}
_TRANSACTION_WORDS = re.compile(
    r"transaction\.duration|event\.type:transaction|transaction\.(?:op|status)|measurements\.|"
    r"\b(?:apdex|failure_rate|failure_count|user_misery|count_miserable|tpm|tps|p50|p75|p90|p95|p99|p100)\("
)
_EVENT_TYPE = re.compile(r"(?<!\S)!?event\.type:(?:transaction|error|default)(?!\S)")
_PERIOD = re.compile(r"([0-9]{1,8})([smhdw]?)")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9:]{5,8})(?:\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?")
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_MOST_COLUMNS = 20
"""As many as Sentry has; each is planned by itself."""

_CHART_DISPLAYS = ("previous", "top")
_DAILY = "daily"
"""Begin of the displays with one step a day: `daily`, `dailytop5`."""


@dataclass(slots=True)
class _Writer:
    """One translation under way.

    Attributes:
        context: what planning may use.
        source: data set and time range, the begin of every text.
        scope: filters of projects and environments, or empty.
        strict: whether what cannot be said is an error.
        warnings: what could not be said.
    """

    context: PlanContext
    source: str = ""
    scope: str = ""
    search: str = ""
    strict: bool = False
    columns: list[Column] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def rows(self) -> str:
        """Where the text's rows come from: source and filters."""
        return " ".join(part for part in (self.source, self.scope, self.search) if part)

    def lose(self, sentence: str) -> None:
        """Remember that something cannot be said, or refuse it."""
        if self.strict:
            raise QueryError(sentence, code="sentry-unsupported")
        self.warnings.append(sentence)

    def problem(self, text: str) -> str:
        """Return why a text does not plan, or an empty string."""
        try:
            plan(text, self.context)
        except QueryError as error:
            return error.message
        return ""

    def first(self, ways: Iterable[str], text: Callable[[str], str]) -> tuple[str, str]:
        """Return the first of several ways that plans in a text, or an empty one and what the first one lacks."""
        why = ""
        for way in ways:
            found = self.problem(text(way))
            if not found:
                return way, ""
            why = why or found
        return "", why or "there is nothing like it"


def to_discover(asked: SentryQuery, context: PlanContext, *, scope: bool = True, strict: bool = False) -> Imported:
    """Return a query of Sentry as a Discover text that plans.

    Args:
        asked: what the query asks for.
        context: the request it will be planned for; its projects tell slugs from Sentry's own numbers.
        scope: whether projects and environments are written into the text.
        strict: whether what cannot be said is an error instead of a warning.

    Raises:
        QueryError: its data set is not there, nothing of it can be said, or with `strict` not all of it.
    """
    if asked.display.startswith(_DAILY):
        asked = replace(asked, display=asked.display.removeprefix(_DAILY), interval=asked.interval or "1d")
    writer = _begun(asked, context, scope=scope, strict=strict)
    _add_columns(writer, asked.fields or asked.y_axes)
    _check_search(writer)
    text = _arranged(writer, _sorted(writer, asked))
    chart = _chart(writer, asked) if asked.display.startswith(_CHART_DISPLAYS) or asked.interval else ""
    return _imported(writer, asked, text, chart)


def series_of(asked: SentryQuery, context: PlanContext, *, top: bool = False) -> Imported:
    """Return the chart of a query of Sentry as a text: its `y_axes` over time, of the largest groups with `top`.

    Raises:
        QueryError: an axis or anything else of it cannot be said.
    """
    writer = _begun(asked, context, scope=False, strict=True)
    wanted = asked.y_axes or ("count()",)
    _add_columns(writer, [*(one for one in asked.fields if top and not is_function(one)), *wanted])
    if not any(column.aggregate for column in writer.columns):
        raise QueryError("An axis is a function, such as count().", code="sentry-unsupported")
    text = _series(writer, asked, keys=_keys(writer) if top else "")
    return _imported(writer, asked, text, text)


def _imported(writer: _Writer, asked: SentryQuery, text: str, chart: str) -> Imported:
    made = plan(text, writer.context)
    warnings = dict.fromkeys((*writer.warnings, *made.warnings))
    chart = print_query(parse(chart)) if chart else ""
    return Imported(asked.name, print_query(parse(text)), chart, tuple(writer.columns), tuple(warnings))


def _begun(asked: SentryQuery, context: PlanContext, *, scope: bool, strict: bool = False) -> _Writer:
    writer = _Writer(context, strict=strict, warnings=list(asked.remarks))
    dataset = _dataset(asked, writer)
    plan(f"from {dataset}", context)
    writer.source = f"from {dataset} {_range(asked, writer)}"
    if scope:
        writer.scope = _scope(asked, writer)
    writer.search = _search(asked.query, dataset, writer)
    return writer


def _dataset(asked: SentryQuery, writer: _Writer) -> str:
    word = asked.dataset.replace("_", "").lower()
    if word in _DATASETS:
        return _DATASETS[word]
    everything = " ".join((*asked.fields, *asked.y_axes, asked.query))
    if _TRANSACTION_WORDS.search(everything):
        return "transactions"
    if word not in {"", "discover"}:
        instead = f"use {', '.join(sorted(set(_DATASETS.values())))}" if writer.strict else "errors are read"
        writer.lose(f"The data set {asked.dataset} is not known here; {instead}.")
    elif "event.type:error" not in everything:
        writer.warnings.append("Sentry may mean errors and transactions; errors are read.")
    return "errors"


def _range(asked: SentryQuery, writer: _Writer) -> str:
    # As Sentry: a period beats a begin and an end.
    if (asked.start or asked.end) and not asked.period:
        begin, end = _moment(asked.start), _moment(asked.end)
        text = f"between {begin} and {end or 'now()'}"
        if begin and end and not writer.problem(f"from errors {text}"):
            return text
        if asked.start and asked.end:
            writer.lose(f"The time from {asked.start} to {asked.end} cannot be read.")
        else:
            writer.lose("A range needs both a begin and an end.")
    length = _length(asked.period)
    if asked.period and (not length or writer.problem(f"from errors last {length}")):
        writer.lose(f"The period {asked.period} cannot be read.")
        length = ""
    return f"last {length or DEFAULT_PERIOD}"


def _length(period: str) -> str:
    """Return a length of time of Sentry as a literal, or an empty string; without a unit it counts seconds."""
    found = _PERIOD.fullmatch(period)
    return f"{int(found[1])}{found[2] or 's'}" if found is not None and int(found[1]) > 0 else ""


def _moment(text: str) -> str:
    """Return a time of Sentry as a literal; it is UTC when it names no zone."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return ""
    day, time, zone = found[1], found[2] or "00:00:00", found[3] or "Z"
    time = time if len(time) > 5 else f"{time}:00"
    zone = zone if zone == "Z" or ":" in zone else f"{zone[:3]}:{zone[3:]}"
    return f"{day}T{time}{zone}"


def _scope(asked: SentryQuery, writer: _Writer) -> str:
    known = {slug.lower(): slug for slug in writer.context.projects.values()}
    named = [project for project in asked.projects if project not in {"-1", "0"}]
    found = [known[project.lower()] for project in named if project.lower() in known]
    strange = [project for project in named if project.lower() not in known]
    if strange:
        writer.lose(f"The project {', '.join(strange)} of Sentry is not known here; choose the projects yourself.")
    parts = [_among("project", found), _among("environment", [one for one in asked.environments if one])]
    return " ".join(part for part in parts if part)


def _among(key: str, values: Sequence[str]) -> str:
    if not values:
        return ""
    texts = [one if _PLAIN_VALUE.fullmatch(one) else quote(one) for one in values]
    return f"{key}:{texts[0]}" if len(texts) == 1 else f"{key}:[{', '.join(texts)}]"


def _search(query: str, dataset: str, writer: _Writer) -> str:
    query = " ".join(query.split()) if '"' not in query else query.strip()
    if dataset == "transactions" and "(" not in query and " or " not in query.lower():
        query = " ".join(_EVENT_TYPE.sub("", query).split()) if '"' not in query else _EVENT_TYPE.sub("", query).strip()
    if not query:
        return ""
    text = f"{writer.source} {query}"
    try:
        parsed = parse(text)
        problem = "" if not parsed.pipeline.stages else "it holds a stage of this language"
    except QueryError as error:
        problem = error.message
    problem = problem or writer.problem(f"{text} | summarize n=count() by id")
    if not problem:
        return query
    writer.lose(f"The search `{query}` is left out: {problem}")
    return ""


def _check_search(writer: _Writer) -> None:
    """Leave the search out when it does not go with the columns: one of aggregates needs groups."""
    problem = writer.problem(f"{writer.rows}{_shape(writer)}") if writer.search else ""
    if problem:
        writer.lose(f"The search `{writer.search}` is left out: {problem}")
        writer.search = ""


def _add_columns(writer: _Writer, wanted: Sequence[str]) -> None:
    if len(wanted) > _MOST_COLUMNS:
        writer.lose(f"Only the first {_MOST_COLUMNS} columns are taken.")
    functions = any(is_function(one) for one in wanted)
    taken: set[str] = set()
    for column in dict.fromkeys(one.strip() for one in wanted[:_MOST_COLUMNS]):
        aggregate = is_function(column)
        name = _free("equation" if column.startswith(EQUATION) else alias_of(column), taken) if aggregate else ""
        way, why = writer.first(expressions_of(column), _trial(writer, name, aggregate=aggregate, grouped=functions))
        if not way:
            writer.lose(f"The column {column} is left out: {why}")
            continue
        own = _column_name(way)
        name = name or (own if own not in taken else _free(alias_of(own), taken))
        taken.add(name)
        writer.columns.append(Column(column, name, way, aggregate))


def _trial(writer: _Writer, name: str, *, aggregate: bool, grouped: bool) -> Callable[[str], str]:
    def text(way: str) -> str:
        if aggregate:
            return f"{writer.source} | summarize {name}={way}"
        return f"{writer.source} | summarize n=count() by {way}" if grouped else f"{writer.source} | project {way}"

    return text


def _column_name(way: str) -> str:
    """Return how the answer names a key that is written without a name."""
    return way.removeprefix('field("').removesuffix('")') if way.startswith("field(") else way


def _free(name: str, taken: set[str]) -> str:
    return next(one for one in (name, *(f"{name}_{n}" for n in range(2, _MOST_COLUMNS + 3))) if one not in taken)


def _keys(writer: _Writer) -> str:
    return ", ".join(_key(column) for column in writer.columns if not column.aggregate)


def _key(column: Column) -> str:
    """Return a key as it is written; two columns of Sentry may be one here, as `project` and `project.name`."""
    own = column.name == _column_name(column.expression)
    return column.expression if own else f"{column.name}={column.expression}"


def _aggregates(writer: _Writer) -> str:
    return ", ".join(f"{column.name}={column.expression}" for column in writer.columns if column.aggregate)


def _shape(writer: _Writer) -> str:
    keys, aggregates = _keys(writer), _aggregates(writer)
    if aggregates:
        return f" | summarize {aggregates}" + (f" by {keys}" if keys else "")
    return f" | project {keys}" if keys else ""


def _arranged(writer: _Writer, order: str) -> str:
    """Return the whole text: rows are sorted before columns are chosen, by what may not be among them; groups after."""
    shape = _shape(writer)
    grouped = any(column.aggregate for column in writer.columns)
    return f"{writer.rows}{shape}{order}" if grouped else f"{writer.rows}{order}{shape}"


def _sorted(writer: _Writer, asked: SentryQuery) -> str:
    orders = []
    for wanted in asked.sort:
        found = _sort_column(writer, wanted.removeprefix("-"), asked)
        if found is None:
            writer.lose(f"The order by {wanted} is left out: it is not among the columns.")
        else:
            orders.append(f"{found} {'desc' if wanted.startswith('-') else 'asc'}")
    text = f" | sort {', '.join(orders)}" if orders else ""
    problem = writer.problem(_arranged(writer, text)) if text else ""
    if problem:
        writer.lose(f"The order is left out: {problem}")
    return "" if problem else text


def _sort_column(writer: _Writer, wanted: str, asked: SentryQuery) -> str | None:
    """Return the column an order means: Sentry writes `-count()`, `-count` and `-equation[0]`."""
    numbered = re.fullmatch(r"equation\[([0-9]{1,2})\]", wanted)
    if numbered is not None:
        equations = [one.strip() for one in (asked.fields or asked.y_axes) if one.startswith(EQUATION)]
        wanted = equations[int(numbered[1])] if int(numbered[1]) < len(equations) else wanted
    raw = not any(column.aggregate for column in writer.columns)
    for column in writer.columns:
        if wanted == column.sentry or (column.aggregate and alias_of(wanted) == alias_of(column.sentry)):
            renamed = column.aggregate or (not raw and _key(column) != column.expression)
            return column.name if renamed else column.expression
    return field_text(wanted) if raw and not is_function(wanted) else None


def _chart(writer: _Writer, asked: SentryQuery) -> str:
    axes = replace(asked, y_axes=asked.y_axes or ("count()",))
    own = replace(writer, columns=[], warnings=[], strict=False)
    top = asked.display.startswith("top")
    own.columns = [one for one in writer.columns if top and not one.aggregate]
    chosen = list(own.columns)
    _add_columns(own, list(axes.y_axes))
    own.columns = [*chosen, *(one for one in own.columns if one.aggregate)]
    if not any(column.aggregate for column in own.columns):
        return ""
    text = _series(own, asked, keys=_keys(own) if top else "")
    if asked.display.startswith("previous"):
        compared = f"{text} | compare to previous"
        text = text if writer.problem(compared) else compared
    problem = writer.problem(text)
    if problem:
        writer.lose(f"The chart is left out: {problem}")
    return "" if problem else text


def _series(writer: _Writer, asked: SentryQuery, *, keys: str) -> str:
    every = ""
    if length := _length(asked.interval):
        every = f" every {length}"
    elif asked.interval:
        writer.lose(f"The interval {asked.interval} cannot be read.")
    text = f"{writer.rows} | make-series {_aggregates(writer)}{every}"
    if not keys:
        return text
    first = next(column for column in writer.columns if column.aggregate)
    by = _sort_column(writer, (asked.sort or ("",))[0].removeprefix("-"), asked)
    ranked = next((column for column in writer.columns if column.aggregate and column.name == by), first)
    return f"{text} by {keys} top {asked.top_events or DEFAULT_TOP} by {ranked.expression} other"
