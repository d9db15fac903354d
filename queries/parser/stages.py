"""One function for each stage; each leaves the lexer at the token after the stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from queries import ast
from queries.errors import SyntaxProblem
from queries.lexer import Lex, Lexeme, Lexer
from queries.parser.expressions import ExpressionParser, unexpected
from queries.parser.literals import duration_literal, number_literal
from queries.parser.words import LATER_STAGES, STAGES, nearest_stage

MAX_COUNT = 2**63 - 1
"""Largest number of rows a stage can be told to keep."""


def read_stage(lexer: Lexer) -> ast.Stage:
    """Read the stage at the lexer's position.

    Raises:
        SyntaxProblem: the stage is not known, not available yet, or not complete.
    """
    word = lexer.stage_word()
    name = word.text.lower()
    reader = _READERS.get(name)
    if reader is None:
        raise _no_such_stage(word)
    return reader(lexer, word)


def _no_such_stage(word: Lexeme) -> SyntaxProblem:
    name = word.text.lower()
    available = f"Stages are {', '.join(STAGES)}."
    if not name:
        return SyntaxProblem("A stage must follow the pipe.", span=word.span, suggestion=available)
    if name in LATER_STAGES:
        return SyntaxProblem(
            f"The stage `{name}` is not available yet.",
            span=word.span,
            suggestion=available,
            code="query-not-available",
        )
    near = nearest_stage(name)
    advice = f"Did you mean {near}?" if near else available
    return SyntaxProblem(f"`{word.text}` is not a stage.", span=word.span, suggestion=advice)


def _where(lexer: Lexer, word: Lexeme) -> ast.Stage:
    condition = ExpressionParser(lexer).expression()
    return ast.Where(condition, word.text.lower(), ast.Span(word.start, condition.span.end))


def _extend(lexer: Lexer, word: Lexeme) -> ast.Stage:
    items = ExpressionParser(lexer).named_list()
    for item in items:
        if item.name is None:
            raise SyntaxProblem(
                "`extend` gives each new column a name.", span=item.span, suggestion="Write name = expression."
            )
    return ast.Extend(items, ast.Span(word.start, items[-1].span.end))


def _project(lexer: Lexer, word: Lexeme) -> ast.Stage:
    items = ExpressionParser(lexer).named_list()
    return ast.Project(items, ast.Span(word.start, items[-1].span.end))


def _summarize(lexer: Lexer, word: Lexeme) -> ast.Stage:
    aggregates = _aggregates(lexer, word)
    keys = _by_keys(lexer)
    last = (keys or aggregates)[-1]
    return ast.Summarize(aggregates, keys, ast.Span(word.start, last.span.end))


def _aggregates(lexer: Lexer, word: Lexeme) -> tuple[ast.Named, ...]:
    if lexer.peek.is_word("by", "every") or lexer.peek.kind is Lex.END or lexer.peek.is_sign("|", ";"):
        raise SyntaxProblem(
            f"`{word.text.lower()}` needs an aggregate.", span=word.span, suggestion="Write one such as n=count()."
        )
    return ExpressionParser(lexer).named_list()


def _by_keys(lexer: Lexer) -> tuple[ast.Named, ...]:
    if not lexer.peek.is_word("by"):
        return ()
    lexer.next()
    return ExpressionParser(lexer).named_list()


def _make_series(lexer: Lexer, word: Lexeme) -> ast.Stage:
    aggregates = _aggregates(lexer, word)
    end = aggregates[-1].span.end
    every: ast.Duration | None = None
    keys: tuple[ast.Named, ...] = ()
    top: ast.SeriesTop | None = None
    fill: ast.Fill | None = None
    seen: set[str] = set()
    while lexer.peek.is_word("every", "by", "top", "fill"):
        clause = lexer.peek
        name = clause.text.lower()
        if name in seen:
            raise SyntaxProblem(f"`{name}` is given twice.", span=clause.span, suggestion="Keep one of them.")
        seen.add(name)
        if name == "by":
            keys = _by_keys(lexer)
            end = keys[-1].span.end
            continue
        lexer.next()
        if name == "every":
            every = _duration(lexer)
            end = every.span.end
        elif name == "top":
            top = _series_top(lexer, clause)
            end = top.span.end
        else:
            end = lexer.peek.end
            fill = _fill(lexer)
    return ast.MakeSeries(aggregates, every, keys, top, fill, ast.Span(word.start, end))


def _duration(lexer: Lexer) -> ast.Duration:
    if lexer.peek.kind is not Lex.NUMBER:
        raise unexpected(lexer.peek, "a duration such as 5m")
    return duration_literal(lexer.next())


def _series_top(lexer: Lexer, word: Lexeme) -> ast.SeriesTop:
    count = _count(lexer, "top")
    by = _by_expression(lexer)
    end, other = by.span.end, lexer.peek.is_word("other")
    if other:
        end = lexer.next().end
    return ast.SeriesTop(count, by, other, ast.Span(word.start, end))


def _by_expression(lexer: Lexer) -> ast.Expr:
    if not lexer.peek.is_word("by"):
        raise unexpected(lexer.peek, "`by` and what to rank by")
    lexer.next()
    return ExpressionParser(lexer).expression()


def _fill(lexer: Lexer) -> ast.Fill:
    token = lexer.peek
    for choice in ast.Fill:
        if token.is_word(choice.value):
            lexer.next()
            return choice
    raise unexpected(token, "zero, null, linear or forward")


def _sort(lexer: Lexer, word: Lexeme) -> ast.Stage:
    if lexer.peek.is_word("by"):
        raise SyntaxProblem("`sort` takes no `by`.", span=lexer.peek.span, suggestion="Write `sort n desc`.")
    keys = [_sort_key(lexer)]
    while lexer.peek.is_sign(","):
        lexer.next()
        keys.append(_sort_key(lexer))
    return ast.Sort(tuple(keys), ast.Span(word.start, keys[-1].span.end))


def _sort_key(lexer: Lexer) -> ast.SortKey:
    expr = ExpressionParser(lexer).expression()
    descending, end = _direction(lexer, default=False)
    return ast.SortKey(expr, descending, ast.Span(expr.span.start, end or expr.span.end))


def _direction(lexer: Lexer, *, default: bool) -> tuple[bool, int]:
    """Return whether the order is descending, and where its word ends (0 when there is none)."""
    if not lexer.peek.is_word("asc", "desc"):
        return default, 0
    token = lexer.next()
    return token.is_word("desc"), token.end


def _limit(lexer: Lexer, word: Lexeme) -> ast.Stage:
    end = lexer.peek.end
    return ast.Limit(_count(lexer, "limit"), ast.Span(word.start, end))


def _count(lexer: Lexer, stage: str) -> int:
    token = lexer.peek
    if token.kind is not Lex.NUMBER:
        raise unexpected(token, f"the number of rows `{stage}` keeps")
    literal = number_literal(lexer.next())
    if isinstance(literal, ast.Number) and isinstance(literal.value, int) and literal.value <= MAX_COUNT:
        return literal.value
    raise SyntaxProblem(f"`{token.text}` is not a number of rows.", span=token.span, suggestion="Write one such as 20.")


def _top(lexer: Lexer, word: Lexeme) -> ast.Stage:
    count = _count(lexer, "top")
    per: tuple[ast.Named, ...] = ()
    if lexer.peek.is_word("per"):
        lexer.next()
        per = ExpressionParser(lexer).named_list()
    by = _by_expression(lexer)
    descending, end = _direction(lexer, default=True)
    end = end or by.span.end
    other = lexer.peek.is_word("other")
    if other:
        end = lexer.next().end
    return ast.Top(count, by, per, descending, other, ast.Span(word.start, end))


def _facets(lexer: Lexer, word: Lexeme) -> ast.Stage:
    fields: tuple[ast.Named, ...] = ()
    count: int | None = None
    end = word.end
    if lexer.peek.kind is not Lex.END and not lexer.peek.is_sign("|", ";") and not lexer.peek.is_word("top"):
        fields = ExpressionParser(lexer).named_list()
        end = fields[-1].span.end
    if lexer.peek.is_word("top"):
        lexer.next()
        end = lexer.peek.end
        count = _count(lexer, "top")
    return ast.Facets(fields, count, ast.Span(word.start, end))


_READERS: Mapping[str, Callable[[Lexer, Lexeme], ast.Stage]] = {
    "where": _where,
    "having": _where,
    "extend": _extend,
    "project": _project,
    "summarize": _summarize,
    "make-series": _make_series,
    "sort": _sort,
    "limit": _limit,
    "top": _top,
    "facets": _facets,
}
