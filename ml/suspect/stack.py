"""Which places of a stack count: those of the project's own code whose file is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ml.suspect.paths import FileIndex
from ml.suspect.related import subjects
from ml.suspect.scoring import Place, is_test

MOST_PLACES = 40
"""Frames further out are left away; a recursion of thousands says nothing more."""


def places_of(
    frames: Sequence[tuple[str, int | None, str]], index: FileIndex, text: Callable[[str], str | None]
) -> list[Place]:
    """Return the places of a stack.

    Helpers of tests (assertions, base classes) are in every failing test's stack and left away; of tests only the
    outermost frame counts, the test itself, and with it the code the test is about.

    Args:
        frames: path, line and function, innermost first.
        index: the files of the repository.
        text: gives the content of a file; None when it is not known.
    """
    code = [frame for frame in frames if not is_test(frame[0])][:MOST_PLACES]
    places = [Place(path, position, line, function) for position, (path, line, function) in enumerate(code)]
    tests = [frame for frame in frames if is_test(frame[0])]
    if not tests:
        return places
    path, line, function = tests[-1]
    places.append(Place(path, len(code), line, function))
    known = {place.path for place in places}
    about = subjects(path, text(path), line, index)
    return places + [Place(one, at, related=True) for at, one in enumerate(about) if one not in known]
