"""Readers of the stages that answer a question of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from queries import ast
from queries.errors import SyntaxProblem
from queries.lexer import Lex, Lexeme, Lexer, unescape_string
from queries.parser.clauses import at_end, by_key, choice, clauses, count, duration, expect, search
from queries.parser.expressions import ExpressionParser, unexpected
from queries.parser.literals import number_literal

_BARE_RELEASE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*+(?=[ \t\r\n;)|]|\Z)")
"""A release without quotes: `shop@2.4.0`, `2.4.0-rc.1+7`."""

_TRACE_SIGNS = {op.value: op for op in ast.TraceOp}


@dataclass(slots=True)
class _Clauses:
    """Optional clauses as far as they were read."""

    lexer: Lexer
    fields: tuple[ast.Named, ...] = ()
    count: int | None = None
    duration: ast.Duration | None = None
    split: ast.Named | None = None
    season: ast.Season | None = None
    sensitivity: float | int | None = None
    against: ast.Search | ast.Period | None = None

    def read_fields(self) -> int:
        """Read fields between commas."""
        self.fields = ExpressionParser(self.lexer).named_list()
        return self.fields[-1].span.end

    def read_count(self) -> int:
        """Read a number of rows."""
        end = self.lexer.peek.end
        self.count = count(self.lexer, "limit")
        return end

    def read_duration(self) -> int:
        """Read a duration."""
        self.duration = duration(self.lexer)
        return self.duration.span.end

    def read_split(self) -> int:
        """Read one key."""
        self.split = ExpressionParser(self.lexer).named()
        return self.split.span.end

    def read_season(self) -> int:
        """Read the word for a season."""
        end = self.lexer.peek.end
        self.season = choice(self.lexer, ast.Season)
        return end

    def read_sensitivity(self) -> int:
        """Read a number above 0."""
        token = self.lexer.peek
        literal = number_literal(self.lexer.next()) if token.kind is Lex.NUMBER else None
        if not isinstance(literal, ast.Number) or literal.value <= 0:
            raise unexpected(token, "a number above 0")
        self.sensitivity = literal.value
        return token.end

    def read_against(self) -> int:
        """Read `rest`, `previous` or a search."""
        token = self.lexer.peek
        if token.is_word("rest"):
            self.lexer.next()
        elif token.is_word("previous"):
            self.lexer.next()
            self.against = ast.Period.PREVIOUS
        elif token.kind is Lex.SEARCH:
            self.against = search(self.lexer).search
        else:
            raise unexpected(token, "rest, previous or a search in backticks")
        return token.end


def _compare(lexer: Lexer, word: Lexeme) -> ast.Stage:
    expect(lexer, "to", "`to` and what to compare with")
    target, end = _compare_target(lexer)
    change: ast.Change | None = None
    if lexer.peek.is_word("as"):
        lexer.next()
        end = lexer.peek.end
        change = choice(lexer, ast.Change)
    return ast.Compare(target, change, ast.Span(word.start, end))


def _compare_target(lexer: Lexer) -> tuple[ast.CompareTarget, int]:
    token = lexer.peek
    if token.kind is Lex.SEARCH:
        found = search(lexer)
        return found.search, found.span.end
    if token.kind is Lex.NUMBER:
        length = duration(lexer, "1d")
        return length, expect(lexer, "ago", "`ago`").end
    if token.is_word("release"):
        lexer.next()
        release = _release(lexer)
        return release, release.span.end
    for period in ast.Period:
        if token.is_word(period.value):
            lexer.next()
            return period, token.end
    raise unexpected(token, "previous, a duration and `ago`, day, week, `release` and its name, or a search")


def _release(lexer: Lexer) -> ast.Release:
    token = lexer.peek
    if token.kind is Lex.STRING:
        lexer.next()
        return ast.Release(ast.String(unescape_string(token.text), token.span), token.span)
    if token.kind is Lex.PARAMETER:
        lexer.next()
        return ast.Release(ast.Name(token.text, False, token.span), token.span)
    bare = _BARE_RELEASE.match(lexer.text, token.start, lexer.end)
    if bare is not None:
        lexer.move(bare.end())
        span = ast.Span(bare.start(), bare.end())
        return ast.Release(ast.String(bare[0], span), span)
    raise unexpected(token, 'the name of a release such as "shop@2.4.0"')


def _histogram(lexer: Lexer, word: Lexeme) -> ast.Stage:
    value = ExpressionParser(lexer).named()
    if lexer.peek.is_word("log"):
        return ast.Histogram(value, None, True, ast.Span(word.start, lexer.next().end))
    end, buckets = value.span.end, None
    if lexer.peek.is_word("buckets"):
        lexer.next()
        end = lexer.peek.end
        buckets = count(lexer, "buckets")
    return ast.Histogram(value, buckets, False, ast.Span(word.start, end))


def _heatmap(lexer: Lexer, word: Lexeme) -> ast.Stage:
    value = ExpressionParser(lexer).named()
    found = _Clauses(lexer)
    end = clauses(lexer, {"every": found.read_duration}, value.span.end)
    return ast.Heatmap(value, found.duration, ast.Span(word.start, end))


def _facets(lexer: Lexer, word: Lexeme) -> ast.Stage:
    found = _Clauses(lexer)
    end = word.end
    if not at_end(lexer) and not lexer.peek.is_word("top"):
        end = found.read_fields()
    end = clauses(lexer, {"top": found.read_count}, end)
    return ast.Facets(found.fields, found.count, ast.Span(word.start, end))


def _diff(lexer: Lexer, word: Lexeme) -> ast.Stage:
    chosen = search(lexer)
    found = _Clauses(lexer)
    readers = {"vs": found.read_against, "on": found.read_fields, "limit": found.read_count}
    end = clauses(lexer, readers, chosen.span.end)
    return ast.Diff(chosen.search, found.against, found.fields, found.count, ast.Span(word.start, end))


def _cluster(lexer: Lexer, word: Lexeme) -> ast.Stage:
    found = _Clauses(lexer)
    end = clauses(lexer, {"on": found.read_fields, "limit": found.read_count}, word.end)
    return ast.Cluster(found.fields, found.count, ast.Span(word.start, end))


def _patterns(lexer: Lexer, word: Lexeme) -> ast.Stage:
    value: ast.Named | None = None
    end = word.end
    if not at_end(lexer) and not lexer.peek.is_word("limit"):
        value = ExpressionParser(lexer).named()
        end = value.span.end
    found = _Clauses(lexer)
    end = clauses(lexer, {"limit": found.read_count}, end)
    return ast.Patterns(value, found.count, ast.Span(word.start, end))


def _anomalies(lexer: Lexer, word: Lexeme) -> ast.Stage:
    found = _Clauses(lexer)
    aggregate: ast.Named | None = None
    end = word.end
    if not at_end(lexer) and not lexer.peek.is_word("season", "sensitivity"):
        aggregate = ExpressionParser(lexer).named()
        end = aggregate.span.end
    end = clauses(lexer, {"season": found.read_season, "sensitivity": found.read_sensitivity}, end)
    return ast.Anomalies(aggregate, found.season, found.sensitivity, ast.Span(word.start, end))


def _changepoint(lexer: Lexer, word: Lexeme) -> ast.Stage:
    if at_end(lexer):
        return ast.Changepoint(None, word.span)
    aggregate = ExpressionParser(lexer).named()
    return ast.Changepoint(aggregate, ast.Span(word.start, aggregate.span.end))


def _rca(lexer: Lexer, word: Lexeme) -> ast.Stage:
    found = _Clauses(lexer)
    aggregate: ast.Named | None = None
    end = word.end
    if not at_end(lexer) and not lexer.peek.is_word("baseline", "limit"):
        aggregate = ExpressionParser(lexer).named()
        end = aggregate.span.end
    end = clauses(lexer, {"baseline": found.read_duration, "limit": found.read_count}, end)
    return ast.Rca(aggregate, found.duration, found.count, ast.Span(word.start, end))


def _correlate(lexer: Lexer, word: Lexeme) -> ast.Stage:
    aggregate = ExpressionParser(lexer).named()
    expect(lexer, "with", "`with` and fields")
    fields = ExpressionParser(lexer).named_list()
    return ast.Correlate(aggregate, fields, ast.Span(word.start, fields[-1].span.end))


def _funnel(lexer: Lexer, word: Lexeme) -> ast.Stage:
    first = search(lexer)
    steps = [first.search]
    while lexer.peek.is_sign("->"):
        lexer.next()
        steps.append(search(lexer).search)
    if len(steps) == 1:
        raise SyntaxProblem(
            "A funnel has at least two steps.", span=first.span, suggestion="Write `first` -> `second`."
        )
    by = by_key(lexer, "who goes through the steps")
    found = _Clauses(lexer)
    end = clauses(lexer, {"within": found.read_duration, "split": found.read_split}, by.span.end)
    return ast.Funnel(tuple(steps), by, found.duration, found.split, ast.Span(word.start, end))


def _sessions(lexer: Lexer, word: Lexeme) -> ast.Stage:
    by = by_key(lexer, "whose sessions these are")
    expect(lexer, "gap", "`gap` and the longest pause within a session")
    gap = duration(lexer, "30min")
    return ast.Sessions(by, gap, ast.Span(word.start, gap.span.end))


def _retention(lexer: Lexer, word: Lexeme) -> ast.Stage:
    by = by_key(lexer, "who comes back")
    expect(lexer, "every", "`every` and the length of a period")
    every = duration(lexer, "1d")
    return ast.Retention(by, every, ast.Span(word.start, every.span.end))


def _trace(lexer: Lexer, word: Lexeme) -> ast.Stage:
    first = search(lexer)
    steps: list[ast.TraceStep] = []
    end = first.span.end
    while lexer.peek.is_sign(*_TRACE_SIGNS):
        sign = lexer.next()
        found = search(lexer)
        end = found.span.end
        steps.append(ast.TraceStep(_TRACE_SIGNS[sign.text], found.search, ast.Span(sign.start, end)))
    return ast.Trace(first.search, tuple(steps), ast.Span(word.start, end))


def _explain(lexer: Lexer, word: Lexeme) -> ast.Stage:
    end = lexer.peek.end
    what = choice(lexer, ast.Explained)
    if not at_end(lexer) or lexer.peek.is_sign("|"):
        raise SyntaxProblem("`explain` is the last stage.", span=lexer.peek.span, suggestion="Remove what follows.")
    return ast.Explain(what, ast.Span(word.start, end))


READERS: Mapping[str, Callable[[Lexer, Lexeme], ast.Stage]] = {
    "compare": _compare,
    "histogram": _histogram,
    "heatmap": _heatmap,
    "facets": _facets,
    "diff": _diff,
    "cluster": _cluster,
    "patterns": _patterns,
    "anomalies": _anomalies,
    "changepoint": _changepoint,
    "rca": _rca,
    "correlate": _correlate,
    "funnel": _funnel,
    "sessions": _sessions,
    "retention": _retention,
    "trace": _trace,
    "explain": _explain,
}
"""By the stage's word; the lexer stands behind it."""
