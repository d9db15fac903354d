"""ETags of what can be edited: the version of a row, and what `If-Match` wants of it."""

from __future__ import annotations

from flask import request

from engine.errors import Changed


def etag(version: int) -> dict[str, str]:
    """Return the header that tells a version."""
    return {"ETag": f'"{version}"'}


def wanted_version() -> int | None:
    """Return the version `If-Match` asks for, None when the header is absent or `*`.

    Raises:
        Changed: the header is there and holds no version of ours, so nothing can match it.
    """
    given = request.headers.get("If-Match", "").strip()
    if given in {"", "*"}:
        return None
    tag = given.strip('"')
    if not tag.isascii() or not tag.isdigit() or len(tag) > 18:
        raise Changed("`If-Match` holds no version of this.", hint="Send the ETag of the last answer as it was.")
    return int(tag)
