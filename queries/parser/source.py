"""`from errors, spans last 24h`: where rows come from and from when."""

from __future__ import annotations

import re

from queries import ast
from queries.errors import SyntaxProblem
from queries.lexer import IDENTIFIER
from queries.parser.literals import time_literal
from queries.parser.words import SOURCES, nearest_source
from queries.search.numbers import NANOSECONDS_IN, nanoseconds, too_large

_BLANKS = re.compile(r"[ \t\r\n]*+")
_FROM = re.compile(rf"from[ \t\r\n]++({IDENTIFIER})(?![\w:.\[(-])", re.IGNORECASE)
_MORE = re.compile(rf"[ \t\r\n]*+,[ \t\r\n]*+({IDENTIFIER})?")
_DONE = r"(?=[ \t\r\n;|)]|\Z)"
_LENGTH = r"[0-9]{1,100}+(?:\.[0-9]{1,100}+)?(?:ms|s|min|m|hr|h|day|d|wk|w)"
_INSTANT = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6}+)?)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_MOMENT = rf"{_INSTANT}|now(?:\(\))?|[+-]{_LENGTH}|ago\({_LENGTH}\)"
_LAST = re.compile(rf"last[ \t\r\n]++({_LENGTH}){_DONE}", re.IGNORECASE)
_BETWEEN = re.compile(rf"between[ \t\r\n]++({_MOMENT})[ \t\r\n]++and[ \t\r\n]++({_MOMENT}){_DONE}", re.IGNORECASE)
_AT = re.compile(rf"at[ \t\r\n]++({_INSTANT}){_DONE}", re.IGNORECASE)
_TIME_WORD = re.compile(r"(?<!\S)(?:last|between|at)(?=\s)", re.IGNORECASE)
_RANGE_WORDS = {"last": (2,), "at": (2,), "between": (4,)}
_LONGEST_RANGE = 4
_PARTS = re.compile(r"([+-]?)([0-9.]+)([a-z]+)", re.IGNORECASE)


def skip_blanks(text: str, position: int) -> int:
    """Return the first position that is not blank."""
    match = _BLANKS.match(text, position)
    return match.end() if match else position


def unknown_source(text: str, position: int, names: frozenset[str]) -> tuple[str, ast.Span] | None:
    """Return the word after a `from` at `position` that is neither a data set nor in `names`, or None."""
    match = _FROM.match(text, position)
    if match is None or match[1] in SOURCES or match[1] in names:
        return None
    return match[1], ast.Span(match.start(1), match.end(1))


def read_source(text: str, position: int, names: frozenset[str]) -> tuple[ast.Source, int] | None:
    """Read a source; None when there is none, because `from` is then a word like any other.

    Args:
        text: the whole query.
        position: where the pipeline starts.
        names: names bound by `let` so far.

    Raises:
        SyntaxProblem: a second name is not known, or a time is not in the calendar.
    """
    match = _FROM.match(text, position)
    if match is None or not (match[1] in SOURCES or match[1] in names):
        return None
    sources = [ast.Name(match[1], False, ast.Span(match.start(1), match.end(1)))]
    end = match.end()
    while (more := _MORE.match(text, end)) is not None:
        sources.append(_further_name(more, names))
        end = more.end()
    time = _read_time(text, skip_blanks(text, end))
    if time is not None:
        end = time.span.end
    return ast.Source(tuple(sources), time, ast.Span(position, end)), end


def _further_name(match: re.Match[str], names: frozenset[str]) -> ast.Name:
    name = match[1]
    if name is None:
        raise SyntaxProblem("A data set must follow the comma.", span=ast.Span(match.start(), match.end()))
    span = ast.Span(match.start(1), match.end(1))
    if name in SOURCES or name in names:
        return ast.Name(name, False, span)
    raise source_problem(name, span, names)


def source_problem(name: str, span: ast.Span, names: frozenset[str]) -> SyntaxProblem:
    """Return the error for a name that is no source."""
    near = nearest_source(name, names)
    advice = f"Did you mean {near}?" if near else f"Data sets are {', '.join(sorted(SOURCES))}."
    return SyntaxProblem(f"`{name}` is not a data set and no `let` binds it.", span=span, suggestion=advice)


def trailing_time(text: str, start: int, end: int) -> ast.TimeRange | None:
    """Return the time range that the last words of `text[start:end]` are, or None.

    Raises:
        SyntaxProblem: a time is not in the calendar.
    """
    done = start + len(text[start:end].rstrip())
    words = text[start:done].rsplit(None, _LONGEST_RANGE)[-_LONGEST_RANGE:]
    position = done
    for count, word in enumerate(reversed(words), start=1):
        position = text.rindex(word, start, position)
        if count in _RANGE_WORDS.get(word.lower(), ()):
            time = _read_time(text, position)
            if time is not None and time.span.end == done:
                return time
    return None


def misplaced_time(text: str, start: int, end: int) -> ast.Span | None:
    """Return the place of a time range among the words between `start` and `end`, where it is only text."""
    for word in _TIME_WORD.finditer(text, start, end):
        for form in (_LAST, _BETWEEN, _AT):
            match = form.match(text, word.start())
            if match is not None:
                return ast.Span(match.start(), match.end())
    return None


def _read_time(text: str, position: int) -> ast.TimeRange | None:
    match = _LAST.match(text, position)
    if match is not None:
        span = ast.Span(match.start(1), match.end(1))
        length = ast.Duration(_length(match[1], span), span)
        return ast.Last(length, ast.Span(position, match.end()))
    match = _BETWEEN.match(text, position)
    if match is not None:
        return ast.Between(_moment(match, 1), _moment(match, 2), ast.Span(position, match.end()))
    match = _AT.match(text, position)
    if match is not None:
        at = time_literal(match[1].upper(), ast.Span(match.start(1), match.end(1)))
        return ast.At(at, ast.Span(position, match.end()))
    return None


def _moment(match: re.Match[str], group: int) -> ast.Instant | ast.RelativeInstant:
    written, span = match[group], ast.Span(match.start(group), match.end(group))
    if written.lower() in {"now", "now()"}:
        return ast.RelativeInstant(0, span)
    if written[0] in "aA":
        return ast.RelativeInstant(-_length(written[len("ago(") : -1], span), span)
    if written[0] in "+-":
        return ast.RelativeInstant(_length(written, span), span)
    return time_literal(written.upper(), span)


def _length(written: str, span: ast.Span) -> int:
    parts = _PARTS.fullmatch(written)
    if parts is None:
        raise SyntaxProblem(f"`{written}` is not a duration.", span=span)
    if too_large(parts[2], NANOSECONDS_IN[parts[3].lower()]):
        raise SyntaxProblem("This duration is too long.", span=span)
    amount = nanoseconds(parts[2], parts[3].lower())
    return -amount if parts[1] == "-" else amount
