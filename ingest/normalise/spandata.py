"""What is known of span data and attributes: which names fill columns, in which order of preference.

Names are those of the Sentry SDKs and of OpenTelemetry's semantic conventions, older spellings after newer ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.normalise.model import Row
from ingest.normalise.values import short, small_int

MAX_NAME_CHARS = 200
MAX_DESCRIPTION_CHARS = 16_384
UNLABELED = "<unlabeled transaction>"

_METHOD = ("http.request.method", "http.method", "http.request_method", "method")
_URL = ("url.full", "http.url", "url")
_STATUS = ("http.response.status_code", "http.status_code", "http.response_status_code", "status_code")
_KIND = ("sentry.kind", "otel.kind", "span.kind")
_SERVICE = ("service.name",)

KINDS = frozenset({"internal", "server", "client", "producer", "consumer"})

GRPC_STATUSES = (
    "ok",
    "cancelled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal_error",
    "unavailable",
    "data_loss",
    "unauthenticated",
)
"""Status words by gRPC's code, 0 to 16."""

STATUSES = frozenset(GRPC_STATUSES)
"""Status words of the trace context (gRPC's codes, as Relay's `SpanStatus` spells them)."""

_STATUS_WORDS = {
    "": "unknown",
    "unset": "unknown",
    "unknown_error": "unknown",
    "success": "ok",
    "error": "internal_error",
    "failure": "internal_error",
    "internal": "internal_error",
    "canceled": "cancelled",
}


def first_of(data: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """Return the first member of `names` that is there, else None."""
    for name in names:
        value = data.get(name)
        if value is not None:
            return value
    return None


def http_columns(data: Mapping[str, Any]) -> Row:
    """Return method, URL and status of span data, empty and 0 where it does not say."""
    return {
        "http_method": short(first_of(data, _METHOD), 20).upper(),
        "http_url": short(first_of(data, _URL), 4096),
        "http_status_code": small_int(first_of(data, _STATUS), 999),
    }


def kind_of(data: Mapping[str, Any]) -> str:
    """Return the span kind, empty when the client did not say."""
    kind = short(first_of(data, _KIND), 20).lower().removeprefix("span_kind_")
    return kind if kind in KINDS else ""


def service_of(data: Mapping[str, Any]) -> str:
    """Return the service name, empty when the client did not say."""
    return short(first_of(data, _SERVICE), 200)


def status_of(value: object) -> str:
    """Return a status word; `unknown` when none was sent, any other word as it is, in lower case."""
    word = short(value, 64).lower().replace(" ", "_")
    return word if word in STATUSES else _STATUS_WORDS.get(word, word)
