"""Where `amber issues` reads and writes: a server's API, or the data directory when no server has it open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from engine.datadir import DataDirectory
from server.api_client import ApiClient
from server.cli.options import settings_from
from server.cli.target import sdk_errors, server_of
from server.runfile import reach_server

PAGE = 100


class IssuePlace(Protocol):
    """What has issues; documents are those of the API."""

    def issues(self, search: str, sort: str, range_: str, limit: int) -> list[dict[str, Any]]:
        """Return issues a search finds, in an order."""
        ...

    def issue(self, name: str, range_: str) -> dict[str, Any]:
        """Return one issue with what was done to it."""
        ...

    def change(self, names: Sequence[str], wanted: Mapping[str, Any]) -> int:
        """Change issues, all or none, and return how many."""
        ...


@contextmanager
def issue_place(data: Path | None, url: str | None, token: str | None, config: Path | None) -> Iterator[IssuePlace]:
    """Open what a verb's options name; a directory goes through its server while one runs."""
    with sdk_errors():
        named = server_of(data, url, token)
        if named is not None:
            yield _Served(named)
            return
        settings = settings_from(config, data=data)
        server = reach_server(settings.data)
        if server is not None:
            yield _Served(ApiClient(server.url, server.token))
            return
    DataDirectory.at(settings.data).check()
    # Start-up time: a served directory needs neither the engine nor the compiler.
    from server.cli.issue_directory import opened_issues  # noqa: PLC0415

    with opened_issues(settings) as place:
        yield place


class _Served:
    """A server.

    Args:
        api: its API.
    """

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    def issues(self, search: str, sort: str, range_: str, limit: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor = ""
        while len(found) < limit:
            asked = {"query": search, "sort": sort, "range": range_, "limit": min(PAGE, limit - len(found))}
            page = self._api.call(
                "GET", f"/api/v1/issues?{urlencode({**asked, **({'cursor': cursor} if cursor else {})})}"
            )
            found += page["items"]
            cursor = page["next"] or ""
            if not cursor:
                break
        return found

    def issue(self, name: str, range_: str) -> dict[str, Any]:
        return self._api.call("GET", f"/api/v1/issues/{quote(name, safe='')}?{urlencode({'range': range_})}")

    def change(self, names: Sequence[str], wanted: Mapping[str, Any]) -> int:
        answer = self._api.call("POST", "/api/v1/issues/bulk", {"ids": list(names), "set": dict(wanted)})
        return int(answer["changed"])


def length_of(range_: str) -> timedelta:
    """Return the length of a range such as `24h`; the command line has checked its form."""
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
    return timedelta(seconds=int(range_[:-1]) * seconds[range_[-1]])
