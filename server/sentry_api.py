"""Sentry's API, read page by page and politely: one request at a time, waiting when it says so.

Pages are walked by the cursor the `Link` header gives (docs.sentry.io/api/pagination); the token goes to the host that
was named and to no other, wherever that header points.
"""

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
from urllib.parse import quote, urlsplit

from engine.errors import UserError

_PROJECT = re.compile(
    r"(?P<prefix>/.+(?=/api/0/projects/))?(?:/api/0/projects)?"
    r"/(?P<organisation>[\w-]+)/(?:projects/)?(?P<project>[\w-]+)/?(?:(?:issues|events)/?)?"
)
_LINK = re.compile(r"<[^>]*>([^<]*)")
_CURSOR = re.compile(r'cursor="([^"]+)"')
_TIMEOUT_S = 60.0
_ATTEMPTS = 6
_LONGEST_WAIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A page: its documents, and the cursor of the next one, empty for none."""

    documents: list[Any]
    cursor: str


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
        self.base = (
            f"{parts.scheme}://{parts.netloc}{found['prefix'] or ''}/api/0/projects"
            f"/{found['organisation']}/{found['project']}"
        )
        self._token = token
        self._wait = wait

    def issues(self) -> Iterator[Any]:
        """Yield the issues, whatever their state."""
        for page in self._pages(f"{self.base}/issues/?query=&limit=100", ""):
            yield from page.documents

    def events(self, cursor: str = "") -> Iterator[Answer]:
        """Yield the pages of events from a cursor on, newest first, with all that the API tells of them."""
        yield from self._pages(f"{self.base}/events/?full=1", cursor)

    def _pages(self, url: str, cursor: str) -> Iterator[Answer]:
        answer = self._page(_at(url, cursor))
        yield answer
        while answer.cursor:
            answer = self._page(_at(url, answer.cursor))
            yield answer

    def _page(self, url: str) -> Answer:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", "User-Agent": "amber-import"}
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - http and https only, checked above
        for attempt in range(_ATTEMPTS):
            try:
                with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310 - as above
                    text = response.read()
                    cursor = _next(response.headers.get("Link", ""))
                    self._rest(response.headers)
            except urllib.error.HTTPError as error:
                error.close()
                if error.code not in {429, 502, 503, 504} or attempt == _ATTEMPTS - 1:
                    raise _refused(url, error) from error
                self._wait(_seconds(error.headers.get("Retry-After"), 2.0**attempt))
            except (OSError, http.client.HTTPException) as error:
                if attempt == _ATTEMPTS - 1:
                    raise _failed(url, str(error), _AGAIN) from error
                self._wait(2.0**attempt)
            else:
                return Answer(_documents(text, url), cursor)
        raise _failed(url, "no answer", _AGAIN)

    def _rest(self, headers: Any) -> None:
        """Wait for the next window when this answer was the last that the limit allows."""
        if headers.get("X-Sentry-Rate-Limit-Remaining") == "0":
            reset = _seconds(headers.get("X-Sentry-Rate-Limit-Reset"), 0.0, longest=float("inf"))
            self._wait(min(_LONGEST_WAIT_S, max(1.0, reset - time.time())))


def _at(url: str, cursor: str) -> str:
    return f"{url}&cursor={quote(cursor, safe=':')}" if cursor else url


def _next(link: str) -> str:
    """Return the cursor of the next page, empty when the header tells of none that has results."""
    for attributes in _LINK.findall(link):
        if 'rel="next"' in attributes and 'results="true"' in attributes:
            found = _CURSOR.search(attributes)
            return found[1] if found else ""
    return ""


def _documents(text: bytes, url: str) -> list[Any]:
    try:
        documents = json.loads(text)
    except ValueError as error:
        raise _failed(url, "the answer is no JSON", "Is this the address of a Sentry, and not of its login?") from error
    if not isinstance(documents, list):
        raise _failed(url, "the answer is no list", "Is this the address of a project?")
    return documents


def _seconds(value: str | None, default: float, *, longest: float = _LONGEST_WAIT_S) -> float:
    try:
        return min(longest, max(0.0, float(value))) if value else default
    except ValueError:
        return default


_AGAIN = "Import again later: it goes on where it stopped."
_HINTS = {
    400: "Sentry does not know the page the import was at any more: `--again` begins anew.",
    401: "Sentry does not accept the token: make one under Settings, Auth Tokens, with event:read and project:read.",
    403: "The token may not read this project: it needs event:read and project:read, and its owner a place in a team.",
    404: "There is no such project for this token: compare organisation and project with the address in the browser.",
}


def _refused(url: str, error: urllib.error.HTTPError) -> UserError:
    return _failed(url, f"{error.code} {error.reason}", _HINTS.get(error.code, _AGAIN))


def _failed(url: str, why: str, hint: str) -> UserError:
    return UserError(f"Sentry's API did not answer {urlsplit(url).path}: {why}.", code="sentry-api", hint=hint)
