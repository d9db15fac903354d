"""Answers of the protocol: statuses, headers and bodies.

They follow Relay: 200 `{"id": …}` or `{}`; errors `{"detail", "causes"}` with `X-Sentry-Error`. Every answer carries
the CORS headers, because a browser shows a refusal without them as a network failure.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

import msgspec

from ingest.errors import Refused

Headers = tuple[tuple[str, str], ...]

CORS_HEADERS: Headers = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "POST, GET, OPTIONS"),
    (
        "Access-Control-Allow-Headers",
        (
            "x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type, authentication,"
            " authorization, content-encoding, transfer-encoding, sentry-trace, baggage, x-csrftoken, idempotency-key"
        ),
    ),
    ("Access-Control-Expose-Headers", "x-sentry-error, x-sentry-rate-limits, retry-after"),
    ("Access-Control-Max-Age", "3600"),
)

JSON = ("Content-Type", "application/json")
_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent 1x1 GIF: what a legacy client expects of GET /store/."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; the headers include CORS and the content type, not the length."""

    status: int
    body: bytes
    headers: Headers


def taken(event_id: str, more: Headers = ()) -> Answer:
    """Return the 200 of an envelope or event; `event_id` is empty when there is none."""
    return Answer(200, b'{"id":"%s"}' % event_id.encode() if event_id else b"{}", (JSON, *CORS_HEADERS, *more))


def document(value: object, status: int = 200, more: Headers = ()) -> Answer:
    """Return a JSON document."""
    return Answer(status, msgspec.json.encode(value), (JSON, *CORS_HEADERS, *more))


def plain(text: str, status: int = 200, more: Headers = ()) -> Answer:
    """Return a line of text."""
    return Answer(status, text.encode(), (("Content-Type", "text/plain; charset=utf-8"), *CORS_HEADERS, *more))


def empty(status: int = 200, more: Headers = ()) -> Answer:
    """Return an answer without content."""
    return Answer(status, b"", (*CORS_HEADERS, *more))


def pixel() -> Answer:
    """Return the image a legacy GET wants."""
    return Answer(200, _PIXEL, (("Content-Type", "image/gif"), *CORS_HEADERS))


def preflight() -> Answer:
    """Return the answer to OPTIONS."""
    return Answer(200, b"", CORS_HEADERS)


def refused(refusal: Refused) -> Answer:
    """Return the answer that says why a request was refused."""
    said = _header_text(": ".join((refusal.message, *refusal.causes)))
    headers = [JSON, ("X-Sentry-Error", said), *CORS_HEADERS, *refusal.headers]
    if refusal.retry_after_s is not None and all(name != "Retry-After" for name, _ in refusal.headers):
        headers.append(("Retry-After", str(refusal.retry_after_s)))
    body = msgspec.json.encode({"detail": refusal.message, "causes": refusal.causes})
    return Answer(refusal.http_status, body, tuple(headers))


def _header_text(text: str) -> str:
    """Make a text fit for a header: one line of printable ASCII, at most 200 characters."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)[:200]
