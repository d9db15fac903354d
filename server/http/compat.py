"""`/api/0/organizations/{slug}/events/` and `events-stats/`: Sentry's parameters and answers over our own queries.

Existing scripts and boards keep working: they send a token of ours as `Authorization: Bearer`. Refusals are the
problem documents of the API, whose member `detail` is where Sentry's clients look. The shapes follow
https://docs.sentry.io/api/explore/ and what its clients read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPMethod
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from engine.clock import Clock
from engine.errors import NotFound, UserError
from iam import Action
from queries.plan.grouping import OTHER
from queries.result import Result, ResultColumn
from queries.sentry import Column, Imported, SentryQuery, is_function, series_of, to_discover
from server.http.access import needs
from server.http.documents import compat as documents
from server.http.documents.common import NOT_FOUND, QUERY_LIMIT
from server.http.guard import principal
from server.http.problems import COMPAT_PREFIX
from server.http.routes import Routes, answer
from server.http.services import Services
from server.query_service import Question

DEFAULT_PERIOD = "90d"
"""What Sentry looks at when a request names no time."""

MAX_OFFSET = 10_000
_READ = needs(Action.EVENT_READ)
_CURSOR = re.compile(r"-?[0-9]{1,20}:([0-9]{1,9}):[01]")
_NS_IN_MS = 1_000_000
_YES = frozenset({"1", "true", "True"})
_LENGTH = re.compile(r"([0-9]{1,6})([smhdw])")
_LENGTHS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_RAW_COLUMNS = ("id", "project.name")
"""What Sentry adds to rows that are events."""

_TYPES = {"time": "date", "ratio": "percentage", "map": "string", "null": "string"}
_UNITS = {"duration": "millisecond", "size": "byte"}


def compat_routes(services: Services) -> Routes:
    """Return the routes."""
    routes = Routes("sentry-compatibility", "Sentry's routes for tables and series of events.", prefix=COMPAT_PREFIX)

    @routes.on(
        HTTPMethod.GET,
        "/<organization>/events/",
        _READ,
        {200: documents.EventsAnswer, **NOT_FOUND, **QUERY_LIMIT},
    )
    def events(path: documents.OrganisationPath, query: documents.EventsQuery) -> Response:
        """Answer a table as Sentry's `events/` does."""
        _check_organisation(services, path.organization)
        if not query.field:
            raise UserError("No columns selected", code="parameter-invalid", hint="Give `field`.")
        offset = _offset(query.cursor)
        asked = _asked(query, services.clock)
        if not any(is_function(one) for one in query.field):
            added = tuple(one for one in _RAW_COLUMNS if one not in query.field)
            asked = replace(asked, fields=(*asked.fields, *added))
        base = _question(query)
        made = to_discover(asked, services.queries.context(base, principal()), scope=False, strict=True)
        result = _run(services, base, f"{made.text} | limit {offset + query.per_page + 1}")
        rows = _rows(result, made)
        shown = rows[offset : offset + query.per_page]
        more = len(rows) > offset + query.per_page
        document = {"data": shown, "meta": {**_meta(result, made), **_FACTS}}
        return answer(document, headers=_links(offset, query.per_page, more=more))

    @routes.on(
        HTTPMethod.GET,
        "/<organization>/events-stats/",
        _READ,
        {200: documents.EventsStatsAnswer, **NOT_FOUND, **QUERY_LIMIT},
    )
    def events_stats(path: documents.OrganisationPath, query: documents.EventsStatsQuery) -> Response:
        """Answer series as Sentry's `events-stats/` does: one, one for each axis, or for each of the top groups."""
        _check_organisation(services, path.organization)
        if query.comparisonDelta:
            hint = "Ask for the earlier time by `start` and `end`."
            raise UserError("comparisonDelta is not offered.", code="sentry-unsupported", hint=hint)
        axes = query.yAxis or ["count()"]
        asked = replace(_asked(query, services.clock), y_axes=tuple(axes), interval=query.interval)
        base = _question(query)
        context = services.queries.context(base, principal())
        made = series_of(replace(asked, top_events=query.topEvents), context, top=query.topEvents > 0)
        document = _Series(_run(services, base, made.text), made).document()
        if query.topEvents and query.excludeOther in _YES:
            document.pop(OTHER, None)
        return answer(document)

    return routes


_FACTS = {"isMetricsData": False, "isMetricsExtractedData": False, "tips": {"query": None, "columns": None}}


def _check_organisation(services: Services, name: str) -> None:
    found = services.metadata.organisations()
    if not any(name in {row.slug, str(row.id)} for row in found):
        raise NotFound("The requested resource does not exist.", code="organisation-unknown")


def _asked(query: documents.CompatQuery, clock: Clock) -> SentryQuery:
    period, start, end = query.statsPeriod, query.start, query.end
    if (query.statsPeriodStart or query.statsPeriodEnd) and not period:
        # Of a relative range as of a period: Sentry reads it before the absolute one.
        start, end = (_before(clock.now(), length) for length in (query.statsPeriodStart, query.statsPeriodEnd))
    elif not (period or start or end):
        period = DEFAULT_PERIOD
    return SentryQuery(
        dataset=query.dataset,
        fields=tuple(query.field),
        query=query.query,
        sort=tuple(query.sort or query.orderby),
        period=period,
        start=start,
        end=end,
    )


def _before(now: datetime, length: str) -> str:
    """Return the moment a length of time of Sentry before now."""
    found = _LENGTH.fullmatch(length or "0s")
    try:
        moment = None if found is None else now - timedelta(**{_LENGTHS[found[2]]: int(found[1])})
    except OverflowError:  # before the first day of the calendar
        moment = None
    if moment is None:
        raise UserError(f"The period {length} cannot be read.", code="time-range-invalid", hint="Write it as `24h`.")
    return f"{moment.replace(microsecond=0, tzinfo=None).isoformat()}Z"


def _question(query: documents.CompatQuery) -> Question:
    projects = tuple(one for one in query.project if one != "-1")
    # The text is looked at for what planning must know beforehand: saved filters, releases.
    return Question(text=query.query, projects=projects, environments=tuple(query.environment))


def _run(services: Services, base: Question, text: str) -> Result:
    question = Question(text=text, projects=base.projects, environments=base.environments)
    return services.queries.answer(question, principal())


def _offset(cursor: str) -> int:
    found = _CURSOR.fullmatch(cursor) if cursor else None
    if cursor and (found is None or int(found[1]) > MAX_OFFSET):
        raise UserError("Invalid cursor parameter.", code="cursor-invalid")
    return int(found[1]) if found else 0


def _links(offset: int, size: int, *, more: bool) -> dict[str, str]:
    def link(relation: str, at: int, *, results: bool) -> str:
        cursor = f"0:{at}:{int(relation == 'previous')}"
        others = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
        address = f"{request.base_url}?{urlencode([*others, ('cursor', cursor)])}"
        return f'<{address}>; rel="{relation}"; results="{str(results).lower()}"; cursor="{cursor}"'

    before = link("previous", max(0, offset - size), results=offset > 0)
    return {"Link": f"{before}, {link('next', offset + size, results=more)}"}


def _meta(result: Result, made: Imported) -> dict[str, Any]:
    kinds = {column.name: column for column in result.columns}
    shown = [(column.sentry, kinds[column.name]) for column in made.columns]
    return {
        "fields": {name: _TYPES.get(kind.type, kind.type) for name, kind in shown},
        "units": {name: _UNITS.get(kind.type) for name, kind in shown},
    }


def _rows(result: Result, made: Imported) -> list[dict[str, Any]]:
    document = result.as_json_dict()
    names = [column.name for column in result.columns]
    picked = [(column.sentry, names.index(column.name)) for column in made.columns]
    rows: Any = document["rows"]
    return [{name: _value(row[place], result.columns[place]) for name, place in picked} for row in rows]


def _value(value: Any, column: ResultColumn) -> Any:
    """Return a value in Sentry's unit: durations are milliseconds, and times say their offset with digits."""
    if value is None:
        return None
    if column.unit == "ns":
        return float(value) / _NS_IN_MS
    if column.type == "time":
        return str(value).replace("Z", "+00:00")
    return value


class _Series:
    """The rows of a series as Sentry's points.

    Args:
        result: rows of time, keys and values.
        made: what they were in Sentry.
    """

    def __init__(self, result: Result, made: Imported) -> None:
        self._result = result
        self._names = [column.name for column in result.columns]
        self._keys = [column for column in made.columns if not column.aggregate]
        self._axes = [column for column in made.columns if column.aggregate]
        self._meta = {**_meta(result, made), "isMetricsData": False}
        rows: Any = result.as_json_dict()["rows"]
        self._rows: list[list[Any]] = rows

    def document(self) -> dict[str, Any]:
        """Return the answer: by group, by axis, or the only series itself."""
        if not self._keys:
            return self._axes_of(self._rows)
        groups: dict[str, list[list[Any]]] = {}
        for row in self._rows:
            groups.setdefault(self._label(row), []).append(row)
        first = self._place(self._axes[0])
        ranked = sorted(groups, key=lambda name: (name == OTHER, -sum(_number(row[first]) for row in groups[name])))
        return {name: {**self._axes_of(groups[name]), "order": order} for order, name in enumerate(ranked)}

    def _label(self, row: Sequence[Any]) -> str:
        values = [row[self._place(key)] for key in self._keys]
        if values and all(value == OTHER for value in values):
            return OTHER
        return ",".join("None" if value is None else str(value) for value in values)

    def _place(self, column: Column) -> int:
        return self._names.index(column.name)

    def _axes_of(self, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        series = {axis.sentry: self._points(rows, axis) for axis in self._axes}
        if len(series) == 1:
            return next(iter(series.values()))
        return {name: {**one, "order": order} for order, (name, one) in enumerate(series.items())}

    def _points(self, rows: Sequence[Sequence[Any]], axis: Column) -> dict[str, Any]:
        place = self._place(axis)
        column = self._result.columns[place]
        start, end = self._result.time_range
        points = [[_seconds(row[0]), [{"count": _value(row[place], column) or 0}]] for row in rows]
        return {
            "data": points,
            "start": int(start.timestamp()),
            "end": int(end.timestamp()),
            "isMetricsData": False,
            "meta": self._meta,
        }


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float | str) and value != "" else 0.0


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
