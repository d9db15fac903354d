"""Addresses of pages: the one place in Python that writes them and reads their parameters.

`frontend/src/core/search.ts` is its twin in the browser. The parameters of the bar (projects, environments, time range)
stay when one goes from page to page; the others belong to a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

BASE: Final = "/app"
DEFAULT_RANGE: Final = "24h"
_BAR: Final = frozenset({"project", "env", "range", "start", "end"})


@dataclass(frozen=True, slots=True)
class UrlState:
    """What the query string of a page says.

    Attributes:
        projects: slugs; empty means all one may see.
        environments: names; empty means all.
        range: relative range such as `24h`; empty when `start` and `end` are given or nothing is.
        start, end: absolute range, RFC 3339; empty when relative.
        page: parameters of the page itself, such as `q` and `sort`.
    """

    projects: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    range: str = ""
    start: str = ""
    end: str = ""
    page: Mapping[str, str] = field(default_factory=dict)

    def api_query(self) -> dict[str, list[str] | str]:
        """Return the parameters every reading route of the API takes."""
        query: dict[str, list[str] | str] = {}
        if self.projects:
            query["project"] = list(self.projects)
        if self.environments:
            query["environment"] = list(self.environments)
        if self.start and self.end:
            query["start"], query["end"] = self.start, self.end
        else:
            query["range"] = self.range or DEFAULT_RANGE
        return query

    def bar(self) -> UrlState:
        """Return the part that stays from page to page."""
        return UrlState(self.projects, self.environments, self.range, self.start, self.end)


def parse_search(search: str) -> UrlState:
    """Read a query string, with or without its question mark; what is unknown belongs to the page."""
    projects, environments, single = [], [], {}
    for name, value in parse_qsl(search.removeprefix("?"), keep_blank_values=True):
        if name == "project":
            projects.append(value)
        elif name == "env":
            environments.append(value)
        else:
            single[name] = value
    start, end = single.get("start", ""), single.get("end", "")
    absolute = bool(start and end)
    return UrlState(
        tuple(projects),
        tuple(environments),
        "" if absolute else single.get("range", ""),
        start if absolute else "",
        end if absolute else "",
        {name: value for name, value in single.items() if name not in _BAR},
    )


def format_search(state: UrlState) -> str:
    """Return the query string with its question mark, or an empty string."""
    pairs = [("project", slug) for slug in state.projects]
    pairs += [("env", name) for name in state.environments]
    if state.start and state.end:
        pairs += [("start", state.start), ("end", state.end)]
    elif state.range:
        pairs.append(("range", state.range))
    pairs += [(name, value) for name, value in state.page.items() if name not in _BAR]
    return f"?{urlencode(pairs, quote_via=quote)}" if pairs else ""


def page_url(path: str, state: UrlState | None = None) -> str:
    """Return the address of a page below `/app`; pass `state.bar()` to keep projects and time."""
    return f"{BASE}/{path.lstrip('/')}{format_search(state) if state is not None else ''}"


def discover_url(text: str, state: UrlState | None = None) -> str:
    """Return the address of Discover with a question."""
    bar = state.bar() if state is not None else UrlState()
    return page_url("discover", UrlState(bar.projects, bar.environments, bar.range, bar.start, bar.end, {"q": text}))


def issue_url(issue: str, state: UrlState | None = None, *, event: str = "") -> str:
    """Return the address of an issue, or of one of its events."""
    tail = f"/events/{quote(event, safe='')}" if event else ""
    return page_url(f"issues/{quote(issue, safe='')}{tail}", state.bar() if state is not None else None)


def trace_url(trace_id: str, state: UrlState | None = None, *, span: str = "") -> str:
    """Return the address of a trace, with one span chosen."""
    bar = state.bar() if state is not None else UrlState()
    page = {"span": span} if span else {}
    return page_url(
        f"traces/{quote(trace_id, safe='')}",
        UrlState(bar.projects, bar.environments, bar.range, bar.start, bar.end, page),
    )
