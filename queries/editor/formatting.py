"""A text as it should be written: canonical, one stage a line when it is long."""

from __future__ import annotations

from dataclasses import replace

from queries import ast
from queries.parser import parse
from queries.printer import print_query, print_stage

LINE = 100
"""Characters of the longest text that stays on one line."""
_INDENT = "    "


def format_text(text: str) -> str:
    """Return the same text in its canonical form; doing it again changes nothing, and it means the same.

    Raises:
        SyntaxProblem: the text cannot be read.
    """
    return format_query(parse(text))


def format_query(query: ast.Query) -> str:
    """Return the text of a tree: on one line, or each `let` and each stage on a line of its own."""
    whole = print_query(query)
    if len(whole) <= LINE:
        return whole
    lets = [_broken(replace(query, lets=(let,), pipeline=ast.Pipeline()), let.value) for let in query.lets]
    main = _broken(replace(query, lets=()), query.pipeline)
    return "\n".join([*lets, main] if main else lets)


def _broken(query: ast.Query, value: ast.Pipeline | ast.Expr) -> str:
    """Return the text of a query whose one pipeline is `value`, broken before the pipes of its stages."""
    text = print_query(query)
    if not isinstance(value, ast.Pipeline) or len(text) <= LINE or not value.stages:
        return text
    stages = [f"| {print_stage(stage)}" for stage in value.stages]
    end = ";" if query.lets else ""
    tail = f"{' '.join(stages)}{end}"
    head = text.removesuffix(tail).rstrip()
    if head == text.rstrip():
        return text  # printed otherwise than stage by stage, so it is left in one piece
    inside = _INDENT if query.lets else ""
    lines = [f"{inside}{stage}" for stage in stages]
    return "\n".join([head, *lines] if head else lines) + end
