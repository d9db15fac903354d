"""The events of Sentry's API in the order an import that can be stopped reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ingest.import_notes import ImportNotes, ImportPlace
from ingest.normalise.times import SECOND_NS, time_ns
from ingest.normalise.values import mapping
from server.sentry_api import SentryApi

_SLACK_NS = 3600 * SECOND_NS


def event_pages(api: SentryApi, notes: ImportNotes, project_id: int) -> Iterator[Sequence[Any]]:
    """Yield the events page by page; when the next one is asked for, the last must be durable: its place is noted.

    The newest come first. An import that was stopped goes on with the page it was at, and afterwards reads what came
    since it was begun. Cursors count from the newest event: what came meanwhile makes pages overlap, and is known.

    Raises:
        UserError: the API refuses, or does not answer.
    """
    place = notes.place(project_id, api.base)
    newest_ns = place.newest_ns if place else 0
    for page in api.events(place.cursor if place else ""):
        newest_ns = newest_ns or max(map(_time, page.documents), default=0)
        yield page.documents
        if page.cursor:
            notes.reached(project_id, api.base, ImportPlace(page.cursor, newest_ns))
    if place is not None:
        yield from _since(api, place.newest_ns)
    notes.ended(project_id, api.base)


def _since(api: SentryApi, newest_ns: int) -> Iterator[Sequence[Any]]:
    """Yield pages until one is older than where the import began; some more, as events arrive out of order."""
    for page in api.events():
        yield page.documents
        if page.documents and max(map(_time, page.documents)) < newest_ns - _SLACK_NS:
            return


def _time(document: object) -> int:
    return time_ns(mapping(document).get("dateCreated")) or 0
