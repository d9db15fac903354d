"""Sentry's API, read page by page and politely: one request at a time, waiting when it says so."""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from engine.errors import UserError

_PROJECT = re.compile(r"(?:/api/0/projects)?/(?P<organisation>[\w-]+)/(?:projects/)?(?P<project>[\w-]+)/?")
_NEXT = re.compile(r'<([^>]+)>;[^,]*rel="next";[^,]*results="true"')
_TIMEOUT_S = 60.0
_ATTEMPTS = 6
_LONGEST_WAIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A page: its documents, and the address of the next one, empty for none."""

    documents: list[Any]
    next_url: str


class SentryApi:
    """The API of one project.

    Args:
        url: `https://HOST/api/0/projects/ORGANISATION/PROJECT/`, or `https://HOST/ORGANISATION/PROJECT`.
        token: an auth token with `event:read` and `project:read`.
        wait: sleeps so many seconds.

    Raises:
        UserError: the URL is none of a project.
    """

    def __init__(self, url: str, token: str, wait: Callable[[float], None] = time.sleep) -> None:
        parts = urlsplit(url)
        found = _PROJECT.fullmatch(parts.path)
        if parts.scheme not in {"http", "https"} or not parts.netloc or found is None:
            raise UserError(
                f"{url!r} is no project of Sentry.",
                code="bad-url",
                hint="Say https://HOST/api/0/projects/ORGANISATION/PROJECT/.",
            )
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._base = f"{self._origin}/api/0/projects/{found['organisation']}/{found['project']}"
        self._token = token
        self._wait = wait

    def issues(self) -> Iterator[Any]:
        """Yield the issues, whatever their state."""
        yield from self._all(f"{self._base}/issues/?query=&limit=100")

    def events(self) -> Iterator[Any]:
        """Yield the events, newest first, with all that the API tells of them."""
        yield from self._all(f"{self._base}/events/?full=1")

    def _all(self, url: str) -> Iterator[Any]:
        while url:
            answer = self._page(url)
            yield from answer.documents
            url = answer.next_url

    def _page(self, url: str) -> Answer:
        if not url.startswith(f"{self._origin}/"):
            raise UserError(f"The next page is said to be at {url[:200]!r}, another host.", code="bad-answer")
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", "User-Agent": "amber-import"}
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - http and https only, checked above
        for attempt in range(_ATTEMPTS):
            try:
                with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310 - as above
                    documents = json.loads(response.read())
                    found = _NEXT.search(response.headers.get("Link", ""))
                    self._rest(response.headers)
            except urllib.error.HTTPError as error:
                if error.code not in {429, 502, 503, 504} or attempt == _ATTEMPTS - 1:
                    raise _failed(url, f"{error.code} {error.reason}") from error
                self._wait(_seconds(error.headers.get("Retry-After"), 2.0**attempt))
            except (OSError, http.client.HTTPException, ValueError) as error:
                if attempt == _ATTEMPTS - 1:
                    raise _failed(url, str(error)) from error
                self._wait(2.0**attempt)
            else:
                if not isinstance(documents, list):
                    raise _failed(url, "the answer is no list")
                return Answer(documents, found[1] if found else "")
        raise _failed(url, "no answer")

    def _rest(self, headers: Any) -> None:
        """Wait for the next window when this answer was the last that the limit allows."""
        if headers.get("X-Sentry-Rate-Limit-Remaining") == "0":
            reset = _seconds(headers.get("X-Sentry-Rate-Limit-Reset"), 0.0, longest=float("inf"))
            self._wait(min(_LONGEST_WAIT_S, max(1.0, reset - time.time())))


def _seconds(value: str | None, default: float, *, longest: float = _LONGEST_WAIT_S) -> float:
    try:
        return min(longest, max(0.0, float(value))) if value else default
    except ValueError:
        return default


def _failed(url: str, why: str) -> UserError:
    return UserError(
        f"Sentry's API did not answer {urlsplit(url).path}: {why}.",
        code="sentry-api",
        hint="The token needs event:read and project:read; see --token.",
    )
