"""Numbers, lengths and times written in a text that no column and no engine can hold."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

from queries import ast
from queries.ast import Span
from queries.errors import QueryError

EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(2106, 1, 1, tzinfo=dt.UTC)
"""Times a range may reach; the engine's hours end in 2106."""

_FIRST_INSTANT = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)
_LAST_INSTANT = dt.datetime(2262, 1, 1, tzinfo=dt.UTC)
_MOST = 2**63
_MOST_WHOLE = 2**64
"""Ids and fingerprints have 64 bits without a sign."""


def check_literals(query: ast.Query) -> None:
    """Check every literal of a tree.

    Raises:
        QueryError: one is too large, or a time too far away; carries its span.
    """
    for node in _nodes(query):
        match node:
            case ast.Number(value=number, span=span):
                _check_size(number, span, whole=isinstance(number, int))
            case ast.Ambiguous(value=number, span=span):
                _check_size(number, span)
            case ast.Duration(ns=number, span=span) | ast.RelativeInstant(ns=number, span=span):
                _check_size(number, span)
            case ast.Size(bytes=number, span=span):
                _check_size(number, span)
            case ast.Instant(at=at, span=span):
                aware = at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at
                if not _FIRST_INSTANT <= aware < _LAST_INSTANT:
                    raise QueryError("Times lie between the years 1900 and 2262.", span=span)
            case _:
                pass


def check_range(time: tuple[dt.datetime, dt.datetime], span: Span | None = None) -> None:
    """Check that a range of time can be stored at all.

    Raises:
        QueryError: it begins before 1970 or ends after 2105.
    """
    if time[0] < EARLIEST or time[1] > LATEST:
        raise QueryError("A time range begins in 1970 at the earliest and ends in 2105 at the latest.", span=span)


def _check_size(number: float, span: Span, *, whole: bool = False) -> None:
    # NaN compares as false.
    if not -_MOST <= number < (_MOST_WHOLE if whole else _MOST):
        raise QueryError("This number is too large.", span=span)


def _nodes(query: ast.Query) -> Iterator[object]:
    pending: list[object] = [query]
    while pending:
        node = pending.pop()
        if isinstance(node, tuple):
            pending += node
        elif dataclasses.is_dataclass(node) and not isinstance(node, Span | type):
            yield node
            pending += [getattr(node, field.name) for field in dataclasses.fields(node)]
