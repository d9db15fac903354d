"""The search language: what users of Sentry type into the search box, read to tokens and to a tree.

Text goes through three steps, one module group each: `keys`, `values`, `lists`, `filters` and `grammar` read tokens
(rules tried in Sentry's order, first match wins); `validity` marks what was read but cannot be used; `tree` gives the
tokens their meaning as `queries.ast.Search`.
"""

from __future__ import annotations

from queries.search.config import SENTRY, SearchConfig
from queries.search.datasets import AMBER, config_for
from queries.search.tree import parse_search, tokenize

__all__ = ["AMBER", "SENTRY", "SearchConfig", "config_for", "parse_search", "tokenize"]
