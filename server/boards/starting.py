"""Dashboards one can start from; their files lie beside this module, in the form of every exported one."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from server.boards.document import BoardFile

NAMES: Final = ("overview", "latency", "releases")
"""In the order they are offered."""


@cache
def starters() -> dict[str, BoardFile]:
    """Return the files by name."""
    folder = files("server.boards") / "starters"
    return {name: BoardFile.model_validate_json(folder.joinpath(f"{name}.json").read_bytes()) for name in NAMES}
