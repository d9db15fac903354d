"""Where in an unfinished text the cursor stands. Reads forward with a few rules and never fails.

The parser is of no use here: what is being typed is rarely a query. Only quotes, backticks, brackets, pipes and
semicolons are looked at, and the last words before the cursor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from queries.parser.words import KNOWN_STAGES, SOURCES

_WORD_END = re.compile(r"[\w.-]*\Z")
_WORD_REST = re.compile(r"[\w.-]*")
_LET = re.compile(r"\s*let\s+[A-Za-z_]\w*\s*=(?![=~])\s*", re.IGNORECASE)
_FROM = re.compile(r"\s*from\s+((?:[A-Za-z_][\w.]*\s*,\s*)*)([A-Za-z_][\w.]*)?", re.IGNORECASE)
_RANGE = re.compile(r"\s+(?:last\s+\S+|at\s+\S+|between\s+\S+\s+and\s+\S+)(?=\s)", re.IGNORECASE)
_STAGE = re.compile(r"\s*([A-Za-z][\w-]*)")
LONGEST_WORD = 500
"""How far back a word is looked for: from each place of a longer one an expression that ends at the cursor would be
tried in vain, which takes the square of its length, and no other thread runs meanwhile."""

_NESTED = re.compile(r"\s*from\b", re.IGNORECASE)
_PIPE_AFTER = re.compile(r"\|(?=\s|\Z)")


class Where(Enum):
    """Kinds of places."""

    SEARCH = "search"
    SOURCE = "source"
    STAGE = "stage"
    EXPRESSION = "expression"


@dataclass(frozen=True, slots=True)
class Spot:
    """The place of the cursor.

    Attributes:
        where: kind of place.
        before: the text of the part the cursor is in, up to the cursor: the search since its start, or the stage's
            words since its name.
        stage: the stage around it, empty in the head of a pipeline.
        sources: data sets or `let` names the pipeline reads, as far as written.
        finished: the text of the pipeline around it before the current stage, with the `let` before; empty in the head.
        quote: start of the string the cursor is in, counted in `before`, or None.
        first: nothing but blanks stands before, so `from` and `let` may.
    """

    where: Where
    before: str
    stage: str = ""
    sources: tuple[str, ...] = ()
    finished: str = ""
    quote: int | None = None
    first: bool = False


@dataclass(slots=True)
class _Scan:
    """What is open at the end of the text read so far; positions, or None. `outer` is what parentheses stand in."""

    pipeline: int = 0
    segment: int = 0
    piped: bool = False
    quote: int | None = None
    tick: int | None = None
    depth: int = 0
    outer: _Scan | None = None


def spot(text: str, cursor: int) -> Spot:
    """Return where the cursor stands."""
    left = text[:cursor]
    scan = _scan(left)
    head = left[scan.pipeline : scan.segment - 1] if scan.piped else left[scan.pipeline :]
    bound = _LET.match(head)
    start = scan.pipeline + (bound.end() if bound else 0)
    sources = _sources(left[start:])
    if scan.tick is not None:
        quote = None if scan.quote is None or scan.quote < scan.tick else scan.quote - scan.tick
        return Spot(Where.SEARCH, left[scan.tick :], "`", sources, _finished(left, start, scan), quote)
    if scan.piped:
        return _in_stage(left, start, scan, sources)
    if bound and not sources and not re.match(r"\s*from\b", left[start:], re.IGNORECASE):
        return Spot(
            Where.EXPRESSION, left[start:], "let", quote=_relative(scan.quote, start), first=not left[start:].strip()
        )
    return _in_head(left, start, scan, sources)


def word_around(text: str, cursor: int) -> tuple[int, int]:
    """Return the range of the word the cursor touches."""
    found = _WORD_END.search(text, max(cursor - LONGEST_WORD, 0), cursor)
    start = found.start() if found else cursor
    rest = _WORD_REST.match(text, cursor)
    return start, rest.end() if rest else cursor


def _scan(left: str) -> _Scan:
    scan = _Scan()
    position = 0
    while position < len(left):
        if _opens_pipeline(left, position, scan):
            position += 1
            scan = _Scan(position, position, outer=scan)
        elif scan.outer is not None and left[position] == ")" and scan.depth == 0 and not _in_text(scan):
            scan = scan.outer
            position += 1
        else:
            position = _step(left, position, scan)
    return scan


def _in_text(scan: _Scan) -> bool:
    return scan.quote is not None or scan.tick is not None


def _opens_pipeline(left: str, at: int, scan: _Scan) -> bool:
    """Whether a pipeline of its own begins behind this parenthesis: `join (from …`, `union (from …`."""
    return left[at] == "(" and scan.piped and not _in_text(scan) and _NESTED.match(left, at + 1) is not None


def _step(left: str, at: int, scan: _Scan) -> int:
    """Take one character, or a run that belongs together, into account and return where to go on."""
    sign = left[at]
    if scan.quote is not None:
        if sign == left[scan.quote]:
            scan.quote = None
        return at + 2 if sign == "\\" else at + 1
    if sign == '"' or (sign == "'" and scan.piped and scan.tick is None):
        scan.quote = at
    elif sign == "`":
        scan.tick = at + 1 if scan.tick is None else None
    elif scan.tick is not None:
        pass
    elif sign in "([":
        scan.depth += 1
    elif sign in ")]":
        scan.depth = max(scan.depth - 1, 0)
    elif sign == "|" and _is_pipe(left, at, scan):
        scan.segment, scan.piped, scan.depth = at + 1, True, 0
    elif sign == ";" and _LET.match(left, scan.pipeline):
        scan.pipeline = scan.segment = at + 1
        scan.piped, scan.depth = False, 0
    return at + 1


def _is_pipe(left: str, at: int, scan: _Scan) -> bool:
    if scan.piped:
        return scan.depth == 0 or _PIPE_AFTER.match(left, at) is not None
    return (at == 0 or left[at - 1].isspace()) and _PIPE_AFTER.match(left, at) is not None


def _sources(head: str) -> tuple[str, ...]:
    found = _FROM.match(head)
    if found is None:
        return ()
    names = [name.strip() for name in (found[1] or "").split(",")] + [found[2] or ""]
    return tuple(name for name in names if name)


def _in_head(left: str, start: int, scan: _Scan, sources: tuple[str, ...]) -> Spot:
    found = _FROM.match(left, start)
    if found is not None and found.end() == len(left):
        return Spot(Where.SOURCE, left[start:], sources=sources)
    begin = start
    if found is not None and found[2] and (found[2] in SOURCES or scan.pipeline or start):
        begin = found.end()
        time = _RANGE.match(left, begin)
        begin = time.end() if time else begin
    return Spot(
        Where.SEARCH,
        left[begin:],
        sources=sources,
        quote=_relative(scan.quote, begin),
        first=begin == start and not _before_word(left[begin:]),
    )


def _before_word(text: str) -> str:
    return text[: word_around(text, len(text))[0]].strip()


def _finished(left: str, start: int, scan: _Scan) -> str:
    if not scan.piped:
        return ""
    root = scan
    while root.outer is not None:
        root = root.outer
    return left[: root.pipeline] + left[start : scan.segment - 1]


def _in_stage(left: str, start: int, scan: _Scan, sources: tuple[str, ...]) -> Spot:
    found = _STAGE.match(left, scan.segment)
    if found is None or found.end() == len(left):
        return Spot(Where.STAGE, left[scan.segment :], sources=sources, finished=_finished(left, start, scan))
    name = found[1].lower()
    return Spot(
        Where.EXPRESSION,
        left[found.end() :],
        name if name in KNOWN_STAGES else "",
        sources,
        _finished(left, start, scan),
        _relative(scan.quote, found.end()),
    )


def _relative(position: int | None, start: int) -> int | None:
    return None if position is None or position < start else position - start
