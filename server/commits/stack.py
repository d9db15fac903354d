"""The frames of an event's document that count for commits and owners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ml.suspect.paths import StackFrame

_MAX_WORDS = 4000


def frames_of(document: Mapping[str, Any]) -> list[StackFrame]:
    """Return the frames of an event's own code, innermost first; all frames when none is marked as own.

    Of a chain of exceptions the last one is the one that was caught last; when it has no own code, those before count.
    """
    stacks = [one["frames"] for one in reversed(document["exceptions"])]
    stacks.append(document["stacktrace"])
    stacks += [one["frames"] for one in document["threads"] if one["crashed"] or one["current"]]
    for stack in stacks:
        own = [frame for frame in reversed(stack) if frame["in_app"]]
        if own:
            return [_frame(frame) for frame in own]
    longest: list[dict[str, Any]] = next((stack for stack in stacks if stack), [])
    return [_frame(frame) for frame in reversed(longest)]


def _frame(frame: Mapping[str, Any]) -> StackFrame:
    return StackFrame(
        frame["function"], frame["module"], frame["filename"], frame["abs_path"], frame["lineno"], frame["in_app"]
    )


def words_in(document: Mapping[str, Any]) -> str:
    """Return what an event says: types and messages of its exceptions, functions of its own code."""
    return " ".join(_words(document))[:_MAX_WORDS]


def _words(document: Mapping[str, Any]) -> Iterator[str]:
    yield document["title"]
    for one in document["exceptions"]:
        yield from (one["type"], one["value"])
    for frame in frames_of(document):
        yield frame.function
