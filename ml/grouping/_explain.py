"""Why an event is grouped as it is: the parts that were hashed, and what became of every frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ml.grouping._algorithm import Algorithm, causes, is_group
from ml.grouping._evidence import InformedFrames, Verdict
from ml.grouping._model import Grouping
from ml.grouping._read import frames_of, mappings, text

WHY: Final[Mapping[Verdict, str]] = {
    "counted": "counts",
    "library": "is not the project's own code",
    "plumbing": "only carries the call: an event loop, a pool, a proxy or middleware",
    "nameless": "has no name",
    "enough": "stands behind frames that tell the place already",
    "ruled out": "is taken out by a stack-trace rule",
}
"""What is said of frames, by verdict."""


@dataclass(frozen=True, slots=True)
class FrameReason:
    """What became of a frame.

    Attributes:
        exception: place of its exception among those of the event, oldest first; -1 for the event's own stack.
        frame: place in its stack, oldest first.
        key: what of it would be hashed.
        counts: whether it is.
        why: in words.
    """

    exception: int
    frame: int
    key: str
    counts: bool
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A grouping with its reasons.

    Attributes:
        grouping: as it is stored.
        frames: of the stacks that were looked at, innermost first; empty where no stack decides or the version keeps
            no account of frames.
        wrappers: types of exceptions that only wrap the cause.
    """

    grouping: Grouping
    frames: tuple[FrameReason, ...]
    wrappers: tuple[str, ...]


def explained(algorithm: Algorithm, event: Mapping[str, Any]) -> Explanation:
    """The grouping of an event under an algorithm, with its reasons."""
    grouping = algorithm.group(event)
    selector = algorithm.frames
    if not isinstance(selector, InformedFrames):
        return Explanation(grouping, (), ())
    exceptions = mappings(event.get("exception"))
    looked_at: list[tuple[int, Mapping[str, Any], str]] = []
    wrappers: list[str] = []
    if any(is_group(one) for one in exceptions):
        looked_at = [(i, one, text(one.get("type"))) for i, one in enumerate(exceptions)]
    else:
        place = 0
        for links in causes(exceptions):
            stacks = [(place + i, link) for i, link in enumerate(links) if frames_of(link)]
            chosen = next((s for s in stacks if selector.in_app_keys(frames_of(s[1]))), stacks[0] if stacks else None)
            if chosen is not None:
                looked_at.append((*chosen, text(links[0].get("type"))))
            wrappers += [text(link.get("type")) for link in links[1:] if text(link.get("type"))]
            place += len(links)
    if not looked_at:
        looked_at = [(-1, event, text(exceptions[0].get("type")) if exceptions else "")]
    reasons = [
        FrameReason(place, judged.index, judged.key, judged.verdict == "counted", WHY[judged.verdict])
        for place, holder, kind in looked_at
        for judged in selector.select(frames_of(holder), kind).frames
    ]
    used = grouping.source in {"exception", "stacktrace", "client"}
    return Explanation(grouping, tuple(reasons) if used else (), tuple(wrappers))
