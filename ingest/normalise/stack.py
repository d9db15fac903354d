"""Exceptions and their frames: the typed arrays of `errors`, and the cleaned chain that grouping reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec

from engine.snapshot import ProjectConfig
from ingest.normalise.frames import MAX_KNOWN_FRAMES, KnownFrames, clean_frame, frame_columns, known_frames
from ingest.normalise.model import Row
from ingest.normalise.remarks import Remarks
from ingest.normalise.stackrules import ruled_frames
from ingest.normalise.values import listed, mapping, short, text

MAX_EXCEPTIONS = 50
MAX_FRAMES = 250
MAX_VALUE_CHARS = 8192
_MAX_NAME_CHARS = 500

_TYPE_AND_VALUE = re.compile(r"([A-Za-z_][\w.$]{1,100}): (.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Chain:
    """The exceptions of an event, oldest first (the last is the one raised outermost), cleaned.

    Attributes:
        exceptions: `{type, value, module, mechanism, stacktrace: {frames}}`; the frames have `in_app` and `filename`.
        loose_frames: frames of a stack that belongs to no exception, for events with none.
    """

    exceptions: list[dict[str, Any]]
    loose_frames: list[dict[str, Any]]

    @property
    def root(self) -> dict[str, Any]:
        """The exception the title shows, `{}` when there is none."""
        return self.exceptions[-1] if self.exceptions else {}

    def frames(self) -> list[list[dict[str, Any]]]:
        """Return the frames by exception; the loose ones stand for exception 0."""
        found: list[list[dict[str, Any]]] = [e["stacktrace"]["frames"] for e in self.exceptions]
        return found if any(found) else [self.loose_frames]

    def blamed_frame(self) -> dict[str, Any]:
        """Return the innermost frame of the project's own code, else the innermost of all, else `{}`."""
        frames: list[dict[str, Any]] = next((f for f in reversed(self.frames()) if f), [])
        own = next((f for f in reversed(frames) if f["in_app"]), None)
        return own or (frames[-1] if frames else {})


def chain_of(data: dict[str, Any], project: ProjectConfig, remarks: Remarks) -> Chain:
    """Return the exceptions of an event and, when they have no frames, those of its stack or its crashed thread."""
    platform = short(data.get("platform"), 64)
    exceptions = [_exception(e, platform, project, remarks) for e in listed(data.get("exception"))]
    exceptions = _middle_cut([e for e in exceptions if e], MAX_EXCEPTIONS, "exceptions:trimmed", remarks)
    loose: list[dict[str, Any]] = []
    if not any(e["stacktrace"]["frames"] for e in exceptions):
        stack = data.get("stacktrace") or _thread_stack(data.get("threads"))
        loose = _frames(stack, platform, project, remarks)
    return Chain(exceptions, loose)


def stack_columns(found: Chain, remarks: Remarks) -> Row:
    """Return the columns of exceptions and frames."""
    exceptions = found.exceptions
    return {
        "error_type": found.root.get("type", ""),
        "error_value": found.root.get("value", ""),
        "error_handled": _handled(exceptions),
        "error_types": [e["type"] for e in exceptions],
        "error_values": [e["value"] for e in exceptions],
        "error_mechanisms": [short(e["mechanism"].get("type"), 200) for e in exceptions],
        **_columns(found.frames(), remarks),
    }


def _columns(by_exception: list[list[dict[str, Any]]], remarks: Remarks) -> Row:
    """Return the columns of the frames of all exceptions."""
    if len(by_exception) == 1 and isinstance(by_exception[0], KnownFrames):
        return by_exception[0].columns
    frames = list(chain.from_iterable(by_exception))
    owners = [index for index, frames_of in enumerate(by_exception) for _ in frames_of]
    return frame_columns(
        _middle_cut(frames, MAX_FRAMES, "frames:trimmed", remarks),
        _middle_cut(owners, MAX_FRAMES, "frames:trimmed", remarks),
    )


def _exception(value: object, platform: str, project: ProjectConfig, remarks: Remarks) -> dict[str, Any]:
    """Return a cleaned exception, `{}` when it says nothing at all."""
    sent = value if isinstance(value, dict) else {"value": value}
    kind, message = short(sent.get("type"), _MAX_NAME_CHARS), text(sent.get("value"))
    if not kind:
        split = _TYPE_AND_VALUE.fullmatch(message)
        kind, message = split.groups() if split else ("", message)
    if len(message) > MAX_VALUE_CHARS:
        remarks.add("error.value:trimmed")
        message = message[:MAX_VALUE_CHARS]
    frames = _frames(sent.get("stacktrace"), platform, project, remarks)
    if not kind and not message and not frames:
        return {}
    mechanism = sent.get("mechanism")
    return {
        "type": kind,
        "value": message,
        "module": short(sent.get("module"), _MAX_NAME_CHARS),
        "mechanism": mechanism if isinstance(mechanism, dict) else {"type": short(mechanism, 200)},
        "stacktrace": {"frames": frames},
    }


def _frames(stack: object, platform: str, project: ProjectConfig, remarks: Remarks) -> list[dict[str, Any]]:
    frames = stack if isinstance(stack, list) else mapping(stack).get("frames")
    if isinstance(frames, tuple):
        if len(frames) <= MAX_KNOWN_FRAMES:
            return known_frames(frames, platform, project)
        frames = [msgspec.structs.asdict(frame) for frame in frames]
    # Cut first: a project's rules are held against each frame that is left.
    sent = _middle_cut([f for f in listed(frames) if isinstance(f, dict)], MAX_FRAMES, "frames:trimmed", remarks)
    kept = [clean_frame(frame, platform, project) for frame in sent]
    ruled_frames(kept, platform, project.in_app_rules)
    return kept


def _thread_stack(threads: object) -> object:
    """Return the stack of the crashed thread, else of the current one, else of the only one."""
    found = [t for t in listed(threads) if isinstance(t, dict) and t.get("stacktrace")]
    for mark in ("crashed", "current", "main"):
        for thread in found:
            if thread.get(mark) is True:
                return thread["stacktrace"]
    return found[0]["stacktrace"] if len(found) == 1 else None


def _handled(exceptions: list[dict[str, Any]]) -> bool | None:
    """Return False when any exception was unhandled, True when any was handled, None when no mechanism says."""
    said = [h for e in exceptions if isinstance(h := e["mechanism"].get("handled"), bool)]
    return all(said) if said else None


def _middle_cut(values: list[Any], limit: int, remark: str, remarks: Remarks) -> list[Any]:
    """Cut from the middle: the outermost and the innermost say most."""
    if len(values) <= limit:
        return values
    remarks.add(remark)
    head = limit // 2
    return values[:head] + values[len(values) - (limit - head) :]
