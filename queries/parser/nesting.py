"""Stages that hold other pipelines in parentheses: join and union."""

from __future__ import annotations

from collections.abc import Callable

from queries import ast
from queries.errors import SyntaxProblem
from queries.lexer import Lex, Lexeme, Lexer
from queries.parser.clauses import duration, expect
from queries.parser.expressions import ExpressionParser, unexpected

ReadPipeline = Callable[[int], tuple[ast.Pipeline, int]]
"""From the position after `(` to the pipeline there and the position of its `)`."""


def read_join(lexer: Lexer, word: Lexeme, read_pipeline: ReadPipeline) -> ast.Stage:
    """Read `join [kind] other on keys [within duration]`."""
    kind = ast.JoinKind.INNER
    for option in ast.JoinKind:
        if lexer.peek.is_word(option.value) and not lexer.after_peek().is_word("on"):
            kind = option
            lexer.next()
            break
    other = _other(lexer, read_pipeline, "join")
    expect(lexer, "on", "`on` and the columns that are equal")
    keys = [_key(lexer)]
    while lexer.peek.is_sign(","):
        lexer.next()
        keys.append(_key(lexer))
    end, within = keys[-1].span.end, None
    if lexer.peek.is_word("within"):
        lexer.next()
        within = duration(lexer)
        end = within.span.end
    return ast.Join(kind, other, tuple(keys), within, ast.Span(word.start, end))


def _key(lexer: Lexer) -> ast.JoinKey:
    expr = ExpressionParser(lexer).expression()
    match expr:
        case ast.Name():
            return ast.JoinKey(expr, expr, expr.span)
        case ast.Binary(op="=", left=ast.Name() as left, right=ast.Name() as right):
            return ast.JoinKey(left, right, expr.span)
        case _:
            raise SyntaxProblem(
                "A join compares columns.",
                span=expr.span,
                suggestion="Write on trace, or on a = b when the other side calls it b; make other values by extend.",
            )


def read_union(lexer: Lexer, word: Lexeme, read_pipeline: ReadPipeline) -> ast.Stage:
    """Read `union other, …`."""
    others: list[ast.Pipeline | ast.Name] = []
    while True:
        others.append(_other(lexer, read_pipeline, "union"))
        if not lexer.peek.is_sign(","):
            break
        lexer.next()
    return ast.Union(tuple(others), ast.Span(word.start, lexer.before))


def _other(lexer: Lexer, read_pipeline: ReadPipeline, stage: str) -> ast.Pipeline | ast.Name:
    token = lexer.peek
    if token.is_sign("("):
        pipeline, close = read_pipeline(token.end)
        lexer.move(close)
        if not lexer.peek.is_sign(")"):
            raise SyntaxProblem("This `(` is never closed.", span=token.span, suggestion="Add `)`.")
        lexer.next()
        return pipeline
    if token.kind is Lex.WORD:
        lexer.next()
        return ast.Name(token.text, False, token.span)
    raise unexpected(token, f"a name, or a pipeline in parentheses, to {stage}")
