"""PHP's exceptions as text.

    LogicException: inner in /app/Cart.php:12
    Stack trace:
    #0 /app/Shop.php(20): Cart->add('P-1', Array)
    #1 [internal function]: Shop->{closure}(1)
    #2 {main}

    Next RuntimeException: outer in /app/Shop.php:22
    Stack trace:
    #0 {main}

A line names the function that was called and the place of the call, so a function's own line is that of the line above
it. Previous exceptions stand first. OpenTelemetry's PHP writes Java's form instead: see `stacks_java`.
"""

from __future__ import annotations

import re

from ingest.otlp.stacks_common import Frame, ParsedException, ParsedStack, frame, place

_HEADER = re.compile(r"(?:PHP )?(?:Fatal error: +)?(Next |Uncaught )?([A-Za-z_\\][\w\\]*)(?:: (.*))?$", re.DOTALL)
_WHERE = re.compile(r"(\S.*?)(?::| on line )(\d+)$")
_STACK = re.compile(r"\s*(?:\[stacktrace\]|Stack trace:)$")
_CALL = re.compile(r"\s*#(\d+) (?:(.+?)\((\d+)\)|(\[internal function\])): (.+)$")
_MAIN = re.compile(r"\s*#\d+ \{main\}$")
_THROWN = re.compile(r"\s*thrown in .+ on line \d+$")


def parse_php(text: str) -> ParsedStack:
    """Return the exceptions of a stack trace; none when the text is not one."""
    reader = _Reader()
    for line in text.splitlines():
        reader.line(line)
    reader.end()
    if not any(e.frames for e in reader.exceptions):
        return ParsedStack([], complete=False)
    return ParsedStack(reader.exceptions, reader.complete)


class _Reader:
    def __init__(self) -> None:
        self.exceptions: list[ParsedException] = []
        self.complete = True
        self._said: list[str] = []
        self._calls: list[tuple[str, Frame]] = []
        self._has_stack = False

    def line(self, line: str) -> None:
        """Take the next line."""
        if match := _CALL.match(line):
            _, path, number, internal, called = match.groups()
            where = {"filename": internal} if internal else place(path, number)
            self._calls.append((_without_arguments(called), where))
        elif _MAIN.match(line):
            self._calls.append(("", {}))
        elif _STACK.match(line):
            self._has_stack = True
        elif _THROWN.match(line) or not line.strip():
            return
        else:
            if self._calls:
                self.end()
            self._said.append(line)

    def end(self) -> None:
        """Finish the exception that is being read."""
        if not self._said and not self._calls:
            return
        if not self._calls and not self._has_stack and self.exceptions:
            # A line of something else behind the last stack.
            self.complete = False
        else:
            self._finish()
        self._said, self._calls, self._has_stack = [], [], False

    def _finish(self) -> None:
        exception = ParsedException()
        thrown: Frame = {}
        said = "\n".join(self._said)
        head, _, tail = said.rpartition(" in ")
        where_thrown = _WHERE.match(tail)
        if where_thrown and (match := _HEADER.match(head)):
            exception.type, exception.value = match[2], match[3] or ""
            thrown = place(where_thrown[1], where_thrown[2])
            if match[1] == "Next " and self.exceptions:
                self.exceptions[-1].source, self.exceptions[-1].parent = "cause", exception
        else:
            exception.value = said
        where = thrown
        for called, call_place in self._calls:
            if called or where:
                exception.frames.append(_frame(called, where))
            where = call_place
        if where:
            exception.frames.append(_frame("", where))
        exception.frames.reverse()
        self.exceptions.append(exception)


def _frame(called: str, where: Frame) -> Frame:
    """Return a frame; `called` is `Class->method`, `Class::method`, a function, or empty for the main script."""
    head, separator, function = called.rpartition("->")
    if not separator:
        head, separator, function = called.rpartition("::")
    if not separator:
        return frame(function=called or "{main}") | where
    return frame(function=f"{head}{separator}{function}", module=head) | where


def _without_arguments(called: str) -> str:
    """Return what was called without its arguments; names of closures may hold brackets themselves."""
    start = called.find("(", called.rfind("}", 0, called.find(")")) + 1)
    return called[:start] if start >= 0 else called
