"""Saved queries as Sentry's API gives them: `GET /api/0/organizations/{org}/discover/saved/`."""

from __future__ import annotations

from collections.abc import Mapping

from queries.errors import QueryError
from queries.sentry._model import SentryQuery


def read_saved(document: Mapping[str, object]) -> SentryQuery:
    """Return what a saved query asks for.

    Args:
        document: one element of the API's list: `name`, `fields`, `query`, `orderby`, `yAxis`, `display`, `range` ...

    Raises:
        QueryError: it has no columns, or is of the form Sentry left in 2020 (with `conditions` and `aggregations`).
    """
    if "conditions" in document or "aggregations" in document:
        raise QueryError("This saved query has Sentry's first form, which is not read.", code="sentry-saved-unknown")
    fields = _texts(document.get("fields"))
    if not fields:
        raise QueryError("This is no saved query of Sentry: it has no `fields`.", code="sentry-saved-unknown")
    return SentryQuery(
        name=_text(document.get("name")),
        dataset=_text(document.get("queryDataset")) or _text(document.get("dataset")),
        fields=fields,
        y_axes=_texts(document.get("yAxis")),
        query=_text(document.get("query")),
        sort=_texts(document.get("orderby")),
        display=_text(document.get("display")),
        period=_text(document.get("range")) or _text(document.get("statsPeriod")),
        start=_text(document.get("start")),
        end=_text(document.get("end")),
        projects=_numbers(document.get("projects")),
        environments=_texts(document.get("environment")),
        interval=_text(document.get("interval")),
        top_events=_number(document.get("topEvents")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    """Return a list of texts; Sentry gives one value bare."""
    many = value if isinstance(value, list) else [value]
    return tuple(one for one in many if isinstance(one, str) and one)


def _numbers(value: object) -> tuple[str, ...]:
    """Return the projects, which Sentry gives as numbers, as texts."""
    many = value if isinstance(value, list) else [value]
    return tuple(str(one) for one in many if isinstance(one, str | int) and not isinstance(one, bool))


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
