"""Values of parameters in the place of `$name` in a search: as values of their type, never as text that is read.

level:$level          with a text: that text, whatever signs it holds; no pattern, no list
span.duration:>$slow  with a duration, or a number (milliseconds, as everywhere in a search)
release:[$a, $b]      with texts or numbers; an item that is a list brings all of its items
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from queries import ast
from queries.ast import Op
from queries.errors import TypeProblem
from queries.plan.scope import Scope
from queries.search.parameters import parameter_of

Single = ast.Text | ast.Number | ast.Boolean | ast.Instant | ast.Duration | ast.Size


def with_parameters(node: ast.Filter, scope: Scope) -> ast.Filter:
    """Return the filter with values for its parameters; the same one when it has none.

    A name that has no value stays text, which is said in a warning.

    Raises:
        TypeProblem: a value cannot stand there.
    """
    match node.value:
        case ast.Text():
            return _single(node, node.value, scope)
        case ast.TextList():
            return replace(node, value=_list(node.value, scope))
        case _:
            return node


def used_in(node: ast.Filter, params: Mapping[str, object]) -> str:
    """Return how errors call the parameters a filter has values of, such as `The parameter $level`; empty for none."""
    texts = node.value.items if isinstance(node.value, ast.TextList) else (node.value,)
    stands = [parameter_of(text) for text in texts if isinstance(text, ast.Text)]
    names = [f"${found[0]}" for found in stands if found is not None and found[0] in params]
    return f"The parameter{'s' * (len(names) > 1)} {', '.join(names)}" if names else ""


def _single(node: ast.Filter, text: ast.Text, scope: Scope) -> ast.Filter:
    found = _given(text, scope)
    if found is None:
        return node
    name, sign, value = found
    if isinstance(value, list | tuple):
        if sign not in {None, Op.EQ, Op.NE} or node.op not in {Op.EQ, Op.NE}:
            raise TypeProblem(f"The parameter ${name} is a list, which has no order.", span=text.span)
        made: ast.FilterValue = _items([_value(name, item, text.span) for item in value], name, text.span)
    else:
        made = _value(name, value, text.span)
    return replace(node, value=made, op=sign or node.op)


def _given(text: ast.Text, scope: Scope) -> tuple[str, Op | None, object] | None:
    stands = parameter_of(text)
    if stands is None:
        return None
    name, sign = stands
    if name in scope.context.params:
        return name, sign, scope.context.params[name]
    scope.notes.add(
        f"${name} is looked for as text, because no parameter of that name was given.",
        text.span,
        f'Give it a value, or write "${name}" in quotes.',
    )
    return None


def _list(values: ast.TextList, scope: Scope) -> ast.TextList | ast.NumberList:
    made: list[Single] = []
    named = ""
    for text in values.items:
        found = _given(text, scope)
        if found is None or found[1] is not None:
            made.append(text)
            continue
        named, _, value = found
        several = value if isinstance(value, list | tuple) else [value]
        made += [_value(named, item, text.span) for item in several]
    return _items(made, named, values.span) if named else values


def _items(made: Sequence[Single], name: str, span: ast.Span) -> ast.TextList | ast.NumberList:
    """Return a list of texts or of numbers; numbers among texts are their digits."""
    numbers = [item for item in made if isinstance(item, ast.Number)]
    if len(numbers) == len(made):
        return ast.NumberList(tuple(numbers), span)
    texts = [_as_text(item) for item in made]
    kept = tuple(text for text in texts if text is not None)
    if len(kept) < len(made):
        raise TypeProblem(
            f"The parameter ${name} is neither text nor number, which the items of a list are.", span=span
        )
    return ast.TextList(kept, span)


def _as_text(item: Single) -> ast.Text | None:
    if isinstance(item, ast.Number):
        return ast.Text(str(item.value), quoted=True, span=item.span)
    return item if isinstance(item, ast.Text) else None


def _value(name: str, value: object, span: ast.Span) -> Single:
    match value:
        case bool():
            return ast.Boolean(value, span)
        case int() | float():
            return ast.Number(value, span)
        case str():
            return ast.Text(value, quoted=True, span=span)
        case dt.datetime():
            return ast.Instant(value, span=span)
        case ast.Duration() | ast.Size():
            return replace(value, span=span)
        case _:
            raise TypeProblem(f"The parameter ${name} is no single value, nor a list of texts or numbers.", span=span)
