r"""`Exception.ToString()` of .NET: inner exceptions, rethrows, frames with and without files.

    System.InvalidOperationException: outer
     ---> System.ArgumentException: inner
       at Shop.Cart.Add(String sku) in C:\src\Cart.cs:line 12
       --- End of inner exception stack trace ---
       at Shop.Program.Main(String[] args) in C:\src\Program.cs:line 5

All headers stand first, outermost first, then the frames of the innermost, and so on outwards; an aggregate's further
members follow as `---> (Inner Exception #1) …<---`.
"""

from __future__ import annotations

import re

from ingest.otlp.stacks_common import Frame, ParsedException, ParsedStack, frame, place, turned

_FRAME = re.compile(r"\s*(?:at|bei|à|en|em|in|в|w|på|ved|場所|위치:|在) (\S[^(]*)\((.*)$")
_LINE = re.compile(r"(.{1,1000}):\S{1,20} (\d+)\.?$")
_PLACE = re.compile(r"(.*?)\) \S{1,20} (.+)$")
_END_INNER = re.compile(r"\s*--- .*(?:inner exception|inneren Ausnahme|exception interne|excepción interna).* ---$")
_SEPARATOR = re.compile(r"\s*---[^>].*---$")
_NUMBERED = re.compile(r"\(Inner Exception #(\d+)\) ?")
_TYPE = re.compile(r"(?:Unhandled exception\.? )?([A-Za-z_][\w.+`]*)(?: \((0x[0-9A-Fa-f]+)\))?(?:: ?(.*))?$")
_ARROW = re.compile(r"\s*---> ")


def parse_dotnet(text: str) -> ParsedStack:
    """Return the exceptions of a stack trace; none when the text is not one."""
    reader = _Reader()
    for line in text.splitlines():
        reader.line(line)
    return turned(reader.exceptions, complete=reader.complete)


class _Reader:
    def __init__(self) -> None:
        self.exceptions: list[ParsedException] = []
        self.complete = True
        self._open: list[ParsedException] = []
        """From the outermost to the one whose frames are being read."""
        self._root_seen: set[str] = set()

    def line(self, line: str) -> None:
        """Take the next line."""
        text = line.rstrip()
        closes = text.endswith("<---")
        text = text.removesuffix("<---").rstrip()
        if found := _frame(text):
            self._current().frames.append(found)
        elif _END_INNER.match(text):
            self._close()
        elif not _SEPARATOR.match(text) and text.strip():
            self._other(text)
        if closes:
            self._close()

    def _current(self) -> ParsedException:
        if not self._open:
            self._begin("", "")
        return self._open[-1]

    def _close(self) -> None:
        if len(self._open) > 1:
            self._open.pop()

    def _other(self, text: str) -> None:
        """Take headers (several may stand in one line) or a further line of a message."""
        first, *inner = re.split(r" ?---> ", text) if "---> " in text else [text]
        if first.strip():
            if not self._open:
                self._begin(first.strip(), "")
            elif not self._open[-1].frames:
                self._open[-1].value = f"{self._open[-1].value}\n{first}".strip("\n")
            else:
                self.complete = False
        for said in inner:
            self._inner(said)

    def _inner(self, said: str) -> None:
        numbered = _NUMBERED.match(said)
        if numbered is None or not self.exceptions:  # the text may begin in the middle
            self._begin(_NUMBERED.sub("", said, count=1), "cause")
            return
        aggregate = self.exceptions[0]
        aggregate.is_group = True
        self._open = [aggregate]
        said = _NUMBERED.sub("", said, count=1)
        known = next((e for e in self.exceptions[1:] if e.parent is aggregate and _header(e) == _split(said)), None)
        if known is not None and numbered[1] == "0":
            # The first member was told already, as the inner exception.
            known.source = "member"
            self._open.append(ParsedException())
            return
        self._begin(said, "member")

    def _begin(self, said: str, source: str) -> None:
        exception = ParsedException(source=source, parent=self._open[-1] if self._open else None)
        exception.type, exception.value = _split(said)
        self.exceptions.append(exception)
        self._open.append(exception)


def _header(exception: ParsedException) -> tuple[str, str]:
    return exception.type, exception.value


def _split(said: str) -> tuple[str, str]:
    match = _TYPE.match(said)
    return (match[1], match[3] or "") if match else ("", said)


def _frame(line: str) -> Frame | None:
    """Return the frame of a line such as `at Shop.Cart.Add(String sku) in /src/Cart.cs:line 12`; words vary."""
    match = _FRAME.match(line)
    if match is None:
        return None
    qualified, rest = match.groups()
    where: Frame = {}
    if not rest.endswith(")"):
        located = _LINE.match(rest)
        named = _PLACE.match(located[1]) if located else None
        if located is None or named is None:
            return None
        where = place(named[2], located[2])
    head, separator, method = qualified.rpartition(".")
    if not separator:
        head, method = "", qualified
    if head.endswith("."):
        # Constructors: `Shop.Cart..ctor`.
        head, method = head[:-1], "." + method
    return frame(function=method.strip(), module=head) | where
