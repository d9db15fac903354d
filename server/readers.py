"""Readers of setting values: from the text of a variable or a TOML value to the typed value.

Each raises ValueError whose text says what is expected; the loader adds the name and the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from engine.spool import SpoolKeys

_SIZE_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_SIZE_UNITS |= {"kib": 1024, "mib": 1024**2, "gib": 1024**3, "tib": 1024**4}
_URL_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")


def text(raw: object) -> str:
    """Read a text that is not empty."""
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("expected a text that is not empty")
    return raw.strip()


def path(raw: object) -> Path:
    """Read a path; `~` is the home directory, a relative path counts from the working directory."""
    return Path(text(str(raw))).expanduser().absolute()


def url(raw: object) -> str:
    """Read an http or https address without a query."""
    value = text(raw).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("expected a URL such as https://amber.example.com")
    return value


def url_paths(raw: object) -> str:
    """Read paths of URLs, one or several with commas between them."""
    paths = [part.strip().rstrip("/") for part in text(raw).split(",")]
    taken = ("/api", "/app", "/v1", "/login", "/logout", "/metrics", "/health")
    for path in paths:
        if not _URL_PATH.fullmatch(path) or any(path == other or path.startswith(f"{other}/") for other in taken):
            raise ValueError("expected paths such as /tunnel,/monitoring, none of Amber's own")
    return ",".join(paths)


def store_url(*schemes: str) -> Callable[[object], str]:
    """Return a reader of URLs with one of the schemes."""

    def read(raw: object) -> str:
        value = text(raw)
        if "://" not in value or value.split("://", 1)[0] not in schemes:
            raise ValueError("expected a URL starting with " + " or ".join(f"{s}://" for s in schemes))
        return value

    return read


def spool_key(raw: object) -> str:
    """Read keys of spools, one or several with commas between them."""
    value = text(raw)
    SpoolKeys.from_text(value)
    return value


def whole(minimum: int, maximum: int) -> Callable[[object], int]:
    """Return a reader of whole numbers within the bounds, both included."""

    def read(raw: object) -> int:
        try:
            value = int(str(raw))
        except ValueError:
            value = minimum - 1
        if not minimum <= value <= maximum:
            raise ValueError(f"expected a whole number from {minimum} to {maximum}")
        return value

    return read


def seconds(minimum: float, maximum: float) -> Callable[[object], float]:
    """Return a reader of seconds within the bounds, both included."""

    def read(raw: object) -> float:
        try:
            value = float(str(raw))
        except ValueError:
            value = minimum - 1
        if not minimum <= value <= maximum:
            raise ValueError(f"expected seconds from {minimum:g} to {maximum:g}")
        return value

    return read


def size(raw: object) -> int:
    """Read a size in bytes: a number with an optional decimal (MB) or binary (MiB) unit."""
    found = _SIZE.fullmatch(str(raw).strip().lower())
    if not found or found[2] not in _SIZE_UNITS:
        raise ValueError("expected a size such as 500MB, 10GiB or a number of bytes")
    return int(float(found[1]) * _SIZE_UNITS[found[2]])


def choice(*allowed: str) -> Callable[[object], str]:
    """Return a reader of one of a closed set of words."""

    def read(raw: object) -> str:
        if raw not in allowed:
            raise ValueError("expected one of " + ", ".join(allowed))
        return str(raw)

    return read
