"""The search tree as canonical text."""

from __future__ import annotations

import re
from typing import assert_never

from queries import ast
from queries.printer_values import print_duration, print_instant, print_percentage, print_relative, print_size
from queries.search.escapes import escape_bare, escape_stars, quote
from queries.search.numbers import digits_of

_PARAM = re.compile(r'[^()\s, "`][^()\s, "]*')
_TAG_NAME = re.compile(r"[a-zA-Z0-9_.-]+")
_STATE = re.compile(r"[\w.-]+")
_PIPE = re.compile(r"(?:\A|\s)\|")
_BACKTICKS = re.compile(r"`+")
_OPERATORS = {
    ast.TextMatch.CONTAINS: "Contains",
    ast.TextMatch.STARTS_WITH: "StartsWith",
    ast.TextMatch.ENDS_WITH: "EndsWith",
}


def print_search(search: ast.Search) -> str:
    """Return the text of a search; reading it gives the same tree."""
    return "" if search.root is None else _node(search.root)


def print_predicate(search: ast.Search) -> str:
    """Return a search between backticks, as many as it takes not to meet a run of them inside."""
    text = print_search(search)
    fence = "`" * (1 + max((len(run) for run in _BACKTICKS.findall(text)), default=0))
    space = " " if not text or text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{space}{text}{space}{fence}"


def key_text(key: ast.FilterKey) -> str:
    """Return the key of a filter as it is written."""
    return _key(key)


def edge_words(node: ast.SearchNode, *, last: bool) -> ast.FreeText | None:
    """Return the bare words a search starts or ends with, or None when it is something else."""
    while isinstance(node, (ast.And, ast.Or)):
        node = node.terms[-1 if last else 0]
    return node if isinstance(node, ast.FreeText) and not node.quoted else None


def _node(node: ast.SearchNode) -> str:
    match node:
        case ast.And():
            return _conjunction(node)
        case ast.Or():
            return " OR ".join(f"({_node(term)})" if isinstance(term, ast.Or) else _node(term) for term in node.terms)
        case ast.FreeText():
            return _words(node)
        case ast.Has():
            return f"{'!' * node.negated}has:{_has_key(node.key)}"
        case ast.Is():
            state = node.state if _STATE.fullmatch(node.state) else quote(node.state)
            return f"{'!' * node.negated}is:{state}"
        case ast.Filter():
            return _filter(node)
        case _:
            assert_never(node)


def _conjunction(node: ast.And) -> str:
    parts: list[str] = []
    previous: ast.SearchNode | None = None
    for term in node.terms:
        # Two runs of words side by side would be read as one.
        if isinstance(previous, ast.FreeText) and isinstance(term, ast.FreeText):
            parts.append("AND")
        parts.append(f"({_node(term)})" if isinstance(term, (ast.And, ast.Or)) else _node(term))
        previous = term
    return " ".join(parts)


def _words(node: ast.FreeText) -> str:
    if node.quoted:
        return quote(node.text)
    return f"({node.text})" if _PIPE.search(node.text) else node.text


def _has_key(key: ast.Key | ast.TagKey) -> str:
    return quote(key.name) if isinstance(key, ast.Key) and key.quoted else _key(key)


def _key(key: ast.FilterKey) -> str:
    match key:
        case ast.Key():
            name = f'"{key.name}"' if key.quoted else key.name
            return f"{name}[*]" if key.element else name
        case ast.TagKey():
            name = key.name if _TAG_NAME.fullmatch(key.name) else quote(key.name)
            return f"tags[{name}]" if key.type is None else f"tags[{name},{key.type.value}]"
        case ast.AggregateKey():
            return f"{key.name}({', '.join(map(_argument, key.args))})"
        case _:
            assert_never(key)


def _argument(argument: str | ast.Search) -> str:
    if isinstance(argument, ast.Search):
        return print_predicate(argument)
    return argument if _PARAM.fullmatch(argument) else quote(argument)


def _filter(node: ast.Filter) -> str:
    sign = "" if node.op is ast.Op.EQ else node.op.value
    return f"{'!' * node.negated}{_key(node.key)}:{sign}{print_filter_value(node.value)}"


def print_filter_value(value: ast.FilterValue) -> str:  # noqa: C901  # one case for each of a closed union
    """Return the right side of a filter."""
    match value:
        case ast.Text():
            return _OPERATORS.get(value.match, "") + _text(value)
        case ast.Regex():
            return f"//{value.pattern}//"
        case ast.Number():
            return digits_of(value.value)
        case ast.Duration():
            return print_duration(value.ns)
        case ast.Size():
            return print_size(value.bytes)
        case ast.Percentage():
            return print_percentage(value.ratio)
        case ast.Boolean():
            return "true" if value.value else "false"
        case ast.Instant():
            return print_instant(value.at, whole_day=value.whole_day)
        case ast.RelativeInstant():
            return print_relative(value.ns)
        case ast.TextList():
            operator = _OPERATORS.get(value.items[0].match, "")
            return f"{operator}[{', '.join(map(_text, value.items))}]"
        case ast.NumberList():
            return f"[{', '.join(digits_of(item.value) for item in value.items)}]"
        case _:
            assert_never(value)


def _text(value: ast.Text) -> str:
    if value.match in _OPERATORS:
        return quote(value.text)
    text = escape_stars(value.text) if value.match is ast.TextMatch.EXACT else value.text
    return quote(text) if value.quoted else escape_bare(text)
