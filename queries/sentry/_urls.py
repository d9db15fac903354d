"""URLs of Sentry's pages: Discover results, Explore's traces, and the list of issues."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from queries.errors import QueryError
from queries.sentry._model import SentryQuery

_URL = re.compile(r"https?://[^\r\n]++", re.IGNORECASE)
_LONGEST = 20_000
_MOST_FIELDS = 500
_DISCOVER = re.compile(r"/discover/(?:results|homepage)/?$")
_TRACES = re.compile(r"/(?:explore/)?traces/?$")
_ISSUES = re.compile(r"/issues/?(?:views/\d+/?)?$")
_ARRAY = re.compile(r"\[[0-9]{0,3}\]$")
"""`field[]=` and `field[0]=`, as some libraries write a parameter that repeats."""

_MARKERS = ("statsPeriod", "field", "yAxis", "query", "sort", "visualize", "aggregateField", "project", "start", "id")
Parameters = Mapping[str, Sequence[str]]


def looks_like_url(text: str) -> bool:
    """Return whether a text is one URL of a page that `read_url` knows, and of nothing else."""
    parts = _split(text)
    return parts is not None and _page(parts) != ""


def read_url(text: str) -> SentryQuery:
    """Return what the query behind a URL of Sentry asks for.

    Raises:
        QueryError: it is no URL, or one of another page.
    """
    parts = _split(text)
    page = "" if parts is None else _page(parts)
    if parts is None or not page:
        raise QueryError(
            "This is no URL of a query of Sentry.",
            code="sentry-url-unknown",
            suggestion="URLs of /discover/results/, /traces/ and /issues/ can be read.",
        )
    return _READERS[page](_parameters(parts))


def _parameters(parts: SplitResult) -> Parameters:
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, max_num_fields=_MOST_FIELDS):
        given.setdefault(_ARRAY.sub("", name), []).append(value)
    return given


def _split(text: str) -> SplitResult | None:
    found = _URL.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    try:
        return None if found is None else urlsplit(found[0])
    except ValueError:
        return None


def _page(parts: SplitResult) -> str:
    try:
        given = _parameters(parts)
    except ValueError:  # more of them than any page has
        return ""
    if not any(marker in given for marker in _MARKERS):
        return ""
    pages = (("discover", _DISCOVER), ("traces", _TRACES), ("issues", _ISSUES))
    return next((name for name, pattern in pages if pattern.search(parts.path)), "")


def _discover(given: Parameters) -> SentryQuery:
    return SentryQuery(
        name=_one(given, "name"),
        dataset=_one(given, "dataset", "queryDataset"),
        fields=tuple(given.get("field", ())),
        y_axes=tuple(given.get("yAxis", ())),
        query=_one(given, "query"),
        sort=tuple(given.get("sort", ())),
        display=_one(given, "display"),
        interval=_one(given, "interval"),
        top_events=_count(_one(given, "topEvents")),
        **_look(given),
    )


def _traces(given: Parameters) -> SentryQuery:
    groups, axes = _visualised(given)
    aggregate = _one(given, "mode") == "aggregate"
    sort = given.get("aggregateSort", given.get("sort", ())) if aggregate else given.get("sort", ())
    return SentryQuery(
        dataset="spans",
        fields=(*groups, *axes) if aggregate else tuple(given.get("field", ())),
        y_axes=tuple(axes),
        query=_one(given, "query"),
        sort=tuple(sort),
        interval=_one(given, "interval"),
        display="top5" if aggregate and groups else "",
        **_look(given),
    )


def _visualised(given: Parameters) -> tuple[list[str], list[str]]:
    """Return keys and aggregates: of `aggregateField`, or of `groupBy` and `visualize`, its older form."""
    groups = [name for name in given.get("groupBy", ()) if name]
    axes: list[str] = []
    for text in (*given.get("aggregateField", ()), *given.get("visualize", ())):
        try:
            found = json.loads(text)
        except ValueError:
            continue
        if isinstance(found, dict):
            group, more = found.get("groupBy"), found.get("yAxes")
            groups += [group] if isinstance(group, str) and group else []
            axes += [axis for axis in more if isinstance(axis, str)] if isinstance(more, list) else []
    return groups, axes or ["count(span.duration)"]


_ISSUE_SORTS = {"date": "-last_seen()", "new": "-first_seen()", "freq": "-count()", "user": "-count_unique(user)"}


def _issues(given: Parameters) -> SentryQuery:
    wanted = _one(given, "sort") or "date"
    remarks = () if wanted in _ISSUE_SORTS else (f"Issues cannot be sorted by {wanted}; the last seen come first.",)
    return SentryQuery(
        dataset="issues",
        fields=("issue", "any(title)", "count()", "count_unique(user)", "first_seen()", "last_seen()"),
        query=_one(given, "query") if "query" in given else "is:unresolved",
        sort=(_ISSUE_SORTS.get(wanted, "-last_seen()"),),
        remarks=remarks,
        **_look(given),
    )


_READERS = {"discover": _discover, "traces": _traces, "issues": _issues}


def _look(given: Parameters) -> dict[str, Any]:
    return {
        "period": _one(given, "statsPeriod"),
        "start": _one(given, "start"),
        "end": _one(given, "end"),
        "projects": tuple(given.get("project", ())),
        "environments": tuple(given.get("environment", ())),
    }


def _one(given: Parameters, *names: str) -> str:
    return next((given[name][-1] for name in names if given.get(name)), "")


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
