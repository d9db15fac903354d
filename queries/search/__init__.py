"""The search language: what users of Sentry type into the search box, read to tokens and to a tree."""

from __future__ import annotations

import datetime as dt

from queries import ast


class SearchConfig:
    """Which keys take which values."""


def parse_search(text: str, config: SearchConfig | None = None, now: dt.datetime | None = None) -> ast.Search:
    """Read a search; SyntaxProblem when it is not one."""
    raise NotImplementedError
