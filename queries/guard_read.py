"""How the guard reads a statement: from its text alone, with SQLGlot's own dialect.

Ibis registers a dialect of its own under the same name; its classes cannot be made where SQLGlot is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sqlglot import expressions as exp
from sqlglot.dialects.clickhouse import ClickHouse
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from queries.errors import GuardRefusal

_QUOTED = re.compile(
    r"""'(?:[^'\\]++|\\.?)*+(?:'|\Z)|"(?:[^"\\]++|\\.?)*+(?:"|\Z)|`(?:[^`\\]++|\\.?)*+(?:`|\Z)""", re.DOTALL
)
"""What stands between quotes, in which a backslash escapes; a doubled quote ends one text and begins the next."""

MOST_NESTED: Final = 300
"""Brackets inside of brackets: a reader that calls itself for each of them has no end of stack before this."""

_OPENING = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE})
_CLOSING = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE})


def read_statement(sql: str) -> exp.Query:
    """Return the tree of a statement.

    Raises:
        GuardRefusal: it is not one SELECT, cannot be read, nests too deeply, or holds comments.
    """
    outside = _QUOTED.sub("", sql)
    if "--" in outside or "/*" in outside or "#" in outside:
        raise GuardRefusal("Comments are not allowed.")
    dialect = ClickHouse()
    try:
        tokens = dialect.tokenize(sql)
        if depth(tokens) > MOST_NESTED:
            raise GuardRefusal("The statement nests too deeply.")
        trees = dialect.parser().parse(tokens, sql)
    except (SqlglotError, RecursionError) as error:
        raise GuardRefusal("The statement cannot be read.") from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise GuardRefusal("Exactly one SELECT is allowed.")
    return trees[0]


def depth(tokens: Sequence[Token]) -> int:
    """Return how many brackets stand inside of each other at most. Compiled, SQLGlot meets no limit of calls there."""
    deepest = now = 0
    for token in tokens:
        if token.token_type in _OPENING:
            now += 1
            deepest = max(deepest, now)
        elif token.token_type in _CLOSING:
            now -= 1
    return deepest


def nodes_of(tree: exp.Expr) -> list[exp.Expr]:
    """Return every node of a tree, looked up once for all rules."""
    nodes = [tree]
    for node in nodes:  # grows meanwhile
        for value in node.args.values():
            if isinstance(value, list):
                nodes += [part for part in value if isinstance(part, exp.Expr)]
            elif isinstance(value, exp.Expr):
                nodes.append(value)
    return nodes
