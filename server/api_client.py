"""Short JSON calls to a server's API, for the verbs that do more than ask."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from amber import AmberError, ConnectionFailed, error_from_problem

_TIMEOUT_S = 30.0


class ApiClient:
    """Calls the API of one server.

    Args:
        url: its web address.
        token: bearer token, or None to call without.

    Raises:
        AmberError: `url` is no http(s) address.
    """

    def __init__(self, url: str, token: str | None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise AmberError(
                f"{url!r} is no address of a server.", code="bad-url", suggestion="Write http://HOST:PORT."
            )
        self._url = url.rstrip("/")
        self._base = parts.path.rstrip("/")
        self._where = (parts.hostname, parts.port)
        self._secure = parts.scheme == "https"
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        text: str = "",
        patience_s: float = _TIMEOUT_S,
    ) -> dict[str, Any]:
        """Return the JSON answer of one call; also that of a health check that says no.

        Args:
            method: HTTP method.
            path: below the address, beginning with a slash.
            body: sent as JSON.
            text: the query text, for errors that point into it.
            patience_s: how long the server may be silent.

        Raises:
            AmberError: the server refused, or could not be reached.
        """
        data = None if body is None else json.dumps(body).encode()
        status, answer = self._exchange(method, path, data, patience_s)
        if status >= 400 and "code" in answer:
            raise error_from_problem(answer, status=status, text=text)
        return answer

    def _exchange(self, method: str, path: str, data: bytes | None, patience_s: float) -> tuple[int, dict[str, Any]]:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(*self._where, timeout=patience_s)
        try:
            connection.request(method, self._base + path, data, self._headers)
            response = connection.getresponse()
            answer = json.loads(response.read() or b"{}")  # 204 has no body
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionFailed(
                f"Cannot reach {self._url}: {error}.", code="unreachable", suggestion="Is `amber serve` running there?"
            ) from error
        except ValueError:
            answer = None
        finally:
            connection.close()
        if not isinstance(answer, dict):
            raise AmberError(f"{self._url} is not an Amber server.", code="not-amber", suggestion="Check the address.")
        return response.status, answer
