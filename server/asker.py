"""Who asks the query that runs: for steps of it that ask further questions of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from iam import LOCAL, Principal

_ASKER: ContextVar[Principal] = ContextVar("amber_asker", default=LOCAL)
"""Whoever runs a query without saying for whom is the program itself; what it may see stands in its plan."""


@contextmanager
def asked_by(principal: Principal) -> Iterator[None]:
    """Let what runs in this block, and in threads begun for it, run for somebody."""
    token = _ASKER.set(principal)
    try:
        yield
    finally:
        _ASKER.reset(token)


def asker() -> Principal:
    """Return for whom this runs."""
    return _ASKER.get()
