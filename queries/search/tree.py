"""From tokens to the search tree: what AND, OR, parentheses, signs and values mean."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from queries import ast
from queries.errors import SyntaxProblem
from queries.search.config import SearchConfig
from queries.search.datasets import AMBER
from queries.search.escapes import unescape_bare, unquote
from queries.search.grammar import read_terms
from queries.search.keys import read_key
from queries.search.operands import filter_operand
from queries.search.reader import Reader, make_reader
from queries.search.tokens import (
    Connective,
    FilterKind,
    FilterToken,
    Group,
    Invalid,
    Key,
    KeyAggregate,
    KeySimple,
    KeyTag,
    Param,
    Spaces,
    TextValue,
    Token,
    Words,
)

MAX_PREDICATE_NESTING = 4
"""Backticked searches inside aggregates inside backticked searches …"""

_PHRASE = re.compile(r'(?:(?<=\s)|\A)"((?:\\.|[^"\\])*+)"(?=\s|\Z)', re.DOTALL)

_OPENING_QUOTE = re.compile(r'(?:\A|[\s(])"')

_ADVICE = {
    "must-be-quoted": 'Close the quotes, or write `\\"` for a quote inside text.',
    "filter-must-have-value": 'Write a value after the colon, or `""` for the empty one.',
    "empty-value-in-list-not-allowed": "Remove the extra comma.",
    "empty-parameter-not-allowed": "Remove the extra comma.",
    "invalid-boolean": "Write true or false.",
    "invalid-number": "Write a number such as 500 or 3k.",
    "invalid-duration": "Write a duration such as 500ms or 2h.",
    "invalid-file-size": "Write a size such as 5mb.",
    "invalid-date-format": "Write a date such as 2026-03-01, or -24h.",
    "regex-too-long": "Shorten the pattern.",
    "empty-regex": "Write a pattern between the slashes.",
}


def tokenize(text: str, config: SearchConfig, now: dt.datetime) -> tuple[Token, ...]:
    """Return the tokens of a whole text.

    Raises:
        SyntaxProblem: the text is not a search (parentheses without a partner).
    """
    with shallow(text):
        return read_terms(make_reader(text, config, now), 0)[0]


@contextmanager
def shallow(text: str) -> Iterator[None]:
    """Turn the end of Python's stack, wherever the caller already stands in it, into an error about the text."""
    try:
        yield
    except RecursionError as error:
        raise SyntaxProblem("The query nests too deeply.", span=ast.Span(0, len(text))) from error


def parse_search(text: str, config: SearchConfig | None = None, now: dt.datetime | None = None) -> ast.Search:
    """Return the meaning of a search.

    Args:
        text: what was typed.
        config: types of keys; the schema's by default.
        now: only bounds relative dates to the calendar; the tree keeps them relative.

    Raises:
        SyntaxProblem: with the exact place and what to write instead.
    """
    reader = make_reader(text, config or AMBER, now or dt.datetime.now(dt.UTC))
    with shallow(text):
        return read_search(reader, 0)[0]


def read_search(reader: Reader, position: int, nesting: int = 0) -> tuple[ast.Search, int]:
    """Return the search from `position` to where the reader stops, and that place.

    Raises:
        SyntaxProblem: as `parse_search`.
    """
    tokens, end = read_terms(reader, position)
    return build_search(reader, tokens, nesting), end


def build_search(reader: Reader, tokens: tuple[Token, ...], nesting: int = 0) -> ast.Search:
    """Return the meaning of the tokens that `reader` gave.

    Raises:
        SyntaxProblem: as `parse_search`.
    """
    root = _Builder(reader, nesting).terms(tokens)
    return ast.Search(root, ast.Span(tokens[0].start, tokens[-1].end) if root is None else root.span)


@dataclass(frozen=True, slots=True)
class _Builder:
    reader: Reader
    nesting: int

    def terms(self, tokens: tuple[Token, ...]) -> ast.SearchNode | None:
        """Return the terms of one level: OR of ANDs. None when there are none."""
        alternatives: list[list[ast.SearchNode]] = [[]]
        pending: Connective | None = None
        for token in tokens:
            if isinstance(token, Spaces):
                continue
            if isinstance(token, Connective):
                self._check(token.invalid, token)
                if pending is not None or not alternatives[-1]:
                    raise _dangling(token, "left")
                pending = token
                continue
            if pending is not None and pending.value == "OR":
                alternatives.append([])
            pending = None
            alternatives[-1] += self.term(token)
        if pending is not None:
            raise _dangling(pending, "right")
        groups = [_join(ast.And, terms) for terms in alternatives if terms]
        return _join(ast.Or, groups) if groups else None

    def term(self, token: Group | FilterToken | Words) -> list[ast.SearchNode]:
        """Return the conditions of one term; words and phrases side by side are one each."""
        match token:
            case Group():
                inner = self.terms(token.inner)
                return [] if inner is None else [inner]
            case FilterToken():
                return [self.filter(token)]
            case Words():
                return self.words(token)

    def words(self, token: Words) -> list[ast.SearchNode]:
        """Return free text: one node for each run of bare words and one for each quoted phrase."""
        self._check(token.invalid, token)
        if token.quoted:
            return [ast.FreeText(unquote(token.value), True, ast.Span(token.start, token.end))]
        if token.value.strip() == "!" and self.reader.at(token.end) == "(":
            raise SyntaxProblem(
                "`!` negates one filter, not a group.",
                span=ast.Span(token.start, token.end),
                suggestion="Put `!` before each filter inside, and swap AND and OR.",
            )
        nodes: list[ast.SearchNode] = []
        at = 0
        for phrase in self.phrases(token):
            nodes += self.bare(token, at, phrase.start())
            span = ast.Span(token.start + phrase.start(), token.start + phrase.end())
            nodes.append(ast.FreeText(unquote(phrase[1]), True, span))
            at = phrase.end()
        return nodes + self.bare(token, at, len(token.value))

    def phrases(self, token: Words) -> list[re.Match[str]]:
        """Return the quoted phrases among words; none when one stands in parentheses, which it would tear apart."""
        found = list(_PHRASE.finditer(token.value))
        at = 0
        for phrase in found:
            between = token.value[at : phrase.start()]
            if between.count("(") != between.count(")"):
                return []
            at = phrase.end()
        return found

    def bare(self, token: Words, start: int, end: int) -> list[ast.SearchNode]:
        """Return the words of a part of a token."""
        text = token.value[start:end]
        words = text.strip()
        if not words:
            return []
        begin = token.start + start + len(text) - len(text.lstrip())
        if words[0] == "(" and start > 0:
            # After a phrase, parentheses begin a term of their own, as they would alone.
            tokens, _ = read_terms(self.reader.part(begin + len(words)), begin)
            inner = self.terms(tokens)
            return [] if inner is None else [inner]
        # A quote that opens nothing is literal; as a phrase it stays so whatever quotes are written after it.
        literal = _OPENING_QUOTE.search(words) is not None
        return [ast.FreeText(words, literal, ast.Span(begin, begin + len(words)))]

    def filter(self, token: FilterToken) -> ast.Filter | ast.Has | ast.Is:
        """Return the meaning of one filter."""
        self._check(token.invalid, token)
        span = ast.Span(token.start, token.end)
        if isinstance(token.value, TextValue) and token.kind is FilterKind.HAS:
            return ast.Has(self.has_key(token.value), token.negated, span)
        if isinstance(token.value, TextValue) and token.kind is FilterKind.IS:
            return ast.Is(_state(token.value), token.negated, span)
        operator, value, excluded = filter_operand(token)
        return ast.Filter(self.key(token.key), operator, value, token.negated != excluded, span)

    def key(self, key: Key) -> ast.FilterKey:
        """Return the key of a filter; backticked arguments become searches."""
        span = ast.Span(key.start, key.end)
        match key:
            case KeySimple():
                return ast.Key(key.value, key.quoted, key.element, span)
            case KeyTag():
                return ast.TagKey(key.key.value, key.type, span)
            case KeyAggregate():
                return ast.AggregateKey(key.name.value, tuple(map(self.argument, key.params or ())), span)

    def argument(self, param: Param) -> str | ast.Search:
        """Return one argument of an aggregate."""
        if param.predicate is None:
            text = param.value or ""
            return unquote(text[1:-1]) if param.quoted else text
        if self.nesting >= MAX_PREDICATE_NESTING:
            raise SyntaxProblem(
                f"Backticked searches nest deeper than {MAX_PREDICATE_NESTING} levels.",
                span=ast.Span(param.start, param.end),
            )
        start, end = param.predicate
        reader = make_reader(self.reader.text, self.reader.config, self.reader.now, end=end)
        return read_search(reader, start, self.nesting + 1)[0]

    def has_key(self, value: TextValue) -> ast.Key | ast.TagKey:
        """Return the key that `has:` asks for."""
        span = ast.Span(value.start, value.end)
        if value.quoted:
            return ast.Key(unquote(value.value), True, False, span)
        key = read_key(self.reader.part(value.end), value.start)
        if key is not None and key.end == value.end and not isinstance(key, KeyAggregate):
            found = self.key(key)
            if not isinstance(found, ast.AggregateKey):
                return found
        raise SyntaxProblem(
            f"`{value.value}` is not the name of a field or tag.",
            span=span,
            suggestion='Write has:key, has:"quoted:key" or has:tags[key].',
        )

    def _check(self, invalid: Invalid | None, token: FilterToken | Words | Connective) -> None:
        if invalid is not None:
            span = ast.Span(token.start, token.end)
            raise SyntaxProblem(invalid.reason, span=span, suggestion=_ADVICE.get(invalid.type, ""))


def _join(
    connective: Callable[[tuple[ast.SearchNode, ...], ast.Span], ast.And | ast.Or], terms: list[ast.SearchNode]
) -> ast.SearchNode:
    """Return one node for all terms; nested nodes of the same connective are flattened."""
    flat: list[ast.SearchNode] = []
    for term in terms:
        if isinstance(term, (ast.And, ast.Or)) and type(term) is connective:
            flat += term.terms
        else:
            flat.append(term)
    if len(flat) == 1:
        return flat[0]
    return connective(tuple(flat), ast.Span(terms[0].span.start, terms[-1].span.end))


def _state(value: TextValue) -> str:
    return unquote(value.value) if value.quoted else unescape_bare(value.value)


def _dangling(token: Connective, side: str) -> SyntaxProblem:
    return SyntaxProblem(
        f"{token.value} needs a condition on its {side}.",
        span=ast.Span(token.start, token.end),
        suggestion=f'Add one, or write "{token.value.lower()}" in quotes to search for the word.',
    )
