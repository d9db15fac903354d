"""An event as another deployment would have sent it."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ml.perturb._platforms import OTHER, PLATFORMS, Frame, Platform, carrying, moved, renamed
from ml.perturb._text import hexadecimal, other_values

_OWN_SHARE: Final = 0.3
_BETWEEN_SHARE: Final = 0.2
_INLINED_SHARE: Final = 0.15


def perturbed_event(event: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """The same error with all that may differ between deployments changed; the event itself stays as it is.

    Lines, columns, addresses, ids, hosts, folders, build hashes, numbers in messages, names of lambdas and generated
    classes differ; frames of event loops, pools, proxies and middleware are added around and between the others.

    Args:
        event: in Sentry's event format, of any platform.
        rng: seeded; equal seeds give equal events.
    """
    made = copy.deepcopy(dict(event))
    for change in KINDS.values():
        change(made, rng)
    return made


def _shift_lines(event: dict[str, Any], rng: random.Random) -> None:
    shift = rng.randrange(1, 400)
    for frame in _frames(event):
        if isinstance(frame.get("lineno"), int):
            frame["lineno"] += shift
        if isinstance(frame.get("colno"), int):
            frame["colno"] = rng.randrange(1, 20_000)
        for name in ("instruction_addr", "symbol_addr", "image_addr"):
            if name in frame:
                frame[name] = f"0x{hexadecimal(rng, 12)}"
        frame.pop("vars", None)


def _other_ids(event: dict[str, Any], rng: random.Random) -> None:
    event["event_id"] = f"{rng.getrandbits(128):032x}"
    for name, value in (
        ("release", f"shop@{rng.randrange(9)}.{rng.randrange(99)}.0"),
        ("dist", str(rng.randrange(999))),
    ):
        if event.get(name):
            event[name] = value
    if event.get("server_name"):
        event["server_name"] = f"web-{hexadecimal(rng, 9)}-x{rng.randrange(10)}z4q"


def _other_values(event: dict[str, Any], rng: random.Random) -> None:
    for exception in _exceptions(event):
        if isinstance(exception.get("value"), str):
            exception["value"] = other_values(exception["value"], rng)
    entry = event.get("logentry")
    if isinstance(entry, dict):
        names = ("formatted",) if entry.get("params") else ("formatted", "message")
        for name in names:
            if isinstance(entry.get(name), str):
                entry[name] = other_values(entry[name], rng)
    if isinstance(event.get("message"), str):
        event["message"] = other_values(event["message"], rng)


def _other_names(event: dict[str, Any], rng: random.Random) -> None:
    platform = _platform(event)
    for frame in _frames(event):
        for name in ("function", "raw_function", "module"):
            if isinstance(frame.get(name), str):
                frame[name] = renamed(frame[name], platform, rng)


def _other_paths(event: dict[str, Any], rng: random.Random) -> None:
    platform = _platform(event)
    for frame in _frames(event):
        for name in ("abs_path", "filename"):
            if isinstance(frame.get(name), str):
                frame[name] = moved(frame[name], platform, rng)


def _inlined_context(event: dict[str, Any], rng: random.Random) -> None:
    for frame in _frames(event):
        if isinstance(frame.get("context_line"), str) and rng.random() < _INLINED_SHARE:
            frame["context_line"] = f"{frame['context_line'].strip()} {{ /* inlined */ }}"
            frame.pop("pre_context", None)
            frame.pop("post_context", None)


def _more_frames(event: dict[str, Any], rng: random.Random) -> None:
    platform = _platform(event)
    for holder in _stacks(event):
        stack = holder["stacktrace"]
        frames = [frame for frame in stack["frames"] if isinstance(frame, dict)]
        if not frames:
            continue
        made: list[Frame] = []
        own = carrying(platform, rng, own=True) if any(f.get("in_app") is True for f in frames) else None
        if own is not None and rng.random() < _OWN_SHARE:
            made.append(own)
        for place, frame in enumerate(frames):
            carried = carrying(platform, rng, own=False)
            if carried is not None and (place == 0 or rng.random() < _BETWEEN_SHARE):
                made.append(carried)
            made.append(frame)
        stack["frames"] = made


KINDS: Final[Mapping[str, Callable[[dict[str, Any], random.Random], None]]] = {
    "lines": _shift_lines,
    "ids": _other_ids,
    "values": _other_values,
    "names": _other_names,
    "paths": _other_paths,
    "context": _inlined_context,
    "frames": _more_frames,
}
"""What is changed, in this order."""


def _platform(event: Mapping[str, Any]) -> Platform:
    return PLATFORMS.get(str(event.get("platform") or ""), OTHER)


def _exceptions(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _values(event.get("exception"))


def _values(found: object) -> list[dict[str, Any]]:
    listed = found.get("values", [found]) if isinstance(found, dict) else found
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _stacks(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Whatever holds a stack trace with frames: exceptions, threads, the event."""
    holders = [*_exceptions(event), *_values(event.get("threads")), event]
    return [
        h for h in holders if isinstance(h.get("stacktrace"), dict) and isinstance(h["stacktrace"].get("frames"), list)
    ]


def _frames(event: dict[str, Any]) -> Sequence[Frame]:
    return [frame for holder in _stacks(event) for frame in holder["stacktrace"]["frames"] if isinstance(frame, dict)]
