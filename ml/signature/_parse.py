"""Reading a report: the head that tells most, and the frames of the first stack below it that tell anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from ml.signature._frames import Frame, line_of, read_frame
from ml.signature._heads import HEADS, Rank, is_signal, numberless, reasoned, titled
from ml.signature._model import MAX_FRAMES, Signature

_MAX_LINES: Final = 20_000
_MAX_LINE_CHARS: Final = 4_000
_V8_HEAD = re.compile(r"# Fatal error in (?P<file>[^,]*)(?:, line \d+)?$")
_ACCESS = re.compile(
    r"(?:^|\s)(?P<access>READ|WRITE|Read|Write) of size (?P<size>\d+)|caused by a (?P<signal>READ|WRITE) memory access"
)
_OF_TYPE = re.compile(
    r"note: (?:object|vtable) is of type '(?P<type>[^']+)'|note: (?P<invalid>(?:object has )?invalid (?:vptr|vtable))"
)
_PROGRAM = re.compile(
    r"(?:^|/)(?P<name>[\w.\-]+): Running \d+ inputs|^Running: .*/fuzz-\d+-(?P<target>\w+)$"
    r"|>>> (?P<app>[\w./]+) <<<|^Command: \S*/(?P<command>[\w.\-]+)(?: |$)|(?:^|\s)fuzz target: (?P<fuzz>\w+)"
)
_KERNEL_TIME = re.compile(r"^(?:<\d>)?\[\s*\d+\.\d{6}\](?:\[\s*[TC]\d+\])? ?")
_QUICK: Final = re.compile(
    r"Sanitizer|libFuzzer|\+0x[0-9a-f]|#\d+ |#\d+  |Check failed|CHECK|panic|[Ff]atal|FATAL|KASAN|kernel BUG|ssertion|"
    r"goroutine \d|runtime error|second chance|signal \d|Traceback|Exception|core dumped|BUG DETECTED|CANNOT LINK"
)


def looks_like_report(text: str) -> bool:
    """Whether a text may be a crash report: several lines with the marks of one. Cheap; false alarms are fine."""
    return "\n" in text and _QUICK.search(text) is not None


def signature(text: str) -> Signature:
    """Return the signature of a report; an empty `kind` when it holds none.

    Args:
        text: the report, log lines around it included; the first 20 000 lines are read.
    """
    lines = [_KERNEL_TIME.sub("", line[:_MAX_LINE_CHARS]) for line in text.splitlines()[:_MAX_LINES]]
    found, place = _head_of(lines)
    if not found.kind:
        frames = _frames(lines, 0)
        return Signature("UNKNOWN", frames=frames[:MAX_FRAMES]) if len(frames) > 1 else found
    found = _with_details(found, lines, place)
    frames = _frames(lines, place) or _frames(lines, 0)
    return replace(found, frames=frames[: MAX_FRAMES - bool(found.reason)], program=_program(lines))


def _head_of(lines: Sequence[str]) -> tuple[Signature, int]:
    """The head that tells most, the first of those; and its line."""
    best, rank, place = Signature(""), 0, 0
    for number, line in enumerate(lines):
        if (match := _V8_HEAD.search(line)) is not None and rank < Rank.FINDING:
            return _v8(lines, number, match["file"]), number
        made, its = _head(line)
        if its > rank:
            best, rank, place = made, its, number
        if rank == Rank.FINDING:
            break
    return best, place


def _head(line: str) -> tuple[Signature, int]:
    for head in HEADS:
        match = head.pattern.search(line)
        if match is not None:
            made = head.make(match)
            return made, Rank.SIGNAL if is_signal(made.kind) else head.rank
    return Signature(""), 0


def _v8(lines: Sequence[str], number: int, file: str) -> Signature:
    """V8 tells the place in one line and what happened in the next that says anything."""
    text = next((line.lstrip("# ") for line in lines[number + 1 : number + 3] if line.lstrip("# ")), "")
    for start, kind in (("Check failed: ", "CHECK failure"), ("Debug check failed: ", "DCHECK failure")):
        if text.startswith(start):
            return Signature(kind, reason=reasoned(text.removeprefix(start), file))
    if "ut of memory" in text:
        return Signature("Out-of-memory", reason=reasoned(text))
    if re.match(r"unreachable code|unimplemented code", text):
        return Signature("Unreachable code", reason=reasoned("", file))
    return Signature("Fatal error", reason=reasoned(numberless(text), file))


def _with_details(found: Signature, lines: Sequence[str], place: int) -> Signature:
    """The signature with its access and what a bad cast was from, which stand in lines of their own."""
    for line in lines[place : place + 40]:
        match = _ACCESS.search(line)
        if match is not None and not found.access and _accesses(found.kind):
            size = f" {match['size']}" if match["size"] else ""
            found = replace(found, access=f"{(match['access'] or match['signal']).upper()}{size}")
        cast = _OF_TYPE.search(line)
        if cast is not None and found.kind == "Bad-cast" and " from " not in found.reason:
            origin = f"{cast['type']}" if cast["type"] else "invalid vptr"
            found = replace(found, reason=f"{found.reason} from {origin}")
    return found


def _accesses(kind: str) -> bool:
    """Whether a crash of a kind is a bad access to memory."""
    return (
        kind in {"UNKNOWN", "Null-dereference"}
        or re.search(r"overflow|-use-|Use-|race|^Tag|access|bounds", kind) is not None
    )


def _frames(lines: Sequence[str], place: int) -> tuple[str, ...]:
    """The telling frames of the first stack from a line on that names a function, else of the first with any."""
    nameless: tuple[str, ...] = ()
    for stack in _stacks(lines[place:]):
        ordered: Iterable[Frame] = reversed(stack) if stack[0].outermost_first else stack
        told = tuple(line for line in map(line_of, ordered) if line)
        if any("+0x" not in line for line in told):
            return told
        nameless = nameless or told
    return nameless


def _stacks(lines: Iterable[str]) -> Iterator[list[Frame]]:
    """Runs of frames; numbers that begin anew begin another."""
    stack: list[Frame] = []
    gap = 0
    for line in lines:
        frame = read_frame(line)
        if frame is None:
            gap += 1
            if stack and gap > (1 if not stack[-1].outermost_first else 2):
                yield stack
                stack = []
            continue
        gap = 0
        if stack and frame.index == 0:
            yield stack
            stack = []
        stack.append(frame)
    if stack:
        yield stack


def _program(lines: Sequence[str]) -> str:
    for line in lines:
        match = _PROGRAM.search(line)
        if match is not None:
            name = next((found for found in match.groups() if found), "")
            return titled(re.split(r"[./]", name)[-1]) if match["app"] else name
    return ""
