"""Stack frames, cleaned: text where the columns want text, whose code each is, and the columns a stack fills.

A program has few stacks and sends them often: the cleaned form of one is kept and found again by what the client sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from engine.snapshot import ProjectConfig
from ingest.normalise.inapp import in_app
from ingest.normalise.model import Row
from ingest.normalise.stackrules import ruled_frames
from ingest.normalise.values import short, small_int

MAX_KNOWN_FRAMES = 100
"""Longer stacks are cleaned each time; together with the bound on the text that is read into `Frame`s
(`ingest.normalise.reading`) and the number of stacks kept it bounds the memory."""
_KNOWN_STACKS = 1024

_MAX_NAME_CHARS = 500
_MAX_PATH_CHARS = 1000
_UINT32_TOP = 2**32 - 1


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A frame as nearly every client sends it: what normalisation and grouping read, each of its proper type.

    Two equal frames mean the same, which is not so of decoded objects in general (1, 1.0 and true are equal).
    """

    function: str | None = None
    raw_function: str | None = None
    module: str | None = None
    filename: str | None = None
    abs_path: str | None = None
    package: str | None = None
    lineno: int | None = None
    colno: int | None = None
    context_line: str | None = None
    platform: str | None = None
    in_app: bool | None = None


class KnownFrames(list[dict[str, Any]]):
    """Cleaned frames with their columns, shared by many events: nothing in them is ever changed."""

    __slots__ = ("columns",)

    def __init__(self, frames: list[dict[str, Any]]) -> None:
        super().__init__(frames)
        self.columns = frame_columns(frames, [0] * len(frames))


@lru_cache(maxsize=_KNOWN_STACKS)
def known_frames(frames: tuple[Frame, ...], platform: str, project: ProjectConfig) -> KnownFrames:
    """Return the cleaned form of at most `MAX_KNOWN_FRAMES` frames that came in their proper types."""
    cleaned = [clean_frame(msgspec.structs.asdict(frame), platform, project) for frame in frames]
    ruled_frames(cleaned, platform, project.in_app_rules)
    return KnownFrames(cleaned)


def clean_frame(sent: dict[str, Any], platform: str, project: ProjectConfig) -> dict[str, Any]:
    """Return a frame with text where the columns want text; what grouping may read besides is kept as sent."""
    abs_path = _name(sent.get("abs_path"), _MAX_PATH_CHARS)
    return {
        "function": _name(sent.get("function"), _MAX_NAME_CHARS),
        "raw_function": sent.get("raw_function"),
        "module": _name(sent.get("module"), _MAX_NAME_CHARS),
        "filename": _name(sent.get("filename"), _MAX_PATH_CHARS) or abs_path,
        "abs_path": abs_path,
        "package": _name(sent.get("package"), _MAX_PATH_CHARS),
        "lineno": small_int(sent.get("lineno"), _UINT32_TOP),
        "colno": sent.get("colno"),
        "context_line": sent.get("context_line"),
        "platform": sent.get("platform"),
        "in_app": in_app(sent, platform, project),
    }


def frame_columns(frames: Sequence[dict[str, Any]], owners: list[int]) -> Row:
    """Return the columns of cleaned frames; `owners` says which exception each belongs to."""
    return {
        "stack_functions": [f["function"] for f in frames],
        "stack_modules": [f["module"] for f in frames],
        "stack_filenames": [f["filename"] for f in frames],
        "stack_abs_paths": [f["abs_path"] for f in frames],
        "stack_packages": [f["package"] for f in frames],
        "stack_linenos": [f["lineno"] for f in frames],
        "stack_in_app": [f["in_app"] for f in frames],
        "stack_exceptions": owners,
    }


def _name(value: object, limit: int) -> str:
    return value[:limit] if isinstance(value, str) else short(value, limit)
