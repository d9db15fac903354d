"""Text to tree: the pipe language around the search language.

`pipeline` reads a whole text, `source` its `from`, `stages` what stands between pipes, `expressions` and `literals`
what stages hold; `words` is the table of stages and data sets.
"""

from __future__ import annotations

from dataclasses import dataclass

from queries import ast
from queries.parser.expressions import RESERVED
from queries.parser.pipeline import PipelineParser
from queries.parser.warnings import ParseWarning
from queries.parser.words import STAGES
from queries.search.tree import shallow

__all__ = ["RESERVED", "STAGES", "ParseWarning", "Parsed", "parse", "parse_with_warnings"]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree and what looked odd in its text."""

    query: ast.Query
    warnings: tuple[ParseWarning, ...]


def parse_with_warnings(text: str) -> Parsed:
    """Return the tree of a query and warnings about text that was probably meant otherwise.

    Raises:
        SyntaxProblem: with the exact place, the reason and what to write instead.
    """
    parser = PipelineParser(text)
    with shallow(text):
        query = parser.query()
    return Parsed(query, tuple(parser.warnings[place] for place in sorted(parser.warnings)))


def parse(text: str) -> ast.Query:
    """Return the tree of a query.

    Raises:
        SyntaxProblem: with the exact place, the reason and what to write instead.
    """
    return parse_with_warnings(text).query
