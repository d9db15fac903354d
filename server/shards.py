"""The number of shards of a data directory, fixed when it is made."""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import StateError
from engine.files import make_directory, write_atomically

_FILE = Path("spool") / "shards"
_MOST_BY_ITSELF = 2
"""One normaliser keeps a core busy with 1 300 events of 18 KB a second; more than two are for whoever asks for them."""


def fixed_shards(data: Path, wanted: int | None) -> int:
    """Return how many shards the raw spool of a data directory has, fixing the number on first use.

    Args:
        data: the data directory.
        wanted: the number asked for; None for whatever it is, or as many as the machine can use for a new one.

    Raises:
        StateError: the directory was made with another number.
    """
    path = data / _FILE
    try:
        fixed = int(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        fixed = wanted or usual_shards()
        make_directory(path.parent)
        write_atomically(path, f"{fixed}\n".encode())
    except ValueError as error:
        raise StateError(f"{path} does not hold a number.", code="shards-unreadable") from error
    if wanted is not None and wanted != fixed:
        raise StateError(
            f"{data} was made for {fixed} normaliser(s), not {wanted}.",
            code="shards-fixed",
            hint=f"Leave the setting `normalisers` away, or set it to {fixed}.",
        )
    return fixed


def usual_shards() -> int:
    """Return the number for a new directory when nobody says: two where there are two processors, or more."""
    # Not every system can say which processors a process may use.
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST_BY_ITSELF, usable)
