"""Text to tree."""

from __future__ import annotations

from dataclasses import dataclass

from queries import ast


@dataclass(frozen=True, slots=True)
class ParseWarning:
    """Something that reads differently from what was probably meant."""

    message: str
    span: ast.Span
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree and what looked odd in its text."""

    query: ast.Query
    warnings: tuple[ParseWarning, ...]


def parse_with_warnings(text: str) -> Parsed:
    """Read a query; SyntaxProblem when it does not follow the grammar."""
    raise NotImplementedError


def parse(text: str) -> ast.Query:
    """Read a query; SyntaxProblem when it does not follow the grammar."""
    return parse_with_warnings(text).query
