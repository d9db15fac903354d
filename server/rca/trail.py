"""Which Discover text shows each part of a case: evidence opens as a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from queries.result import rfc3339
from server.rca.frames import Times

DISCOVER: Final = "/app/discover"


@dataclass(frozen=True, slots=True)
class Shown:
    """A question that shows a part of a case.

    Attributes:
        title: what it shows, in a few words.
        text: Discover.
        times: of the question.
    """

    title: str
    text: str
    times: Times


class Trail:
    """The questions of an analysis by the keys of its parts.

    Args:
        projects: slugs the analysis looked at; empty for all that may be seen.
        environments: likewise.
    """

    def __init__(self, projects: tuple[str, ...] = (), environments: tuple[str, ...] = ()) -> None:
        self._projects = projects
        self._environments = environments
        self._shown: dict[str, Shown] = {}

    def add(self, key: str, title: str, text: str, times: Times) -> str:
        """Note what shows a part, and return its key."""
        self._shown[key] = Shown(title, text, times)
        return key

    def __getitem__(self, key: str) -> Shown:
        return self._shown[key]

    def __contains__(self, key: str) -> bool:
        return key in self._shown

    def documents(self, keys: set[str]) -> dict[str, Any]:
        """Return the questions of some keys as the API answers them."""
        return {key: self.document(self._shown[key]) for key in sorted(keys & self._shown.keys())}

    def document(self, one: Shown) -> Mapping[str, str]:
        """Return one question with its page."""
        start, end = (rfc3339(at) for at in one.times)
        bar = [("project", name) for name in self._projects] + [("env", name) for name in self._environments]
        pairs = [*bar, ("start", start), ("end", end), ("q", one.text)]
        page = f"{DISCOVER}?{urlencode(pairs, quote_via=quote)}"
        return {"title": one.title, "query": one.text, "start": start, "end": end, "page": page}
