"""What people bring along: one URL, a list of them, or JSON of Sentry's API."""

from __future__ import annotations

import json
from collections.abc import Mapping

from queries.errors import QueryError
from queries.sentry._documents import read_saved
from queries.sentry._model import SentryQuery
from queries.sentry._urls import read_url

MAX_QUERIES = 200


def read_source(text: str, most: int = MAX_QUERIES) -> list[SentryQuery]:
    """Return the queries in a text: a URL, URLs line by line, or a saved query, or a list of them, as JSON.

    Raises:
        QueryError: there is none, one of them cannot be read, or there are more than `most`.
    """
    stripped = text.strip()
    if stripped[:1] in {"{", "["}:
        found = [read_saved(document) for document in _documents(stripped)]
    else:
        found = [read_url(line) for line in stripped.splitlines() if line.strip()]
    if not 0 < len(found) <= most:
        raise QueryError(f"Between 1 and {most} queries can be read at once.", code="sentry-source-size")
    return found


def _documents(text: str) -> list[Mapping[str, object]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise QueryError("This is no JSON.", code="sentry-saved-unknown") from None
    many = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) for one in many):
        raise QueryError("A saved query of Sentry is a JSON object.", code="sentry-saved-unknown")
    return many
