"""The grammar above filters: terms, AND and OR, parentheses, free text."""

from __future__ import annotations

import re

from queries.ast import Span
from queries.errors import SyntaxProblem
from queries.search.filters import read_filter
from queries.search.reader import MAX_NESTING, Reader
from queries.search.tokens import Connective, Group, Spaces, Token, Words
from queries.search.validity import check_connective, check_words
from queries.search.values import read_quoted

_CONNECTIVE = re.compile(r"or|and", re.IGNORECASE)


def read_terms(reader: Reader, position: int) -> tuple[tuple[Token, ...], int]:
    """Read the terms of a search from `position` to the end of the text or to where the reader is told to stop.

    Returns:
        The tokens, beginning and ending with (possibly empty) spaces, and the position after them.

    Raises:
        SyntaxProblem: a parenthesis has no partner, or there is a line break where Sentry's grammar has none.
    """
    tokens: list[Token] = [_read_spaces(reader, position)]
    at = tokens[0].end
    while at < reader.end and not _stops(reader, at, nested=False):
        term = _read_term(reader, at, depth=0)
        if term is None:
            raise _stuck(reader, at)
        spaces = _read_spaces(reader, term.end)
        tokens += (term, spaces)
        at = spaces.end
    return tuple(tokens), at


def _stops(reader: Reader, position: int, *, nested: bool) -> bool:
    if nested or reader.stop is None:
        return False
    character = reader.at(position)
    if character == ")":
        return reader.enclosed
    return reader.stop(position) if character == "|" else character == ";" and reader.ends_value(position)


def _stuck(reader: Reader, position: int) -> SyntaxProblem:
    character = reader.at(position)
    span = Span(position, position + 1)
    if character == ")":
        return SyntaxProblem("This `)` closes nothing.", span=span, suggestion="Remove it, or put it in quotes.")
    if character == "(":
        return SyntaxProblem("This `(` is never closed.", span=span, suggestion="Add `)`, or put it in quotes.")
    return SyntaxProblem("A search cannot go on here.", span=span, suggestion="Put the text in quotes.")


def _read_spaces(reader: Reader, position: int) -> Spaces:
    end = reader.after_blanks(position)
    return Spaces(reader.text[position:end], position, end)


def _read_term(reader: Reader, position: int, depth: int) -> Token | None:
    return (
        _read_connective(reader, position)
        or _read_group(reader, position, depth)
        or read_filter(reader, position)
        or _read_words(reader, position, depth)
    )


def _read_connective(reader: Reader, position: int) -> Connective | None:
    match = reader.match(_CONNECTIVE, position)
    if match is None or not reader.ends_value(match.end()):
        return None
    value = match[0].upper()
    return Connective(value, check_connective(reader, value), position, match.end())


def _read_group(reader: Reader, position: int, depth: int) -> Group | None:
    if reader.at(position) != "(":
        return None
    if position not in reader.groups:
        _check_depth(position, depth)
        reader.groups[position] = _read_group_at(reader, position, depth + 1)
    return reader.groups[position]


def _check_depth(position: int, depth: int) -> None:
    if depth >= MAX_NESTING:
        raise SyntaxProblem(f"Parentheses nest deeper than {MAX_NESTING} levels.", span=Span(position, position + 1))


def _read_group_at(reader: Reader, position: int, depth: int) -> Group | None:
    inner: list[Token] = [_read_spaces(reader, position + 1)]
    at = inner[0].end
    while (term := _read_term(reader, at, depth)) is not None:
        spaces = _read_spaces(reader, term.end)
        inner += (term, spaces)
        at = spaces.end
    if len(inner) == 1 or reader.at(at) != ")":
        return None
    return Group(tuple(inner), position, at + 1)


def _read_words(reader: Reader, position: int, depth: int) -> Words | None:
    quoted = read_quoted(reader, position)
    if quoted is not None:
        return Words(quoted.value, True, check_words(reader, quoted.value), position, quoted.end)
    end = _words_end(reader, position, depth)
    if end is None:
        return None
    value = reader.text[position:end]
    return Words(value, False, check_words(reader, value), position, end)


def _words_end(reader: Reader, position: int, depth: int) -> int | None:
    """Return where unquoted words that start at `position` end, or None when there are none."""
    key = (position, depth > 0)
    if key not in reader.word_ends:
        at = position
        while (end := _chunk_end(reader, at, depth)) is not None:
            at = reader.after_blanks(end)
        reader.word_ends[key] = at if at > position else None
    return reader.word_ends[key]


def _chunk_end(reader: Reader, position: int, depth: int) -> int | None:
    if position >= reader.end or _stops(reader, position, nested=depth > 0):
        return None
    if read_filter(reader, position) is not None or _read_connective(reader, position) is not None:
        return None
    if reader.text[position] == "(":
        return _parens_end(reader, position, depth)
    if reader.text[position] == '"' and not reader.config.sentry_exact:
        # A phrase after words stays whole: `said "see a:b"` holds no filter.
        phrase = read_quoted(reader, position)
        if phrase is not None and reader.ends_value(phrase.end):
            return phrase.end
    match = reader.match(reader.classes.chunk, position)
    return None if match is None else match.end()


def _parens_end(reader: Reader, position: int, depth: int) -> int | None:
    """Return where parentheses that hold nothing but words end; they are part of the words around them."""
    if position not in reader.paren_ends:
        _check_depth(position, depth)
        words = _read_words(reader, position + 1, depth + 1)
        end = position + 1 if words is None else words.end
        reader.paren_ends[position] = end + 1 if reader.at(end) == ")" else None
    return reader.paren_ends[position]
