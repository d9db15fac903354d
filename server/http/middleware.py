"""What every request gets: an id, a log line, security headers, a compressed answer."""

from __future__ import annotations

import gzip
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import brotli
import structlog
from flask import Flask, Response, g, request

from ingest.answers import CORS_HEADERS
from server.http.problems import API_PREFIX, SENTRY_API

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_OF_CLIENTS = re.compile(r"/api/(\d*[1-9]\d*|store)(/|$)|/v1/")
"""Paths of the client protocol; `/api/0/` is Sentry's API for people."""

_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_PAGE_CSP = (
    "default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Styles are inline in the tables' and editors' libraries; scripts never are, Dash's few excepted by their hashes.
The one frame is the document that plays recordings, which has a policy of its own (`dashboards.replays.frame`)."""

_COMPRESSED = {"application/json", "application/problem+json"}
_LEAST_BYTES = 1024
_BROTLI_QUALITY = 3
_GZIP_LEVEL = 4
_QUIET_PATHS = {f"{API_PREFIX}/health", f"{API_PREFIX}/ready", "/metrics"}
_log = structlog.stdlib.get_logger("access")


@dataclass(slots=True)
class Csp:
    """The scripts pages may run inline; asked for late, because Dash adds callbacks until its first answer.

    Attributes:
        source: gives the hashes, as `'sha256-…'` or `sha256-…`; None for none.
    """

    source: Callable[[], Sequence[str]] | None = None
    header: str = ""

    def of(self, path: str) -> str:
        """Return the header of a page; only those Dash makes run scripts that stand in the document."""
        if not path.startswith("/app"):
            return _PAGE_CSP.format(scripts="'self'")
        if not self.header:
            hashes = [] if self.source is None else [f"'{one.strip(chr(39))}'" for one in self.source()]
            self.header = _PAGE_CSP.format(scripts=" ".join(["'self'", *hashes]))
        return self.header


def is_ingest_path(path: str) -> bool:
    """Whether a path is one of the client protocol's, which keeps headers (CORS) and errors of its own."""
    return path.startswith("/api/") and not path.startswith((f"{API_PREFIX}/", f"{SENTRY_API}/"))


def register_middleware(app: Flask, csp: Csp) -> None:
    """Install request ids, security headers, compression and the access log."""

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        g.started_at = time.perf_counter()
        g.principal_name = ""
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers.setdefault("X-Request-Id", g.get("request_id", ""))
        if _OF_CLIENTS.match(request.path):
            # Of wrong methods and unknown paths too: without them a browser calls a refusal a network failure.
            for name, value in CORS_HEADERS:
                response.headers.setdefault(name, value)
        if not is_ingest_path(request.path):
            if response.mimetype == "text/html":
                response.headers.setdefault("Content-Security-Policy", csp.of(request.path))
            for name, value in _SECURITY_HEADERS.items():
                response.headers.setdefault(name, value)
            response.headers.setdefault("Cache-Control", "no-store")
            _compress(response)
        _access_log(response)
        return response


def _compress(response: Response) -> None:
    """Compress JSON for who takes it; the pages' own files are compressed where they are served."""
    if response.mimetype not in _COMPRESSED or response.is_streamed or "Content-Encoding" in response.headers:
        return
    response.headers.add("Vary", "Accept-Encoding")
    data = response.get_data()
    if len(data) < _LEAST_BYTES:
        return
    best = request.accept_encodings.best_match(["br", "gzip"])
    if best == "br":
        response.set_data(brotli.compress(data, quality=_BROTLI_QUALITY))
    elif best == "gzip":
        response.set_data(gzip.compress(data, _GZIP_LEVEL))
    if best:
        response.headers["Content-Encoding"] = best


def _access_log(response: Response) -> None:
    elapsed_ms = round((time.perf_counter() - g.get("started_at", time.perf_counter())) * 1000, 1)
    quiet = request.path in _QUIET_PATHS or is_ingest_path(request.path)
    (_log.debug if quiet and response.status_code < 500 else _log.info)(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        elapsed_ms=elapsed_ms,
        principal=g.get("principal_name", ""),
        remote=request.remote_addr,
    )
