"""Sentry's Discover queries - URLs and the saved queries of its API - as Discover texts. Pure functions.

`read_url` and `read_saved` say what a query asks for, `to_discover` writes it in the language, with a warning for each
thing that has no counterpart. Whatever text comes out parses and plans in the context it was made for.
"""

from __future__ import annotations

from queries.sentry._documents import read_saved
from queries.sentry._expressions import is_function
from queries.sentry._model import Column, Imported, SentryQuery
from queries.sentry._sources import read_source
from queries.sentry._texts import series_of, to_discover
from queries.sentry._urls import looks_like_url, read_url

__all__ = [
    "Column",
    "Imported",
    "SentryQuery",
    "is_function",
    "looks_like_url",
    "read_saved",
    "read_source",
    "read_url",
    "series_of",
    "to_discover",
]
