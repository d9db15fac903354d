"""Calls between the services: JSON over HTTP. The SDK instruments `urllib` and passes the trace on."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from flask import request

from examples.shop.telemetry import SHOPPER_HEADERS


class ServiceError(Exception):
    """Another service answered with an error or not at all."""


def call(url: str, body: dict[str, Any] | None = None, timeout_s: float = 5.0) -> dict[str, Any]:
    """The JSON answer to a GET, or to a POST when there is a body; the shopper's headers go along.

    Raises:
        ServiceError: with the cause.
    """
    headers = {name: request.headers[name] for name in SHOPPER_HEADERS if name in request.headers}
    data = None if body is None else json.dumps(body).encode()
    message = urllib.request.Request(url, data, {**headers, "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(message, timeout=timeout_s) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        error.close()
        raise ServiceError(f"{url} answered {error.code}") from error
    except OSError as error:
        raise ServiceError(f"{url} does not answer") from error
