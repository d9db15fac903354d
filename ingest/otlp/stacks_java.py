"""Stacks of the JVM as `Throwable.printStackTrace` writes them, also with the packaging data of logging libraries.

    java.lang.IllegalStateException: outer
        at com.example.Shop.buy(Shop.java:12)
        Suppressed: java.io.IOException: closing
            at ...
    Caused by: java.net.ConnectException: refused
        at java.base/java.net.Socket.connect(Socket.java:633)
        ... 5 more

The outermost stands first, and frames that a cause shares with its enclosing trace are only counted (`... 5 more`).
OpenTelemetry's PHP writes this form too.
"""

from __future__ import annotations

import re

from ingest.otlp.stacks_common import Frame, ParsedException, ParsedStack, frame, place, turned

_FRAME = re.compile(r"\s*at (\S(?:[^(]*[^(\s])?)\(([^()]*)\)(?:\s*~?\[[^\]]*\])?$")
_MORE = re.compile(r"\s*\.\.\. (\d{1,6}) (?:more|common frames omitted)$")
_LINK = re.compile(r"(\s*)(Caused by|Suppressed|Wrapped by): (.*)$")
_CIRCULAR = re.compile(r"\[CIRCULAR REFERENCE: ?(.*?)\]?$")
_THREAD = re.compile(r'Exception in thread "[^"]*" ')
_TYPE = re.compile(r"([A-Za-z_$][\w$.\\/]*)(?:: ?(.*))?$")
_LOCATION = re.compile(r"([^:]+):(-?\d+)$")
_MODULE_PREFIX = re.compile(r"(?:[\w.\-]*(?:@[\w.\-+]+)?/{1,2})+")

_SOURCES = {"Caused by": "cause", "Suppressed": "suppressed", "Wrapped by": "cause"}
_NO_SOURCE = {"Native Method": {"native": True}, "Unknown Source": {}, "": {}}


def parse_java(text: str) -> ParsedStack:
    """Return the exceptions of a stack trace; none when the text is not one."""
    reader = _Reader()
    for line in text.splitlines():
        reader.line(line)
    return turned(reader.exceptions, complete=reader.complete)


class _Reader:
    """Reads line by line; frames are innermost first until the end."""

    def __init__(self) -> None:
        self.exceptions: list[ParsedException] = []
        self.complete = True
        self._open: list[tuple[int, ParsedException]] = []
        """Exceptions that may still have causes, with the indentation of their header."""

    def line(self, line: str) -> None:
        """Take the next line."""
        if not line.strip():
            self._continue("")
        elif match := _FRAME.match(line):
            self._current().frames.append(_frame(match[1].strip(), match[2]))
        elif match := _MORE.match(line):
            self._add_common(int(match[1]))
        elif match := _LINK.match(line):
            self._link(len(match[1].expandtabs(4)), _SOURCES[match[2]], match[3])
        elif self.exceptions:
            self._continue(line)
        else:
            self._header(ParsedException(), 0, _THREAD.sub("", line.strip(), count=1))

    def _current(self) -> ParsedException:
        if not self.exceptions:
            self._header(ParsedException(), 0, "")
        return self._open[-1][1]

    def _header(self, exception: ParsedException, indent: int, said: str) -> None:
        match = _TYPE.match(said)
        exception.type, exception.value = (match[1], match[2] or "") if match else ("", said)
        self.exceptions.append(exception)
        self._open.append((indent, exception))

    def _link(self, indent: int, source: str, said: str) -> None:
        while len(self._open) > 1 and self._open[-1][0] > indent:
            self._open.pop()
        if source == "suppressed":
            # Indented below its parent: what is open at its own level is its sibling.
            while len(self._open) > 1 and self._open[-1][0] >= indent:
                self._open.pop()
        if not self._open:
            self._header(ParsedException(), 0, "")
        parent = self._open[-1][1]
        circular = _CIRCULAR.match(said.strip())
        exception = ParsedException(source=source, parent=parent)
        self._header(exception, indent, circular[1] if circular else said)

    def _add_common(self, count: int) -> None:
        """Add the frames an exception shares with the one it belongs to."""
        exception = self._current()
        enclosing = exception.parent.frames if exception.parent else []
        if count <= len(enclosing):
            exception.frames += enclosing[len(enclosing) - count :]
        else:
            self.complete = False

    def _continue(self, line: str) -> None:
        """Take a further line of a message; after frames it is something unknown."""
        if not self.exceptions:
            return
        exception = self._current()
        if not exception.frames:
            exception.value = f"{exception.value}\n{line}".strip("\n")
        elif line.strip():
            self.complete = False


def _frame(qualified: str, location: str) -> Frame:
    head, separator, method = qualified.rpartition(".")
    if not separator:
        head, method = "", qualified
    if "$$Lambda" not in head:
        prefix = _MODULE_PREFIX.match(head)
        head = head[prefix.end() :] if prefix else head
    where = _NO_SOURCE.get(location)
    if where is None:
        match = _LOCATION.match(location)
        where = place(match[1], match[2]) if match and not match[2].startswith("-") else place(location)
    return frame(function=method, module=head) | where
