"""What the parsers of stack texts share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MAX_LINE_CHARS = 2000
"""Longer lines are cut: the patterns below take time that grows with the square of a line."""

MAX_LINES = 10_000

MAX_TEXT_CHARS = 256 * 1024
"""Longer stacks (endless recursion in a runtime without a limit) are read to here; the text itself is kept."""

Frame = dict[str, Any]


@dataclass(slots=True)
class ParsedException:
    """One exception of a stack text.

    Attributes:
        type: as the text spells it, qualified where the language does so.
        frames: in Sentry's names, oldest call first.
        source: how it belongs to its parent: `cause`, `context`, `suppressed`, `member`; empty for the outermost.
        parent: the exception it belongs to, None for the outermost.
        is_group: it has members (Python's ExceptionGroup, .NET's AggregateException).
    """

    type: str = ""
    value: str = ""
    frames: list[Frame] = field(default_factory=list)
    source: str = ""
    parent: ParsedException | None = None
    is_group: bool = False


@dataclass(slots=True)
class ParsedStack:
    """A stack text in parts.

    Attributes:
        exceptions: the outermost last, each after what belongs to it, as Sentry's clients order them.
        complete: every line of the text was understood.
    """

    exceptions: list[ParsedException]
    complete: bool = True

    @property
    def frame_count(self) -> int:
        """Frames of all exceptions."""
        return sum(len(e.frames) for e in self.exceptions)


Parser = Callable[[str], ParsedStack]


def frame(**values: Any) -> Frame:
    """Return a frame of the members that have a value."""
    return {name: value for name, value in values.items() if value not in {"", None}}


def place(path: str, line: str | None = None, column: str | None = None) -> Frame:
    """Return the members that say where in the source a frame is, without lines and columns of no sensible size."""
    found: Frame = {"filename": path, "abs_path": path} if path else {}
    for name, digits in (("lineno", line), ("colno", column)):
        if digits and len(digits) < 10:
            found[name] = int(digits)
    return found


def base_name(path: str) -> str:
    """Return the last part of a path of either kind of system."""
    return path.replace("\\", "/").rpartition("/")[2]


def outermost_last(exceptions: list[ParsedException]) -> list[ParsedException]:
    """Return exceptions that stand outermost first in Sentry's order."""
    return exceptions[::-1]


def turned(exceptions: list[ParsedException], *, complete: bool) -> ParsedStack:
    """Return exceptions and frames that stand outermost and innermost first in Sentry's order; none without a frame."""
    if not any(exception.frames for exception in exceptions):
        return ParsedStack([], complete=False)
    for exception in exceptions:
        exception.frames.reverse()
    return ParsedStack(outermost_last(exceptions), complete)
