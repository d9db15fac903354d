"""A scenario in a folder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.errors import UserError
from ml.chaos import Scenario

DATA = "data"
"""The folder below that `amber load` takes."""

CHANGES = "changes.ndjson"
RELEASES = "releases.json"
TRUTH = "truth.json"


def write(scenario: Scenario, directory: Path) -> None:
    """Write a scenario to a new or empty folder.

    Raises:
        UserError: there is something in it.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UserError(f"{directory} is not empty.", code="folder-not-empty", hint="Name a new folder.")
    for name, content in scenario.files():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def default_end(now: datetime) -> datetime:
    """Return the begin of the week of a moment, Monday 0:00 UTC: a seed gives the same bytes for a week.

    The data is of the week before it, and so never older than ingest accepts.
    """
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())
