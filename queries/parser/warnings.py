"""Text that is searched for although something else was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from queries import ast
from queries.parser.source import misplaced_time, unknown_source
from queries.parser.words import SOURCES, STAGES, misspelt_stage, nearest_source

_FIRST_WORD = re.compile(r"[A-Za-z][A-Za-z-]*+(?=\s|\Z)")
_ODD_LENGTH = re.compile(r"last\s++[0-9]++\s*+[A-Za-z]*+", re.IGNORECASE)
_ODD_MOMENTS = re.compile(r"between\s++\S++\s++and\s++[^\s|]++|at\s++[0-9+-][^\s|]*+", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"|`[^`]*+`|//.*?//', re.DOTALL)
_GLUED = re.compile(r"(?<=[^\s|])\|\s*+([A-Za-z][A-Za-z-]*+)(?=\s|\Z)")
_FOREIGN = re.compile(r"(?<!\S)(?:&&|\|\||NOT)(?!\S)")
_MEANT = {"&&": "AND", "||": "OR", "NOT": "!"}


@dataclass(frozen=True, slots=True)
class ParseWarning:
    """Something that reads differently from what was probably meant."""

    message: str
    span: ast.Span
    suggestion: str = ""


def warn_of_stage(word: str, start: int) -> ParseWarning | None:
    """Return the warning for `| word` in a bare search when it looks like a misspelt stage."""
    near = misspelt_stage(word)
    if not near:
        return None
    message = f"`| {word}` is searched for as text, because it is not a stage."
    return ParseWarning(message, ast.Span(start, start + len(word)), f"Did you mean | {near}?")


def warn_of_source(text: str, position: int, names: frozenset[str]) -> ParseWarning | None:
    """Return the warning for a `from` before a name that looks like a misspelt source."""
    wrong = unknown_source(text, position, names)
    near = nearest_source(wrong[0], names) if wrong else ""
    if wrong is None or not near:
        return None
    message = f"`from {wrong[0]}` is searched for as text, because it is not a data set."
    return ParseWarning(message, wrong[1], f"Did you mean from {near}?")


def warn_of_words(text: str, search: ast.Search, source: ast.Source | None) -> Iterator[ParseWarning]:
    """Yield warnings about bare words: time ranges, stages and connectives that count as text where they stand."""
    for words in _bare_words(search):
        time = misplaced_time(text, words.start, words.end)
        if time is not None:
            yield ParseWarning(
                "A time range counts only after a data set or as the last words before a pipe; here it is text.",
                time,
                f"Write from DATASET {text[time.start : time.end]}.",
            )
        for found in _FOREIGN.finditer(text, words.start, words.end):
            message = f"`{found[0]}` is searched for as text."
            yield ParseWarning(message, ast.Span(found.start(), found.end()), f"Write {_MEANT[found[0]]}.")
    yield from _warn_of_glued_pipes(text, search.span)
    if source is None and isinstance(search.root, ast.FreeText) and search.root.text in SOURCES:
        word, place = search.root.text, search.root.span
        yield ParseWarning(f"`{word}` is searched for as text.", place, f"Write from {word} to read that data set.")
    if source is not None and search.root is not None:
        yield from _warn_after_source(text, search.span.start, source)


def _warn_of_glued_pipes(text: str, span: ast.Span) -> Iterator[ParseWarning]:
    """Yield warnings of pipes that are part of a value, as the grammar has it: `level:error|summarize n=count()`."""
    bare = _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), text[span.start : span.end])
    for found in _GLUED.finditer(bare):
        if found[1].lower() in STAGES:
            message = f"`{found[0]}` belongs to the word before it: a pipe has a blank on its left."
            place = ast.Span(span.start + found.start(), span.start + found.end())
            yield ParseWarning(message, place, f"Write a blank before | {found[1].lower()}.")


def _warn_after_source(text: str, start: int, source: ast.Source) -> Iterator[ParseWarning]:
    ranges = (
        (_ODD_LENGTH, "a duration such as last 24h"),
        (_ODD_MOMENTS, "between 2026-01-31 and now, or -2d and -1d"),
    )
    for odd, instead in ranges:
        found = odd.match(text, start)
        if found is not None and source.time is None:
            message = f"`{found[0]}` is searched for as text, because it is not a time range."
            yield ParseWarning(message, ast.Span(found.start(), found.end()), f"Write {instead}.")
    word = _FIRST_WORD.match(text, start)
    if word is not None and word[0].lower() in STAGES:
        message = f"`{word[0]}` is searched for as text, because no pipe stands before it."
        yield ParseWarning(message, ast.Span(word.start(), word.end()), f"Write | {word[0].lower()}.")


def _bare_words(search: ast.Search) -> list[ast.Span]:
    """Return the places of unquoted free text at the top level of a search."""
    if search.root is None:
        return []
    terms = search.root.terms if isinstance(search.root, (ast.And, ast.Or)) else (search.root,)
    return [term.span for term in terms if isinstance(term, ast.FreeText) and not term.quoted]
