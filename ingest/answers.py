"""From a WSGI environment to an answer, without a web framework: statuses, headers and bodies of the protocol.

Statuses and bodies follow Relay: 200 `{"id": …}` or `{}`; errors `{"detail", "causes"}` with `X-Sentry-Error`. Every
answer carries the CORS headers, because a browser shows a refusal without them as a network failure. Forms are never
parsed, whatever the content type says.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import msgspec

from ingest.edge import Edge, Submission
from ingest.errors import Malformed, Refused, TooLarge

CORS_HEADERS = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "POST, GET, OPTIONS"),
    (
        "Access-Control-Allow-Headers",
        (
            "x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type, authentication,"
            " authorization, content-encoding, transfer-encoding, sentry-trace, baggage, x-csrftoken"
        ),
    ),
    ("Access-Control-Expose-Headers", "x-sentry-error, x-sentry-rate-limits, retry-after"),
    ("Access-Control-Max-Age", "3600"),
)

_JSON = ("Content-Type", "application/json")
_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent 1x1 GIF: what a legacy client expects of GET /store/."""

_READ_BYTES = 64 * 1024

Environ = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; the headers include CORS and the content type, not the length."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]


def accept(edge: Edge, environ: Environ, project: str, *, is_store: bool) -> Answer:
    """Return the answer to a POST or GET that carries data; 200 only after the record is on disk."""
    try:
        body = _read(environ, edge.limits.max_body_bytes)
    except Refused as refusal:
        edge.count_refusal(refusal, _submission(environ, project, b"", is_store=is_store))
        return refused(refusal)
    try:
        event_id = edge.accept(_submission(environ, project, body, is_store=is_store))
    except Refused as refusal:
        return refused(refusal)
    if environ["REQUEST_METHOD"] == "GET":
        return Answer(200, _PIXEL, (("Content-Type", "image/gif"), *CORS_HEADERS))
    return Answer(200, b'{"id":"%s"}' % event_id.encode() if event_id else b"{}", (_JSON, *CORS_HEADERS))


def preflight() -> Answer:
    """Return the answer to OPTIONS."""
    return Answer(200, b"", CORS_HEADERS)


def refused(refusal: Refused) -> Answer:
    """Return the answer that says why a request was refused."""
    said = _header_text(": ".join((refusal.message, *refusal.causes)))
    headers = [_JSON, ("X-Sentry-Error", said), *CORS_HEADERS]
    if refusal.retry_after_s is not None:
        headers.append(("Retry-After", str(refusal.retry_after_s)))
        if refusal.http_status == 429:
            limit = f"{refusal.retry_after_s}::organization:{refusal.reason}"
            headers.append(("X-Sentry-Rate-Limits", limit))
    body = msgspec.json.encode({"detail": refusal.message, "causes": refusal.causes})
    return Answer(refusal.http_status, body, tuple(headers))


def _submission(environ: Environ, project: str, body: bytes, *, is_store: bool) -> Submission:
    return Submission(
        project=project,
        body=body,
        query=environ.get("QUERY_STRING", ""),
        sentry_auth=environ.get("HTTP_X_SENTRY_AUTH", ""),
        authorization=environ.get("HTTP_AUTHORIZATION", ""),
        content_encoding=environ.get("HTTP_CONTENT_ENCODING", ""),
        content_type=environ.get("CONTENT_TYPE", "") or "",
        remote_addr=environ.get("REMOTE_ADDR", "") or "",
        user_agent=environ.get("HTTP_USER_AGENT", ""),
        is_store=is_store,
    )


def _read(environ: Environ, max_bytes: int) -> bytes:
    if environ["REQUEST_METHOD"] != "GET":
        return _read_body(environ, max_bytes)
    data = parse_qs(environ.get("QUERY_STRING", "")).get("sentry_data", [""])[0]
    if not data:
        raise Malformed("bad event", "GET needs sentry_data in the query")
    # "+" of unescaped base64 arrives as a blank.
    return str(data).replace(" ", "+").encode()


def _read_body(environ: Environ, max_bytes: int) -> bytes:
    """Read the body, chunked or not, refusing it as soon as it is known to be too large."""
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH")
    too_large = TooLarge("request body is too large", f"body exceeds {max_bytes} bytes")
    if length:
        size = int(length) if length.isdigit() else 0
        if size > max_bytes:
            raise too_large
        body: bytes = stream.read(size)
        if len(body) < size:
            raise Malformed("bad request", "the body ended early", reason="body_ended_early")
        return body
    if not environ.get("wsgi.input_terminated"):
        return b""
    parts: list[bytes] = []
    received = 0
    while part := stream.read(_READ_BYTES):
        received += len(part)
        if received > max_bytes:
            raise too_large
        parts.append(part)
    return b"".join(parts)


def _header_text(text: str) -> str:
    """Make a text fit for a header: one line of printable ASCII, at most 200 characters."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)[:200]
