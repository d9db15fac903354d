"""Ruby's backtraces, as `full_message`, `backtrace.join` and uncaught exceptions print them.

    app.rb:3:in `divide': divided by 0 (ZeroDivisionError)
            from app.rb:7:in `<main>'

The innermost stands first; Ruby 2.5 to 2.7 print the reverse order to terminals, with numbers (`2: from …`). Ruby 3.4
names methods with their class and quotes them 'like this'. The cause of an exception follows it as a block of its own.
"""

from __future__ import annotations

import re

from ingest.otlp.stacks_common import Frame, ParsedException, ParsedStack, frame, outermost_last, place

_HEADER = re.compile(r"(\S.{0,400}?):(\d+):(?:in [`'](.{1,300}?)':)? (.*)$")
_FROM = re.compile(r"\s*(?:\d+: )?from (.{1,400}?):(\d+)(?::in [`'](.{1,300})')?$")
_PLAIN = re.compile(r"(\S[^:\s]*?(?::[^:\s]+?)?|[A-Za-z]:[^:]+|\(eval[^)]*\)|<internal:[^>]+>):(\d+):in [`'](.+)'$")
_BARE = re.compile(r"(\S+\.(?:rb|ru|rake|erb|haml|slim)|<internal:[^>]+>):(\d+)$")
_REVERSED = re.compile(r"Traceback \(most recent call last\):$")
_LEVELS = re.compile(r"\s*\.\.\. ?\d+ levels\.\.\.$")
_TYPE_AT_END = re.compile(r"(.*?) ?\(([A-Z]\w*(?:::\w+)*)\)$")


def parse_ruby(text: str) -> ParsedStack:
    """Return the exceptions of a backtrace; none when the text is not one."""
    reader = _Reader()
    for line in text.splitlines():
        reader.line(line)
    found = [e for e in reader.exceptions if e.frames]
    if not found:
        return ParsedStack([], complete=False)
    for exception in found:
        exception.value = exception.value.strip()
        if not reader.is_reversed:
            exception.frames.reverse()
    return ParsedStack(outermost_last(found), reader.complete)


class _Reader:
    def __init__(self) -> None:
        self.exceptions: list[ParsedException] = []
        self.complete = True
        self.is_reversed = False
        self._pending: list[Frame] = []
        """Frames above their header, in reversed order."""

    def line(self, line: str) -> None:
        """Take the next line."""
        if _REVERSED.match(line):
            self.is_reversed = True
        elif match := _FROM.match(line):
            self._add(_frame(*match.groups()))
        elif match := (_PLAIN.match(line.strip()) or _BARE.match(line.strip())):
            groups = match.groups()
            self._add(_frame(groups[0], groups[1], groups[2] if len(groups) > 2 else None))
        elif (match := _HEADER.match(line)) and self._may_begin(match[4]):
            self._begin(match)
        elif _LEVELS.match(line) or not line.strip():
            return
        else:
            self._continue(line)

    def _may_begin(self, said: str) -> bool:
        """Tell whether a line such as `a.rb:1:in 'x': …` begins an exception, and is not a line of a message."""
        return not self.exceptions or bool(_TYPE_AT_END.match(said)) or self._has_outer_frames()

    def _has_outer_frames(self) -> bool:
        return len(self.exceptions[-1].frames) > 1

    def _begin(self, match: re.Match[str]) -> None:
        path, number, function, said = match.groups()
        exception = ParsedException()
        if self.exceptions:
            exception.source, exception.parent = "cause", self.exceptions[-1]
        named = _TYPE_AT_END.match(said)
        exception.value, exception.type = named.groups() if named else (said, "")
        exception.frames = [*self._pending, _frame(path, number, function)]
        self._pending = []
        self.exceptions.append(exception)

    def _add(self, found: Frame) -> None:
        if self.is_reversed:
            self._pending.append(found)
        else:
            if not self.exceptions:
                self.exceptions.append(ParsedException())
            self.exceptions[-1].frames.append(found)

    def _continue(self, line: str) -> None:
        """Take a further line of a message (`did_you_mean` and `error_highlight` add some)."""
        if not self.exceptions:
            self.exceptions.append(ParsedException())
        exception = self.exceptions[-1]
        if len(exception.frames) > 1:
            self.complete = False
            return
        named = None if exception.type else _TYPE_AT_END.match(line)
        if named:
            line, exception.type = named.groups()
        exception.value = f"{exception.value}\n{line}".strip("\n")


def _frame(path: str, line: str, function: str | None) -> Frame:
    return frame(function=function or "<main>") | place(path, line)
