"""Parts that several stages have: keys after `by`, counts, durations, searches, closed sets of words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeVar

from queries import ast
from queries.errors import SyntaxProblem
from queries.lexer import Lex, Lexeme, Lexer
from queries.parser.expressions import ExpressionParser, unexpected
from queries.parser.literals import duration_literal, number_literal

MAX_COUNT = 2**63 - 1
"""Largest number of rows a stage can be told to keep."""

_Choice = TypeVar("_Choice", bound=Enum)


def at_end(lexer: Lexer) -> bool:
    """Return whether the stage ends here."""
    return lexer.peek.kind is Lex.END or lexer.peek.is_sign("|", ";", ")")


def by_keys(lexer: Lexer) -> tuple[ast.Named, ...]:
    """Read `by` and keys, or nothing."""
    if not lexer.peek.is_word("by"):
        return ()
    lexer.next()
    return ExpressionParser(lexer).named_list()


def by_key(lexer: Lexer, what: str) -> ast.Named:
    """Read `by` and one key."""
    expect(lexer, "by", f"`by` and {what}")
    return ExpressionParser(lexer).named()


def by_expression(lexer: Lexer) -> ast.Expr:
    """Read `by` and an expression to rank by."""
    expect(lexer, "by", "`by` and what to rank by")
    return ExpressionParser(lexer).expression()


def expect(lexer: Lexer, word: str, wanted: str) -> Lexeme:
    """Read a word that must stand here.

    Raises:
        SyntaxProblem: another one does.
    """
    if not lexer.peek.is_word(word):
        raise unexpected(lexer.peek, wanted)
    return lexer.next()


def count(lexer: Lexer, stage: str) -> int:
    """Read a number of rows.

    Raises:
        SyntaxProblem: what stands here is no whole number that fits.
    """
    token = lexer.peek
    if token.kind is not Lex.NUMBER:
        raise unexpected(token, f"the number of rows `{stage}` keeps")
    literal = number_literal(lexer.next())
    if isinstance(literal, ast.Number) and isinstance(literal.value, int) and literal.value <= MAX_COUNT:
        return literal.value
    raise SyntaxProblem(f"`{token.text}` is not a number of rows.", span=token.span, suggestion="Write one such as 20.")


def duration(lexer: Lexer, example: str = "5m") -> ast.Duration:
    """Read a duration."""
    if lexer.peek.kind is not Lex.NUMBER:
        raise unexpected(lexer.peek, f"a duration such as {example}")
    return duration_literal(lexer.next())


def search(lexer: Lexer) -> ast.SearchExpr:
    """Read a search in backticks."""
    if lexer.peek.kind is not Lex.SEARCH:
        raise unexpected(lexer.peek, "a search in backticks")
    found = ExpressionParser(lexer).primary()
    assert isinstance(found, ast.SearchExpr)
    return found


def choice(lexer: Lexer, choices: type[_Choice]) -> _Choice:
    """Read one of the words of a closed set."""
    for option in choices:
        if lexer.peek.is_word(option.value):
            lexer.next()
            return option
    *first, last = [option.value for option in choices]
    raise unexpected(lexer.peek, f"{', '.join(first)} or {last}")


def clauses(lexer: Lexer, readers: Mapping[str, Callable[[], int]], end: int) -> int:
    """Read clauses in any order, each at most once.

    Args:
        lexer: stands behind what comes before the clauses.
        readers: by the clause's first word, which is read already when the reader is called; returns where it ends.
        end: where the stage ends without clauses.

    Returns:
        Where the last clause ends.

    Raises:
        SyntaxProblem: a clause is given twice.
    """
    seen: set[str] = set()
    while lexer.peek.is_word(*readers):
        word = lexer.next()
        name = word.text.lower()
        if name in seen:
            raise SyntaxProblem(f"`{name}` is given twice.", span=word.span, suggestion="Keep one of them.")
        seen.add(name)
        end = readers[name]()
    return end
