"""Opening repositories: libgit2 is loaded when the first one is read, so that nothing starts slower by it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.commits.git import GitHistory


def open_history(path: Path) -> GitHistory:
    """Return the repository in a directory; UserError when there is none that can be read."""
    from server.commits.git import GitHistory  # noqa: PLC0415 - start-up time, see above

    return GitHistory(path)
