"""The whole text: `let` bindings, the source, the search, and the stages between pipes.

Where a search ends and a stage begins is decided while the search is read: its grammar asks, at every `|` that stands
between terms, whether that is a pipe. Quotes, lists, regular expressions and parentheses therefore hide a `|` by
themselves.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from functools import partial

from queries import ast
from queries.errors import SyntaxProblem
from queries.lexer import Lex, Lexer
from queries.parser.expressions import ExpressionParser, unexpected
from queries.parser.source import (
    read_source,
    skip_blanks,
    source_problem,
    trailing_time,
    unknown_source,
)
from queries.parser.stages import read_stage
from queries.parser.warnings import ParseWarning, warn_of_source, warn_of_stage, warn_of_words
from queries.parser.words import KNOWN_STAGES, SOURCES
from queries.search.config import SearchConfig
from queries.search.datasets import AMBER, config_for
from queries.search.grammar import read_terms
from queries.search.reader import Reader, make_reader
from queries.search.tokens import Token
from queries.search.tree import build_search

_LET = re.compile(r"let[ \t\r\n]++([A-Za-z_][A-Za-z0-9_]*+)[ \t\r\n]*+=(?![=~])", re.IGNORECASE)
_FROM = re.compile(r"from\b(?![.:\[(-])", re.IGNORECASE)
_PIPE = re.compile(r"\|([ \t\r\n]*+)([A-Za-z][A-Za-z0-9_]*+(?:-[A-Za-z0-9_]++)*+)?")
_FOLLOWS = re.compile(r"[\w.:\[-]")
MAX_DEPTH = 8
"""Pipelines in parentheses, one inside the other."""

_ANY_TIME = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


@dataclass(slots=True)
class PipelineParser:
    """Reads one text.

    Attributes:
        names: names bound by `let`, with the data sets they read.
        warnings: by position, because a place may be looked at twice.
        depth: pipelines in parentheses around the one being read.
    """

    text: str
    names: dict[str, frozenset[str]] = field(default_factory=dict)
    warnings: dict[int, ParseWarning] = field(default_factory=dict)
    depth: int = 0

    def query(self) -> ast.Query:
        """Read the whole text.

        Raises:
            SyntaxProblem: at the first place that does not follow the grammar.
        """
        lets: list[ast.Let] = []
        position = skip_blanks(self.text, 0)
        start = position
        while (match := _LET.match(self.text, position)) is not None:
            binding = self._let(match)
            lets.append(binding)
            self.names[binding.name] = self._datasets(binding.value)
            position = skip_blanks(self.text, binding.span.end)
        pipeline, end = self._pipeline(position, in_let=False, strict=bool(lets))
        if end < len(self.text):
            raise SyntaxProblem("The query cannot go on here.", span=ast.Span(end, end + 1))
        return ast.Query(tuple(lets), pipeline, ast.Span(start, end))

    def _datasets(self, value: ast.Pipeline | ast.Expr) -> frozenset[str]:
        if not isinstance(value, ast.Pipeline) or value.source is None:
            return frozenset()
        return frozenset().union(*(self.names.get(name.name, {name.name}) for name in value.source.names))

    def _let(self, match: re.Match[str]) -> ast.Let:
        position = skip_blanks(self.text, match.end())
        value: ast.Pipeline | ast.Expr
        if _FROM.match(self.text, position):
            wrong = unknown_source(self.text, position, frozenset(self.names))
            if wrong is not None:
                raise source_problem(*wrong, frozenset(self.names))
            value, end = self._pipeline(position, in_let=True, strict=True)
            if value.source is None:
                raise SyntaxProblem(
                    "A data set must follow `from`.",
                    span=ast.Span(position, position + len("from")),
                    suggestion=f"Data sets are {', '.join(sorted(SOURCES))}.",
                )
        else:
            lexer = Lexer(self.text, position, len(self.text), AMBER)
            value = ExpressionParser(lexer).expression()
            if not lexer.peek.is_sign(";") and lexer.peek.kind is not Lex.END:
                raise unexpected(lexer.peek, "`;`")
            end = lexer.peek.start
        if not self.text.startswith(";", end):
            raise SyntaxProblem(
                f"The `let` of {match[1]} is not finished.",
                span=ast.Span(match.start(), match.end(1)),
                suggestion="End it with `;`.",
            )
        return ast.Let(match[1], value, ast.Span(match.start(), end + 1))

    def _pipeline(self, position: int, *, in_let: bool, strict: bool) -> tuple[ast.Pipeline, int]:
        start = position
        found = read_source(self.text, position, frozenset(self.names))
        source = None
        if found is not None:
            source, position = found
        else:
            self._warn(position, warn_of_source(self.text, position, frozenset(self.names)))
        config = self._config(source)
        position = skip_blanks(self.text, position)
        reader = make_reader(
            self.text,
            config,
            _ANY_TIME,
            in_let=in_let,
            stop=partial(self._is_pipe, position, strict or source is not None),
        )
        reader.enclosed = self.depth > 0
        tokens, after = read_terms(reader, position)
        if source is not None:
            source, tokens = self._take_trailing_time(reader, source, tokens)
        search = build_search(reader, tokens)
        for warning in warn_of_words(self.text, search, source):
            self._warn(warning.span.start, warning)
        stages, position = self._stages(after, config, in_let=in_let)
        ends = [part.span.end for part in (source, source and source.time, search.root, *stages) if part is not None]
        whole = ast.Span(start, max([start, *ends]))
        return ast.Pipeline(source, None if search.root is None else search, stages, whole), position

    def _config(self, source: ast.Source | None) -> SearchConfig:
        """Return the types of keys for what is read; the data sets of a `let` name are those of its pipeline."""
        if source is None:
            return AMBER
        return config_for(frozenset().union(*(self.names.get(name.name, {name.name}) for name in source.names)))

    def _take_trailing_time(
        self, reader: Reader, source: ast.Source, tokens: tuple[Token, ...]
    ) -> tuple[ast.Source, tuple[Token, ...]]:
        """Take a time range that is the last words of the search to the source."""
        start = tokens[0].start
        time = trailing_time(self.text, start, tokens[-1].end)
        if time is None:
            return source, tokens
        if source.time is not None:
            first, second = (self.text[span.start : span.end] for span in (source.time.span, time.span))
            raise SyntaxProblem(
                f"Two time ranges are given: `{first}` and `{second}`.",
                span=time.span,
                suggestion="Keep one, or put the words in quotes.",
            )
        rest, _ = read_terms(reader.part(time.span.start), start)
        return replace(source, time=time), rest

    def _is_pipe(self, search_start: int, strict: bool, at: int) -> bool:
        """Return whether the `|` at `at` is a pipe; in a bare search only when a known stage follows."""
        if at > search_start and self.text[at - 1] not in " \t\r\n":
            return False
        match = _PIPE.match(self.text, at)
        if match is None:
            return False
        word = "" if match[2] is None or _FOLLOWS.match(self.text, match.end()) else match[2].lower()
        spaced = bool(match[1]) or at + 1 >= len(self.text)
        if strict:
            return spaced or word in KNOWN_STAGES
        if spaced and word in KNOWN_STAGES:
            return True
        if spaced and word:
            self._warn(at, warn_of_stage(word, match.start(2)))
        return False

    def _stages(self, position: int, config: SearchConfig, *, in_let: bool) -> tuple[tuple[ast.Stage, ...], int]:
        stages: list[ast.Stage] = []
        if not self.text.startswith("|", position):
            return (), position
        lexer = Lexer(self.text, position, len(self.text), config)
        while lexer.peek.is_sign("|"):
            lexer.move(lexer.peek.end)
            stages.append(read_stage(lexer, partial(self._enclosed, in_let=in_let)))
        ended = lexer.peek.is_sign(")") if self.depth else in_let and lexer.peek.is_sign(";")
        if ended or lexer.peek.kind is Lex.END:
            return tuple(stages), lexer.peek.start
        raise unexpected(lexer.peek, "`|` or `)`" if self.depth else "`|` or the end")

    def _enclosed(self, position: int, *, in_let: bool) -> tuple[ast.Pipeline, int]:
        """Read the pipeline in the parentheses of a stage; returns the position of what ends it."""
        start = skip_blanks(self.text, position)
        if self.depth >= MAX_DEPTH:
            message = f"Pipelines stand in at most {MAX_DEPTH} others."
            raise SyntaxProblem(message, span=ast.Span(position, position + 1))
        wrong = unknown_source(self.text, start, frozenset(self.names))
        if wrong is not None:
            raise source_problem(*wrong, frozenset(self.names))
        self.depth += 1
        try:
            return self._pipeline(start, in_let=in_let, strict=True)
        finally:
            self.depth -= 1

    def _warn(self, position: int, warning: ParseWarning | None) -> None:
        if warning is not None:
            self.warnings[position] = warning
