"""Checkpoints: small JSON documents that are replaced as a whole."""

from __future__ import annotations

from pathlib import Path

import orjson

from engine.errors import StateError
from engine.files import make_directory, write_atomically


def write_checkpoint(path: Path, value: object) -> None:
    """Replace the checkpoint at `path` by `value` (anything JSON can hold), durably."""
    make_directory(path.parent)
    write_atomically(path, orjson.dumps(value))


def read_checkpoint(path: Path) -> object | None:
    """Return the value last written to `path`, or None when there never was one.

    Raises:
        StateError: the file is damaged.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        value: object = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise StateError(f"The checkpoint {path} is damaged: {error}.", code="checkpoint-damaged") from error
    return value
