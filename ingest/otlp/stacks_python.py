"""Python's tracebacks: chains, exception groups, syntax errors, marks below the source line.

The form is that of the standard library's `traceback` module. A chain stands oldest first, which is Sentry's order too.
In a group each member's lines carry a margin (`| `), two columns deeper for each level; frames of members are separated
by lines such as `+-+---------------- 1 ----------------`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ingest.otlp.stacks_common import ParsedException, ParsedStack, frame, place

_FRAME = re.compile(r'\s*File "(.+?)", line (\d+)(?:, in (.+))?$')
_HEADER = re.compile(r"\s*(?:Exception Group )?Traceback \(most recent call last\):$")
_REPEATED = re.compile(r"\s*\[Previous line repeated \d+ more times?\]$")
_MARKS = re.compile(r"\s*[~^][~^ ]*$")
_EXCEPTION = re.compile(r"([A-Za-z_][\w.<>]*)(?:: ?(.*))?$")
_TRUNCATED = re.compile(r"\s*(?:and \d+ more exceptions?|\.\.\. \(max_group_depth is \d+\))$")

_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"
_LINKS = {_CAUSE: "cause", _CONTEXT: "context"}

_OPENING = re.compile(r"( *)\+ (Exception Group Traceback .*)$")
_FIRST_MEMBER = re.compile(r"( *)\+-\+-+ (?:\d+|\.\.\.) -+$")
_NEXT_MEMBER = re.compile(r"( *)\+-+ (?:\d+|\.\.\.) -+$")
_CLOSING = re.compile(r"( *)\+-{8,}$")
_MARGIN = re.compile(r"( *)\| ?(.*)$")


@dataclass(slots=True)
class _Block:
    """Lines at one level, with the blocks of members where they stand; `column` is where its margin is."""

    column: int = -1
    content: list[str | _Block] = field(default_factory=list)


@dataclass(slots=True)
class _Section:
    """One exception of a chain: its traceback, and its members' chains; `link` is how it follows the one before."""

    link: str = ""
    exception: ParsedException = field(default_factory=ParsedException)
    text: list[str] = field(default_factory=list)
    members: list[_Block] = field(default_factory=list)
    own: _Block | None = None


class _Reader:
    """Reads one text; `complete` is whether every line was understood."""

    def __init__(self) -> None:
        self.complete = True

    def chain(self, content: list[str | _Block]) -> list[ParsedException]:
        """Return the exceptions of a chain, each after its members, the outermost last."""
        found: list[ParsedException] = []
        inner: ParsedException | None = None
        for section in _sections(content):
            exceptions = self._section(section)
            if not exceptions:
                continue
            outer = exceptions[-1]
            if inner is not None:
                inner.source, inner.parent = section.link, outer
            found += exceptions
            inner = outer
        return found

    def _section(self, section: _Section) -> list[ParsedException]:
        if section.own is not None:
            # A group at the outermost level: its traceback has a margin as well.
            return self.chain(section.own.content)
        exception = section.exception
        self._read_lines(section)
        found: list[ParsedException] = []
        for block in section.members:
            member_chain = self.chain(block.content)
            if member_chain:
                member_chain[-1].source, member_chain[-1].parent = "member", exception
            # The first member stands next to its group, as Sentry's Python client has it.
            found = member_chain + found
        exception.is_group = bool(section.members)
        if not (exception.type or exception.value or exception.frames):
            return found
        return [*found, exception]

    def _read_lines(self, section: _Section) -> None:
        exception = section.exception
        said: list[str] = []
        for line in section.text:
            if said and not line.startswith("  File "):
                said.append(line)
            elif not self._traceback_line(line, exception) and line.strip():
                if line.startswith(" "):
                    self.complete = False
                else:
                    said.append(line)
        _name(exception, "\n".join(said).rstrip())

    def _traceback_line(self, line: str, exception: ParsedException) -> bool:
        """Take a line of the traceback's body; False when it is none."""
        if match := _FRAME.match(line):
            path, number, function = match.groups()
            exception.frames.append(frame(function=function, **place(path, number)))
            return True
        if _HEADER.match(line) or _REPEATED.match(line) or _MARKS.match(line) or _TRUNCATED.match(line):
            return True
        if line.startswith("    ") and exception.frames:
            # The source line; of a statement over several lines the first.
            exception.frames[-1].setdefault("context_line", line.strip())
            return True
        return False


def parse_python(text: str) -> ParsedStack:
    """Return the exceptions of a traceback; none when the text is not one."""
    reader = _Reader()
    exceptions = reader.chain(_blocks(text).content)
    if not any(e.frames for e in exceptions) and "Traceback (most recent call last):" not in text:
        return ParsedStack([], complete=False)
    return ParsedStack(exceptions, reader.complete)


def _name(exception: ParsedException, said: str) -> None:
    """Split `Type: value`; the value may have many lines (notes are among them)."""
    first, _, rest = said.partition("\n")
    match = _EXCEPTION.match(first)
    if match is None:
        exception.value = said
        return
    exception.type = match[1]
    exception.value = "\n".join(part for part in (match[2] or "", rest) if part)


def _sections(content: list[str | _Block]) -> list[_Section]:
    sections = [_Section()]
    for entry in content:
        section = sections[-1]
        if isinstance(entry, _Block):
            if section.text and any(line.strip() for line in section.text):
                section.members.append(entry)
            else:
                section.own = entry
        elif entry.strip() in _LINKS:
            sections.append(_Section(_LINKS[entry.strip()]))
        else:
            section.text.append(entry)
    return sections


def _blocks(text: str) -> _Block:
    """Return the lines as a tree of blocks by their margins."""
    root = _Block()
    if "Exception Group Traceback" not in text:
        root.content = list(text.splitlines())
        return root
    open_blocks = [root]
    for line in text.splitlines():
        if match := _OPENING.match(line):
            _open(open_blocks, len(match[1]), match[2])
        elif match := _FIRST_MEMBER.match(line):
            _open(open_blocks, len(match[1]) + 2)
        elif match := _NEXT_MEMBER.match(line):
            _close(open_blocks, len(match[1]) - 1)
            _open(open_blocks, len(match[1]))
        elif match := _CLOSING.match(line):
            _close(open_blocks, len(match[1]) - 1)
        elif (match := _MARGIN.match(line)) and len(match[1]) == open_blocks[-1].column:
            open_blocks[-1].content.append(match[2])
        else:
            _line_without_margin(open_blocks, line)
    return root


def _line_without_margin(open_blocks: list[_Block], line: str) -> None:
    match = _MARGIN.match(line)
    if match and any(block.column == len(match[1]) for block in open_blocks):
        _close(open_blocks, len(match[1]))
        open_blocks[-1].content.append(match[2])
    else:
        _close(open_blocks, -1)
        open_blocks[-1].content.append(line)


def _open(open_blocks: list[_Block], column: int, line: str | None = None) -> None:
    block = _Block(column, [] if line is None else [line])
    open_blocks[-1].content.append(block)
    open_blocks.append(block)


def _close(open_blocks: list[_Block], column: int) -> None:
    """Close the blocks whose margin is right of `column`."""
    while open_blocks[-1].column > column:
        open_blocks.pop()
