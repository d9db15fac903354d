"""The pages on the API's application: what they ask of the server, and how they come into service.

Dash takes longer to import than the API to start, the API longer than what answers a query, and an application takes no
routes after its first request. So the process serves queries at once, builds a second application with the whole API in
a thread, then a third one with the pages, and serves each as soon as it is there.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlencode, urlsplit

import orjson
import structlog
from flask import Blueprint, Flask, Response, g

from engine.errors import AmberError
from iam import LOCAL, Principal, Unauthenticated
from server.http.guard import PAGES, PRINCIPAL_KEY
from server.http.problems import API_PREFIX
from server.settings import Settings
from server.version import VERSION

if TYPE_CHECKING:
    from dashboards.app import Mounted

_log = structlog.stdlib.get_logger(__name__)
_PATIENCE_S = 60.0
_FIRST_REQUEST_S = 1.0
"""For how long the first request is waited for: whoever waited for the server to be ready comes at once."""
_PAGE_PATIENCE_S = 20.0
_PAGE_WAITERS = 3
"""Requests of pages that may wait at once; threads must remain for queries."""

_STARTING = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="1">
<title>Amber</title><p role="status">Amber is starting. This page reloads by itself.</p></html>"""
_FAILED = """<!doctype html><html lang="en"><meta charset="utf-8">
<title>Amber</title><p role="alert">The pages could not be started; the server's log says why. The API answers.</p>
</html>"""
_HTML = "text/html; charset=utf-8"
_ENVIRON: dict[str, Any] = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "SERVER_NAME": "amber",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "amber",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


class DocumentRefused(AmberError):
    """The API answered a page with a problem; code, hint and status are the problem's."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem["detail"], code=problem["code"], hint=problem.get("hint", ""))
        self.http_status = problem["status"]


class PagePorts:
    """The server as the pages see it (`dashboards.ports.Ports`): the documents of the API, nothing else.

    Args:
        app: the application whose API answers.
        settings: for the ingest address.
    """

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._ingest_url = settings.ingest_url

    @property
    def version(self) -> str:
        """Version of the product."""
        return VERSION

    @property
    def ingest_url(self) -> str:
        """Base address where clients send."""
        return self._ingest_url

    def principal(self) -> Principal:
        """Return who makes the request.

        Raises:
            Unauthenticated: nobody has signed in; so for what Dash does by itself before a public route.
        """
        found = g.get("principal")
        if not isinstance(found, Principal):
            raise Unauthenticated("Nobody is signed in.")
        return found

    def read(self, path: str, **query: Any) -> dict[str, Any]:
        """Return the document of `GET /api/v1/<path>` for the request's principal.

        It goes through the application as any request does, guard and all, without a socket in between.

        Raises:
            DocumentRefused: the API answers with a problem.
        """
        given = {name: value for name, value in query.items() if value is not None}
        environ = {
            **_ENVIRON,
            "PATH_INFO": f"{API_PREFIX}/{path.lstrip('/')}",
            "QUERY_STRING": urlencode(given, doseq=True, quote_via=quote),
            PRINCIPAL_KEY: self.principal(),
        }
        response = _dispatched(self._app, environ)
        if response.status_code == HTTPStatus.TEMPORARY_REDIRECT:
            environ["PATH_INFO"] = urlsplit(response.headers["Location"]).path
            response = _dispatched(self._app, environ)
        document = orjson.loads(response.get_data())
        if response.status_code >= 400:
            raise DocumentRefused(document)
        return cast("dict[str, Any]", document)


def _dispatched(app: Flask, environ: dict[str, Any]) -> Response:
    """Return what an application answers to a request of our own."""

    def dispatch() -> Response:
        with app.request_context(environ):
            return app.full_dispatch_request()

    # Its own context: what the inner request binds (its id, its logger's names) must not stay in the outer one.
    return contextvars.copy_context().run(dispatch)


def warm_up(app: Flask) -> None:
    """Ask for a page once: Dash sets itself up at its first request, which is to be nobody's."""
    _dispatched(app, {**_ENVIRON, "PATH_INFO": f"{PAGES}/", "QUERY_STRING": "", PRINCIPAL_KEY: LOCAL})


def mount_pages(app: Flask, settings: Settings) -> Mounted:
    """Put the pages on an application.

    Raises:
        dashboards.bundle.BundleMissing: their scripts were not built.
    """
    # Start-up time: Dash is imported in the thread that builds the second application.
    from dashboards.app import mount  # noqa: PLC0415

    return mount(app, PagePorts(app, settings))


class Front:
    """The WSGI application of the web port: ever more of it, as it is imported and built.

    Args:
        first: serves at once.
        build: makes the application that takes over in the end, with the pages.
        whole: makes one with the whole API, which serves until then; None when `first` has all of it. What `first` has
            no route for waits until it is there.
    """

    def __init__(self, first: Flask, build: Callable[[], Flask], whole: Callable[[], Flask] | None = None) -> None:
        self._app = first
        self._build = build
        self._make_whole = whole
        self._is_whole = threading.Event()
        self._was_asked = threading.Event()
        self._is_complete = threading.Event()
        self._waiters = threading.BoundedSemaphore(_PAGE_WAITERS)
        if whole is None:
            self._is_whole.set()
        self.failed = False

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        if not self._is_complete.is_set() and environ["PATH_INFO"].startswith(f"{PAGES}/"):
            self._wait_for_pages()
        if self._is_whole.is_set():
            return self._app(environ, start_response)
        if not self._app.url_map.bind_to_environ(environ).test():
            self._was_asked.set()
            there = self._is_whole.wait(_PATIENCE_S)
            return (self._app if there else _starting())(environ, start_response)
        try:
            return self._app(environ, start_response)
        finally:
            self._was_asked.set()

    def _wait_for_pages(self) -> None:
        """Wait a while for the pages, unless enough others do: who opens the address just printed sees them at once."""
        self._was_asked.set()
        if self._waiters.acquire(blocking=False):
            try:
                self._is_complete.wait(_PAGE_PATIENCE_S)
            finally:
                self._waiters.release()

    def start(self) -> threading.Thread:
        """Complete it in a thread of its own."""
        thread = threading.Thread(target=self.complete, name="pages", daemon=True)
        thread.start()
        return thread

    def complete(self) -> None:
        """Build the whole API, then the pages; when these fail, the API goes on without them.

        The first request is answered before any of it: importing takes the interpreter's lock away from it.

        Raises:
            Exception: the API cannot be built.
        """
        if self._make_whole is not None:
            self._was_asked.wait(_FIRST_REQUEST_S)
            self._app = self._make_whole()
            self._is_whole.set()
        try:
            app = self._build()
            warm_up(app)
            self._app = app
        except Exception:  # noqa: BLE001 - whatever it is, the API goes on without pages
            self.failed = True
            _log.exception("pages could not be built")
        finally:
            self._is_complete.set()


def _starting() -> Response:
    return Response(_STARTING, 503, headers={"Retry-After": "1"}, content_type=_HTML)


def waiting_routes(failed: Callable[[], bool]) -> Blueprint:
    """Return the routes that stand in for the pages until they are there."""
    routes = Blueprint("waiting", __name__)

    def wait(**_parts: str) -> Response:
        return Response(_FAILED, 500, content_type=_HTML) if failed() else _starting()

    routes.add_url_rule(f"{PAGES}/", "home", wait)
    routes.add_url_rule(f"{PAGES}/<path:path>", "page", wait)
    return routes
