"""The transport to an Amber server: HTTP/1.1 by the standard library, answers as Arrow streams."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
import urllib.parse
import uuid
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from secrets import SystemRandom
from typing import Any, Final, TypeVar

from amber._answers import description, read_stream, read_table
from amber._errors import AmberError, ConnectionFailed, error_from_problem, is_limit
from amber._json import json_value, rfc3339
from amber._saved import pick
from amber._transport import Progress, QueryRequest, RawResult, RawStream

_T = TypeVar("_T")
ARROW_STREAM: Final = "application/vnd.apache.arrow.stream"
_CONNECT_TIMEOUT_S = 10.0
_SIDE_CALL_TIMEOUT_S = 5.0  # progress and cancel must not hang a display
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_MAX_IDLE = 4
_MAX_PROBLEM_BYTES = 1 << 20
_RETRIED_STATUS = (429, 502, 503, 504)


class HttpTransport:
    """Asks an Amber server. Safe to share by threads; keeps a few connections open.

    Args:
        url: where the server is, for example `http://127.0.0.1:8700`; a path before `/api` is kept.
        token: the bearer token, or None to ask without.
        timeout_s: seconds without a byte of the answer after which to give up.
        attempts: how often to ask when the server cannot be reached or says 503. Queries only read,
            so asking again is safe.

    Raises:
        AmberError: when `url` is no http(s) address.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout_s: float = 600.0, attempts: int = 4) -> None:
        self._secure, self._host, self._port, self._base = _address(url)
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout_s = timeout_s
        self._attempts = max(1, attempts)
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._random = SystemRandom()
        weakref.finalize(self, _close_all, self._idle)

    def query(self, request: QueryRequest) -> RawResult:
        """The answer to a request; see `Transport.query`."""
        body = _encoded(_body(request))
        return self._tried(lambda: self._ask(body, request.text), request.query_id)

    @contextmanager
    def stream(self, request: QueryRequest) -> Iterator[RawStream]:
        """The answer to a request batch by batch; see `StreamTransport.stream`."""
        body = _encoded({**_body(request), "stream": True})
        connection, response = self._tried(lambda: self._open_stream(body, request.text), request.query_id)
        try:
            yield read_stream(response)
        finally:
            connection.close()

    def progress(self, query_id: str) -> Progress | None:
        """How far a query is; None also when the server cannot say."""
        found = self._side_call("GET", f"/api/v1/query/{query_id}/progress")
        if found is None:
            return None
        total = found.get("total_rows")
        return Progress(
            rows_read=int(found.get("rows_read") or 0),
            total_rows=int(total) if total else None,
            bytes_read=int(found.get("bytes_read") or 0),
            elapsed_s=float(found.get("elapsed_ms") or 0.0) / 1000.0,
            percent=None if found.get("percent") is None else float(found["percent"]),
        )

    def cancel(self, query_id: str) -> bool:
        """Stops a query; False when it was not running or the server cannot be reached."""
        return self._side_call("DELETE", f"/api/v1/query/{query_id}") is not None

    def saved(self, name: str) -> Mapping[str, Any]:
        """The saved query of a name; see `SavedTransport.saved`."""
        path = f"/api/v1/saved-queries?{urllib.parse.urlencode({'search': name, 'limit': 500})}"
        found = self._tried(lambda: self._json("GET", path), uuid.uuid4().hex)
        return pick(found["items"], name)

    def assist(self, verb: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Help with a text; see `EditorTransport.assist`."""
        content, text = _encoded(body), str(body.get("query", ""))
        return self._tried(lambda: self._json("POST", f"/api/v1/query/{verb}", content, text), uuid.uuid4().hex)

    def rca(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """A root-cause analysis; see `RcaTransport.rca`."""
        content, text = _encoded(asked), str(asked.get("query", ""))
        return self._tried(lambda: self._json("POST", "/api/v1/rca", content, text), uuid.uuid4().hex)

    def ingest(self, dataset: str, body: bytes, kind: str, project: str) -> Mapping[str, Any]:
        """Rows for a data set; see `IngestTransport.ingest`."""
        path = f"/api/v1/ingest/{dataset}" + (f"?{urllib.parse.urlencode({'project': project})}" if project else "")
        # The same request may arrive twice when an answer is lost; by its key it counts once.
        headers = {**self._headers, "Content-Type": kind, "Idempotency-Key": uuid.uuid4().hex}
        return self._tried(lambda: self._posted(path, body, headers), uuid.uuid4().hex)

    def close(self) -> None:
        """Closes the idle connections; the transport stays usable."""
        with self._lock:
            _close_all(self._idle)

    def _tried(self, call: Callable[[], _T], query_id: str) -> _T:
        """What a call gives; it is made again when it failed in a way that may pass."""
        for attempt in range(1, self._attempts + 1):
            try:
                return call()
            except _Retry as again:
                if attempt == self._attempts:
                    raise again.error from again.__cause__
                if again.may_still_run:
                    self.cancel(query_id)
                time.sleep(self._pause_s(attempt, again.after_s))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _open_stream(self, body: bytes, text: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        headers = {**self._headers, "Content-Type": "application/json", "Accept": ARROW_STREAM}
        connection, response = self._send("POST", "/api/v1/query", body, headers)
        try:
            self._check(response, text)
        except BaseException:
            connection.close()
            raise
        return connection, response

    def _ask(self, body: bytes, text: str) -> RawResult:
        headers = {**self._headers, "Content-Type": "application/json", "Accept": ARROW_STREAM}
        connection, response = self._send("POST", "/api/v1/query", body, headers)
        try:
            self._check(response, text)
            table = read_table(response)
        except BaseException:
            connection.close()
            raise
        self._give_back(connection, response)
        return RawResult(table, description(table.schema))

    def _json(self, method: str, path: str, body: bytes = b"", text: str = "") -> dict[str, Any]:
        """A document of the API."""
        headers = {
            **self._headers,
            "Accept": "application/json",
            **({"Content-Type": "application/json"} if body else {}),
        }
        connection, response = self._send(method, path, body, headers)
        try:
            document = self._document(response, text)
        except BaseException:
            connection.close()
            raise
        self._give_back(connection, response)
        return document

    def _posted(self, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        """The answer to rows; a refusal of every row is one as well."""
        connection, response = self._send("POST", path, body, headers)
        found: object = None
        with suppress(ValueError, OSError, http.client.HTTPException):
            found = json.loads(response.read(_MAX_PROBLEM_BYTES))
        if not isinstance(found, dict) or "accepted" not in found:
            connection.close()
            raise _refused(response, found if isinstance(found, dict) else {}, "")
        self._give_back(connection, response)
        return found

    def _document(self, response: http.client.HTTPResponse, text: str) -> dict[str, Any]:
        if response.status != 200:
            raise _refusal(response, text)
        try:
            found: dict[str, Any] = json.loads(response.read())
        except ValueError as error:
            raise ConnectionFailed(f"{self.url} is not an Amber server.", code="not-amber") from error
        return found

    def _check(self, response: http.client.HTTPResponse, text: str) -> None:
        if response.status != 200:
            raise _refusal(response, text)
        if response.headers.get_content_type() != ARROW_STREAM:
            raise ConnectionFailed(
                f"{self.url} answered {response.headers.get_content_type()} instead of a result.",
                code="not-amber",
                suggestion="Is this the address of an Amber server?",
            )

    def _side_call(self, method: str, path: str) -> dict[str, Any] | None:
        """A short call beside a running query: the JSON answer, or None on any refusal or failure."""
        connection = self._connection(_SIDE_CALL_TIMEOUT_S)
        try:
            connection.request(method, self._base + path, headers=self._headers)
            response = connection.getresponse()
            content = response.read(_MAX_PROBLEM_BYTES)
            found = json.loads(content) if content and response.status < 300 else {}
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()
        return found if response.status < 300 and isinstance(found, dict) else None

    def _send(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Sends on a kept connection, or on a new one when the kept one was closed by the server meanwhile."""
        with self._lock:
            kept = self._idle.pop() if self._idle else None
        if kept is not None:
            with suppress(ConnectionError, http.client.BadStatusLine):
                return kept, self._exchange(kept, method, path, body, headers)
        return self._exchange_on_new(method, path, body, headers)

    def _exchange_on_new(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = self._connection(self._timeout_s)
        try:
            connection.connect()
        except OSError as error:
            raise self._failure(error, connected=False) from error
        connection.sock.settimeout(self._timeout_s)
        try:
            return connection, self._exchange(connection, method, path, body, headers)
        except (ConnectionError, http.client.BadStatusLine) as error:
            raise self._failure(error, connected=True) from error

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        """One request and the head of its answer; a broken connection is closed and its error raised as it is."""
        try:
            connection.request(method, self._base + path, body=body, headers=dict(headers))
            return connection.getresponse()
        except (ConnectionError, http.client.BadStatusLine):
            connection.close()
            raise
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._failure(error, connected=True) from error
        except BaseException:
            connection.close()
            raise

    def _failure(self, error: Exception, *, connected: bool) -> Exception:
        if isinstance(error, ssl.SSLError):
            return ConnectionFailed(f"No secure connection to {self.url}: {error}.", code="tls-failed")
        if connected and isinstance(error, TimeoutError):
            return ConnectionFailed(f"{self.url} gave no answer for {self._timeout_s:g} s.", code="timeout")
        failed = ConnectionFailed(
            f"Cannot reach {self.url}: {error or type(error).__name__}.",
            code="unreachable",
            suggestion="Is the server running (amber serve), and is AMBER_URL right?",
        )
        return _Retry(failed, may_still_run=connected)

    def _connection(self, timeout_s: float) -> http.client.HTTPConnection:
        factory = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        return factory(self._host, self._port, timeout=min(timeout_s, _CONNECT_TIMEOUT_S))

    def _give_back(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        response.read()
        with self._lock:
            if not response.will_close and len(self._idle) < _MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def _pause_s(self, attempt: int, after_s: float | None) -> float:
        backoff: float = _FIRST_PAUSE_S * 3.0 ** (attempt - 1) * self._random.uniform(0.75, 1.25)
        return min(max(backoff, after_s or 0.0), _LONGEST_PAUSE_S)


def _close_all(connections: list[http.client.HTTPConnection]) -> None:
    while connections:
        connections.pop().close()


def _address(url: str) -> tuple[bool, str, int | None, str]:
    """Whether a URL is https, its host, port and path."""
    with suppress(ValueError):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts.scheme == "https", parts.hostname, parts.port, parts.path.rstrip("/")
    raise AmberError(
        f"{url!r} is not the address of an Amber server.",
        code="bad-url",
        suggestion="It looks like http://127.0.0.1:8700; for a directory use amber.open(DIR).",
    )


class _Retry(Exception):
    """The call failed in a way that may pass."""

    def __init__(self, error: AmberError, *, after_s: float | None = None, may_still_run: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.after_s = after_s
        self.may_still_run = may_still_run


def _body(request: QueryRequest) -> dict[str, Any]:
    key = "sql" if request.language == "sql" else "query"
    body: dict[str, Any] = {key: request.text, "query_id": request.query_id}
    if request.project:
        body["project"] = list(request.project)
    if request.start is not None:
        body["start"] = rfc3339(request.start)
    if request.end is not None:
        body["end"] = rfc3339(request.end)
    if request.limit is not None:
        body["limit"] = request.limit
    if request.params:
        body["params"] = dict(request.params)
    if request.after:
        body["after"] = request.after
    if request.fresh:
        body["fresh"] = True
    return body


def _encoded(body: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(body, default=json_value).encode()
    except TypeError as error:
        raise AmberError(
            f"A parameter cannot be sent: {error}.", code="bad-parameter", suggestion="Send text, numbers or times."
        ) from error


def _refusal(response: http.client.HTTPResponse, text: str) -> Exception:
    problem: object = None
    with suppress(ValueError, OSError, http.client.HTTPException):
        problem = json.loads(response.read(_MAX_PROBLEM_BYTES))
    return _refused(response, problem if isinstance(problem, dict) else {}, text)


def _refused(response: http.client.HTTPResponse, members: Mapping[str, Any], text: str) -> Exception:
    error = error_from_problem(members, status=response.status, text=text)
    if response.status in _RETRIED_STATUS and not is_limit(error.code):
        after = response.headers.get("Retry-After", "")
        return _Retry(error, after_s=float(after) if after.isdecimal() else None)
    return error
