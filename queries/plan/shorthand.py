"""Words that stand for something else become it, before anything else looks at the text.

`saved:name` becomes the saved search of that name. The key `saved` is an ordinary one in the grammar, so a text that
uses it reads the same everywhere; a tag of that name is written `tags[saved]`. `assigned:me`, `my_teams` and `none`
become the people and teams that are meant.

Because the search is put in its place in the tree, filters on aggregates work in it as if they had been typed, and the
canonical text (the key of the cache) has what was meant, not the name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never

from queries import ast
from queries.ast import Op, TextMatch
from queries.catalog import ASSIGNEE, SAVED, closest_names, did_you_mean
from queries.errors import NameProblem, QueryError, SyntaxProblem
from queries.plan.model import PlanContext
from queries.search import parse_search

ASSIGNEE_KEYS = frozenset({ASSIGNEE, "assigned", "assignee", "assigned_to"})
NOBODY = "none"
PEOPLE = ("me", "my_teams", NOBODY)
"""What stands for somebody as the value of those keys."""
_LEAVES = frozenset({ast.Span, ast.Text, ast.Regex, ast.Number, ast.Duration, ast.Size, ast.Key, ast.TagKey, ast.Name})
_PLAIN = frozenset({"Span", "str", "bool", "int", "float", "int | None", "str | None"})
_PARTS: Mapping[type, tuple[str, ...]] = {
    kind: tuple(field.name for field in dataclasses.fields(kind) if field.type not in _PLAIN)
    for kind in vars(ast).values()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind not in _LEAVES
}
"""Fields of each kind of node that may hold other nodes; every plan walks its tree once."""
NO_TEAM = "team:"
"""An assignee that no issue has."""
MAX_NODES = 2_000
"""Terms that saved filters may put into one text."""


def expand(query: ast.Query, context: PlanContext) -> ast.Query:
    """Return the query with saved filters in place of their names, and who is meant by `me`.

    Raises:
        NameProblem: there is no saved filter of a name.
        QueryError: a saved filter cannot be read, names others, or cannot be negated.
    """
    # Names are unique whatever their letters' case, so that nobody has two that read alike.
    folded = {name.casefold(): text for name, text in context.saved_filters.items()}
    expanded = _Expansion(context, folded).tree(query)
    assert isinstance(expanded, ast.Query)
    return expanded


def saved_names(tree: object) -> tuple[str, ...]:
    """Return the names of the saved filters that a query, or a part of one, uses, in the order of the text."""
    names: dict[str, None] = {}

    def look(node: object) -> None:
        if isinstance(node, ast.Filter) and _is_saved(node):
            names.update(dict.fromkeys(_names(node)))
        elif isinstance(node, tuple):
            for item in node:
                look(item)
        else:
            for name in _PARTS.get(type(node), ()):
                look(getattr(node, name))

    look(tree)
    return tuple(names)


def _is_saved(node: ast.Filter) -> bool:
    return isinstance(node.key, ast.Key) and node.key.name == SAVED and not node.key.quoted and not node.key.element


def _names(node: ast.Filter) -> list[str]:
    texts = node.value.items if isinstance(node.value, ast.TextList) else (node.value,)
    names = [text.text for text in texts if isinstance(text, ast.Text) and text.match is TextMatch.EXACT and text.text]
    if len(names) != len(texts) or node.op not in {Op.EQ, Op.NE}:
        raise SyntaxProblem(
            "A saved filter is named in full.",
            span=node.value.span,
            suggestion='Write saved:name, saved:"two words" or saved:[one, other]; a tag is tags[saved].',
        )
    return names


def _is_assignee(node: ast.Filter) -> bool:
    return isinstance(node.key, ast.Key) and node.key.name in ASSIGNEE_KEYS and not node.key.element


def _word(text: ast.Text) -> str:
    """Return the word of `PEOPLE` a text is, or an empty text."""
    return text.text if text.text in PEOPLE and not text.quoted and text.match is TextMatch.EXACT else ""


@dataclass(slots=True)
class _Expansion:
    context: PlanContext
    folded: Mapping[str, str]
    nodes: int = 0

    def tree(self, node: Any) -> Any:
        """Return the same node when nothing below it is a saved filter."""
        if isinstance(node, ast.Filter) and _is_saved(node):
            return self.filter(node)
        if isinstance(node, ast.Filter) and _is_assignee(node):
            return self.assignee(node)
        if isinstance(node, tuple):
            made = tuple(self.tree(item) for item in node)
            return node if all(a is b for a, b in zip(made, node, strict=True)) else made
        changes: dict[str, Any] = {}
        for name in _PARTS.get(type(node), ()):
            before = getattr(node, name)
            after = self.tree(before)
            if after is not before:
                changes[name] = after
        return _flat(replace(node, **changes)) if changes else node

    def filter(self, node: ast.Filter) -> ast.SearchNode:
        """Return the search that a filter stands for; several names mean any of them."""
        found = [self.search(name, node) for name in _names(node)]
        one = found[0] if len(found) == 1 else _joined(ast.Or, found, node.span)
        return _negated(one, node.span) if node.negated != (node.op is Op.NE) else one

    def assignee(self, node: ast.Filter) -> ast.SearchNode:
        """Return a filter on who works on an issue with the people and teams that are meant."""
        given = node.value.items if isinstance(node.value, ast.TextList) else (node.value,)
        texts = [text for text in given if isinstance(text, ast.Text)]
        if not any(_word(text) for text in texts):
            return node
        meant = [replace(text, text=name, quoted=True) for text in texts for name in self.meant(text)]
        parts: list[ast.SearchNode] = []
        if meant:
            value = meant[0] if len(meant) == 1 else ast.TextList(tuple(meant), node.value.span)
            parts.append(replace(node, value=value, op=Op.EQ, negated=False))
        if any(_word(text) == NOBODY for text in texts) and isinstance(node.key, ast.Key):
            parts.append(ast.Has(node.key, negated=True, span=node.span))
        one = parts[0] if len(parts) == 1 else _joined(ast.Or, parts, node.span)
        return _negated(one, node.span) if node.negated != (node.op is Op.NE) else one

    def meant(self, text: ast.Text) -> tuple[str, ...]:
        """Return the assignees a text stands for: itself, or who asks, or the teams of that person."""
        match _word(text):
            case "me":
                if not self.context.me:
                    raise QueryError(
                        "Nobody in particular asks, so nothing is assigned to `me`.",
                        span=text.span,
                        suggestion="Name the person: assigned:user:ann@corp.com",
                    )
                return (self.context.me,)
            case "my_teams":
                return self.context.my_teams or (NO_TEAM,)
            case "none":
                return ()
            case _:
                return (text.text,)

    def search(self, name: str, node: ast.Filter) -> ast.SearchNode:
        """Return the search saved under a name, with the place of the name as its own.

        Raises:
            QueryError: as `expand`.
        """
        text = self.folded.get(name.casefold())
        if text is None:
            hint = did_you_mean(closest_names(name, self.context.saved_filters)) or "Look at the list of saved filters."
            raise NameProblem(f"There is no saved filter called {name!r}.", span=node.value.span, suggestion=hint)
        try:
            root = parse_search(text).root
        except SyntaxProblem as problem:
            message = f"The saved filter {name!r} cannot be read: {problem.message}"
            raise QueryError(message, span=node.span, suggestion="Save it anew.") from problem
        if root is None:
            raise QueryError(f"The saved filter {name!r} is empty.", span=node.span)
        if saved_names(root):
            raise QueryError(
                f"The saved filter {name!r} uses another one, which a saved filter may not.",
                span=node.span,
                suggestion="Write what the other one says.",
            )
        return self.placed(root, node.span)

    def placed(self, root: ast.SearchNode, span: ast.Span) -> ast.SearchNode:
        """Return a search whose parts all stand at `span`."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise QueryError(f"Saved filters add more than {MAX_NODES} terms.", span=span, code="query-too-large")
        match root:
            case ast.And() | ast.Or():
                return replace(root, terms=tuple(self.placed(t, span) for t in root.terms), span=span)
            case ast.Filter():
                filter_ = self.assignee(root) if _is_assignee(root) else root
                if not isinstance(filter_, ast.Filter):
                    return filter_
                key, value = replace(filter_.key, span=span), replace(filter_.value, span=span)
                return replace(filter_, span=span, key=key, value=value)
            case ast.Has():
                return replace(root, span=span, key=replace(root.key, span=span))
            case ast.Is() | ast.FreeText():
                return replace(root, span=span)
            case _:
                assert_never(root)


def _joined(kind: type[ast.And | ast.Or], terms: list[ast.SearchNode], span: ast.Span) -> ast.SearchNode:
    flat: list[ast.SearchNode] = []
    for term in terms:
        flat += term.terms if isinstance(term, kind) else (term,)
    return kind(tuple(flat), span)


def _flat(node: Any) -> Any:
    """Join a node with terms of its own kind, as the parser does: `a (b c)` is one AND of three."""
    return _joined(type(node), list(node.terms), node.span) if isinstance(node, ast.And | ast.Or) else node


def _negated(node: ast.SearchNode, span: ast.Span) -> ast.SearchNode:
    match node:
        case ast.And():
            return _joined(ast.Or, [_negated(t, span) for t in node.terms], span)
        case ast.Or():
            return _joined(ast.And, [_negated(t, span) for t in node.terms], span)
        case ast.Filter() | ast.Has() | ast.Is():
            return replace(node, negated=not node.negated)
        case ast.FreeText():
            raise QueryError(
                f"This saved filter looks for the words {node.text!r}, and words cannot be negated.",
                span=span,
                suggestion=f'Save it with message:"*{node.text}*" instead of the bare words.',
            )
        case _:
            assert_never(node)
