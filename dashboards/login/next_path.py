"""Where to go after signing in: only into Amber."""

from __future__ import annotations

from urllib.parse import urlsplit

HOME = "/app/"
_MAX_LENGTH = 4096
_NOT_BEHIND_THE_DOOR = ("/login", "/logout", "/api/")


def safe_next(wanted: str | None, default: str = HOME) -> str:
    r"""Return `wanted` when it is a path of this server that a browser can show, otherwise `default`.

    Browsers read `//host`, `/\host` and paths with a tab or a line break in them as addresses of other hosts
    (https://url.spec.whatwg.org/#concept-basic-url-parser strips those characters), so none of them is let through.
    """
    if not wanted or len(wanted) > _MAX_LENGTH or "\\" in wanted:
        return default
    if any(character.isspace() or not character.isprintable() for character in wanted):
        return default
    if not wanted.startswith("/") or wanted.startswith("//"):
        return default
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc:
        return default
    if any(
        parts.path == place.rstrip("/") or parts.path.startswith(f"{place.rstrip('/')}/")
        for place in _NOT_BEHIND_THE_DOOR
    ):
        return default
    return wanted
