"""Searches in plain English: `level:error !has:user` is "level is error and there is no user"."""

from __future__ import annotations

from typing import assert_never

from queries import ast
from queries.ast import Op, TextMatch
from queries.catalog import SAVED
from queries.printer_search import print_filter_value, print_search
from queries.printer_values import print_duration

_SIGNS = {
    Op.LT: ("is below", "is not below"),
    Op.LE: ("is at most", "is above"),
    Op.GT: ("is above", "is at most"),
    Op.GE: ("is at least", "is below"),
}
_MATCHES = {
    TextMatch.EXACT: ("is", "is not"),
    TextMatch.WILDCARD: ("looks like", "does not look like"),
    TextMatch.CONTAINS: ("contains", "does not contain"),
    TextMatch.STARTS_WITH: ("starts with", "does not start with"),
    TextMatch.ENDS_WITH: ("ends with", "does not end with"),
}


def read_search(node: ast.SearchNode) -> str:
    """Return what a search asks for, without a verb of its own: to be put behind "rows where"."""
    match node:
        case ast.And():
            return " and ".join(f"({read_search(t)})" if isinstance(t, ast.Or) else read_search(t) for t in node.terms)
        case ast.Or():
            return " or ".join(read_search(t) for t in node.terms)
        case ast.Filter():
            return _filter(node)
        case ast.Has():
            return f"there is {'no' if node.negated else 'a'} {_name(node.key)}"
        case ast.Is():
            return f"the issue is {'not ' * node.negated}{node.state.replace('_', ' ')}"
        case ast.FreeText():
            return f'the text contains "{node.text}"'
        case _:
            assert_never(node)


def _name(key: ast.FilterKey) -> str:
    match key:
        case ast.Key():
            return f"any element of {key.name}" if key.element else key.name
        case ast.TagKey():
            return f"the tag {key.name}"
        case ast.AggregateKey():
            return print_search(ast.Search(ast.Filter(key, Op.EQ, ast.Boolean(True)))).removesuffix(":true")
        case _:
            assert_never(key)


def _filter(node: ast.Filter) -> str:
    if isinstance(node.key, ast.Key) and node.key.name == SAVED and not node.key.quoted:
        return f"the saved filter {_shown(node.value)} {'does not hold' if node.negated else 'holds'}"
    key, value = _name(node.key), node.value
    negated = node.negated != (node.op is Op.NE)
    if node.op in _SIGNS:
        return f"{key} {_SIGNS[node.op][node.negated]} {_shown(value)}"
    match value:
        case ast.Text(text=""):
            return f"{key} is {'not ' * negated}empty"
        case ast.Text():
            return f"{key} {_MATCHES[value.match][negated]} {_text(value)}"
        case ast.TextList(items=items):
            words = _MATCHES[items[0].match if len({item.match for item in items}) == 1 else TextMatch.WILDCARD]
            return f"{key} {words[negated]} {' or '.join(map(_text, items))}"
        case ast.NumberList(items=items):
            return f"{key} is {'not ' * negated}{' or '.join(map(_shown, items))}"
        case ast.Regex(pattern=pattern):
            return f"{key} {'does not match' if negated else 'matches'} the pattern {pattern}"
        case ast.RelativeInstant(ns=ns):
            when = "before" if (ns > 0) != negated else "after"
            return f"{key} is {when} {print_duration(abs(ns))} ago"
        case _:
            return f"{key} is {'not ' * negated}{_shown(value)}"


def _text(value: ast.Text) -> str:
    return f'"{value.text}"' if " " in value.text or value.quoted else value.text


def _shown(value: ast.FilterValue) -> str:
    return print_filter_value(value)
