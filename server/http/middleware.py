"""What every request gets: an id, a log line, security headers."""

from __future__ import annotations

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request

from server.http.problems import API_PREFIX

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_QUIET_PATHS = {f"{API_PREFIX}/health", f"{API_PREFIX}/ready", "/metrics"}
_log = structlog.stdlib.get_logger("access")


def is_ingest_path(path: str) -> bool:
    """Whether a path is one of the client protocol's, which keeps headers (CORS) and errors of its own."""
    return path.startswith("/api/") and not path.startswith(f"{API_PREFIX}/")


def register_middleware(app: Flask) -> None:
    """Install request ids, security headers and the access log."""

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
        if not is_ingest_path(request.path):
            for name, value in _SECURITY_HEADERS.items():
                response.headers.setdefault(name, value)
            response.headers.setdefault("Cache-Control", "no-store")
        _access_log(response)
        return response


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
